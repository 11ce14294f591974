package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// refusals is what the receiver of an end's data threw away though the capture
// holds it: for an old timestamp (PAWS, RFC 7323 section 5.3), or for a wrong TCP
// checksum. That is no loss, and says nothing of the path.
type refusals struct {
	// The latest data with a timestamp that is older than what its receiver
	// remembers, which it may be answering: numbers, and when it was sent (0 for none).
	asked    int64
	askedTo  reassembly.Seq
	askedBy  uint64 // packet
	paws     uint32 // segments refused so
	pawsAt   uint64 // packet of the first
	again    uint32 // repeats of what was refused before
	known    bool   // what begins at SND.UNA was refused,
	knownTo  reassembly.Seq
	checking bool // verify checksums: something was repeated
	right    uint32
	wrong    uint32 // packets, copies of one segment each
	wrongSeq reassembly.Seq
	alone    bool   // no other copy of that one was captured
	edited   bool   // the other end took one that was wrong
	segments uint32 // different segments that were wrong
	wrongAt  uint64 // packet of the first
}

// stampsAge is how long an end may have been quiet for its timestamps to count
// (RFC 7323 section 5.5).
const stampsAge = 24 * 86400 * second

// stamped takes the timestamp of a segment that is no RST, before its numbers are taken: TS.Recent
// is raised by what begins at or before the last ACK sent, so that nothing that
// overtakes a hole raises it (RFC 7323 section 4.3). What the tap has not yet seen
// acknowledged raises it late: then less is told.
func (t *Tracker) stamped(e *endpoint, s *capture.Segment, now int64) {
	seq := reassembly.Seq(s.Seq)
	switch d := int32(s.TSVal - e.tsRecent); {
	case e.tsRecent == 0, d >= 0 && seq.LessEq(e.stream.Una()):
		e.tsRecent = s.TSVal
	case d < 0 && s.Len > 0 && seq == e.stream.Una() && e.stream.Acked() && !s.Flags.Has(capture.SYN) && now-e.lastSend < stampsAge:
		x := &t.sends(e).losing().refused
		x.asked, x.askedTo, x.askedBy = now, seq.Add(s.Len), s.Packet
	}
}

// stayed takes a duplicate ACK of an end's data: one at once that answers a segment
// in order is how PAWS refuses it (RFC 7323 section 5.3, R1). If the segment had
// been taken the ACK would have moved.
func (t *Tracker) stayed(c *conn, of record.End, s *capture.Segment, now int64) {
	e := &c.ends[of]
	x := &e.sender.losing().refused
	from := of.Peer()
	if !c.answersAtOnce(from, x.asked, now) {
		x.asked = 0
		return
	}
	x.refuse(x.askedTo)
	x.paws++
	noteFirst(&x.pawsAt, x.askedBy)
	x.asked = 0
	if e.finSeen && !e.finAcked && tookFIN.has(c.ends[from].state) {
		c.retract(from, ^tookFIN, now, s.Packet) // its FIN was refused with it
	}
	c.note(record.Moment{Kind: record.MomentDataRefused, End: of, M: 1, Ref: x.askedBy})
}

// refuse notes that everything from SND.UNA to to was thrown away, as far as it was sent.
func (x *refusals) refuse(to reassembly.Seq) {
	if !x.known || x.knownTo.Less(to) {
		x.knownTo = to
	}
	x.known = true
}

// wasRefused reports whether data was sent before and thrown away: to send it
// again shows no loss.
func (x *refusals) wasRefused(seq reassembly.Seq) bool { return x.known && seq.Less(x.knownTo) }

// setBack reports whether data came before with a timestamp that was set back: that
// of its repeat is no sign of when it was sent.
func (x *refusals) setBack(seq reassembly.Seq) bool {
	return x.wasRefused(seq) || x.asked != 0 && seq.Less(x.askedTo)
}

// refusals walks over them.
func (w *packer[W]) refusals(n int, x *refusals, nxt reassembly.Seq, c *conn) int {
	n = w.time(n, &x.asked, c.last)
	n = w.seq(n, &x.askedTo, nxt)
	n = w.packet(n, &x.askedBy, c.lastPacket)
	n = number(w, n, &x.paws)
	n = w.packet(n, &x.pawsAt, c.lastPacket)
	n = number(w, n, &x.again)
	n = w.flag(n, &x.known)
	n = w.seq(n, &x.knownTo, nxt)
	n = w.flag(n, &x.checking)
	n = number(w, n, &x.right)
	n = number(w, n, &x.wrong)
	n = w.seq(n, &x.wrongSeq, nxt)
	n = w.flag(n, &x.alone)
	n = w.flag(n, &x.edited)
	n = number(w, n, &x.segments)
	return w.packet(n, &x.wrongAt, c.lastPacket)
}

// A receiver drops what has a wrong TCP checksum, every copy of it: it looks lost
// and is not. Checksums are verified only where something was sent again (what was
// repeated is gone by then, so all that follows is), and of each SYN and SYN/ACK:
// where that is right the sender's card is not what fills them in behind the tap.

