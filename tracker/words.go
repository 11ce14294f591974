package tracker

import (
	"encoding/binary"
	"math/bits"

	"tcpwatch/reassembly"
)

// words turns a connection into numbers and back. One walk over the fields
// serves both ways: where load is set a field takes the next number, else it
// gives it. What is 0 costs a bit in the end, what is small a byte or two: so
// times are counted from the connection's start, packets from its first, and
// sequence numbers from the end's own SYN.
type words struct {
	v    []uint64
	n    int // next to load
	load bool
	time int64
	id   uint64
	b    []byte
}

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

// num is a field that is a number.
func num[T unsigned](w *words, p *T) {
	if w.load {
		*p = T(w.v[w.n])
		w.n++
		return
	}
	w.v = append(w.v, uint64(*p))
}

func (w *words) flag(p *bool) {
	x := uint8(0)
	if *p {
		x = 1
	}
	num(w, &x)
	*p = x != 0
}

// has says whether a part follows that is left out where it holds nothing.
func (w *words) has(there bool) bool {
	w.flag(&there)
	return there
}

// span is a field that holds nanoseconds.
func (w *words) span(p *int64) {
	x := uint64(*p)
	num(w, &x)
	*p = int64(x)
}

// near is a number close to another; 0 stays 0.
func (w *words) near(p *uint64, base uint64) {
	x := *p
	if !w.load && x != 0 {
		d := int64(x - base)
		x = uint64(d<<1^d>>63) + 1
	}
	num(w, &x)
	if !w.load {
		return
	}
	if x != 0 {
		x--
		x = base + (x>>1 ^ -(x & 1))
	}
	*p = x
}

// at is a field that holds a time, 0 for none.
func (w *words) at(p *int64) {
	x := uint64(*p)
	w.near(&x, uint64(w.time))
	*p = int64(x)
}

// packet is a field that holds the number of a packet, 0 for none.
func (w *words) packet(p *uint64) { w.near(p, w.id) }

// seq is a field that holds a sequence number close to another.
func (w *words) seq(p *reassembly.Seq, base reassembly.Seq) {
	d := p.Sub(base)
	x := uint32(d<<1 ^ d>>31)
	num(w, &x)
	if w.load {
		*p = base.Add(x>>1 ^ -(x & 1))
	}
}

// text is a field that holds one of a few known texts, "" or the first of them.
func (w *words) text(p *string, known []string) {
	x := uint8(0)
	if !w.load {
		for i, k := range known {
			if k == *p {
				x = uint8(i)
				break
			}
		}
	}
	num(w, &x)
	*p = known[x]
}

// bytes are the numbers packed: how many, then for each eight of them a byte that says which
// are not 0, then those, seven bits a byte (protobuf's varints).
func (w *words) bytes() []byte {
	b := binary.AppendUvarint(w.b[:0], uint64(len(w.v)))
	for i := 0; i < len(w.v); i += 8 {
		group := w.v[i:min(i+8, len(w.v))]
		at := len(b)
		b = append(b, 0)
		for k, x := range group {
			if x != 0 {
				b[at] |= 1 << k
				b = binary.AppendUvarint(b, x)
			}
		}
	}
	w.b = b
	return b
}

// unpack reads the numbers back from b and returns how many bytes they took.
func (w *words) unpack(b []byte) int {
	n, at := binary.Uvarint(b)
	w.v = append(w.v[:0], zeros[:n]...)
	w.n, w.load = 0, true
	for i := 0; i < int(n); i += 8 {
		mask := b[at]
		at++
		for ; mask != 0; mask &= mask - 1 {
			x, m := binary.Uvarint(b[at:])
			at += m
			w.v[i+bits.TrailingZeros8(mask)] = x
		}
	}
	return at
}

// maxWords is how many numbers a connection may take and still be packed.
const maxWords = 1024

var zeros [maxWords]uint64
