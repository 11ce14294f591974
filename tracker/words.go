package tracker

import (
	"slices"

	"tcpwatch/reassembly"
)

// words turns a connection into numbers and back. One walk over the fields
// serves both ways: where load is set a field takes the next number, else it
// gives it. What is 0 costs a bit in the end, what is small a byte or two: so
// a time is told by what lies between it and another, and a sequence number
// too.
type words struct {
	v    [maxWords]uint64
	n    int // numbers given, or the next to take
	load bool
	bad  bool // something that numbers cannot tell
	b    [maxWords * 10]byte
}

// maxWords is more numbers than a connection with maxPacked segments in flight
// can have, with each of its other limits reached (TestPackAtEveryLimit); a power
// of two, so that an index needs no check.
const maxWords = 4096

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

// num is a field that is a number.
func num[T unsigned](w *words, p *T) {
	if w.load {
		*p = T(w.v[w.n&(maxWords-1)])
	} else {
		w.v[w.n&(maxWords-1)] = uint64(*p)
	}
	w.n++
}

// has says whether a part follows that is left out where it holds nothing.
func (w *words) has(there bool) bool {
	x := bit(there)
	num(w, &x)
	return x != 0
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// from is a field told by its distance from another.
func from[T unsigned](w *words, p *T, base T) {
	d := *p - base
	num(w, &d)
	*p = base + d
}

// span is a field that holds nanoseconds, from others that are often the same.
// Most captures are stamped in microseconds.
func (w *words) span(p *int64, base int64) {
	if w.load {
		x := w.v[w.n&(maxWords-1)]
		d := int64(x>>2) ^ -int64(x>>1&1)
		if x&1 == 0 {
			d *= 1000
		}
		*p = base + d
	} else {
		d := *p - base
		whole := uint64(1)
		if q := d / 1000; q*1000 == d {
			d, whole = q, 0
		}
		w.v[w.n&(maxWords-1)] = uint64(d^d>>63)<<2 | uint64(d>>63&1)<<1 | whole
	}
	w.n++
}

// at is a field that holds a time near another, 0 for none: told as a 1 behind which nothing is.
func (w *words) at(p *int64, base int64) {
	if w.has(*p != 0) {
		w.span(p, base)
	}
}

// packet is a field that holds the number of a packet near another, 0 for none.
func (w *words) packet(p *uint64, base uint64) {
	x := *p
	if w.load {
		x = w.v[w.n&(maxWords-1)]
		if x != 0 {
			x--
			x = base + (x>>1 ^ -(x & 1))
		}
		*p = x
	} else {
		if x != 0 {
			d := int64(x - base)
			x = uint64(d<<1^d>>63) + 1
		}
		w.v[w.n&(maxWords-1)] = x
	}
	w.n++
}

// seq is a field that holds a sequence number close to another.
func (w *words) seq(p *reassembly.Seq, base reassembly.Seq) {
	d := p.Sub(base)
	x := uint32(d<<1 ^ d>>31)
	num(w, &x)
	*p = base.Add(x>>1 ^ -(x & 1))
}

// text is a field that holds one of a few known texts.
func (w *words) text(p *string, known []string) {
	x := uint8(0)
	if !w.load {
		i := slices.Index(known, *p)
		w.bad = w.bad || i < 0
		x = uint8(max(i, 0))
	}
	num(w, &x)
	if w.load {
		*p = known[x]
	}
}

// saved runs f, which appends to the numbers, or takes from them and returns the rest.
func (w *words) saved(save, load func(v []uint64) []uint64) {
	if w.load {
		w.n = maxWords - len(load(w.v[w.n:]))
		return
	}
	w.n = len(save(w.v[:w.n]))
}

// bytes are the numbers packed: for each eight of them a byte that says which
// are not 0, then those, seven bits a byte (protobuf's varints).
func (w *words) bytes() []byte {
	for i := w.n; i&7 != 0; i++ {
		w.v[i&(maxWords-1)] = 0
	}
	at := put(w.b[:], 0, uint64(w.n))
	for i := 0; i < w.n; i += 8 {
		mask := at
		at++
		m := byte(0)
		for k, x := range w.v[i : i+8] {
			if x == 0 {
				continue
			}
			m |= 1 << k
			if x < 0x80 {
				w.b[at] = byte(x)
				at++
			} else {
				at = put(w.b[:], at, x)
			}
		}
		w.b[mask] = m
	}
	return w.b[:at]
}

// put writes a varint.
func put(b []byte, at int, x uint64) int {
	for ; x >= 0x80; x >>= 7 {
		b[at] = byte(x) | 0x80
		at++
	}
	b[at] = byte(x)
	return at + 1
}

// take reads a varint.
func take(b []byte, at int) (uint64, int) {
	x := uint64(0)
	for shift := 0; ; shift += 7 {
		c := b[at]
		at++
		if x |= uint64(c&0x7f) << shift; c < 0x80 {
			return x, at
		}
	}
}

// unpack reads the numbers back from b.
func (w *words) unpack(b []byte) {
	n, at := take(b, 0)
	w.n, w.load = 0, true
	for i := 0; i < int(n); i += 8 {
		m := b[at]
		at++
		v := w.v[i : i+8]
		for k := range v {
			v[k] = 0
			if m>>k&1 == 0 {
				continue
			}
			if c := b[at]; c < 0x80 {
				v[k] = uint64(c)
				at++
			} else {
				v[k], at = take(b, at)
			}
		}
	}
}
