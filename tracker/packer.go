package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/table"
)

// packer turns a connection into numbers and back. One walk over the fields
// serves both ways, of which the compiler makes two: W says which. A field
// gives its number, or takes it. What is small takes few bytes in the end: so
// a time is told by what lies between it and another, and a sequence number
// too.
//
// Each part of the walk takes the place of its first number and returns the
// place behind its last: so it stays in a register, where a count in memory
// would have each field wait for the one before (BenchmarkPackUnpack).
type packer[W direction] struct {
	w W
	v [table.MaxNumbers]uint64
}

// direction is what a packer does; told by a length, which the compiler knows.
type (
	direction interface{ saving | loading }
	saving    [0]byte
	loading   [1]byte
)

func (w *packer[W]) loads() bool { return len(w.w) > 0 }

// at is the number at place n.
func (w *packer[W]) at(n int) *uint64 { return &w.v[n&(table.MaxNumbers-1)] }

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

// number is a field that is a number.
func number[T unsigned, W direction](w *packer[W], n int, p *T) int {
	if x := w.at(n); w.loads() {
		*p = T(*x)
	} else {
		*x = uint64(*p)
	}
	return n + 1
}

// distance is a field told by its distance from another.
func distance[T unsigned, W direction](w *packer[W], n int, p *T, base T) int {
	if x := w.at(n); w.loads() {
		*p = base + T(*x)
	} else {
		*x = uint64(*p - base)
	}
	return n + 1
}

// flag is a field that says yes or no.
func (w *packer[W]) flag(n int, p *bool) int {
	if x := w.at(n); w.loads() {
		*p = *x != 0
	} else {
		*x = asBit(*p)
	}
	return n + 1
}

func asBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// shortly is a span in nanoseconds as a number. Most captures are stamped in
// microseconds.
func shortly(d int64) uint64 {
	whole := uint64(1)
	if q := d / 1000; q*1000 == d {
		d, whole = q, 0
	}
	return uint64(d^d>>63)<<2 | uint64(d>>63&1)<<1 | whole
}

// inFull is the span that shortly made x of.
func inFull(x uint64) int64 {
	d := int64(x>>2) ^ -int64(x>>1&1)
	if x&1 == 0 {
		d *= 1000
	}
	return d
}

// span is a field that holds nanoseconds, from others that are often the same.
func (w *packer[W]) span(n int, p *int64, base int64) int {
	if x := w.at(n); w.loads() {
		*p = base + inFull(*x)
	} else {
		*x = shortly(*p - base)
	}
	return n + 1
}

// time is a field that holds a time near another, 0 for none.
func (w *packer[W]) time(n int, p *int64, base int64) int {
	switch x := w.at(n); {
	case !w.loads() && *p == 0:
		*x = 0
	case !w.loads():
		*x = shortly(*p-base) + 1
	case *x == 0:
		*p = 0
	default:
		*p = base + inFull(*x-1)
	}
	return n + 1
}

// packet is a field that holds the number of a packet near another, 0 for none.
func (w *packer[W]) packet(n int, p *uint64, base uint64) int {
	if x := w.at(n); w.loads() {
		*p = packetAt(base, *x)
	} else {
		*x = off(*p, base)
	}
	return n + 1
}

// off is how far a packet is from another, as a number; 0 where there is none.
func off(packet, base uint64) uint64 {
	if packet == 0 {
		return 0
	}
	d := int64(packet - base)
	return uint64(d<<1^d>>63) + 1
}

// packetAt is the packet of which off made x.
func packetAt(base, x uint64) uint64 {
	if x == 0 {
		return 0
	}
	x--
	return base + (x>>1 ^ -(x & 1))
}

// seq is a field that holds a sequence number close to another.
func (w *packer[W]) seq(n int, p *reassembly.Seq, base reassembly.Seq) int {
	if x := w.at(n); w.loads() {
		*p = beside(base, uint32(*x))
	} else {
		*x = uint64(apart(*p, base))
	}
	return n + 1
}

// apart is how far a number lies from one close to it, before or behind.
func apart(n, base reassembly.Seq) uint32 {
	d := n.Sub(base)
	return uint32(d<<1 ^ d>>31)
}

// beside is the number of which apart made d.
func beside(base reassembly.Seq, d uint32) reassembly.Seq { return base.Add(d>>1 ^ -(d & 1)) }

// stored is a part that writes its own numbers, told from base.
func (w *packer[W]) stored(n int, p interface {
	Save(v []uint64, base reassembly.Seq) []uint64
	Load(v []uint64, base reassembly.Seq) []uint64
}, base reassembly.Seq) int {
	if w.loads() {
		return table.MaxNumbers - len(p.Load(w.v[n:], base))
	}
	return len(p.Save(w.v[:n], base))
}
