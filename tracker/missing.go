package tracker

// missing is how many payload bytes the other end acknowledged and the capture
// never saw. A hole that nobody acknowledged may be a loss on the way to the
// capture point.
func (e *endpoint) missing() uint64 {
	n := e.stream.Forgotten() + e.stream.Old()
	for _, g := range e.stream.Gaps() {
		if una := e.stream.Una(); g.To.LessEq(una) {
			n += uint64(g.Len())
		} else if g.From.Less(una) {
			n += uint64(una - g.From)
		}
	}
	return n
}

// hole is the payload missing at SND.UNA that the capture never saw though the end
// went on sending, and for how long that was so: its repeats were lost before
// the capture point, every time, or it made none.
func (e *endpoint) hole() (bytes uint32, ns int64) {
	if e.sender == nil || !e.stream.Acked() {
		return 0, 0
	}
	for _, g := range e.stream.Gaps() {
		if una := e.stream.Una(); g.From.LessEq(una) && una.Less(g.To) {
			return g.Len(), max(0, e.lastSend-e.sender.gapAt)
		}
	}
	return 0, 0
}
