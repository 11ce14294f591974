package reassembly

import "math/bits"

// Histogram counts spans of time in log-linear buckets, eight to a doubling
// from 1 us to 537 s, so that a quantile is off by at most 6.3 %. What lies
// outside counts to the first or last bucket.
type Histogram struct {
	counts [8 * 30]uint32
	used   [4]uint64 // the buckets that are not empty, a bit each
	n      uint32
}

// Clear empties the histogram: of its buckets those that are in use.
func (h *Histogram) Clear() {
	for i, used := range h.used {
		for ; used != 0; used &= used - 1 {
			h.counts[i<<6+bits.TrailingZeros64(used)] = 0
		}
	}
	h.used, h.n = [4]uint64{}, 0
}

const subBuckets = 8

func bucket(ns int64) int {
	us := uint64(max(ns, 0)) / 1000
	if us < subBuckets {
		return int(us)
	}
	e := bits.Len64(us) - 4 // us>>e lies in 8..15
	i := (e+1)*subBuckets + int(us>>e) - subBuckets
	return min(i, len(Histogram{}.counts)-1)
}

// middle is the middle of a bucket in nanoseconds.
func middle(i int) int64 {
	if i < subBuckets {
		return int64(i)*1000 + 500
	}
	e := i/subBuckets - 1
	low := int64(subBuckets+i%subBuckets) << e
	return (low*2 + 1<<e) * 500
}

// Add counts one span, in nanoseconds.
func (h *Histogram) Add(ns int64) {
	k := bucket(ns)
	h.counts[k]++
	h.used[k>>6] |= 1 << (k & 63)
	h.n++
}

// Merge counts the spans of another as well.
func (h *Histogram) Merge(o *Histogram) {
	for i, used := range o.used {
		h.used[i] |= used
		for ; used != 0; used &= used - 1 {
			k := i<<6 + bits.TrailingZeros64(used)
			h.counts[k] += o.counts[k]
		}
	}
	h.n += o.n
}

// Since is what was counted since h was as it is in before.
func (h *Histogram) Since(before *Histogram) (x Histogram) {
	for i, used := range h.used {
		for ; used != 0; used &= used - 1 {
			k := i<<6 + bits.TrailingZeros64(used)
			if n := h.counts[k] - before.counts[k]; n > 0 {
				x.counts[k] = n
				x.used[i] |= 1 << (k & 63)
			}
		}
	}
	x.n = h.n - before.n
	return x
}

// N is the number of spans.
func (h *Histogram) N() uint32 { return h.n }

// Quantile is the span that the share q of them does not exceed, in nanoseconds; 0 when there are none.
func (h *Histogram) Quantile(q float64) int64 {
	want := uint32(q*float64(h.n) + 0.999999)
	want = max(1, min(want, h.n))
	var sum uint32
	for i, used := range h.used {
		for ; used != 0; used &= used - 1 {
			k := i<<6 + bits.TrailingZeros64(used)
			if sum += h.counts[k]; sum >= want {
				return middle(k)
			}
		}
	}
	return 0
}
