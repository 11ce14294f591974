package names

// Record and handshake types of TLS (RFC 8446 sections 5.1 and 4).
const (
	recordAlert       = 21
	recordHandshake   = 22
	recordApplication = 23
	clientHello       = 1
	serverHello       = 2
	recordHeader      = 5
	maxRecord         = 1<<14 + 2048 // RFC 5246 section 6.2.3
)

// Extensions (RFC 6066 section 3, RFC 7301, RFC 8446 section 4.2.1).
const (
	extServerName        = 0
	extALPN              = 16
	extSupportedVersions = 43
)

// isRecord reports whether b begins with the header of a TLS record.
func isRecord(b []byte) bool {
	if len(b) < recordHeader || b[0] < recordAlert || b[0] > recordApplication || b[1] != 3 || b[2] > 4 {
		return false
	}
	n := int(b[3])<<8 | int(b[4])
	return n > 0 && n <= maxRecord
}

// isHandshake reports whether b begins with a ClientHello or ServerHello.
func isHandshake(b []byte) bool {
	return len(b) > recordHeader+4 && isRecord(b) && b[0] == recordHandshake && (b[5] == clientHello || b[5] == serverHello) &&
		b[6] == 0 && b[9] == 3
}

func readTLS(m *message) verdict {
	b := m.b
	if len(b) < recordHeader {
		if b[0] == recordHandshake && (len(b) == 1 || b[1] == 3) {
			return m.short()
		}
		return no
	}
	if !isRecord(b) {
		return readSSL2(m)
	}
	if b[0] != recordHandshake {
		m.e.named("tls")
		return yes // what began before the capture, or was refused at once
	}
	if len(b) < recordHeader+4 {
		return m.short()
	}
	if t := b[recordHeader]; t != clientHello && t != serverHello {
		return no
	}
	msg, whole := handshake(b, m.scratch[:0])
	if !whole && !m.final {
		return more
	}
	m.e.named("tls")
	m.e.upgrades = false
	if msg[0] == clientHello {
		m.readClientHello(msg, whole)
	} else {
		m.readServerHello(msg, whole)
	}
	return yes
}

// handshake puts the first handshake message together from the records that
// carry it, in scratch.
func handshake(b, scratch []byte) (msg []byte, whole bool) {
	for isRecord(b) && b[0] == recordHandshake {
		n := recordHeader + int(b[3])<<8 + int(b[4])
		scratch = append(scratch, b[recordHeader:min(n, len(b))]...)
		if len(scratch) >= 4 {
			if need := 4 + int(scratch[1])<<16 + int(scratch[2])<<8 + int(scratch[3]); len(scratch) >= need {
				return scratch[:need], true
			}
		}
		b = b[min(n, len(b)):]
	}
	return scratch, false
}

// hello takes what both hellos begin with (RFC 8446 sections 4.1.2 and 4.1.3).
func hello(msg []byte) (c cursor, version uint16) {
	c.b = msg
	c.take(4)
	version = c.u16()
	c.take(32)
	c.take(int(c.u8()))
	return c, version
}

// extension takes the next one; ok is false at the end and when it is cut.
func extension(c *cursor) (kind uint16, body []byte, ok bool) {
	kind = c.u16()
	body = c.take(int(c.u16()))
	return kind, body, !c.short
}

// readClientHello reads what there is. The version is only known when the
// extension that may say another is there, or no more of them can come.
func (m *message) readClientHello(msg []byte, whole bool) {
	c, version := hello(msg)
	c.take(int(c.u16())) // cipher suites
	c.take(int(c.u8()))  // compression methods
	c.u16()
	n := &m.e.names
	for {
		kind, body, ok := extension(&c)
		if !ok {
			break
		}
		switch kind {
		case extServerName:
			n.SNI = serverName(body)
		case extALPN:
			n.ALPN = protocols(body)
		case extSupportedVersions:
			version, whole = highest(body, version), true
		}
	}
	if whole {
		n.TLSOffered = tlsVersion(version)
	}
}

func (m *message) readServerHello(msg []byte, whole bool) {
	c, version := hello(msg)
	c.take(3) // cipher suite, compression method
	c.u16()
	n := &m.e.names
	for {
		kind, body, ok := extension(&c)
		if !ok {
			break
		}
		switch x := (cursor{b: body}); {
		case kind == extALPN:
			n.ALPNChosen = protocols(body)
		case kind == extSupportedVersions && len(body) == 2:
			version, whole = x.u16(), true
		}
	}
	if whole {
		n.TLSVersion = tlsVersion(version)
	}
}

// serverName is the first host_name of a list.
func serverName(body []byte) string {
	c := cursor{b: body}
	c.u16()
	for len(c.b) > 0 {
		kind := c.u8()
		if name := c.take(int(c.u16())); kind == 0 && !c.short {
			return text(name)
		}
	}
	return ""
}

// protocols joins the names of a list; those reserved to be ignored
// (RFC 8701) are left out.
func protocols(body []byte) string {
	var list [maxText]byte
	c, all := cursor{b: body}, list[:0]
	c.u16()
	for len(c.b) > 0 {
		p := c.take(int(c.u8()))
		if c.short || len(all)+1+len(p) > maxText {
			break
		}
		if len(p) == 2 && p[0] == p[1] && p[0]&0x0f == 0x0a {
			continue
		}
		if len(all) > 0 {
			all = append(all, ',')
		}
		all = append(all, p...)
	}
	return text(all)
}

// highest is the newest of the versions offered (RFC 8446 section 4.2.1),
// those reserved to be ignored (RFC 8701) left out.
func highest(body []byte, version uint16) uint16 {
	c, best := cursor{b: body}, uint16(0)
	c.u8()
	for len(c.b) > 1 {
		if v := c.u16(); v>>8 != v&0xff || v&0x0f != 0x0a {
			best = max(best, v)
		}
	}
	if best == 0 {
		return version
	}
	return best
}

func tlsVersion(v uint16) string {
	switch {
	case v == 0x0304, v>>8 == 0x7f: // drafts of 1.3 used 7f..
		return "1.3"
	case v == 0x0303:
		return "1.2"
	case v == 0x0302:
		return "1.1"
	case v == 0x0301:
		return "1.0"
	case v == 0x0300:
		return "ssl3"
	case v == 0x0002:
		return "ssl2"
	}
	return ""
}

// readSSL2 reads the ClientHello of old clients (RFC 5246 appendix E.2): it
// has no extensions.
func readSSL2(m *message) verdict {
	c := cursor{b: m.b}
	n, kind, version := int(c.u16()), c.u8(), c.u16()
	ciphers, session, challenge := int(c.u16()), int(c.u16()), int(c.u16())
	if c.short || n&0x8000 == 0 || kind != clientHello || version != 2 && version>>8 != 3 ||
		ciphers == 0 || ciphers%3 != 0 || n&0x7fff != 9+ciphers+session+challenge {
		return no
	}
	m.e.named("tls")
	m.e.names.TLSOffered = tlsVersion(version)
	return yes
}
