package fold

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// fares counts how things went for a key.
type fares struct{ well, bad uint64 }

func (x *fares) Fields(w *Walk) { Sum(w, &x.well, &x.bad) }

// Weight is how often things went wrong.
func (x *fares) Weight() uint64 { return x.bad }

// place is a key with an even hash.
type place struct{ N uint32 }

func (p place) Hash() uint64 { return Mix(uint64(p.N) + 1) }

// went is a thing that went well or not for a key.
type went struct {
	key place
	id  uint64
	bad bool
}

type faring = Worst[place, fares, *fares]

func take(s *faring, x went) {
	if x.bad {
		s.Bad(x.key, x.id).bad++
	} else {
		s.At(x.key).well++
	}
}

const placeLimit = 200

// crowd is ten times as many keys as there are places for, some of which had trouble.
func crowd(trouble map[uint32]int, each func(n uint32) (well, bad int)) (all []went) {
	id := uint64(1)
	put := func(key uint32, n int, bad bool) {
		for range n {
			all = append(all, went{place{key}, id, bad})
			id++
		}
	}
	for n := range uint32(10 * placeLimit) {
		well, bad := each(n)
		put(n, well, false)
		put(n, bad+trouble[n], true)
	}
	return all
}

// splits are the whole in any order, merged from some numbers of parts; all have equal bytes.
func splits(t *testing.T, all []went) *faring {
	t.Helper()
	var first []byte
	var whole *faring
	for seed, n := range [...]int{1, 1, 7, 7, 256, 256} {
		rng := rand.New(rand.NewPCG(uint64(seed), 3))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		parts := make([]faring, n)
		for i := range parts {
			parts[i] = NewWorst[place, fares](placeLimit)
		}
		for _, x := range all {
			take(&parts[rng.IntN(n)], x)
		}
		sum := NewWorst[place, fares](placeLimit)
		for _, i := range rng.Perm(n) {
			Merge(&sum, &parts[i])
		}
		text := Append(nil, 1, &sum)
		if first == nil {
			first, whole = text, &sum
		}
		if !bytes.Equal(first, text) {
			t.Fatalf("%d parts are another whole", n)
		}
		told := func(s *faring) map[place]fares {
			m := make(map[place]fares)
			for k, v := range s.All() {
				m[k] = *v
			}
			return m
		}
		a, b := told(whole), told(&sum)
		for k, v := range a {
			if b[k] != v {
				t.Fatalf("%d parts tell %v of %v, not %v", n, b[k], k, v)
			}
		}
		if len(a) != len(b) || *whole.Rest() != *sum.Rest() || sum.Len() > placeLimit {
			t.Fatalf("%d parts tell of %d keys, not of %d", n, len(b), len(a))
		}
	}
	sum := *whole.Rest()
	for _, v := range whole.All() {
		sum.well, sum.bad = sum.well+v.well, sum.bad+v.bad
	}
	if sum != *whole.Total() || sum.well+sum.bad != uint64(len(all)) {
		t.Errorf("%+v are told, %+v are the total of %d", sum, *whole.Total(), len(all))
	}
	return whole
}

// Few keys with trouble among ten times as many as there are places for keep all of it.
func TestWorstOfManyWell(t *testing.T) {
	trouble := map[uint32]int{3: 1, 500: 2, 999: 40, 1500: 700, 1999: 10000}
	s := splits(t, crowd(trouble, func(n uint32) (int, int) { return 1 + int(n%5), 0 }))
	for n, bad := range trouble {
		x := s.Find(place{n})
		switch {
		case x == nil:
			t.Errorf("%d of %d: not told", n, bad)
		case x.bad != uint64(bad):
			t.Errorf("%d: %d bad, want %d", n, x.bad, bad)
		case s.Lacks(place{n}).Bad:
			t.Errorf("%d lacks some of what went wrong", n)
		}
		if well := uint64(1 + n%5); x.well != well && (x.well != 0 || !s.Lacks(place{n}).Well) {
			t.Errorf("%d: %d well, want %d, or none and told so", n, x.well, well)
		}
	}
	if s.Len() != placeLimit || !s.Full().Well || s.Full().Bad {
		t.Errorf("%d keys are told, full: %+v", s.Len(), s.Full())
	}
}

// Where each of ten times as many keys as there are places for had some trouble, those that had
// most are told, and that there was at least so much; who is told to lack nothing does not.
func TestWorstOfManyBad(t *testing.T) {
	trouble := map[uint32]int{3: 300, 500: 500, 1999: 10000}
	s := splits(t, crowd(trouble, func(uint32) (int, int) { return 1, 1 }))
	for n, more := range trouble {
		x, bad := s.Find(place{n}), uint64(more+1)
		switch lacks := s.Lacks(place{n}); {
		case x == nil:
			t.Errorf("%d of %d: not told", n, bad)
		case x.bad > bad, x.bad*32 < bad, x.bad < bad && !lacks.Bad:
			t.Errorf("%d: %d bad of %d, lacks %+v", n, x.bad, bad, lacks)
		}
	}
	whole := 0
	for k, x := range s.All() {
		bad := uint64(trouble[k.N] + 1)
		if x.bad > bad || x.bad < bad && !s.Lacks(k).Bad {
			t.Errorf("%v: %d bad of %d, lacks %+v", k, x.bad, bad, s.Lacks(k))
		}
		if s.Lacks(k) == (Lack{}) {
			whole++
		}
	}
	if whole == 0 {
		t.Error("no key is told whole")
	}
}

// Within the limit nothing is missing of anything, and memory is that of what is there.
func TestWorstOfFew(t *testing.T) {
	var s faring = NewWorst[place, fares](placeLimit)
	for n := range uint32(placeLimit) {
		for id := range uint64(300) {
			take(&s, went{place{n}, uint64(n)<<20 + id, id%2 == 0})
		}
	}
	if s.Full().Any() || s.Len() != placeLimit {
		t.Errorf("%d keys, %+v", s.Len(), s.Full())
	}
	for k, x := range s.All() {
		if *x != (fares{150, 150}) {
			t.Errorf("%v: %+v", k, *x)
		}
	}
	s = NewWorst[place, fares](placeLimit)
	s.Narrow(4)
	if s.Limit() != placeLimit/4 {
		t.Errorf("narrowed to %d", s.Limit())
	}
}

// What was asked for last is known, and forgotten.
func TestWorstLast(t *testing.T) {
	s := NewWorst[place, fares](1)
	x := s.At(place{1})
	if k, v := s.LastAt(); s.Last() != x || v != x || k.N != 1 || !s.Asked() {
		t.Error("the last one is not known")
	}
	if y := s.Bad(place{1}, 9); s.Last() != y {
		t.Error("the last bad one is not known")
	}
	s.Forget()
	if s.Last() != nil || s.Asked() {
		t.Error("it is not forgotten")
	}
	for n := range uint32(100) {
		s.At(place{n})
	}
	most := place{0}
	for n := range uint32(100) {
		if k := (place{n}); k.Hash() > most.Hash() {
			most = k
		}
	}
	if s.At(most); s.Last() != nil || !s.Asked() {
		t.Error("one without a place is the last one")
	}
}
