package fold

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// Worst holds folds by key, at most limit of them, and tells first of the keys for which
// most went wrong. Each thing that is taken in goes to one of several Boundeds: what went
// well (At) to the first, what went wrong (Bad) to another one, by a hash of the number of
// that thing: 7 of 8 to the second, 7 of 8 of the others to the third, and so on, so
// that from the third on there is one in 8 of what went wrong, from the fourth on one in 64.
//
//   - Of few keys with trouble among any number without, all trouble is counted: what went
//     well cannot take its place.
//   - Of 8^i times the limit of keys with little trouble, the Boundeds that have one in 8^i are not
//     full: a key for which n things went wrong has a place in them but for one chance in
//     e^(n/8^i), with n/8^i of them, and weighs more there than those for which one thing did.
//   - Nothing depends on the order: where a thing goes, it alone decides; what a Bounded
//     holds does not depend on it; and which keys are told, and of what, follows from that.
//   - What is told of a key that lacks something is told to be so (Lacks): its hash is
//     beyond the cut of one of the Boundeds, where some of it may have come too late. All
//     else of it is complete, so that numbers are at least what is told.
//
// When more keys have a place than the limit says, those are told that weigh most (Weight) by
// what is known of them; of alike ones those that lack nothing, then those with the least hashes.
// Memory is that of worstParts Boundeds; the later ones are empty but of large sums.
type Worst[K Key, V any, P Weighed[V]] struct {
	parts [worstParts]Bounded[K, V, P]
	last  P    // see Last
	asked bool // see Asked
	told  *told[K, P]
}

// Weighed is a pointer to a fold that says how much went wrong.
type Weighed[V any] interface {
	Folded[V]
	Weight() uint64
	comparable
}

const (
	worstParts = 6 // what went well, all but one in 8 of what did not, ... , one in 4,096 of it
	rarerBits  = 3
)

// told is what there is to tell, until something more is taken in. It knows no V, so that the compiler
// makes it once for all that have the same keys.
type told[K Key, P weighed] struct {
	by    map[K]P
	rest  P
	parts [worstParts]part[K, P]
	limit int
	anew  func() P
	walk  *Walk
}

// weighed is what told knows of values.
type weighed interface {
	comparable
	Value
	Weight() uint64
}

// part is what a Bounded holds.
type part[K Key, P weighed] struct {
	items map[K]P
	rest  P
	full  bool
	cut   uint64
}

// NewWorst returns an empty Worst.
func NewWorst[K Key, V any, P Weighed[V]](limit int) (s Worst[K, V, P]) {
	for i := range s.parts {
		s.parts[i].limit = limit
	}
	return s
}

// Narrow divides the limit of an empty Worst by a number.
func (s *Worst[K, V, P]) Narrow(by int) {
	for i := range s.parts {
		s.parts[i].Narrow(by)
	}
}

// Limit is how many keys are told.
func (s *Worst[K, V, P]) Limit() int { return s.parts[0].limit }

// At returns where to count what went well for k.
func (s *Worst[K, V, P]) At(k K) P { return s.at(0, k) }

// Bad returns where to count what went wrong for k; thing is a number of what did, another one for other things.
func (s *Worst[K, V, P]) Bad(k K, thing uint64) P {
	return s.at(1+min(bits.LeadingZeros64(Mix(thing))/rarerBits, worstParts-2), k)
}

func (s *Worst[K, V, P]) at(part int, k K) P {
	b := &s.parts[part]
	s.told, s.asked = nil, true
	s.last = b.At(k)
	if s.last == P(&b.rest) {
		s.last = nil
		return P(&b.rest)
	}
	return s.last
}

// LastAt is the key that At was asked for last and its value, nil for none.
func (s *Worst[K, V, P]) LastAt() (*K, P) { return s.parts[0].Last() }

// Last is what was returned last, nil for none that has a place; Asked tells that there was
// something. Forget has both tell nothing until one is asked for again.
func (s *Worst[K, V, P]) Last() P { return s.last }

// Asked is explained at Last.
func (s *Worst[K, V, P]) Asked() bool { return s.asked }

// Forget is explained at Last.
func (s *Worst[K, V, P]) Forget() { s.last, s.asked = nil, false }

