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
		x := &t.sends(e).refused
		x.asked, x.askedTo, x.askedBy = now, seq.Add(s.Len), s.Packet
	}
}

// stayed takes a duplicate ACK of an end's data: one at once that answers a segment
// in order is how PAWS refuses it (RFC 7323 section 5.3, R1). If the segment had
// been taken the ACK would have moved.
func (t *Tracker) stayed(c *conn, of record.End, s *capture.Segment, now int64) {
	e := &c.ends[of]
	x := &e.sender.refused
	from := of.Peer()
	if !c.answersAtOnce(from, x.asked, now) {
		x.asked = 0
		return
	}
	x.refuse(e, x.askedTo)
	x.paws++
	noteFirst(&x.pawsAt, x.askedBy)
	x.asked = 0
	if e.finSeen && !e.finAcked && tookFIN.has(c.ends[from].state) {
		c.retract(from, ^tookFIN, now, s.Packet) // its FIN was refused with it
	}
	c.note(record.Moment{Kind: record.MomentDataRefused, End: of, M: 1, Ref: x.askedBy})
}

// refuse notes that everything from SND.UNA to to was thrown away, as far as it was sent.
func (x *refusals) refuse(e *endpoint, to reassembly.Seq) {
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
