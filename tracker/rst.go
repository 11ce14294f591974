package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
)

// takeRST takes a RST. A genuine one closes its sender at once; its receiver
// only if it stands exactly at RCV.NXT (RFC 5961 section 3.2), or, in
// SYN-SENT, acknowledges the SYN (RFC 9293 section 3.10.7.3).
func (t *Tracker) takeRST(c *conn, from End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	elsewhere := c.resetsUnseen(from, s)
	t.rstProves(c, from, s, now)
	cause := c.rstCause(from, s)
	accepted := !elsewhere && c.acceptsRST(to, s)
	if accepted && cause != ResetMiddlebox {
		c.beforeRST(from, s, now)
	}
	in := e.state
	if !accepted {
		t.ignoreRST(c, from, s, cause, now)
		return
	}
	if c.resetBy == NoEnd {
		c.resetBy, c.resetIn, c.resetCause, c.resetPacket, c.resetTime = from, in, cause, s.Packet, now
		c.resetTTL = s.TTL
		c.facts.reset(e, p, s, now)
	}
	switch {
	case cause == ResetRefused:
		c.openKind = OpenRefused
		c.answer.Kind = AnswerRST
		c.answered, c.answeredAt = now, s.Packet
		c.note(Moment{Kind: MomentRefused, End: from, Span: now - p.firstSYN})
	case cause == ResetAfterClose:
		c.note(Moment{Kind: MomentResetHarmless, End: from, From: in, Reset: cause})
	default:
		if cause == ResetKeepaliveDead {
			c.note(Moment{Kind: MomentKeepaliveDead, End: from, N: uint64(e.probe.pending)})
		}
		if c.thirdACKAt == 0 && !c.is(isMidstream) && c.answeredAt == 0 {
			c.answered, c.answeredAt = now, s.Packet
			if from == Orig {
				c.openKind = OpenAborted
			}
		}
		c.note(Moment{Kind: MomentReset, End: from, From: in, Reset: cause})
	}
	c.flags |= isReset
	if cause != ResetMiddlebox {
		switch {
		case e.state == Unknown:
			c.set(from, Closed, Seen, now, s.Packet)
		case e.state == TimeWait && !c.expected(from):
			// A TIME-WAIT socket answers what it cannot take; it stays.
		default:
			c.apply(from, sendRST, Seen, now, s.Packet)
		}
	}
	if p.state == TimeWait {
		// RFC 1337; Linux lets it (net.ipv4.tcp_rfc1337 0).
		p.timeWaitUntil, p.timeWaitEnd = now, TimeWaitReset
	}
	c.apply(to, rcvRST, Expected, now, s.Packet)
}

// rstProves takes the numbers of a RST where those of its sender were not
// captured (only SYNs were, by a filter, or all else was dropped): seq=501
// ack=101 was sent by an end that was ESTABLISHED, had sent 500 bytes and taken 100.
func (t *Tracker) rstProves(c *conn, from End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if !c.onlySYNs() || !e.synSeen || !p.synSeen || e.synAcks+p.synAcks == 0 {
		return
	}
	sent, took := reassembly.Seq(s.Seq).Sub(e.stream.Next()), int32(0)
	if s.Flags.Has(capture.ACK) {
		took = reassembly.Seq(s.Ack).Sub(p.stream.Next())
	}
	if sent < 0 || took < 0 || sent > maxAhead || took > maxAhead {
		return
	}
	if sent|took == 0 && !(s.Flags.Has(capture.ACK) && e.syns > 0 && p.synAcks > 0) {
		return // out of SYN-SENT a SYN/ACK is answered by a RST without ACK (RFC 9293 section 3.10.7.1)
	}
	if !s.Flags.Has(capture.ACK) && uint32(sent) > e.room(p) {
		return // one number alone proves less
	}
	e.stream.Skip(reassembly.Seq(s.Seq))
	if took > 0 {
		_, unseen := p.stream.Ack(reassembly.Seq(s.Ack))
		c.note(Moment{Kind: MomentAckedUnseen, End: from.Peer(), N: uint64(unseen)})
		first(&c.proof.unseen, s.Packet)
	}
	c.openedUnseen(from, s, now)
}

// openedUnseen: a segment shows that the connection opened, though the ACK that
// completed the handshake was not captured.
func (c *conn) openedUnseen(from End, s *capture.Segment, now int64) {
	for _, x := range [2]End{from, from.Peer()} {
		if c.expected(x) {
			c.confirm(x)
		}
		c.imply(x, canACK, now, s.Packet)
	}
	c.thirdACK, c.thirdACKAt = now, s.Packet
	c.flags |= isOpen | isThirdMissed
	c.note(Moment{Kind: MomentEstablished, End: from, N: uint64(c.ends[Orig].syns), M: uint64(c.ends[Resp].synAcks)})
}

// onlySYNs reports whether nothing but SYNs was captured before the RST at
// hand: so nothing tells what its receiver expects next (RCV.NXT).
func (c *conn) onlySYNs() bool {
	a, b := &c.ends[Orig], &c.ends[Resp]
	return c.thirdACKAt == 0 && c.duplicates == 0 && a.packets+b.packets == uint64(a.syns+a.synAcks+b.syns+b.synAcks)+1
}

