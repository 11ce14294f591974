package fold

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A quantile is that of the sorted values, within the stated error.
func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{1, 2, 3, 100, 5000} {
		var h Histogram
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(1) << rng.IntN(40)
			values[i] += rng.Int64N(values[i])
			h.Add(values[i])
		}
		slices.Sort(values)
		for _, percent := range []uint64{0, 1, 50, 95, 99, 100} {
			rank := max((uint64(n)*percent+99)/100, 1)
			want, got := values[rank-1], h.Quantile(percent)
			if off := float64(got-want) / float64(want); off > 1.0/64 || off < -1.0/64 {
				t.Errorf("p%d of %d is %d, want %d: off by %.3f", percent, n, got, want, off)
			}
		}
		if h.min != values[0] || h.max != values[n-1] || h.N() != uint64(n) {
			t.Errorf("min %d max %d n %d, want %d %d %d", h.min, h.max, h.n, values[0], values[n-1], n)
		}
	}
	var empty Histogram
	if empty.Quantile(50) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestQuantilesOfFewAreExact(t *testing.T) {
	var h Histogram
	h.Add(1_234_567)
	h.Add(7_654_321)
	for percent, want := range map[uint64]int64{0: 1_234_567, 50: 1_234_567, 95: 7_654_321, 99: 7_654_321, 100: 7_654_321} {
		if got := h.Quantile(percent); got != want {
			t.Errorf("p%d of two is %d, want %d", percent, got, want)
		}
	}
}

func TestClassesJoin(t *testing.T) {
	last := classOf(0)
	for v := int64(1); v < 1<<16; v++ {
		c := classOf(v)
		if c != last && c != last+1 {
			t.Fatalf("class of %d is %d after %d", v, c, last)
		}
		if classOf(middleOf(c)) != c {
			t.Fatalf("the middle of class %d is in class %d", c, classOf(middleOf(c)))
		}
		last = c
	}
	if c := classOf(math.MaxInt64); classOf(middleOf(c)) != c || c != lastClass || classOf(-5) != 0 {
		t.Error("the ends of the range are in no class")
	}
}

// A population is that of counting second by second.
func TestPopulation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	s := Series{Limit: 1000}
	var held [400]int64
	for range 500 {
		from := rng.Int64N(300)
		to := from + 1 + rng.Int64N(60)
		s.Add(from*second+rng.Int64N(second), to*second+rng.Int64N(second))
		for at := from; at < to; at++ {
			held[at]++
		}
	}
	want := slices.Max(held[:])
	n, at := s.Peak()
	if n != uint64(want) || held[at] != want {
		t.Errorf("peak is %d at %d, want %d at %d", n, at, want, slices.Index(held[:], want))
	}
	for i, v := range s.Sample(0, 399, 400) {
		if v < uint64(held[i]) {
			t.Errorf("sample %d is %d, %d were held", i, v, held[i])
		}
	}
	if got := slices.Max(s.Sample(0, 399, 7)); got != n {
		t.Errorf("the greatest of 7 samples is %d, the peak %d", got, n)
	}
}

// What has been merged into longer steps is the same whatever the order, and takes no
// more room than allowed.
func TestSeriesWidens(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	times := make([]int64, 5000)
	for i := range times {
		times[i] = (1700000000 + rng.Int64N(1e6)) * second
	}
	build := func(parts int) Series {
		all := make([]Series, parts)
		for i := range all {
			all[i].Limit = 100
		}
		for _, at := range times {
			all[rng.IntN(parts)].Add(at, at+60*second)
		}
		for i := 1; i < parts; i++ {
			Merge(&all[0], &all[i])
		}
		return all[0]
	}
	want := build(1)
	if len(want.steps) > 100 || want.shift == 0 {
		t.Fatalf("%d steps of %d s", len(want.steps), want.Width())
	}
	for _, parts := range []int{2, 5} {
		rng.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
		if got := build(parts); got.shift != want.shift || !slices.Equal(got.steps, want.steps) {
			t.Errorf("%d parts differ from the whole", parts)
		}
	}
}

