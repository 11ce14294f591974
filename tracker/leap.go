package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// leap is the last ACK, of an end's data, that took more than was ever seen sent:
// the capture missed the rest, or the ACK is not the other end's. What follows
// tells: where both ends go on from the old numbers nobody sent what it took.
type leap struct {
	from, to reassembly.Seq // what it took unseen; equal for none
	back     bool           // the other end acknowledged less afterwards
}

// acked takes an ACK up to a number, with so many bytes that were never seen.
func (l *leap) acked(upTo reassembly.Seq, unseen uint32) {
	switch {
	case unseen > 1:
		*l = leap{from: upTo.Add(-unseen), to: upTo}
	case upTo.Less(l.to) && l.from != l.to:
		l.back = true
	case l.to.Less(upTo):
		*l = leap{}
	}
}

// takeLeapBack takes the bytes of a leap out of its end's stream when the end
// sends them only now, as its newest data, and the other end has acknowledged
// less than them since.
func (c *conn) takeLeapBack(from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	if e.sender == nil || e.sender.leap.from == e.sender.leap.to {
		return
	}
	l, seq, gaps := &e.sender.leap, reassembly.Seq(s.Seq), e.stream.Gaps()
	end := seq.Add(s.Len)
	if n := len(gaps); n == 0 || gaps[n-1] != (reassembly.Range{From: l.from, To: l.to}) || l.to.Less(e.stream.Next()) {
		*l = leap{}
	} else if end.LessEq(l.from) || e.sender.stale(s, now) {
		return
	} else if l.back {
		e.stream.Cut(l.from)
		*l = leap{}
		c.noneMissing()
	} else if seq.LessEq(l.from) {
		l.from = end // sent again, as it seems; the rest of it is still unseen
	}
}

// leap walks over it.
func (w *packer[W]) leap(n int, l *leap) int {
	n = number(w, n, &l.from)
	n = number(w, n, &l.to)
	return w.flag(n, &l.back)
}
