package tracker

import (
	"math/bits"
	"math/rand/v2"

	"tcpwatch/capture"
)

// index finds the slot of the newest connection on a pair of endpoints in a
// network: a hash
// table with open addressing, eight bytes a place and no pointers. A look-up
// and a look at the slot, which is needed anyway, take less than they do
// with Go's map and its keys of 44 bytes (96 against 135 ns among 200,000
// connections in no order, BenchmarkLookup), and a fifth of the memory.
//
// Connections on the same ends in different networks stand under one tag, so
// that a look-up finds them all, up to maxNetworks of them; those beyond, which
// only an attacker makes, under a tag of their own network.
type index struct {
	places []place // a power of two of them
	used   int
	beyond int    // of those, under the tag of a network
	seed   uint64 // a capture's author must not be able to choose who collides
}

// maxNetworks is how many networks with connections on the same ends are told
// from one another by their numbers.
const maxNetworks = 8

// place is a slot and 32 bits of its hash, of which the lower ones say where it
// should stand: so the table grows without a look at the slots. Slot 0 is an
// empty place.
type place struct{ tag, slot uint32 }

const firstPlaces = 1024

func newIndex() index {
	return index{places: make([]place, firstPlaces), seed: rand.Uint64()}
}

// tag is the hash of the ends of a key. The one that tells its shard is the same
// on every run; this one is not.
func (x *index) tag(k *key) uint32 {
	h := capture.SeededPairHash(&k.a, &k.b, x.seed)
	if k.vlan != 0 {
		high, low := bits.Mul64(h^uint64(k.vlan), x.seed|1)
		h = high ^ low
	}
	return uint32(h >> 32)
}

// networkTag is the hash of a whole key, whose ends have a tag.
func (x *index) networkTag(tag uint32, k *key) uint32 {
	high, low := bits.Mul64(uint64(tag)<<32^uint64(k.tunnelID)<<8^uint64(k.tunnel), x.seed|1)
	// A seed with few bits at either end would leave that of the product few of
	// the identifier's: all of it is mixed once more.
	h := (high ^ low) * 0x9E3779B97F4A7C15
	h = (h ^ h>>29) * 0xBF58476D1CE4E5B9
	return uint32(h >> 32)
}

// home is where a connection should stand.
func (x *index) home(tag uint32) int { return int(tag) & (len(x.places) - 1) }

// find is the slot of a key, 0 when there is none. others tells that there are
// connections on the same ends in other networks.
func (x *index) find(s *slots, k *key) (slot uint32, others bool) {
	tag := x.tag(k)
	at := x.home(tag)
	for p := x.places[at]; p.slot != 0; p = x.places[at] {
		if p.tag == tag {
			o := &s.at(p.slot).key
			if o.is(k) {
				return p.slot, others
			}
			others = others || o.pairs(k)
		}
		at = (at + 1) & (len(x.places) - 1)
	}
	if x.beyond > 0 {
		tag = x.networkTag(tag, k)
		at = x.home(tag)
		for p := x.places[at]; p.slot != 0; p = x.places[at] {
			if p.tag == tag && s.at(p.slot).key.is(k) {
				return p.slot, others
			}
			at = (at + 1) & (len(x.places) - 1)
		}
	}
	return 0, others
}

// elsewhere fills to with the slots of connections on the ends of a key, begun in
// other networks, and returns how many they are.
func (x *index) elsewhere(s *slots, k *key, to *[maxNetworks]uint32) (n int) {
	tag := x.tag(k)
	at := x.home(tag)
	for p := x.places[at]; p.slot != 0 && n < len(to); p = x.places[at] {
		if o := &s.at(p.slot).key; p.tag == tag && o.pairs(k) && !o.is(k) {
			to[n] = p.slot
			n++
		}
		at = (at + 1) & (len(x.places) - 1)
	}
	return n
}

// put makes i the slot of its key in place of was, which is 0 when there was none.
func (x *index) put(s *slots, was, i uint32) {
	if was != 0 {
		x.places[x.place(s, was)].slot = i
		return
	}
	k := &s.at(i).key
	tag, n := x.tag(k), 0
	at := x.home(tag)
	for ; x.places[at].slot != 0; at = (at + 1) & (len(x.places) - 1) {
		if x.places[at].tag == tag && s.at(x.places[at].slot).key.pairs(k) {
			n++
		}
	}
	if n >= maxNetworks {
		tag = x.networkTag(tag, k)
		x.beyond++
		for at = x.home(tag); x.places[at].slot != 0; {
			at = (at + 1) & (len(x.places) - 1)
		}
	}
	x.places[at] = place{tag, i}
	if x.used++; x.used > len(x.places)*3/4 {
		x.grow()
	}
}

// place is where a slot stands.
func (x *index) place(s *slots, i uint32) int {
	mask := len(x.places) - 1
	k := &s.at(i).key
	tag := x.tag(k)
	at := x.home(tag)
	for ; x.places[at].slot != 0; at = (at + 1) & mask {
		if x.places[at].slot == i {
			return at
		}
	}
	for at = x.home(x.networkTag(tag, k)); x.places[at].slot != i; {
		at = (at + 1) & mask
	}
	return at
}

// remove takes the slot of a key out.
func (x *index) remove(s *slots, i uint32) {
	mask := len(x.places) - 1
	at := x.place(s, i)
	if x.beyond > 0 && x.places[at].tag != x.tag(&s.at(i).key) {
		x.beyond--
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