// A population is right at any time that a capture can have: before 1970, across it,
// and after what 32 bits hold (2106).
func TestSeriesAtAnyTime(t *testing.T) {
	for _, start := range []int64{-9e18, -5e9, -1, 0, 1700000000e9, 4294967290e9, 4294967296e9, 7258118400e9, 9e18} {
		for _, limit := range []int{1000, 4} { // so few steps that they become longer
			s := Series{Limit: limit}
			for i := range int64(10) {
				s.Add(start+i*second, start+i*second+60*second)
			}
			n, at := s.Peak()
			if want := Second(start + 9*second); n != 10 || at > want || at < want-s.Width() {
				t.Errorf("from %d with %d steps: peak %d in second %d, want 10 in %d", start, limit, n, at, want)
			}
			if n := s.Entered(Second(start) - s.Width()); n != 10 {
				t.Errorf("from %d: %d entered, want 10", start, n)
			}
			if got := s.Sample(Second(start), Second(start+60*second), 3); limit == 1000 && (got[0] != 10 || got[1] != 10) {
				t.Errorf("from %d: samples %v", start, got)
			}
		}
	}
}

// Who entered in the second that is asked from counts, who did before it not;
// where a step is longer than that, a step that began before it does not count.
func TestEntered(t *testing.T) {
	s := Series{Limit: 100}
	for _, at := range []int64{10, 11, 11, 12, 20} {
		s.Add(at*second+second/2, (at+60)*second)
	}
	for from, want := range map[int64]uint64{0: 5, 10: 5, 11: 4, 12: 2, 13: 1, 20: 1, 21: 0} {
		if got := s.Entered(from); got != want {
			t.Errorf("%d entered from second %d on, want %d", got, from, want)
		}
	}
	s.double()
	for from, want := range map[int64]uint64{10: 5, 11: 2, 12: 2, 20: 1} {
		if got := s.Entered(from); got != want {
			t.Errorf("in steps of 2 s: %d entered from second %d on, want %d", got, from, want)
		}
	}
}

func TestWhoComesAndGoesCounts(t *testing.T) {
	s := Series{Limit: 10}
	s.Add(50*second, 50*second+1)
	if n, at := s.Peak(); n != 1 || at != 50 {
		t.Errorf("peak is %d at %d", n, at)
	}
}

func TestRanking(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	longest := func(a, b *turn) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.ID, b.ID)) }
	var all []*turn
	for i := range 300 {
		all = append(all, &turn{rng.Int64N(40), uint64(i + 1)})
	}
	want := slices.Clone(all)
	slices.SortFunc(want, longest)
	for _, limit := range []int{0, 1, 7, 300, 1000} {
		r := NewRanking(limit, longest, func(to, from *turn) { *to = *from })
		for _, i := range rng.Perm(len(all)) {
			r.Add(all[i])
		}
		got := r.Sorted()
		if len(got) != min(limit, len(all)) || r.Offered() != uint64(len(all)) {
			t.Fatalf("limit %d: %d kept of %d", limit, len(got), r.Offered())
		}
		for i := range got {
			if *got[i] != *want[i] {
				t.Fatalf("limit %d: rank %d is %v, want %v", limit, i, *got[i], *want[i])
			}
		}
	}
}

// Many different values are counted to about an eighth, few exactly.
func TestDistinct(t *testing.T) {
	var d, e Distinct
	for i := range 40 {
		d.Add(Mix(uint64(i + 1)))
		d.Add(Mix(uint64(i + 1)))
	}
	if d.Count() != 40 || !d.Exact() {
		t.Errorf("%d, exactly: %t", d.Count(), d.Exact())
	}
	for i := range 10000 {
		e.Add(Mix(uint64(i + 1)))
	}
	Merge(&e, &d)
	if n := e.Count(); n < 7500 || n > 12500 || e.Exact() {
		t.Errorf("%d of 10,000, exactly: %t", n, e.Exact())
	}
}

// Of more keys than have a place those with the least hashes stay, complete, and the
// others are in the rest; nothing is lost.
func TestBounded(t *testing.T) {
	b := NewBounded[key, numbers[uint64]](10)
	if b.Narrow(2); b.Limit() != 5 {
		t.Fatalf("limit %d", b.Limit())
	}
	var hashes []uint64
	for round := range 3 {
		for i := range uint8(100) {
			k := key{N: i}
			if b.At(k).v++; round == 0 {
				hashes = append(hashes, k.Hash())
			}
			if last, v := b.Last(); v != nil && *last == k && v.v > 3 {
				t.Fatalf("%v was asked for last and has %d", k, v.v)
			}
		}
	}
	b.Trim()
	if all := b.Total(); all.v != 300 {
		t.Errorf("%d in all", all.v)
	}
	slices.Sort(hashes)
	sum := b.Rest().v
	for k, v := range b.All() {
		if sum += v.v; k.Hash() > hashes[4] || v.v != 3 || b.Find(k) != v {
			t.Errorf("%v stays with %d", k, v.v)
		}
	}
	if b.Len() != 5 || sum != 300 {
		t.Errorf("%d keys stay, %d counted", b.Len(), sum)
	}
}
