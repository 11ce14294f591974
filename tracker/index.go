package tracker

import (
	"math/bits"
	"math/rand/v2"

	"tcpwatch/capture"
)

// index finds the slot of the newest connection on a pair of endpoints: a hash
// table with open addressing, eight bytes a place and no pointers. A look-up
// and a look at the slot, which is needed anyway, take less than they do
// with Go's map and its keys of 44 bytes (96 against 135 ns among 200,000
// connections in no order, BenchmarkLookup), and a fifth of the memory.
type index struct {
	places []place // a power of two of them
	used   int
	seed   uint64 // a capture's author must not be able to choose who collides
}

// place is a slot and 32 bits of its hash, of which the lower ones say where it
// should stand: so the table grows without a look at the slots. Slot 0 is an
// empty place.
type place struct{ tag, slot uint32 }

const firstPlaces = 1024

func newIndex() index {
	return index{places: make([]place, firstPlaces), seed: rand.Uint64()}
}

// tag is the hash of a key. The one that tells its shard is the same on every
// run; this one is not.
func (x *index) tag(k *key) uint32 {
	h := capture.SeededPairHash(&k.a, &k.b, x.seed)
	if net := uint64(k.tunnelID)<<16 | uint64(k.vlan); net != 0 {
		high, low := bits.Mul64(h^net, x.seed|1)
		h = high ^ low
	}
	return uint32(h >> 32)
}

// home is where a connection should stand.
func (x *index) home(tag uint32) int { return int(tag) & (len(x.places) - 1) }

// find is the slot of a key, 0 when there is none.
func (x *index) find(s *slots, k *key) uint32 {
	tag := x.tag(k)
	at := x.home(tag)
	for p := x.places[at]; p.slot != 0; p = x.places[at] {
		if p.tag == tag && s.at(p.slot).key.is(k) {
			return p.slot
		}
		at = (at + 1) & (len(x.places) - 1)
	}
	return 0
}

// put makes i the slot of its key in place of was, which is 0 when there was none.
func (x *index) put(s *slots, was, i uint32) {
	tag := x.tag(&s.at(i).key)
	at := x.home(tag)
	for x.places[at].slot != was {
		at = (at + 1) & (len(x.places) - 1)
	}
	x.places[at] = place{tag, i}
	if was != 0 {
		return
	}
	if x.used++; x.used > len(x.places)*3/4 {
		x.grow()
	}
}

// remove takes the slot of a key out.
func (x *index) remove(s *slots, i uint32) {
	mask := len(x.places) - 1
	at := x.home(x.tag(&s.at(i).key))
	for x.places[at].slot != i {
		at = (at + 1) & mask
	}
	x.used--
	// What stands behind it and was pushed away from its home moves up.
	for next := (at + 1) & mask; x.places[next].slot != 0; next = (next + 1) & mask {
		home := x.home(x.places[next].tag)
		if (next-home)&mask >= (next-at)&mask {
			x.places[at] = x.places[next]
			at = next
		}
	}
	x.places[at] = place{}
}

func (x *index) grow() {
	old := x.places
	x.places = make([]place, 2*len(old))
	// Pages read before they are written are mapped twice, at 2 us each.
	clear(x.places)
	for _, p := range old {
		if p.slot == 0 {
			continue
		}
		at := x.home(p.tag)
		for x.places[at].slot != 0 {
			at = (at + 1) & (len(x.places) - 1)
		}
		x.places[at] = p
	}
}
