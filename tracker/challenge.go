package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

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
	c.own().rstsIgnored++
	if c.details.ignored.Packet == 0 {
		c.own().ignored = record.IgnoredRST{By: from, Packet: s.Packet, Odd: c.signsOf(from, s), Late: e.finSeen || c.closed(), GaveUp: c.givesUp(from, s, cause), Done: c.closed()}
	}
	if cause != record.ResetMiddlebox {
		t.keepRST(c, from, s, now)
	}
	c.challenge(from.Peer(), now)
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: from, Reset: cause})
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