// beforeRST settles the state from which an end sent its RST.
func (c *conn) beforeRST(from End, s *capture.Segment, now int64) {
	switch e := &c.ends[from]; {
	case e.state == Closed:
		c.confirm(from)
	case e.state == TimeWait:
		// The FIN met no socket (FIN-WAIT-2 had ended: Linux tcp_fin_timeout), or
		// one that was aborted: it was never taken.
		c.retract(from, 1<<FinWait2|1<<Closing, now, s.Packet)
	case s.Flags.Has(capture.ACK):
	case e.state == Established:
		// A socket aborts with RST,ACK. A bare RST answers a segment that met
		// none: the third ACK was not taken (Linux tcp_abort_on_overflow), or the
		// SYN/ACK came when the opener had gone.
		c.retract(from, inSynReceived|1<<SynSent, now, s.Packet)
	}
}

// acceptsRST reports whether an end will be closed by a RST.
func (c *conn) acceptsRST(to End, s *capture.Segment) bool {
	p, e := &c.ends[to], &c.ends[to.Peer()]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	if p.state == SynSent {
		return s.Flags.Has(capture.ACK) && p.acksSYN(ack)
	}
	if !e.stream.Started() {
		return true // nothing known to hold against it
	}
	if e.packets == 1 || c.is(isMidstream) && e.wireBytes == 0 {
		return true
	}
	d := e.stream.Delivered()
	if e.finSeen && d == e.fin {
		d = d.Add(1)
	}
	if p.state == TimeWait {
		return seq == e.sndNxt()
	}
	una := e.stream.Una()
	return seq == d || seq == una || seq == e.sndNxt() || e.finSeen && seq == e.fin.Add(1) || seq == e.stream.Next() ||
		len(e.stream.Gaps()) > 0 && una.LessEq(seq) && seq.LessEq(e.sndNxt())
}

// rstCause says why a RST came, from what its sender had sent before.
func (c *conn) rstCause(from End, s *capture.Segment) ResetCause {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	withACK := s.Flags.Has(capture.ACK)
	switch {
	case e.packets == 1 && p.packets == 0:
		return ResetUnknown // nothing else was seen
	case p.state == SynSent && !e.synSeen && withACK && p.acksSYN(reassembly.Seq(s.Ack)):
		return ResetRefused
	case c.closed():
		return ResetAfterClose
	case e.oddTTL(s):
		// Another distance than this end's other segments: not sent by it.
		return ResetMiddlebox
	case withACK && e.probe.pending > 0 && reassembly.Seq(s.Seq) == e.sndNxt():
		// RFC 9293 section 3.8.4; Linux sends RST,ACK when it gives up.
		return ResetKeepaliveDead
	case e.finSeen && (!withACK || p.unheard(reassembly.Seq(s.Ack))):
		// What met a closed socket: the answer has the other end's ACK number (RFC
		// 9293 section 3.10.7.1), or, as Windows does it, takes what came and
		// acknowledges it.
		return ResetLateData
	case withACK && s.Seq == 0 && e.packets == 1 && !p.ackedAny:
		// A segment without ACK met no connection: a probe, no abort (section 3.10.7.1).
		return ResetUnknown
	case withACK && from == Resp && !e.finSeen && p.has&hasFirstByte != 0 && p.lastData >= e.lastData:
		// Linux tcp_close with data in the receive queue. The same on the wire
		// as an abort: the likelier of the two where a request had no answer.
		return ResetUnreadData
	case withACK:
		return ResetAbort
	case e.state == SynSent, e.packets > 1 && c.thirdACKAt == 0 && from == Orig:
		return ResetAbort
	}
	return ResetUnknown
}

// unheard reports whether an ACK takes in data or a FIN of this end that no
// ACK took in before.
func (e *endpoint) unheard(ack reassembly.Seq) bool {
	if e.finSeen && !e.finAcked && e.fin.Add(1) == ack {
		return true
	}
	return e.stream.Una().Less(ack) && ack.LessEq(e.stream.Next())
}

// oddTTL reports whether a RST came another way than its sender's other
// segments: a hop is allowed for a route that changed. A RST without ACK, which no
// socket sends that is aborted, gives itself away by one hop where all others,
// more than one, came the same way.
func (e *endpoint) oddTTL(s *capture.Segment) bool {
	if e.has&hasTTL == 0 {
		return false
	}
	d := int(e.ttl) - int(s.TTL)
	if d == 1 || d == -1 {
		return !s.Flags.Has(capture.ACK) && e.has&hasOtherTTLs == 0 && e.packets > uint64(e.rsts)+1
	}
	return d != 0
}

// straggles reports whether a segment of an end that has closed may have been
// on its way already when the RST passed: the connection is over all the same.
func (c *conn) straggles(from End, now int64) bool {
	return c.is(isReset) && (c.resetBy == from || now-c.resetTime < second)
}

// livesOn takes an expected end of a connection back when the end goes on
// long after: the RST or the ACK of its FIN did not reach it, or it did not
// accept it. Within a second it may simply not have arrived yet (RFC 6298
// section 2.1's initial timeout: no path is slower).
func (t *Tracker) livesOn(c *conn, from End, s *capture.Segment, now int64) bool {
	if now-c.resetTime < second || !c.expected(from) {
		return false
	}
	if !c.retract(from, ^inClosed, now, s.Packet) {
		return false
	}
	c.flags &^= isReset
	return true
}
