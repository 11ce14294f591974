package names

import (
	"bytes"
	"encoding/binary"
)

// readPostgreSQL reads the first message of a client ("Message Formats" of the
// PostgreSQL documentation): StartupMessage, SSLRequest, GSSENCRequest or
// CancelRequest.
func readPostgreSQL(m *message) verdict {
	const longest = 10000 // what the server accepts
	c := cursor{b: m.b}
	n := c.number(4)
	if len(m.b) >= 4 && (n < 8 || n > longest) {
		return no
	}
	code := c.number(4)
	if c.short {
		if m.b[0] != 0 {
			return no
		}
		return m.short()
	}
	switch {
	case code>>16 == 3 && n > 8: // protocol 3.x
		return m.e.whole("postgresql")
	case (code == 1234<<16|5679 || code == 1234<<16|5680) && n == 8:
		m.e.named("postgresql")
		m.e.upgrades = true
		return yes
	case code == 1234<<16|5678:
		return m.e.whole("postgresql")
	}
	return no
}

// readMySQL reads the packet with which a server begins (Protocol::HandshakeV10
// or ERR_Packet of the MySQL internals manual).
func readMySQL(m *message) verdict {
	const header = 4
	b := m.b
	if m.e.sides[m.end.Peer()].seen {
		return no
	}
	if len(b) < header+3 {
		if len(b) < header || b[3] == 0 {
			return m.short()
		}
		return no
	}
	n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	if b[3] != 0 || n < 5 || n > 1024 {
		return no
	}
	switch b[header] {
	case 10:
		end := bytes.IndexByte(b[header+1:min(len(b), header+1+maxText)], 0)
		if end < 0 {
			if len(b) < header+n {
				return m.short()
			}
			return no
		}
		version := b[header+1 : header+1+end]
		if end == 0 || !digit(version[0]) || end > n || !printable(version) {
			return no
		}
		m.e.named("mysql")
		m.e.names.ServerVersion = text(version)
		m.e.upgrades = true
		return yes
	case 0xff:
		// Server errors begin at 1000.
		if code := binary.LittleEndian.Uint16(b[header+1:]); code >= 1000 && code < 5000 && len(b) == header+n {
			return m.e.whole("mysql")
		}
	}
	return no
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// readRedis reads a command of RESP: an array of bulk strings.
func readRedis(m *message) verdict {
	b := m.b
	if b[0] != '*' {
		return no
	}
	for _, start := range [...]byte{'*', '$'} {
		line, rest, whole := bytes.Cut(b, []byte("\r\n"))
		if len(line) > 0 && line[0] != start || len(line) > 8 {
			return no
		}
		for _, c := range line[min(len(line), 1):] {
			if !digit(c) && (whole || c != '\r') {
				return no
			}
		}
		if !whole {
			return m.short()
		}
		if len(line) < 2 {
			return no
		}
		b = rest
	}
	return m.e.whole("redis")
}

// maxMongoDB is the longest message that a server takes.
const maxMongoDB = 48000000

// readMongoDB reads the header of a request (MongoDB wire protocol):
// OP_QUERY, OP_COMPRESSED or OP_MSG.
func readMongoDB(m *message) verdict {
	b := m.b
	if len(b) < 4 {
		return m.short()
	}
	n := binary.LittleEndian.Uint32(b)
	if n < 21 || n > maxMongoDB {
		return no
	}
	if len(b) < 16 {
		return m.short()
	}
	answer, op := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	if answer != 0 || op != 2004 && op != 2012 && op != 2013 {
		return no
	}
	return m.e.whole("mongodb")
}
