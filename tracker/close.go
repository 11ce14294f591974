package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// takeFIN takes a FIN; its own number is SEG.SEQ plus its data (RFC 9293 section 3.4).
func (t *Tracker) takeFIN(c *conn, from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	fin := reassembly.Seq(s.Seq).Add(s.Len)
	if e.finImplied {
		e.finImplied, e.fin, e.finPacket = false, fin, s.Packet // captured late
		if c.first == from.Peer() && p.finSeen && s.Flags.Has(capture.ACK) && reassembly.Seq(s.Ack).LessEq(p.fin) {
			c.first, c.flags = record.Both, c.flags|isSimultaneousClose // even now it does not know of the other's
		}
		return
	}
	if e.finSeen && e.fin != fin && !(fin.Less(e.fin) && t.unsendFIN(c, from, s, now)) {
		t.anomaly(c, anomalyFINMoved)
		return
	}
	if e.finSeen {
		t.repeatedFIN(c, from, s, now)
		return
	}
	late := fin.Add(1) == e.stream.Next() && e.stream.EndsUnseen() && s.Len == 0
	if late {
		e.stream.DropLast() // captured behind its ACK, which seemed to be one of data
		c.noneMissing()
	} else if fin.Less(e.stream.Next()) && !e.endsAt(fin) {
		t.anomaly(c, anomalyDataPastFIN)
		return
	}
	e.finSeen, e.fin, e.finTime, e.finPacket = true, fin, now, s.Packet
	c.note(record.Moment{Kind: record.MomentFIN, End: from, M: asBit(c.finMayHavePassed())})
	if c.first == record.NoEnd {
		c.first = from
	}
	took := p.finSeen && s.Flags.Has(capture.ACK) && p.fin.Less(reassembly.Seq(s.Ack))
	if p.finSeen && !took && !p.finAcked {
		// Each was sent before the other arrived: simultaneous close (section 3.6, figure 13).
		c.first, c.flags = record.Both, c.flags|isSimultaneousClose
		c.note(record.Moment{Kind: record.MomentSimultaneousClose, End: from})
		if tookFIN.has(e.state) {
			c.retract(from, 1<<record.Established|inSynReceived, now, s.Packet)
		}
	}
	if took && c.segments == 0 {
		// The second FIN: did it also carry the first ACK of the first one?
		c.segments = 4
		if p.finAckedTime == now && p.finAckedBy == s.Packet {
			c.segments = 3
		}
	}
	if e.state == record.Closed && !t.livesOn(c, from, s, now) && c.straggles(from, now) {
		return
	}
	if e.stream.Next().Less(fin) {
		// What precedes it was not captured, or will still be sent: then it was a stray.
		c.drive(from, sendFIN, canFIN, record.Expected, now, s.Packet)
	} else if c.drive(from, sendFIN, canFIN, record.Seen, now, s.Packet) {
		c.confirm(from)
	} else if e.state == record.Closed {
		t.anomaly(c, anomalyAfterClose)
	}
	if c.is(isSimultaneousClose) && p.finSeen && nextState[e.state][rcvFIN] != record.Unknown {
		c.apply(from, rcvFIN, record.Expected, now, s.Packet)
	}
	t.deliverFIN(c, from, s, now)
	if late {
		e.finAcked, e.finAckedTime, e.finAckedBy = true, now, s.Packet
		c.confirm(from.Peer())
		c.apply(from, rcvACKofFIN, record.Expected, now, s.Packet)
	}
}

// unsendFIN takes a FIN back that stood behind a hole, which its sender goes on
// to fill with more than fits, or with a FIN of its own: it was no FIN of this
// end. False where the FIN was acknowledged, or nothing before it is missing.
func (t *Tracker) unsendFIN(c *conn, from record.End, s *capture.Segment, now int64) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if e.finAcked || e.finImplied || !e.stream.Delivered().Less(e.fin) || e.stream.Next().Less(reassembly.Seq(s.Seq)) ||
		!c.retract(from, ^hasFIN, now, s.Packet) {
		return false
	}
	e.finSeen, e.fin, e.finTime, e.finPacket = false, 0, 0, 0
	if c.first == from {
		c.first = record.NoEnd
		if p.finSeen {
			c.first = from.Peer()
		}
	}
	t.anomalies[anomalyOutside]++
	return true
}

