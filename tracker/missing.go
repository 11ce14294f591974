package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// missing is how many payload bytes of an end the other end acknowledged and the
// capture never saw. A hole that nobody acknowledged may be a loss on the way to
// the capture point; what may have been under way when the capture began was not
// lost by it.
func (c *conn) missing(of record.End) uint64 {
	e := &c.ends[of]
	n := e.stream.Forgotten()
	if e.has&hasWrongStart == 0 {
		n += e.stream.Old()
	}
	una, early := e.stream.Una(), e.stream.Base().Add(c.capture.evidence.early[of])
	for i, g := range e.stream.Gaps() {
		if i == 0 && e.has&hasWrongStart != 0 && g.From.Sub(e.stream.Base()) <= int32(c.ends[of.Peer()].longestSegment()) {
			continue // only what has the wrong checksum says that anything was sent there, as of what lies as far back as no window reaches
		}
		if c.capture.evidence.early[of] > 0 && e.stream.Span() < maxAhead {
			if g.To.LessEq(early) {
				continue
			}
			g.From = reassembly.Max(g.From, early)
		}
		if g.To.LessEq(una) {
			n += uint64(g.Len())
		} else if g.From.Less(una) {
			n += uint64(una - g.From)
		}
	}
	if c.mayEndInFIN(of) && e.stream.Una() == e.stream.Next() && n > 0 {
		n--
	}
	return n
}

// mayEndInFIN reports whether the last number of an end, which the other end
// acknowledged and the capture never saw, is taken for that of its FIN: of the
// other end one number was sent unseen too, so both have closed. It is neither
// payload nor missing.
func (c *conn) mayEndInFIN(of record.End) bool {
	e := &c.ends[of]
	return e.tailUnseen && c.ends[of.Peer()].tailUnseen && !e.finSeen && e.stream.EndsUnseen()
}

// flightTime is how long after the start of a capture segments that were sent
// before can still show: they are acknowledged or sent again by then (RFC 6298
// section 2.4: the least retransmission timeout).
const flightTime = second

// noteEarly notes, of a connection that began before the capture, holes of what
// may have been under way when the capture began: what the other end acknowledges
// then, and what lies before the first new segment. A sender's ACK without data
// stands at SND.NXT: all behind it was sent later.
func (c *conn) noteEarly(from record.End, s *capture.Segment, now int64) {
	if now-c.start >= flightTime {
		return
	}
	for of := record.Orig; of <= record.Resp; of++ {
		e := &c.ends[of]
		gaps := e.stream.Gaps()
		if len(gaps) == 0 || e.synSeen || c.capture.evidence.stood[of] {
			continue
		}
		if d := gaps[len(gaps)-1].To.Sub(e.stream.Base()); d > 0 && d <= unknownRoom {
			c.caught().evidence.early[of] = uint32(d)
		}
	}
	if e := &c.ends[from]; s.Len == 0 && !s.Flags.Has(capture.FIN) && reassembly.Seq(s.Seq) == e.stream.Next() {
		c.caught().evidence.stood[from] = true
	}
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
			return g.Len(), max(0, e.lastSend-e.sender.loss.gapAt)
		}
	}
	return 0, 0
}

// finMayHavePassed reports whether one end's FIN was captured and the other end
// may have sent its own before the capture began, or past another tap: then it is not known who
// closed first, nor in which state either end is. New data from that end in the
// capture excludes it: nothing is sent after a FIN (RFC 9293 section 3.6).
func (c *conn) finMayHavePassed() bool {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	if c.is(isCloserUnseen) {
		return a.finSeen || b.finSeen
	}
	if a.finSeen == b.finSeen {
		return false
	}
	other := a
	if a.finSeen {
		other = b
	}
	if other.packets == 0 && other.stream.EndsUnseen() {
		return true // it went another way
	}
	if !c.is(isMidstream) {
		return false
	}
	return other.has&hasSentData == 0 || other.tailUnseen || other.stream.EndsUnseen()
}

// finAsked reports whether an end sent a FIN that nobody acknowledged, and did not
// repeat it: so it may have got an ACK.
func (e *endpoint) finAsked() bool { return e.finSeen && !e.finAcked && e.fins == 1 }

