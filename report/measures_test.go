package report

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"tcpwatch/tracker/record"
)

// TestQuantiles compares with sorting.
func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{1, 2, 3, 100, 5000} {
		var h histogram
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(1) << rng.IntN(40)
			values[i] += rng.Int64N(values[i])
			h.add(values[i])
		}
		slices.Sort(values)
		for _, percent := range []uint64{0, 1, 50, 95, 99, 100} {
			rank := max((uint64(n)*percent+99)/100, 1)
			want, got := values[rank-1], h.quantile(percent)
			if off := float64(got-want) / float64(want); off > 1.0/64 || off < -1.0/64 {
				t.Errorf("p%d of %d is %d, want %d: off by %.3f", percent, n, got, want, off)
			}
		}
		if h.min != values[0] || h.max != values[n-1] || h.n != uint64(n) {
			t.Errorf("min %d max %d n %d, want %d %d %d", h.min, h.max, h.n, values[0], values[n-1], n)
		}
	}
	var empty histogram
	if empty.quantile(50) != 0 {
		t.Error("an empty histogram has a median")
	}
}

func TestQuantilesOfFewAreExact(t *testing.T) {
	var h histogram
	h.add(1_234_567)
	h.add(7_654_321)
	for percent, want := range map[uint64]int64{0: 1_234_567, 50: 1_234_567, 95: 7_654_321, 99: 7_654_321, 100: 7_654_321} {
		if got := h.quantile(percent); got != want {
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
	if c := classOf(1<<63 - 1); classOf(middleOf(c)) != c || classOf(-5) != 0 {
		t.Error("the ends of the range are in no class")
	}
}

// TestPopulation compares with counting second by second.
func TestPopulation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	var s series
	s.limit = 1000
	var held [400]int64
	for range 500 {
		from := rng.Int64N(300)
		to := from + 1 + rng.Int64N(60)
		s.add(from*oneSecond+rng.Int64N(oneSecond), to*oneSecond+rng.Int64N(oneSecond))
		for at := from; at < to; at++ {
			held[at]++
		}
	}
	want := slices.Max(held[:])
	n, at := s.peak()
	if n != uint64(want) || held[at] != want {
		t.Errorf("peak is %d at %d, want %d at %d", n, at, want, slices.Index(held[:], want))
	}
	for i, v := range s.sample(0, 399, 400) {
		if v < uint64(held[i]) {
			t.Errorf("sample %d is %d, %d were held", i, v, held[i])
		}
	}
	if got := slices.Max(s.sample(0, 399, 7)); got != n {
		t.Errorf("the greatest of 7 samples is %d, the peak %d", got, n)
	}
}

// TestSeriesWidens: what has been merged into longer steps is the same
// whatever the order, and takes no more room than allowed.
func TestSeriesWidens(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	times := make([]int64, 5000)
	for i := range times {
		times[i] = testStart + rng.Int64N(1e6)*oneSecond
	}
	build := func(parts int) series {
		all := make([]series, parts)
		for i := range all {
			all[i].limit = 100
		}
		for _, at := range times {
			all[rng.IntN(parts)].add(at, at+60*oneSecond)
		}
		for i := 1; i < parts; i++ {
			all[0].merge(&all[i])
		}
		return all[0]
	}
	want := build(1)
	if len(want.steps) > 100 || want.shift == 0 {
		t.Fatalf("%d steps of %d s", len(want.steps), want.width())
	}
	for _, parts := range []int{2, 5} {
		rng.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
		if got := build(parts); got.shift != want.shift || !slices.Equal(got.steps, want.steps) {
			t.Errorf("%d parts differ from the whole", parts)
		}
	}
}

// Who entered in the second that is asked from counts, who did before it not;
// where a step is longer than that, a step that began before it does not count.
func TestEntered(t *testing.T) {
	var s series
	s.limit = 100
	for _, at := range []int64{10, 11, 11, 12, 20} {
		s.add(at*oneSecond+oneSecond/2, (at+60)*oneSecond)
	}
	for from, want := range map[int64]uint64{0: 5, 10: 5, 11: 4, 12: 2, 13: 1, 20: 1, 21: 0} {
		if got := s.entered(from); got != want {
			t.Errorf("%d entered from second %d on, want %d", got, from, want)
		}
	}
	s.double()
	for from, want := range map[int64]uint64{10: 5, 11: 2, 12: 2, 20: 1} {
		if got := s.entered(from); got != want {
			t.Errorf("in steps of 2 s: %d entered from second %d on, want %d", got, from, want)
		}
	}
}

func TestWhoComesAndGoesCounts(t *testing.T) {
	s := series{limit: 10}
	s.add(testStart, testStart+millisecond)
	if n, at := s.peak(); n != 1 || at != testStart/oneSecond {
		t.Errorf("peak is %d at %d", n, at)
	}
}

func TestRanking(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	longest := func(a, b *record.Record) int { return cmp.Compare(b.End, a.End) }
	var all []*record.Record
	for i := range 300 {
		all = append(all, &record.Record{ID: uint64(i + 1), End: rng.Int64N(40)})
	}
	want := slices.Clone(all)
	slices.SortFunc(want, func(a, b *record.Record) int { return cmp.Or(longest(a, b), byID(a, b)) })
	for _, limit := range []int{0, 1, 7, 300, 1000} {
		r := newRanking(limit, longest)
		for _, i := range rng.Perm(len(all)) {
			r.add(all[i])
		}
		got := r.sorted()
		if len(got) != min(limit, len(all)) || r.offered != uint64(len(all)) {
			t.Fatalf("limit %d: %d kept of %d", limit, len(got), r.offered)
		}
		for i := range got {
			if got[i].ID != want[i].ID {
				t.Fatalf("limit %d: rank %d is #%d, want #%d", limit, i, got[i].ID, want[i].ID)
			}
		}
	}
}

func TestIDs(t *testing.T) {
	var s ids
	for _, id := range []uint64{9, 4, 9, 7, 1, 8, 4} {
		s.add(id)
	}
	if got := s.String(); got != "#1, #4, #7" {
		t.Errorf("kept %s", got)
	}
}

func TestLikeDefault(t *testing.T) {
	keep := func(idle, interval int64, unanswered uint32) *record.KeepaliveRecord {
		return &record.KeepaliveRecord{Probes: 10, Unanswered: unanswered, Idle: record.Some(idle * oneSecond), Interval: record.Some(interval * oneSecond)}
	}
	for _, test := range []struct {
		k    *record.KeepaliveRecord
		want string
	}{
		{keep(7200, 75, 9), "fits the defaults of Linux (7200 s idle, 75 s apart, 9 probes)"},
		{keep(7200, 75, 5), "fits the defaults of Linux (7200 s idle, 75 s apart, 9 probes) or macOS or FreeBSD (7200 s idle, 75 s apart, 8 probes)"},
		{keep(7200, 1, 10), "fits the defaults of Windows (7200 s idle, 1 s apart, 10 probes)"},
		{keep(60, 10, 3), ""},
		{&record.KeepaliveRecord{Probes: 1}, ""},
	} {
		if got := likeDefault(test.k); got != test.want {
			t.Errorf("%+v: %q, want %q", test.k, got, test.want)
		}
	}
}
