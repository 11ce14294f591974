package diagnose

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"

	"tcpwatch/capture"
)

// Shelf holds values by key, at most limit of them. When there are more keys,
// those with the least hashes stay and all others are summed up in the rest: a
// choice that does not depend on the order in which records come, and under
// which every value that stays is complete.
type Shelf[K ShelfKey, V any, P Folded[V]] struct {
	limit int
	items map[K]P
	cut   uint64 // greatest hash that may still come in; meaningful when full
	full  bool
	rest  V
	// last is the value of the key that was asked for last, nil for none: as a
	// rule most connections go to few listeners. This halves the time of At.
	last    P
	lastKey K
}

// Narrow divides the limit of an empty shelf by a number.
func (s *Shelf[K, V, P]) Narrow(by int) { s.limit = max(s.limit/by, 1) }

// Limit is how many keys have a place.
func (s *Shelf[K, V, P]) Limit() int { return s.limit }

// ShelfKey is a key that can be chosen by its hash.
type ShelfKey interface {
	comparable
	Hash() uint64
}

// Folded is a pointer to a value that can take in another.
type Folded[V any] interface {
	*V
	Merge(o *V)
}

// NewShelf returns an empty Shelf.
func NewShelf[K ShelfKey, V any, P Folded[V]](limit int) Shelf[K, V, P] {
	return Shelf[K, V, P]{limit: limit, items: make(map[K]P)}
}

// At returns the value of k, or the rest when k has no place.
func (s *Shelf[K, V, P]) At(k K) P {
	if s.last != nil && s.lastKey == k {
		return s.last
	}
	v, ok := s.items[k]
	if !ok {
		return s.enter(k)
	}
	s.last, s.lastKey = v, k
	return v
}

// enter gives k a place, or the rest.
func (s *Shelf[K, V, P]) enter(k K) P {
	h := k.Hash()
	if s.full && h > s.cut {
		return &s.rest
	}
	if len(s.items) >= 2*s.limit {
		s.Trim()
		if h > s.cut {
			return &s.rest
		}
	}
	v := P(new(V))
	s.items[k] = v
	return v
}

// Find returns the value of k, nil when it has none of its own.
func (s *Shelf[K, V, P]) Find(k K) P { return s.items[k] }

// All goes through the keys that have a place, in no order. Trim comes first.
func (s *Shelf[K, V, P]) All() iter.Seq2[K, P] { return maps.All(s.items) }

// Len is the number of keys that have a place.
func (s *Shelf[K, V, P]) Len() int { return len(s.items) }

// Rest is the sum of the values whose keys have no place.
func (s *Shelf[K, V, P]) Rest() P { return &s.rest }

// Trim brings the shelf down to its limit.
func (s *Shelf[K, V, P]) Trim() {
	if len(s.items) > s.limit {
		hashes := make([]uint64, 0, len(s.items))
		for k := range s.items {
			hashes = append(hashes, k.Hash())
		}
		slices.Sort(hashes)
		s.lower(hashes[s.limit-1])
	}
	if !s.full {
		return
	}
	for k, v := range s.items {
		if k.Hash() > s.cut {
			P(&s.rest).Merge(v)
			delete(s.items, k)
			s.last = nil
		}
	}
}

func (s *Shelf[K, V, P]) lower(cut uint64) {
	if !s.full || cut < s.cut {
		s.full, s.cut = true, cut
	}
}

// Merge adds all that o holds; o is left as it was.
func (s *Shelf[K, V, P]) Merge(o *Shelf[K, V, P]) {
	if o.full {
		s.lower(o.cut)
	}
	for k, v := range o.items {
		s.At(k).Merge(v)
	}
	P(&s.rest).Merge(&o.rest)
	s.Trim()
}

// Mix spreads the bits of x (the finalizer of MurmurHash3).
func Mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// HashAddr hashes an address together with a number.
func HashAddr(a capture.Addr, n uint64) uint64 {
	h := Mix(binary.BigEndian.Uint64(a[:8]) + n)
	return Mix(h ^ binary.BigEndian.Uint64(a[8:]))
}
