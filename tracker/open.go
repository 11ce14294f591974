package tracker

import (
	"math"

	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// takeSYN takes a SYN without ACK.
func (t *Tracker) takeSYN(c *conn, from record.End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	if s.Flags.Has(capture.FIN) {
		t.anomaly(c, anomalyFlags)
	}
	if e.synSeen && e.firstSYNPacket != 0 {
		t.repeatedSYN(c, from, s, now)
		return
	}
	if p.state == record.SynSent && e.pureACKs > 0 {
		c.unsplit(from, now, s.Packet)
	}
	e.synSeen, e.isn = true, reassembly.Seq(s.Seq)
	t.verifySYN(e, s)
	e.firstSYN, e.lastSYN, e.firstSYNPacket = now, now, s.Packet
	e.firstSYNVal, e.lastSYNVal, e.synID = s.TSVal, s.TSVal, s.IPID
	e.window = s.Window
	e.stream.Start(e.isn.Add(1))
	if from == record.Orig {
		synData, signed := s.Len > 0, s.Options&(capture.OptMD5|capture.OptAO) != 0
		if fastOpen := synData || s.Options&capture.OptFastOpen != 0; fastOpen || signed {
			f := c.own()
			f.synData, f.fastOpen, f.signed = synData, fastOpen, signed
		}
	}
	if s.Len > 0 {
		e.own().synData = s.Len
		t.placeData(c, from, e.isn.Add(1), e.takeSYNData(s, now), now)
	}
	if e.state != record.Unknown {
		c.flags |= isOpenUntimed
		return // its own SYN, captured late: what it led to is known already
	}
	e.state = record.Closed
	c.apply(from, sendSYN, record.Seen, now, s.Packet)
	if p.state == record.SynSent {
		// RFC 9293 section 3.5, figure 7: each will take the other's SYN.
		c.flags |= isSimultaneousOpen
		c.note(record.Moment{Kind: record.MomentSimultaneousOpen, End: from})
		c.apply(to, rcvSYN, record.Expected, now, s.Packet)
		c.apply(from, rcvSYN, record.Expected, now, s.Packet)
	}
}

// takeSYNData notes payload on a SYN (RFC 7413) or SYN/ACK: sent, not yet accepted.
func (e *endpoint) takeSYNData(s *capture.Segment, now int64) reassembly.Added {
	e.wireBytes += uint64(s.Len)
	a := e.stream.Add(e.isn.Add(1), s.Len)
	e.seenBytes += uint64(a.New + a.Filled)
	if e.has&hasFirstByte == 0 {
		e.firstByte, e.firstData, e.has = now, s.Packet, e.has|hasFirstByte
	}
	return a
}

// leaveSYNData takes the payload of a SYN/ACK out of its end's stream: the first
// ACK did not take it, and nothing went on from there. It was padding, or its
// receiver takes none with a SYN (Linux): it comes again as if it were new.
func (e *endpoint) leaveSYNData() {
	first := e.isn.Add(1)
	if e.stream.Una() == first && e.stream.Next() == first.Add(e.details.synData) {
		e.stream.Reset()
		e.stream.Start(first)
		e.own().synData, e.seenBytes = 0, 0
		e.firstData, e.has = 0, e.has&^hasFirstByte
	}
}

// repeatedSYN: no answer reached the opener.
func (t *Tracker) repeatedSYN(c *conn, from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	c.own().synAgain(e.firstSYN, e.lastSYN, now, s.Packet, c.synAckAt != 0)
	e.lastSYN, e.lastSYNVal = now, s.TSVal
	if s.Len > 0 {
		e.wireBytes += uint64(s.Len)
	}
	switch e.state {
	case record.Established, record.SynReceived:
		// A SYN/ACK (or SYN) that passed the tap did not reach it.
		if !c.retract(from, inSynSent, now, s.Packet) {
			c.unanswer(from, now, s.Packet)
		}
	case record.Closed:
		// Neither the RST nor the ICMP error ended it; or its user tries again.
		if !c.retract(from, inSynSent, now, s.Packet) {
			c.apply(from, sendSYN, record.Seen, now, s.Packet)
		}
		f := c.own()
		f.openKind, f.answer, f.answeredAt, c.flags = record.OpenUnknown, record.Answer{}, 0, c.flags&^(isReset|isAnswered)
		if c.details.resetCause == record.ResetRefused {
			f.refused = true
			c.resetBy, f.resetIn, f.resetCause, f.resetPacket = record.NoEnd, record.Unknown, record.ResetNone, 0
		}
	}
	m := record.Moment{Kind: record.MomentSYNAgain, End: from, N: uint64(e.syns - 1), M: c.details.oldAnswer, Since: now - e.firstSYN, Ref: e.firstSYNPacket}
	if c.is(isOldReset) {
		m.To = record.Closed
	}
	c.note(m)
}

// unanswer takes an ACK of the opener back that seemed to answer a SYN/ACK which went
// another way: its SYN comes again, so it has no SYN/ACK, and did not send that ACK.
func (c *conn) unanswer(from record.End, now int64, packet uint64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if from != record.Orig || p.packets > 0 || e.has&hasSentData != 0 || e.finSeen || e.state != record.Established {
		return
	}
	for i := c.before(from, len(c.trans)); i >= 0 && e.state > record.SynSent; i = c.before(from, len(c.trans)) {
		c.reopen(from, now, packet)
	}
	c.unsplit(from.Peer(), now, packet)
	e.ackedAny = false
	c.thirdACK, c.thirdACKAt, c.thirdEcho = 0, 0, 0
	c.flags &^= isOpen | isThirdMissed
}

// unsplit takes back what an ACK seemed to tell of an end whose own SYN is still to come:
// of a split handshake (RFC 793's simultaneous open, begun by one end: ACK and SYN apart).
func (c *conn) unsplit(of record.End, now int64, packet uint64) {
	e := &c.ends[of]
	for c.before(of, len(c.trans)) >= 0 {
		c.reopen(of, now, packet)
	}
	e.state = record.Unknown
	e.stream.Reset()
}

// takeSYNACK takes a SYN/ACK.
func (t *Tracker) takeSYNACK(c *conn, from record.End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	if !p.synSeen && !p.stream.Started() {
		// The SYN was missed: ACK-1 is its number.
		p.synSeen, p.isn = true, reassembly.Seq(s.Ack-1)
		p.stream.Start(ack)
	}
	if p.synSeen && !p.acksSYN(ack) {
		t.anomaly(c, anomalySYNACK)
		return
	}
	if e.synAcks > 1 && e.isn == seq && c.synAckAt != 0 {
		t.repeatedSYNACK(c, from, s, now)
	} else {
		if e.synSeen && e.isn != seq {
			if p.syns > 1 && c.details.synAcksOther < math.MaxUint8 {
				c.own().synAcksOther++ // each SYN was answered by one of its own
			}
			if c.thirdACKAt != 0 || e.wireBytes > 0 {
				t.anomaly(c, anomalySYNACK) // RFC 9293 section 3.10.7.4, fourth: only challenged
				return
			}
			e.stream.Reset() // the responder began anew
		}
		e.stream.Start(seq.Add(1))
		e.synSeen, e.isn, e.synID = true, seq, s.IPID
		c.noteAnswerFile(from, s)
		t.verifySYN(e, s)
		if c.synAckAt == 0 {
			c.firstSYNACK, c.synAckAt, c.synAckEcho = now, s.Packet, s.TSEcr
			if p.syns > 1 && s.Options&capture.OptTimestamps != 0 && s.TSEcr-p.firstSYNVal < p.lastSYNVal-p.firstSYNVal {
				c.own().synHeard = true
			}
		}
		if e.firstSYNPacket == 0 {
			e.firstSYN, e.firstSYNPacket, e.firstSYNVal = now, s.Packet, s.TSVal
		}
	}
	if s.Len > 0 {
		// RFC 9293 section 3.10.7.3: its data is the first of its stream.
		e.own().synData = max(e.details.synData, s.Len)
		t.placeData(c, from, seq.Add(1), e.takeSYNData(s, now), now)
	}
	e.lastSYN, e.lastSYNVal = now, s.TSVal
	e.window = s.Window
	if c.details.answer.Kind == record.AnswerNone {
		c.flags |= isAnswered
	}
	if e.state == record.Unknown {
		e.state = record.Listen
	} else if e.state == record.Closed && !c.expected(from) {
		c.apply(from, passiveOpen, record.Implied, now, s.Packet) // it listens by now
	}
	switch e.state {
	case record.SynSent:
		c.apply(from, rcvSYN, record.Seen, now, s.Packet)
	case record.Listen:
		c.apply(from, sendSYNACK, record.Seen, now, s.Packet)
	case record.SynReceived:
		c.confirm(from)
	}
	if p.state == record.Unknown {
		c.imply(to, inSynSent, now, s.Packet)
	}
	if p.details.synData > 0 && p.isn.Add(1).Less(ack) && c.flags&isFastOpen == 0 {
		c.flags |= isFastOpen
		c.note(record.Moment{Kind: record.MomentFastOpen, End: to, N: uint64(ack - p.isn.Add(1))})
	}
	p.stream.Ack(ack)
	e.ackedAny = true
	switch p.state {
	case record.SynSent:
		c.apply(to, rcvSYNACK, record.Expected, now, s.Packet)
	case record.SynReceived: // simultaneous open
		c.apply(to, rcvACKofSYN, record.Expected, now, s.Packet)
		if e.syns > 0 && p.synAcks > 0 && c.thirdACKAt == 0 {
			c.established(to, s, now)
		}
	case record.Closed:
		if c.retract(to, inSynSent, now, s.Packet) {
			c.own().openKind = record.OpenUnknown
			c.apply(to, rcvSYNACK, record.Expected, now, s.Packet)
		}
	}
}

// repeatedSYNACK: the third ACK was lost, or the responder did not take it
// (accept queue full, or TCP_DEFER_ACCEPT on Linux).
func (t *Tracker) repeatedSYNACK(c *conn, from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	c.own().synAckAgain(e.firstSYN, e.lastSYN, c.thirdACK, c.firstSYNACK-c.ends[from.Peer()].firstSYN, now, s.Packet)
	if e.state == record.Established && c.retract(from, inSynReceived, now, s.Packet) {
		c.own().synAckLost++
	}
	if p := &c.ends[from.Peer()]; p.state == record.Established && c.expected(from.Peer()) && c.thirdACKAt == 0 {
		// No ACK came: the SYN/ACK before this one was lost behind the tap.
		c.retract(from.Peer(), inSynSent, now, s.Packet)
	}
	c.note(record.Moment{Kind: record.MomentSYNACKAgain, End: from, N: uint64(e.synAcks - 1), Since: now - e.firstSYN,
		Ref: e.firstSYNPacket, ThirdACKSeen: c.thirdACKAt != 0})
}

// ackSYN is what an ACK says about the SYN of the end it is sent to.
func (t *Tracker) ackSYN(c *conn, from record.End, s *capture.Segment, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	if e.state == record.SynSent && p.synSeen && p.synAcks > 0 {
		c.apply(from, rcvSYNACK, record.Seen, now, s.Packet)
	} else if e.state == record.Established && !tookFIN.has(e.state) && c.thirdACKAt == 0 {
		c.confirm(from)
	}
	if c.thirdACKAt == 0 && p.synSeen && p.synAcks > 0 && e.syns+e.synAcks+uint32(e.details.synData) > 0 || c.thirdACKAt == 0 && p.synAcks > 0 && from == record.Orig {
		c.established(from, s, now)
	}
	if p.state == record.SynReceived {
		// Two SYN/ACK repeats after the ACK: it is not taken (queue full); only
		// what the responder does next can prove otherwise.
		if c.details.synAckLost < 2 || s.Len > 0 || s.Flags.Has(capture.FIN) {
			c.apply(to, rcvACKofSYN, record.Expected, now, s.Packet)
		}
	}
}

// established notes the ACK that completes the handshake, as the tap sees it.
func (c *conn) established(by record.End, s *capture.Segment, now int64) {
	c.thirdACK, c.thirdACKAt, c.thirdEcho = now, s.Packet, s.TSEcr
	c.flags |= isOpen
	if a, b := &c.ends[record.Orig], &c.ends[record.Resp]; by == record.Orig && a.syns > 1 && c.details.synAnswered && b.lastSYN < a.lastSYN {
		c.own().oldAnswered = true
	}
	span := int64(0)
	if a := &c.ends[record.Orig]; a.firstSYNPacket != 0 && a.syns > 0 {
		span = now - a.firstSYN
	}
	if e := &c.ends[by]; e.synSeen && reassembly.Seq(s.Seq).Sub(e.isn.Add(1).Add(e.details.synData)) > 0 {
		// It stands behind data: the ACK that completed the handshake was missed, and when it came.
		c.flags, span = c.flags|isThirdMissed, 0
	}
	c.note(record.Moment{Kind: record.MomentEstablished, End: by, Span: span, N: uint64(c.ends[record.Orig].syns), M: uint64(c.ends[record.Resp].synAcks)})
}
