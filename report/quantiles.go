package report

// Quantiles counts durations, so that a quantile is off by at most 1.6 %; the
// least and the greatest are exact. The zero value is empty.
type Quantiles struct{ h histogram }

// Add counts a duration in nanoseconds.
func (q *Quantiles) Add(ns int64) { q.h.add(ns) }

// N is how many were added.
func (q *Quantiles) N() uint64 { return q.h.n }

// At is the duration below which percent of all lie; 0 when there are none.
func (q *Quantiles) At(percent uint64) int64 { return q.h.quantile(percent) }

// Above is how many are longer than ns, as far as the classes tell them apart.
func (q *Quantiles) Above(ns int64) (n uint64) {
	limit := classOf(ns)
	for _, c := range q.h.classes {
		if c.index > limit {
			n += c.n
		}
	}
	return n
}

// Merge adds all that o counted.
func (q *Quantiles) Merge(o *Quantiles) { q.h.merge(&o.h) }
