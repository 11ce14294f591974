package record

import (
	"crypto/sha256"
	"encoding/binary"
)

// Input is what all connections of an input have in common.
type Input struct {
	Place string // where it was captured; "" when nobody says
	Start int64  // time of its first packet, ns since 1970; 0 where that has none
}

// UID tells a connection from those of all other inputs and places.
type UID [16]byte

// Unique is the UID of a connection: the one that was read back with it, or the first 16 bytes of the
// SHA-256 of where it was captured, a zero byte, the time of the input's first packet and the number of
// the connection's first packet, each in 8 bytes, the greatest first. So any run over the same packets
// gives the same.
func (r *Record) Unique() UID {
	if r.UID != (UID{}) {
		return r.UID
	}
	var in Input
	if r.Input != nil {
		in = *r.Input
	}
	b := append(append(make([]byte, 0, 128), in.Place...), 0)
	b = binary.BigEndian.AppendUint64(b, uint64(in.Start))
	b = binary.BigEndian.AppendUint64(b, r.ID)
	all := sha256.Sum256(b)
	return UID(all[:16])
}