// afterFIN are the states that tell which end closed first.
const afterFIN stateSet = 1<<record.FinWait1 | 1<<record.FinWait2 | 1<<record.CloseWait | 1<<record.Closing | 1<<record.LastAck | 1<<record.TimeWait

// hideCloser takes out of r what rests on who closed first.
func (c *conn) hideCloser(r *record.Record) {
	x := &r.Close
	x.First, x.BytesAfterFIN, x.HalfClose = record.NoEnd, record.Opt[uint64]{}, record.Opt[int64]{}
	if x.Kind == record.CloseHalfClosed {
		x.Kind = record.CloseUnknown
	}
	for e := range r.States {
		if afterFIN.has(r.Proven[e]) {
			r.Proven[e] = record.Unknown
		}
		for s := range r.Ends[e].TimeIn {
			if afterFIN.has(record.State(s)) {
				r.Ends[e].TimeIn[s] = record.Opt[int64]{}
			}
		}
	}
}

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
	if e.sender == nil || e.sender.loss.leap.from == e.sender.loss.leap.to {
		return
	}
	l, seq, gaps := &e.sender.losing().leap, reassembly.Seq(s.Seq), e.stream.Gaps()
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

// A filter such as tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0 leaves out what shows
// how far both ends are: the numbers of a FIN and of a RST alone tell it.

// onlyFlagged reports whether every captured segment of both ends has SYN, FIN or
// RST: a filter on the flags left the others out, ACKs too.
func (c *conn) onlyFlagged() bool {
	for e := range c.ends {
		x, y := &c.ends[e], &c.capture.copies[e]
		if x.packets == 0 || x.packets > uint64(x.syns)+uint64(x.synAcks)+uint64(x.fins)+uint64(x.rsts)+uint64(y.syns)+uint64(y.synAcks)+uint64(y.fins) {
			return false
		}
	}
	return true
}

// onlySYNs reports whether nothing but SYNs and RSTs was captured: so nothing tells what the
// receiver of a RST expects next (RCV.NXT).
func (c *conn) onlySYNs() bool {
	return c.thirdACKAt == 0 && c.ends[record.Orig].fins+c.ends[record.Resp].fins == 0 && c.onlyFlagged()
}

// sentBeyondSYN reports whether an end sent data, which the capture need not hold: it was
// open then (RFC 9293 section 3.10.2).
func (e *endpoint) sentBeyondSYN() bool {
	first := e.isn.Add(1).Add(e.details.synData)
	return e.synSeen && (first.Less(e.stream.Next()) || e.finSeen && first.Less(e.fin))
}

// keepRST keeps a RST that its receiver must ignore by all that was captured, where that is
// nothing but SYN, FIN and RST: it may stand behind data that a filter left out.
func (t *Tracker) keepRST(c *conn, from record.End, s *capture.Segment, now int64) {
	e, seq := &c.ends[from], reassembly.Seq(s.Seq)
	if d := seq.Sub(e.sndNxt()); !c.onlyFlagged() || !e.synSeen || d <= 0 {
		return
	}
	t.hasAsides(c)
	x := &c.details.asides.rst
	if x.packet == 0 {
		x.keep(s, jumpSeq, now)
		c.details.asides.rstFrom = from
	}
	if c.details.asides.rstFrom == from && x.seq == seq {
		c.details.asides.rsts++
	}
}

// lastRST lets such a RST count, of a connection that is over, where nothing but SYNs tells
// how far its sender was, or the FINs that were captured too have its number.
func (t *Tracker) lastRST(c *conn) {
	x, from := &c.details.asides.rst, c.details.asides.rstFrom
	if x.packet == 0 || !c.onlyFlagged() || c.is(isReset) {
		return
	}
	s := t.again(c, from, x)
	if !c.onlySYNs() && !c.acceptsRST(from.Peer(), s) {
		return
	}
	c.own().rstsIgnored -= c.details.asides.rsts
	if c.details.ignored.Packet == x.packet {
		c.own().ignored = record.IgnoredRST{}
	}
	t.takeRSTOf(c, from, s, x.at, true)
}
