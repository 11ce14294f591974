package names

import (
	"tcpwatch/tracker/record"
)

// texts are the fields of a record that hold text, in the order in which they
// are packed.
func texts(n *record.NamesRecord) [13]*string {
	return [...]*string{&n.Proto, &n.SNI, &n.ALPN, &n.ALPNChosen, &n.TLSVersion, &n.TLSOffered, &n.HTTPMethod, &n.HTTPHost,
		&n.SSH[0], &n.SSH[1], &n.ServerVersion, &n.DNSQuery, nil}
}

const statusField = 12 // HTTPStatus: two bytes

// pack appends the names to b: of each that is known its number, its length and
// its bytes. A record of them takes 250 bytes, this some 30.
func pack(b []byte, n *record.NamesRecord) []byte {
	for i, s := range texts(n) {
		if s != nil && *s != "" {
			b = append(b, byte(i), byte(len(*s)))
			b = append(b, *s...)
		}
	}
	if n.HTTPStatus != 0 {
		b = append(b, statusField, 2, byte(n.HTTPStatus>>8), byte(n.HTTPStatus))
	}
	return b
}

// unpack is the names that pack was given.
func unpack(s string) (n record.NamesRecord) {
	fields := texts(&n)
	for len(s) >= 2 {
		i, end := s[0], 2+int(s[1])
		if i == statusField {
			n.HTTPStatus = uint16(s[2])<<8 | uint16(s[3])
		} else {
			*fields[i] = s[2:end]
		}
		s = s[end:]
	}
	return n
}