// endsAt reports whether a stream can end at a FIN below what seemed to be sent:
// nothing before the FIN is missing, and the FIN itself not acknowledged; or nothing from
// the FIN on was seen or acknowledged (a RST had a number behind it, that was not this
// end's). Then what lies behind it is not this end's, and is taken out.
func (e *endpoint) endsAt(fin reassembly.Seq) bool {
	gaps := e.stream.Gaps()
	if len(gaps) == 0 {
		return false
	}
	last := gaps[len(gaps)-1]
	if gaps[0].From != fin && !(e.stream.EndsUnseen() && last.From.LessEq(fin) && e.stream.Una().LessEq(fin)) {
		return false
	}
	e.seenBytes -= min(e.seenBytes, uint64(e.stream.Cut(fin)))
	return true
}

// deliverFIN lets the receiver take a FIN once nothing before it is missing;
// behind a hole it changes no state (section 3.10.7.4, eighth).
func (t *Tracker) deliverFIN(c *conn, from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	if !e.finSeen || e.finAcked || e.stream.Delivered().Less(e.fin) {
		return
	}
	to := from.Peer()
	if tookFIN.has(c.ends[to].state) {
		return
	}
	if c.ends[to].state == record.SynReceived && !s.Flags.Has(capture.ACK) {
		return
	}
	c.apply(to, rcvFIN, record.Expected, now, s.Packet)
}

// repeatedFIN: it, or the ACK of it, did not arrive.
func (t *Tracker) repeatedFIN(c *conn, from record.End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	c.finAgain(from, now)
	if now-e.lastSend >= t.opt.MSL*9/10 {
		e.has |= hasSlowFIN
	}
	kind := record.MomentFINAgain
	if p.state == record.TimeWait && e.finAcked {
		kind = record.MomentLastACKLost
	}
	switch {
	case !e.finAcked && tookFIN.has(p.state):
		// Nobody acknowledged it: it was lost behind the tap, and comes again now.
		if c.retract(to, ^tookFIN, now, s.Packet) {
			t.deliverFIN(c, from, s, now)
			if p.finSeen && s.Flags.Has(capture.ACK) && p.fin.Less(reassembly.Seq(s.Ack)) {
				c.apply(to, rcvACKofFIN, record.Expected, now, s.Packet)
			}
		}
	// The ACK that passed the tap did not reach it.
	case e.state == record.Closed:
		c.retract(from, 1<<record.LastAck, now, s.Packet)
	case e.state == record.FinWait2:
		c.retract(from, 1<<record.FinWait1, now, s.Packet)
	case e.state == record.TimeWait:
		c.retract(from, 1<<record.Closing, now, s.Packet)
	}
	c.note(record.Moment{Kind: kind, End: from, N: uint64(e.fins - 1), M: asBit(e.finAcked), Since: now - e.finTime, Ref: e.finPacket})
}

// missedFIN implies the FIN of an end that the capture missed: one number after
// everything seen was sent, by the peer's ACK or the end's own next number,
// and the peer has closed too. One byte of data looks the same, but is seldom
// the last thing before the other end closes.
func (t *Tracker) missedFIN(c *conn, of record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[of], &c.ends[of.Peer()]
	if e.finSeen {
		return
	}
	acked := e.stream.Una() == e.stream.Next() && e.stream.Missing() > 0
	if acked {
		e.stream.DropLast()
		c.noneMissing()
	}
	e.finSeen, e.finImplied, e.fin, e.finTime = true, true, e.stream.Next(), now
	if c.first == record.NoEnd {
		c.first = of
	}
	if !c.imply(of, hasFIN|inClosed, now, s.Packet) {
		return
	}
	if e.state == record.LastAck && !p.finAcked {
		// From CLOSE-WAIT its FIN carries the ACK of the other's (RFC 9293 section 3.10.4).
		p.finAcked, p.finAckedTime, p.finAckedBy = true, now, s.Packet
		c.apply(of.Peer(), rcvACKofFIN, record.Implied, now, s.Packet)
	}
	if !acked {
		c.apply(of.Peer(), rcvFIN, record.Expected, now, s.Packet)
		return
	}
	e.finAcked, e.finAckedTime, e.finAckedBy = true, now, s.Packet
	c.apply(of.Peer(), rcvFIN, record.Implied, now, s.Packet)
	c.apply(of, rcvACKofFIN, record.Expected, now, s.Packet)
}

