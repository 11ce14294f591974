package tracker

// missing is how many payload bytes the other end acknowledged and the capture
// never saw. A hole that nobody acknowledged may be a loss on the way to the
// capture point.
func (e *endpoint) missing() uint64 {
	n := e.stream.Forgotten()
	for _, g := range e.stream.Gaps() {
		if g.To.LessEq(e.stream.Una()) {
			n += uint64(g.Len())
		}
	}
	return n
}
