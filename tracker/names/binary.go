package names

import "bytes"

// readRDP reads the connection request that opens Remote Desktop: TPKT
// (RFC 1006 section 6) and X.224 with the cookie or the request that
// [MS-RDPBCGR] section 2.2.1.1 describes. The user name in the cookie is not kept.
func readRDP(m *message) verdict {
	const fixedPart = 11
	b := m.b
	if b[0] != 3 || len(b) > 1 && b[1] != 0 {
		return no
	}
	if len(b) < fixedPart {
		return m.short()
	}
	n := int(b[2])<<8 | int(b[3])
	if n < fixedPart || n > 512 || int(b[4]) != n-5 || b[5] != 0xe0 {
		return no
	}
	if len(b) < n {
		return m.short()
	}
	rest := b[fixedPart:n]
	negotiates := len(rest) >= 8 && rest[0] == 1 && rest[2] == 8 && rest[3] == 0
	if len(rest) > 0 && !negotiates && !bytes.HasPrefix(rest, []byte("Cookie: ")) {
		return no
	}
	m.e.named("rdp")
	m.e.upgrades = true
	return yes
}

// maxDNS is the longest query over TCP that is taken for one.
const maxDNS = 1024

// readDNS reads a query over TCP: two bytes of length, then the message
// (RFC 1035 sections 4.2.2 and 4.1).
func readDNS(m *message) verdict {
	c := cursor{b: m.b}
	if n := int(c.u16()); len(m.b) >= 2 && (n < 17 || n > maxDNS) {
		return no
	}
	c.u16() // ID
	flags, questions, answers, authorities, additional := c.u16(), c.u16(), c.u16(), c.u16(), c.u16()
	if c.short {
		return m.short()
	}
	// A query of opcode 0 with one question; EDNS and TSIG are additional.
	if flags>>11 != 0 || flags&0x6cf != 0 || questions != 1 || answers+authorities != 0 || additional > 2 {
		return no
	}
	name, ok := domain(&c)
	c.u16() // type
	class := c.u16()
	if !ok {
		return no
	}
	if c.short {
		return m.short()
	}
	if class != 1 && class != 255 && class != 3 {
		return no
	}
	m.e.names.DNSQuery = name
	return m.e.whole("dns")
}

// domain takes a name, its labels joined by dots; "." is the root. ok is false
// when it is none.
func domain(c *cursor) (name string, ok bool) {
	var whole [maxText]byte
	n := 0
	for {
		label := int(c.u8())
		if c.short {
			return "", true
		}
		if label == 0 {
			break
		}
		if label > 63 || n+label+1 > len(whole) {
			return "", false
		}
		n += copy(whole[n:], c.take(label))
		whole[n] = '.'
		n++
	}
	if n == 0 {
		return ".", true
	}
	return text(whole[:n-1]), true
}