// unimplyFIN takes a FIN back that the capture seemed to have missed before an end closed:
// the end acknowledges more since, so it was a byte of data, and this end closed first.
func (t *Tracker) unimplyFIN(c *conn, from record.End, s *capture.Segment, now int64) bool {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	if c.first != to || !e.finSeen || e.finImplied || c.is(isReset) || reassembly.Seq(s.Seq) != e.sndNxt() {
		return false
	}
	for _, x := range [2]record.End{to, from} {
		for at := &c.ends[x].state; *at > record.Established || *at == record.Closed; {
			if i := c.before(x, len(c.trans)); i < 0 || c.trans[i].From == record.Unknown {
				break
			}
			c.reopen(x, now, s.Packet)
		}
	}
	p.stream.Ack(p.fin.Add(1))
	p.finSeen, p.finImplied, p.finAcked, p.fin, p.finTime, p.finPacket, p.finAckedTime, p.finAckedBy = false, false, false, 0, 0, 0, 0, 0
	c.first, c.segments, c.own().bytesAfterFIN = from, 0, 0
	c.apply(from, sendFIN, record.Seen, now, s.Packet)
	c.apply(to, rcvFIN, record.Expected, now, s.Packet)
	return true
}

// ackFIN: the segment acknowledges the FIN of the end it is sent to.
func (t *Tracker) ackFIN(c *conn, from record.End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	if tookFIN.has(e.state) {
		c.confirm(from)
	} else if e.state == record.Closed && p.finAcked {
		// A straggler of an end that is done.
	} else if e.state == record.Closed && t.livesOn(c, from, s, now) && c.apply(from, rcvFIN, record.Seen, now, s.Packet) {
		// What closed it was none of its own.
	} else if !c.drive(from, rcvFIN, 1<<record.Established|1<<record.SynReceived|1<<record.FinWait1|1<<record.FinWait2, record.Seen, now, s.Packet) {
		t.anomaly(c, anomalyIllegal)
	}
	first := !p.finAcked
	if first {
		if c.expected(to) && hasFIN.has(p.state) {
			c.confirm(to) // it did send it
		}
		p.finAcked, p.finAckedTime, p.finAckedBy = true, now, s.Packet
		c.note(record.Moment{Kind: record.MomentFINAcked, End: to, M: asBit(c.finMayHavePassed()), Span: now - p.finTime, Ref: p.finPacket})
	}
	c.apply(to, rcvACKofFIN, record.Expected, now, s.Packet)
	if first && e.state == record.TimeWait && e.has&hasTimeWait != 0 {
		c.note(record.Moment{Kind: record.MomentTimeWait, End: from, Span: 2 * t.opt.MSL}) // expected before
	}
	if first && e.finAcked {
		c.note(record.Moment{Kind: record.MomentClosed, End: from, Span: now - min(e.finTime, p.finTime), N: uint64(c.segments)})
	}
}

// followTimeWait notes who entered TIME-WAIT with this segment.
func (t *Tracker) followTimeWait(c *conn, now int64) {
	for e := record.Orig; e <= record.Resp; e++ {
		x := &c.ends[e]
		if x.state == record.TimeWait && x.has&hasTimeWait == 0 {
			x.has |= hasTimeWait
			x.timeWaitSince, x.timeWaitUntil = now, now+2*t.opt.MSL
			if c.ends[e.Peer()].finAcked {
				c.note(record.Moment{Kind: record.MomentTimeWait, End: e, Span: 2 * t.opt.MSL})
			}
		}
	}
}

