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
	c.details.challengedAt = now
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

// ignoredRST is the first RST of a connection that its receiver had to ignore
// (RFC 5961 section 3.2): it changed nothing, so close.reset_* tell nothing of it.
type ignoredRST struct {
	by     record.End // valid when packet is not 0
	packet uint64     // 0 for none
	ttl    uint8
	odd    record.ResetSigns
	late   bool // its sender had sent its FIN before: it may answer what was under way
	done   bool // both FINs had been acknowledged
}

// ignoreRST takes a RST that its receiver must ignore.
func (t *Tracker) ignoreRST(c *conn, from record.End, s *capture.Segment, cause record.ResetCause, now int64) {
	e := &c.ends[from]
	c.rstsIgnored++
	if c.ignored.packet == 0 {
		c.ignored = ignoredRST{by: from, packet: s.Packet, ttl: s.TTL, odd: e.signsOf(s), late: e.finSeen || c.closed(), done: c.closed()}
	}
	c.challenge(from.Peer(), now)
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: from, Reset: cause})
}

// ignored walks over it.
func (w *packer[W]) ignored(n int, c *conn) int {
	x := &c.ignored
	n = number(w, n, &x.by)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = number(w, n, &x.ttl)
	n = number(w, n, &x.odd)
	n = w.flag(n, &x.late)
	return w.flag(n, &x.done)
}

func (c *conn) fillIgnored(r *record.CloseRecord) {
	r.RSTsIgnored = c.rstsIgnored
	r.Ignored = record.IgnoredRST{By: c.ignored.by, Packet: c.ignored.packet, TTL: c.ignored.ttl, Odd: c.ignored.odd, Late: c.ignored.late, Done: c.ignored.done}
}