// All goes through the keys that are told, in no order, each with all that is known of it.
func (s *Worst[K, V, P]) All() iter.Seq2[K, P] { return maps.All(s.tell().by) }

// Find is what is known of a key, nil when it is not told.
func (s *Worst[K, V, P]) Find(k K) P { return s.tell().by[k] }

// Len is the number of keys that are told.
func (s *Worst[K, V, P]) Len() int { return len(s.tell().by) }

// Rest is the sum of all that is told of no key.
func (s *Worst[K, V, P]) Rest() P { return s.tell().rest }

// Total is the sum of everything.
func (s *Worst[K, V, P]) Total() P {
	sum, w := P(new(V)), newWalk()
	for i := range s.parts {
		w.merge(sum, s.parts[i].Total())
	}
	return sum
}

// Lack tells what may be missing of a key, or of a sum: something that went well, something
// that did not.
type Lack struct{ Well, Bad bool }

// Or is what either lacks.
func (x Lack) Or(o Lack) Lack { return Lack{x.Well || o.Well, x.Bad || o.Bad} }

// Any tells that something may be missing.
func (x Lack) Any() bool { return x.Well || x.Bad }

// Lacks tells what may be missing of a key.
func (s *Worst[K, V, P]) Lacks(k K) Lack { return s.tell().lacks(k.Hash()) }

// Full tells what may be missing of some key.
func (s *Worst[K, V, P]) Full() Lack { return s.tell().lacks(math.MaxUint64) }

// tell works out what is told.
func (s *Worst[K, V, P]) tell() *told[K, P] {
	if s.told == nil {
		t := &told[K, P]{limit: s.Limit(), anew: func() P { return P(new(V)) }, walk: newWalk()}
		for i := range s.parts {
			b := &s.parts[i]
			b.Trim()
			t.parts[i] = part[K, P]{b.items, P(&b.rest), b.full, b.cut}
		}
		t.gather()
		s.told = t
	}
	return s.told
}

// gather puts the parts of each key together, and brings the keys down to the limit.
func (t *told[K, P]) gather() {
	n, none := 0, *new(P)
	t.rest = t.anew()
	for i := range t.parts {
		n = max(n, len(t.parts[i].items))
		t.walk.merge(t.rest, t.parts[i].rest)
	}
	t.by = make(map[K]P, n)
	for i := range t.parts {
		for k, v := range t.parts[i].items {
			if before := t.by[k]; before != none {
				sum := t.anew()
				t.walk.merge(sum, before)
				t.walk.merge(sum, v)
				v = sum
			}
			t.by[k] = v
		}
	}
	if len(t.by) > t.limit {
		t.choose()
	}
}

// lacks tells what may be missing of a key with a hash.
func (t *told[K, P]) lacks(hash uint64) (x Lack) {
	for i := range t.parts {
		switch p := &t.parts[i]; {
		case !p.full || hash <= p.cut:
		case i == 0:
			x.Well = true
		default:
			x.Bad = true
		}
	}
	return x
}

// ranked is a key by which it is chosen.
type ranked struct {
	weight uint64
	lacks  int // 1 where something that went wrong may be missing
	hash   uint64
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.lacks, b.lacks), cmp.Compare(a.hash, b.hash))
}

// choose brings what is told down to the limit.
func (t *told[K, P]) choose() {
	ranks := make(map[K]ranked, len(t.by))
	order := make([]ranked, 0, len(t.by))
	for k, v := range t.by {
		x := ranked{weight: v.Weight(), hash: k.Hash()}
		if t.lacks(x.hash).Bad {
			x.lacks = 1
		}
		ranks[k], order = x, append(order, x)
	}
	slices.SortFunc(order, compareRanked)
	last := order[t.limit-1]
	for k, rank := range ranks {
		if compareRanked(rank, last) > 0 {
			t.walk.merge(t.rest, t.by[k])
			delete(t.by, k)
		}
	}
}

// Fields walks over all values.
func (s *Worst[K, V, P]) Fields(w *Walk) {
	if w.doing == merging || w.doing == reading {
		s.told = nil
	}
	for i := range s.parts {
		s.parts[i].Fields(w)
	}
}
