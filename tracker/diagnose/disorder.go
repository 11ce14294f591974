package diagnose

import "tcpwatch/internal/fold"

// disorder sums up needless repeats, or segments that came out of order, of
// what one side sent.
type disorder struct {
	tally
	wrong    uint64 // repeats that were needless, or segments that came late
	all      uint64 // repeats, or segments with data
	segments uint64 // with data of those sides, repeats or not
	dsacks   uint64
	hastened uint64 // repeats that duplicate ACKs or SACK set off, and no timer
	longest  int64  // that a segment came late
}

// Fields walks over what is summed up.
func (x *disorder) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.wrong, &x.all, &x.segments, &x.dsacks, &x.hastened)
	fold.Max(w, &x.longest)
}