// verifySYN notes whether the checksum of an end's SYN or SYN/ACK is right.
func (t *Tracker) verifySYN(e *endpoint, s *capture.Segment) {
	if t.verified(s) == capture.MarkChecksumOK {
		e.has |= hasRightSum
	}
}

// verified is what the checksum of the segment at hand shows, MarkChecksumOK or MarkBadChecksum; 0 where that can't be told.
func (t *Tracker) verified(s *capture.Segment) capture.Marks {
	if s == &t.late || t.opt.Verify == nil {
		return 0
	}
	return t.opt.Verify()
}

// noteWrongStart notes where the numbers that the stream of e is to start at are those of data with a wrong
// checksum: any of its numbers may be what was changed.
func (t *Tracker) noteWrongStart(e *endpoint, s *capture.Segment) {
	if !e.stream.Started() && s.Len > 0 && t.verified(s) == capture.MarkBadChecksum {
		e.has |= hasWrongStart
	}
}

// longestSegment is how long a segment to an end may be that no card merged: its MSS, or, where that
// is not known, what Ethernet carries.
func (e *endpoint) longestSegment() uint32 {
	if e.has&hasMSS != 0 {
		return uint32(e.mss)
	}
	return 1460
}

// spoiled reports whether the receiver of data throws it away for its checksum.
func (t *Tracker) spoiled(e, p *endpoint, s *capture.Segment) bool {
	if e.sender == nil || s.Len == 0 || t.opt.Verify == nil || s.Flags.Any(capture.SYN|capture.RST) {
		return false
	}
	if !e.sender.loss.refused.checking && !reassembly.Seq(s.Seq).Less(e.stream.Next()) {
		return false
	}
	x := &e.sender.losing().refused
	x.checking = true
	if s.Len > p.longestSegment() {
		return false // merged by the card: no checksum is of all of it
	}
	switch t.verified(s) {
	case capture.MarkChecksumOK:
		x.right++
	case capture.MarkBadChecksum:
		x.wrong++
		noteFirst(&x.wrongAt, s.Packet)
		if seq := reassembly.Seq(s.Seq); x.segments == 0 || x.wrongSeq != seq {
			x.wrongSeq = seq
			x.segments++
		}
		x.alone = !reassembly.Seq(s.Seq).Less(e.stream.Next())
		return x.tellsWrong(e)
	}
	return false
}

// taken takes that the other end acknowledged everything before una. A segment
// of which only one copy was captured, with a wrong checksum, was not thrown away
// then: the capture was edited, or the card fills the checksums in.
func (x *refusals) taken(una reassembly.Seq) {
	x.asked, x.known = 0, false
	if x.alone && x.wrongSeq.Less(una) {
		x.alone, x.edited = false, true
	}
}

// tellsWrong reports whether the checksums that were wrong are so: where most
// are, the card of the sender fills them in behind the capture point (offload).
func (x *refusals) tellsWrong(e *endpoint) bool {
	right := x.right
	if e.has&hasRightSum != 0 {
		right++
	}
	return right > 0 && x.segments <= right && !x.edited
}

// takeSpoiled takes data whose checksum is wrong: it was sent, and changes nothing
// about its receiver.
func (t *Tracker) takeSpoiled(c *conn, from record.End, s *capture.Segment, now int64) {
	e := &c.ends[from]
	e.sender.losing().refused.refuse(reassembly.Seq(s.Seq).Add(s.Len))
	t.takeData(c, from, s, now)
	t.placed.New = false // nobody read it
	c.note(record.Moment{Kind: record.MomentDataRefused, End: from, M: 2, N: uint64(s.Len)})
}

// neverSent reports whether a SACK block tells of numbers that an end never sent,
// even if the capture missed some windows of its data: something on the way
// rewrites sequence numbers, and those in SACK blocks not. Only what lies inside
// the stream is a SACK or a D-SACK (RFC 2018, RFC 2883).
func (e *endpoint) neverSent(left, right reassembly.Seq) bool {
	switch {
	case !e.stream.Started():
		return false
	case !left.Less(right):
		return true
	case e.sndNxt().Less(right):
		return right.Sub(e.sndNxt()) > maxSkip
	}
	return back(e, left) > min(e.span()+e.before(), maxAhead)
}

// atOnceSlack is what an answer that is sent at once may take beyond twice the
// shortest round trip: a busy host, a queue on the way.
const atOnceSlack = 50e6

// answersAtOnce reports whether a segment of an end may be the immediate answer
// to one that the other end sent at since.
func (c *conn) answersAtOnce(from record.End, since, now int64) bool {
	limit := int64(second)
	if side := c.side(from.Peer()); side > 0 {
		limit = min(limit, 2*side+atOnceSlack)
	}
	return since != 0 && now >= since && now-since <= limit
}