// forgetTimeWait: it was only expected, and has been taken back.
func (e *endpoint) forgetTimeWait() {
	e.has &^= hasTimeWait
	e.timeWaitSince, e.timeWaitUntil, e.timeWaitEnd, e.restarts = 0, 0, record.TimeWaitLasts, 0
}

// restartTimeWait begins 2MSL again. RFC 9293 section 3.10.7.4 does so at a
// repeated FIN; Linux (tcp_timewait_state_process) at any segment with ACK.
func (t *Tracker) restartTimeWait(c *conn, holder record.End, now int64) {
	x := &c.ends[holder]
	if x.state != record.TimeWait || x.has&hasTimeWait == 0 {
		return
	}
	if now >= x.timeWaitUntil {
		return // it is over, as far as can be guessed; only what it sends tells otherwise
	}
	x.timeWaitUntil = now + 2*t.opt.MSL
	x.restarts++
	c.note(record.Moment{Kind: record.MomentTimeWaitRestart, End: holder, N: uint64(x.restarts), Span: 2 * t.opt.MSL})
}

// closed reports whether both FINs were acknowledged.
func (c *conn) closed() bool { return c.ends[record.Orig].finAcked && c.ends[record.Resp].finAcked }

// finMayComeAgain reports whether the last FIN may come again after 2MSL: its
// repeats are so far apart (Linux: up to 120 s; each pause is twice the one
// before). How long a TIME-WAIT lasts is guessed; a FIN that comes later belongs
// to this connection all the same: only a SYN begins another.
func (c *conn) finMayComeAgain() bool {
	for e := record.Orig; e <= record.Resp; e++ {
		if c.ends[e].state == record.TimeWait && c.ends[e.Peer()].has&hasSlowFIN != 0 {
			return true
		}
	}
	return false
}

// repeatsClose reports whether a segment repeats the last FIN of a connection
// whose TIME-WAIT has passed, or answers that.
func (c *conn) repeatsClose(s *capture.Segment) bool {
	if c.class != table.TimeWait || s.Flags.Has(capture.SYN) {
		return false
	}
	from := c.from(&s.Src)
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq := reassembly.Seq(s.Seq)
	if s.Flags.Has(capture.FIN) {
		return e.finSeen && e.fin == seq.Add(s.Len)
	}
	return seq == e.sndNxt() && (!s.Flags.Has(capture.ACK) || reassembly.Seq(s.Ack) == p.sndNxt())
}

// quietBeforeFIN is how long the sender of the first FIN had been quiet before it:
// from the last data that it sent or took in. What the other end sent later, on its way
// when the FIN was sent, broke no silence.
func (c *conn) quietBeforeFIN() record.Opt[int64] {
	if c.first > record.Resp {
		return record.Opt[int64]{}
	}
	e, p := &c.ends[c.first], &c.ends[c.first.Peer()]
	if e.finImplied || e.has&hasSentData == 0 || e.lastData > e.finTime {
		return record.Opt[int64]{}
	}
	since := e.lastData
	if p.lastData > since && p.unacked() == 0 {
		if p.lastData > e.finTime {
			return record.Opt[int64]{} // when its data before the FIN came is not known any more
		}
		since = p.lastData
	}
	return record.Some(e.finTime - since)
}

// lateMost is how long before a FIN data may have passed that was still under way when its sender
// closed: longer than any round trip.
const lateMost = second / 2

// unacked is how much this end sent that the other never acknowledged, as far as the
// capture knows what that has acknowledged.
func (e *endpoint) unacked() uint32 {
	if !e.stream.Started() || !e.stream.Acked() {
		return 0
	}
	return uint32(max(0, e.stream.Next().Sub(e.stream.Una())))
}
