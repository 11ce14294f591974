package diagnose

// disorder sums up needless repeats, or segments that came out of order, of
// what one side sent.
type disorder struct {
	tally
	wrong   uint64 // repeats that were needless, or segments that came late
	all     uint64 // repeats, or packets
	dsacks  uint64
	longest int64 // that a segment came late
}

// Merge takes in another.
func (x *disorder) Merge(o *disorder) {
	x.tally.Merge(&o.tally)
	x.wrong += o.wrong
	x.all += o.all
	x.dsacks += o.dsacks
	x.longest = max(x.longest, o.longest)
}
