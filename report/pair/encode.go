package pair

import (
	"encoding/binary"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Sizes of a connection: where it is written down, in memory, and in memory before its record came, in bytes.
const (
	connSize  = 3*18 + 3*8 + 2*offerSize + 2*(5+9+9+8+3+4+countsSize) + 9 + 4 + 4 + 1 + 8 + 4
	perConn   = 488
	perSprout = 144 // with its place in a map

	offerSize  = 1 + 3 + 2 + 2 + 1
	countsSize = 6*4 + 8
)

// coder writes the fields of a connection down, or reads them back: what it does is the same list of them.
type coder struct {
	b    []byte
	at   int
	read bool
}

// next are the bytes of the next field.
func (c *coder) next(n int) []byte {
	c.at += n
	return c.b[c.at-n : c.at]
}

func coded[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int64](c *coder, v *T, size int) {
	b := c.next(size)
	if !c.read {
		var all [8]byte
		binary.LittleEndian.PutUint64(all[:], uint64(*v))
		copy(b, all[:])
		return
	}
	var all [8]byte
	copy(all[:], b)
	*v = T(binary.LittleEndian.Uint64(all[:]))
}

func codedOpt[T ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int64](c *coder, v *record.Opt[T], size int) {
	codedFlags(c, &v.OK)
	coded(c, &v.V, size)
}

// codedFlags are at most eight truths in one byte.
func codedFlags(c *coder, all ...*bool) {
	var bits uint8
	for i, x := range all {
		if *x {
			bits |= 1 << i
		}
	}
	coded(c, &bits, 1)
	for i, x := range all {
		*x = bits>>i&1 != 0
	}
}

func codedEnd(c *coder, e *capture.Endpoint) {
	if b := c.next(len(e.Addr)); c.read {
		copy(e.Addr[:], b)
	} else {
		copy(b, e.Addr[:])
	}
	coded(c, &e.Port, 2)
}

// code walks over all that is known of a connection but its packets in memory.
func (x *Conn) code(c *coder) {
	for _, e := range [...]*capture.Endpoint{&x.Orig, &x.Resp, &x.src} {
		codedEnd(c, e)
	}
	coded(c, &x.ID, 8)
	coded(c, &x.Start, 8)
	coded(c, &x.End, 8)
	for e := range x.ISN {
		o := &x.Offers[e]
		codedFlags(c, &o.Seen, &o.ECN)
		codedOpt(c, &o.MSS, 2)
		codedOpt(c, &o.WScale, 1)
		coded(c, &o.Options, 2)
		coded(c, &o.TTL, 1)
		codedOpt(c, &x.ISN[e], 4)
		codedOpt(c, &x.Digest[e], 8)
		codedOpt(c, &x.Bytes[e], 8)
		coded(c, &x.Missing[e], 8)
		codedOpt(c, &x.IPID[e], 2)
		coded(c, &x.BadSums[e], 4)
		for k := range x.Counts[e].Segments {
			coded(c, &x.Counts[e].Segments[k], 4)
		}
		coded(c, &x.Counts[e].Bytes, 8)
	}
	codedOpt(c, &x.opened, 8)
	coded(c, &x.syns, 4)
	coded(c, &x.Open, 1)
	coded(c, &x.Close, 1)
	coded(c, &x.ResetBy, 1)
	coded(c, &x.Answer, 1)
	codedFlags(c, &x.Evicted, &x.turned, &x.adopted, &x.counted)
	coded(c, &x.pieces, 8)
	coded(c, &x.filed, 4)
}

// appendConn writes a connection down behind b.
func appendConn(b []byte, x *Conn) []byte {
	b = append(b, make([]byte, connSize)...)
	x.code(&coder{b: b[len(b)-connSize:]})
	return b
}

// readConn reads what appendConn wrote.
func readConn(b []byte, x *Conn) { x.code(&coder{b: b, read: true}) }
