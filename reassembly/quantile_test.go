package reassembly

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// quantileError is how far a quantile may be off: half a bucket, of eight to a doubling.
const quantileError = 1.0 / 16

// A quantile is that of the sorted spans, the rank rounded up, within the
// stated error; below 1 us and above 537 s the first and last bucket stand.
func TestQuantilesAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var h Histogram
	for round := range 400 {
		h.Clear()
		spans := make([]int64, 1+rng.IntN(60))
		for i := range spans {
			// From 1 us to 500 s, as many in each doubling.
			spans[i] = int64(1000 * math.Exp(rng.Float64()*math.Log(500e6)))
			h.Add(spans[i])
		}
		slices.Sort(spans)
		for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1} {
			rank := max(1, int(math.Ceil(q*float64(len(spans))-1e-9)))
			want := spans[rank-1]
			got := h.Quantile(q)
			// Below 8 us a bucket is 1 us wide, so that its middle is off by 500 ns.
			if off := math.Abs(float64(got - want)); off > max(500, quantileError*float64(want)) {
				t.Fatalf("round %d: the share %v of %d spans is %d, sorted %d", round, q, len(spans), got, want)
			}
		}
	}
}

// The rank is rounded up: the median of three is the second, the 95th
// percentile of twenty the nineteenth, of twenty-one the twentieth.
func TestRankIsRoundedUp(t *testing.T) {
	for _, c := range []struct {
		n    int
		q    float64
		rank int
	}{{1, 0.5, 1}, {2, 0.5, 1}, {3, 0.5, 2}, {4, 0.5, 2}, {20, 0.95, 19}, {21, 0.95, 20}, {5, 0.95, 5}, {5, 0, 1}, {5, 1, 5}} {
		var h Histogram
		for i := range c.n {
			h.Add(int64(1000) << i)
		}
		if got, want := h.Quantile(c.q), int64(1000)<<(c.rank-1); math.Abs(float64(got-want)) > max(500, quantileError*float64(want)) {
			t.Errorf("the share %v of %d is %d, want that of rank %d, %d", c.q, c.n, got, c.rank, want)
		}
	}
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("a quantile of nothing")
	}
}

// Every bucket holds its own middle, and they follow each other without a hole.
func TestBucketsJoin(t *testing.T) {
	last := 0
	for us := int64(0); us < 1<<20; us++ {
		k := bucket(us * 1000)
		if k != last && k != last+1 {
			t.Fatalf("%d us is in bucket %d after %d", us, k, last)
		}
		last = k
	}
	for k := range (Histogram{}).counts {
		if got := bucket(middle(k)); got != k {
			t.Errorf("the middle of bucket %d is in bucket %d", k, got)
		}
	}
	if bucket(-5) != 0 || bucket(math.MaxInt64) != len(Histogram{}.counts)-1 {
		t.Error("the ends of the range are in no bucket")
	}
}
