package report

import "slices"

// shelf holds values by key, at most limit of them. When there are more keys,
// those with the least hashes stay and all others are summed up in rest: a
// choice that does not depend on the order in which records come, and under
// which every value that stays is complete.
type shelf[K shelfKey, V any, P folded[V]] struct {
	limit int
	items map[K]P
	cut   uint64 // greatest hash that may still come in; meaningful when full
	full  bool
	rest  V
}

type shelfKey interface {
	comparable
	hash() uint64
}

// folded is a pointer to a value that can take in another.
type folded[V any] interface {
	*V
	merge(o *V)
}

func newShelf[K shelfKey, V any, P folded[V]](limit int) shelf[K, V, P] {
	return shelf[K, V, P]{limit: limit, items: make(map[K]P)}
}

// at returns the value of k, or the rest when k has no place.
func (s *shelf[K, V, P]) at(k K) P {
	if v, ok := s.items[k]; ok {
		return v
	}
	h := k.hash()
	if s.full && h > s.cut {
		return &s.rest
	}
	if len(s.items) >= 2*s.limit {
		s.trim()
		if h > s.cut {
			return &s.rest
		}
	}
	v := P(new(V))
	s.items[k] = v
	return v
}

// trim brings the shelf down to its limit.
func (s *shelf[K, V, P]) trim() {
	if len(s.items) > s.limit {
		hashes := make([]uint64, 0, len(s.items))
		for k := range s.items {
			hashes = append(hashes, k.hash())
		}
		slices.Sort(hashes)
		s.lower(hashes[s.limit-1])
	}
	if !s.full {
		return
	}
	for k, v := range s.items {
		if k.hash() > s.cut {
			P(&s.rest).merge(v)
			delete(s.items, k)
		}
	}
}

func (s *shelf[K, V, P]) lower(cut uint64) {
	if !s.full || cut < s.cut {
		s.full, s.cut = true, cut
	}
}

func (s *shelf[K, V, P]) merge(o *shelf[K, V, P]) {
	if o.full {
		s.lower(o.cut)
	}
	for k, v := range o.items {
		s.at(k).merge(v)
	}
	P(&s.rest).merge(&o.rest)
	s.trim()
}

// mix spreads the bits of x (the finalizer of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
