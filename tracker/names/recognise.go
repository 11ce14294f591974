package names

import (
	"bytes"

	"tcpwatch/tracker/record"
)

// verdict is what a reader says of the first bytes of a direction.
type verdict uint8

const (
	no   verdict = iota // not its protocol
	more                // may be its protocol, or is and the rest is needed
	yes                 // read
)

// maxText bounds every name kept.
const maxText = 255

func text(b []byte) string { return string(b[:min(len(b), maxText)]) }

// message is the first bytes of a direction and where they belong.
type message struct {
	b       []byte
	final   bool // no more bytes will come
	end     record.End
	e       *entry
	scratch []byte // window bytes to work in
}

// short is the verdict on a message that lacks bytes.
func (m *message) short() verdict {
	if m.final {
		return no
	}
	return more
}

// recognise asks the readers that may know how b begins; the first that says
// yes wins.
func (o *Observer) recognise(e *entry, end record.End, b []byte, final bool) verdict {
	b, cut := afterProxyHeader(b)
	var m message // filled in where it is: a copy would wait for its parts
	m.b, m.final, m.end, m.e, m.scratch = b, final, end, e, o.scratch[:]
	if len(b) == 0 || cut {
		return m.short()
	}
	v := no
	for all := m.readers(); all != 0; all &= all - 1 {
		switch m.ask(all & -all) {
		case yes:
			return yes
		case more:
			v = more
		}
	}
	return v
}

// begins reports whether a segment begins a message that cannot be mistaken,
// wherever it stands in the stream.
func begins(b []byte) bool {
	if len(b) == 0 || b[0] != recordHandshake && starts[b[0]]&(requestReader|responseReader|sshReader) == 0 {
		return false
	}
	return isHandshake(b) || isRequestLine(b) || isStatusLine(b) || bytes.HasPrefix(b, []byte("SSH-2.0-"))
}

// afterProxyHeader skips the PROXY protocol header (versions 1 and 2, as
// HAProxy specifies them) that a balancer puts in front of a stream. cut says
// that the header is not whole.
func afterProxyHeader(b []byte) (rest []byte, cut bool) {
	const longest1 = 107
	const signature2 = "\r\n\r\n\x00\r\nQUIT\n"
	if hasStart(b, "PROXY ") {
		i := bytes.IndexByte(b[:min(len(b), longest1)], '\n')
		if i < 0 {
			return b, len(b) < longest1
		}
		return b[i+1:], false
	}
	if len(b) >= 4 && hasStart(b, signature2) {
		c := cursor{b: b}
		c.take(14)
		c.take(int(c.u16()))
		return c.b, c.short
	}
	return b, false
}

// hasStart reports whether b begins with s, or is a beginning of it.
func hasStart(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}

// fixed are the protocols that always begin with the same bytes.
var fixed = [...]struct {
	first byte // of the message
	at    int
	bytes string
	proto string
}{
	{'R', 0, "RFB 00", "vnc"},
	{'A', 0, "AMQP\x00", "amqp"},
	{0x13, 0, "\x13BitTorrent protocol", "bittorrent"},
	{0, 4, "\xffSMB", "smb"},
	{0, 4, "\xfeSMB", "smb"},
	{0x10, 4, "MQTT", "mqtt"},
	{0x10, 4, "MQIsdp", "mqtt"},
}

// readFixed recognises them.
func readFixed(m *message) verdict {
	v := no
	for i := range fixed {
		f := &fixed[i]
		if m.b[0] != f.first {
			continue
		}
		switch rest := m.b[min(f.at, len(m.b)):]; {
		case len(rest) > 0 && rest[0] != f.bytes[0], !hasStart(rest, f.bytes):
		case len(rest) >= len(f.bytes):
			return m.e.whole(f.proto)
		default:
			v = m.short()
		}
	}
	return v
}

// readSOCKS recognises the methods that a client offers (RFC 1928 section 3);
// what follows is carried for another host.
func readSOCKS(m *message) verdict {
	b := m.b
	if b[0] != 5 || len(b) > 1 && (b[1] == 0 || len(b) > 2+int(b[1]) || len(b) > 2 && b[2] > 2) {
		return no
	}
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return m.short()
	}
	m.e.named("socks")
	m.e.upgrades = true
	return yes
}

// cursor takes numbers and runs of bytes from the front; once something is
// missing it is short and yields nothing more.
type cursor struct {
	b     []byte
	short bool
}

// take returns the next n bytes, or the rest when there are fewer.
func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.short = true
		n = len(c.b)
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) number(n int) (v uint32) {
	p := c.take(n)
	if len(p) < n {
		return 0
	}
	for _, x := range p {
		v = v<<8 | uint32(x)
	}
	return v
}

func (c *cursor) u8() uint8   { return uint8(c.number(1)) }
func (c *cursor) u16() uint16 { return uint16(c.number(2)) }