// challenge notes that an end must answer a segment by a challenge ACK (RFC 5961
// sections 3 to 5): it throws the segment away.
func (c *conn) challenge(e record.End, now int64) {
	c.ends[e].has |= isChallenged
	c.own().challengedAt = now
}

// challengeACK reports whether an ACK is a challenge ACK: one sent at once that
// stays where it was. What acknowledges more answers other data; what comes later
// answers nothing that was refused.
func (c *conn) challengeACK(from record.End, s *capture.Segment, advanced uint32, now int64) bool {
	e := &c.ends[from]
	if !c.answersAtOnce(from, c.details.challengedAt, now) {
		e.has &^= isChallenged
		return false
	}
	if advanced > 0 || s.Len > 0 || s.Flags.Has(capture.FIN) || reassembly.Seq(s.Ack) != c.ends[from.Peer()].acked() {
		return false
	}
	e.has &^= isChallenged
	return true
}

// acked is the number up to which the other end has acknowledged all, the FIN counted.
func (e *endpoint) acked() reassembly.Seq {
	if e.finAcked {
		return e.fin.Add(1)
	}
	return e.stream.Una()
}

// ignoreRST takes a RST that its receiver must ignore.
func (t *Tracker) ignoreRST(c *conn, from record.End, s *capture.Segment, cause record.ResetCause, now int64) {
	e := &c.ends[from]
	if t.spoiledRST(e, s) {
		if d := reassembly.Seq(s.Seq).Sub(e.stream.Una()); s.Len > 0 && d >= 0 && d <= maxSkip {
			t.takeData(c, from, s, now)
		}
		c.ignoredRST(record.IgnoredRST{By: from, Packet: s.Packet, Odd: c.signsOf(from, s, now) | record.Damaged})
		c.note(record.Moment{Kind: record.MomentResetIgnored, End: from, M: 2})
		return
	}
	c.ignoredRST(record.IgnoredRST{By: from, Packet: s.Packet, Odd: c.signsOf(from, s, now), Late: e.finSeen || c.closed(), GaveUp: c.givesUp(from, s, cause), Done: c.closed()})
	if cause != record.ResetMiddlebox {
		t.keepRST(c, from, s, now)
	}
	c.challenge(from.Peer(), now)
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: from, Reset: cause})
}

// ignoredRST counts a RST that its receiver ignored, and keeps the first that its sender sent; one that was
// damaged only while there is no other.
func (c *conn) ignoredRST(x record.IgnoredRST) {
	f := c.own()
	f.rstsIgnored++
	if f.ignored.Packet == 0 || f.ignored.Odd.Has(record.Damaged) && !x.Odd.Has(record.Damaged) {
		f.ignored = x
	}
}

// spoiledRST reports whether a segment with RST was damaged on its way or in the capture: its flags are
// none that a TCP sends, or its checksum is wrong and that of its sender's SYN right. Its sender may have
// sent an ordinary segment, so a receiver that goes on tells nothing of RSTs.
func (t *Tracker) spoiledRST(e *endpoint, s *capture.Segment) bool {
	const others = capture.PSH | capture.ECE | capture.CWR
	return s.Flags.Any(capture.SYN|capture.FIN|capture.URG) || !s.Flags.Has(capture.ACK) && (s.Flags.Any(others) || s.Len > 0) ||
		e.has&hasRightSum != 0 && t.verified(s) == capture.MarkBadChecksum
}

// givesUp reports whether a RST,ACK, from its sender's own numbers, ends a connection whose
// data was repeated and not acknowledged: so a sender goes that has used up its repeats. Its
// number is beyond what its receiver expects, for that has not got the data.
func (c *conn) givesUp(from record.End, s *capture.Segment, cause record.ResetCause) bool {
	e, seq := &c.ends[from], reassembly.Seq(s.Seq)
	return cause != record.ResetMiddlebox && s.Flags.Has(capture.ACK) && e.has&hasRepeatedData != 0 &&
		e.stream.Una().Less(seq) && seq.LessEq(e.sndNxt())
}

// ignored walks over it.
func (w *packer[W]) ignored(n int, f *details, c *conn) int {
	x := &f.ignored
	n = number(w, n, &x.By)
	n = w.packet(n, &x.Packet, c.lastPacket)
	n = number(w, n, &x.Odd)
	n = w.flag(n, &x.Late)
	n = w.flag(n, &x.GaveUp)
	n = w.flag(n, &x.Done)
	return w.flag(n, &x.WentOn)
}

// resetAgain notes a RST of an end that comes behind its first one another way: who sent the two is not one.
func (c *conn) resetAgain(from record.End, s *capture.Segment) {
	if c.resetBy != from {
		return
	}
	switch odd, first := c.oddTTL(from, s), c.details.resetCause == record.ResetMiddlebox; {
	case first && !odd:
		c.own().resetAlso = true
	case odd && !first && !c.details.odd.Has(record.OddTTL):
		c.own().odd |= record.Joined
	}
}
