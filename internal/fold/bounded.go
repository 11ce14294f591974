package fold

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Bounded holds folds by key, at most limit of them. When there are more keys,
// those with the least hashes stay and all others are summed up in the rest: a
// choice that does not depend on the order in which they come, and under
// which every value that stays is complete.
type Bounded[K Key, V any, P Folded[V]] struct {
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

// Key is a plain value (see Plain) that can be chosen by its hash.
type Key interface {
	comparable
	Hash() uint64
}

// Folded is a pointer to a fold.
type Folded[V any] interface {
	*V
	Value
}

// NewBounded returns an empty Bounded.
func NewBounded[K Key, V any, P Folded[V]](limit int) Bounded[K, V, P] {
	return Bounded[K, V, P]{limit: limit, items: make(map[K]P)}
}

// Narrow divides the limit of an empty Bounded by a number.
func (s *Bounded[K, V, P]) Narrow(by int) { s.limit = max(s.limit/by, 1) }

// Limit is how many keys have a place.
func (s *Bounded[K, V, P]) Limit() int { return s.limit }

// At returns the value of k, or the rest when k has no place.
func (s *Bounded[K, V, P]) At(k K) P {
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

// Last is the key that At was asked for last and its value, nil for none.
func (s *Bounded[K, V, P]) Last() (*K, P) { return &s.lastKey, s.last }

// Forget has Last tell nothing until At is asked again.
func (s *Bounded[K, V, P]) Forget() { s.last = nil }

// enter gives k a place, or the rest.
func (s *Bounded[K, V, P]) enter(k K) P {
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
	if s.items == nil {
		s.items = make(map[K]P)
	}
	v := P(new(V))
	s.items[k] = v
	s.last, s.lastKey = v, k
	return v
}

// Find returns the value of k, nil when it has none of its own.
func (s *Bounded[K, V, P]) Find(k K) P { return s.items[k] }

// All goes through the keys that have a place, in no order. Trim comes first.
func (s *Bounded[K, V, P]) All() iter.Seq2[K, P] { return maps.All(s.items) }

// Len is the number of keys that have a place.
func (s *Bounded[K, V, P]) Len() int { return len(s.items) }

// Rest is the sum of the values whose keys have no place.
func (s *Bounded[K, V, P]) Rest() P { return &s.rest }

// Total is the sum of all values, with or without a place.
func (s *Bounded[K, V, P]) Total() P {
	sum, w := P(new(V)), newWalk()
	w.merge(sum, P(&s.rest))
	for _, v := range s.items {
		w.merge(sum, v)
	}
	return sum
}

// Trim brings the keys down to the limit.
func (s *Bounded[K, V, P]) Trim() {
	if s.full || len(s.items) > s.limit {
		s.trim(newWalk())
	}
}

func (s *Bounded[K, V, P]) trim(w *Walk) {
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
			w.merge(P(&s.rest), v)
			delete(s.items, k)
			s.last = nil
		}
	}
}

func (s *Bounded[K, V, P]) lower(cut uint64) {
	if !s.full || cut < s.cut {
		s.full, s.cut = true, cut
	}
}

// Fields walks over all values.
func (s *Bounded[K, V, P]) Fields(w *Walk) {
	if o := other(w, s); o != nil {
		if o.full {
			s.lower(o.cut)
		}
		if len(s.items) == 0 && len(o.items) > 0 {
			s.items = make(map[K]P, len(o.items))
		}
		for k, v := range o.items {
			w.merge(s.At(k), v)
		}
		w.merge(P(&s.rest), P(&o.rest))
		s.trim(w)
		return
	}
	switch w.doing {
	case writing:
		s.write(w)
	case reading:
		s.read(w)
	}
}

// write writes the keys in the order of what is written of them, down to the limit: equal
// values are equal bytes, in whatever order things came.
func (s *Bounded[K, V, P]) write(w *Walk) {
	s.Trim()
	if w.bool(s.full) { // else there is no rest
		w.uint(s.cut)
		P(&s.rest).Fields(w)
	}
	type entry struct {
		key   string
		value P
	}
	all := make([]entry, 0, len(s.items))
	for k, v := range s.items {
		key := Walk{doing: writing}
		Plain(&key, &k)
		all = append(all, entry{string(key.b), v})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	w.length(len(all))
	for _, e := range all {
		w.b = append(w.b, e.key...)
		e.value.Fields(w)
	}
}

func (s *Bounded[K, V, P]) read(w *Walk) {
	if w.bool(false) {
		s.lower(w.uint(0))
		P(&s.rest).Fields(w)
	}
	for range w.length(0) {
		var k K
		Plain(w, &k)
		v := P(new(V))
		v.Fields(w)
		if w.err != nil {
			return
		}
		w.merge(s.At(k), v)
	}
	s.trim(w)
}

// Mix spreads the bits of x (the finalizer of MurmurHash3).
func Mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Hash16 hashes 16 bytes, such as an address, together with a number.
func Hash16(a [16]byte, n uint64) uint64 {
	h := Mix(binary.BigEndian.Uint64(a[:8]) + n)
	return Mix(h ^ binary.BigEndian.Uint64(a[8:]))
}
