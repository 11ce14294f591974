package table

import (
	"math/bits"
	"math/rand/v2"

	"tcpwatch/capture"
)

// Index finds the entry of the newest connection on a pair of endpoints in a
// network: a hash
// table with open addressing, eight bytes a bucket and no pointers. A look-up
// and a look at the entry, which is needed anyway, take less than they do
// with Go's map and its keys of 44 bytes (96 against 135 ns among 200,000
// connections in no order, BenchmarkLookup), and a fifth of the memory.
//
// Connections on the same ends in different networks stand under one tag, so
// that a look-up finds them all, up to MaxNetworks of them; those beyond, which
// only an attacker makes, under a tag of their own network.
type Index struct {
	buckets []bucket // a power of two of them
	used    int
	beyond  int    // of those, under the tag of a network
	seed    uint64 // a capture's author must not be able to choose who collides
}

// MaxNetworks is how many networks with connections on the same ends are told
// from one another by their numbers.
const MaxNetworks = 8

// bucket is an entry and 32 bits of its hash, of which the lower ones say where it
// should stand: so the table grows without a look at the entries. Entry 0 is an
// empty bucket.
type bucket struct{ tag, entry uint32 }

const firstBuckets = 1024

// NewIndex returns an empty Index with a seed of its own.
func NewIndex() Index {
	return Index{buckets: make([]bucket, firstBuckets), seed: rand.Uint64()}
}

// tag is the hash of the ends of a key. The one that tells its shard is the same
// on every run; this one is not.
func (x *Index) tag(k *Key) uint32 {
	h := capture.SeededPairHash(&k.A, &k.B, x.seed)
	if k.VLAN != 0 {
		high, low := bits.Mul64(h^uint64(k.VLAN), x.seed|1)
		h = high ^ low
	}
	return uint32(h >> 32)
}

// networkTag is the hash of a whole key, whose ends have a tag.
func (x *Index) networkTag(tag uint32, k *Key) uint32 {
	high, low := bits.Mul64(uint64(tag)<<32^uint64(k.tunnelID)<<8^uint64(k.tunnel), x.seed|1)
	// A seed with few bits at either end would leave that of the product few of
	// the identifier's: all of it is mixed once more.
	h := (high ^ low) * 0x9E3779B97F4A7C15
	h = (h ^ h>>29) * 0xBF58476D1CE4E5B9
	return uint32(h >> 32)
}

// home is where a connection should stand.
func (x *Index) home(tag uint32) int { return int(tag) & (len(x.buckets) - 1) }

// Find is the entry of a key, 0 when there is none. others tells that there are
// connections on the same ends in other networks.
func (x *Index) Find(s *Entries, k *Key) (entry uint32, others bool) {
	tag := x.tag(k)
	at := x.home(tag)
	for p := x.buckets[at]; p.entry != 0; p = x.buckets[at] {
		if p.tag == tag {
			o := &s.At(p.entry).Key
			if o.Is(k) {
				return p.entry, others
			}
			others = others || o.pairs(k)
		}
		at = (at + 1) & (len(x.buckets) - 1)
	}
	if x.beyond > 0 {
		tag = x.networkTag(tag, k)
		at = x.home(tag)
		for p := x.buckets[at]; p.entry != 0; p = x.buckets[at] {
			if p.tag == tag && s.At(p.entry).Key.Is(k) {
				return p.entry, others
			}
			at = (at + 1) & (len(x.buckets) - 1)
		}
	}
	return 0, others
}

// Elsewhere fills to with the entries of connections on the ends of a key, begun in
// other networks, and returns how many they are.
func (x *Index) Elsewhere(s *Entries, k *Key, to *[MaxNetworks]uint32) (n int) {
	tag := x.tag(k)
	at := x.home(tag)
	for p := x.buckets[at]; p.entry != 0 && n < len(to); p = x.buckets[at] {
		if o := &s.At(p.entry).Key; p.tag == tag && o.pairs(k) && !o.Is(k) {
			to[n] = p.entry
			n++
		}
		at = (at + 1) & (len(x.buckets) - 1)
	}
	return n
}

// Put makes i the entry of its key in place of was, which is 0 when there was none.
func (x *Index) Put(s *Entries, was, i uint32) {
	if was != 0 {
		x.buckets[x.bucketOf(s, was)].entry = i
		return
	}
	k := &s.At(i).Key
	tag, n := x.tag(k), 0
	at := x.home(tag)
	for ; x.buckets[at].entry != 0; at = (at + 1) & (len(x.buckets) - 1) {
		if x.buckets[at].tag == tag && s.At(x.buckets[at].entry).Key.pairs(k) {
			n++
		}
	}
	if n >= MaxNetworks {
		tag = x.networkTag(tag, k)
		x.beyond++
		for at = x.home(tag); x.buckets[at].entry != 0; {
			at = (at + 1) & (len(x.buckets) - 1)
		}
	}
	x.buckets[at] = bucket{tag, i}
	if x.used++; x.used > len(x.buckets)*3/4 {
		x.grow()
	}
}

// bucketOf is where an entry stands.
func (x *Index) bucketOf(s *Entries, i uint32) int {
	mask := len(x.buckets) - 1
	k := &s.At(i).Key
	tag := x.tag(k)
	at := x.home(tag)
	for ; x.buckets[at].entry != 0; at = (at + 1) & mask {
		if x.buckets[at].entry == i {
			return at
		}
	}
	for at = x.home(x.networkTag(tag, k)); x.buckets[at].entry != i; {
		at = (at + 1) & mask
	}
	return at
}

// Remove takes the entry of a key out.
func (x *Index) Remove(s *Entries, i uint32) {
	mask := len(x.buckets) - 1
	at := x.bucketOf(s, i)
	if x.beyond > 0 && x.buckets[at].tag != x.tag(&s.At(i).Key) {
		x.beyond--
	}
	x.used--
	// What stands behind it and was pushed away from its home moves up.
	for next := (at + 1) & mask; x.buckets[next].entry != 0; next = (next + 1) & mask {
		home := x.home(x.buckets[next].tag)
		if (next-home)&mask >= (next-at)&mask {
			x.buckets[at] = x.buckets[next]
			at = next
		}
	}
	x.buckets[at] = bucket{}
}

func (x *Index) grow() {
	old := x.buckets
	x.buckets = make([]bucket, 2*len(old))
	// Pages read before they are written are mapped twice, at 2 us each.
	clear(x.buckets)
	for _, p := range old {
		if p.entry == 0 {
			continue
		}
		at := x.home(p.tag)
		for x.buckets[at].entry != 0 {
			at = (at + 1) & (len(x.buckets) - 1)
		}
		x.buckets[at] = p
	}
}
