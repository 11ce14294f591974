package schema

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"

	"tcpwatch/capture"
)

// appendCommunityID appends the Community ID version 1 of a TCP connection
// (Corelight's community-id-spec): "1:" and the base64 SHA-1 of seed 0,
// smaller end's address, greater end's address, protocol, padding, and both
// ports in that order, all big-endian.
func appendCommunityID(b []byte, x, y capture.Endpoint) []byte {
	xa, ya := x.Addr.Wire(), y.Addr.Wire()
	c := bytes.Compare(xa, ya)
	if c > 0 || c == 0 && x.Port > y.Port {
		x.Port, y.Port = y.Port, x.Port
		xa, ya = ya, xa
	}
	var room [40]byte
	m := room[:2] // the seed
	m = append(m, xa...)
	m = append(m, ya...)
	const tcp = 6
	m = append(m, tcp, 0, byte(x.Port>>8), byte(x.Port), byte(y.Port>>8), byte(y.Port))
	sum := sha1.Sum(m)
	b = append(b, '1', ':')
	return base64.StdEncoding.AppendEncode(b, sum[:])
}
