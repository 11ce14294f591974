package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// evidence are the packets that show what is wrong with the capture of a
// connection, or what its path does: each the first of its kind, 0 for none.
type evidence struct {
	copied   uint64    // a copy of a packet captured before
	back     uint64    // stamped earlier than the one before
	cut      uint64    // cut by the snaplen
	long     uint64    // longer than the wire allows
	unseen   uint64    // acknowledges what was never captured
	unmarked [2]uint64 // data without ECN mark, though both ends agreed on ECN
	early    [2]uint32 // bytes from the first number known of an end on that may have been under way when the capture began
	stood    [2]bool   // by end: an ACK without data showed where it stood: all behind that was sent in the capture
	wild     [2]uint64 // bytes that an ACK beyond every window, or numbers of a damaged segment, claim this end sent; none when its data bore that out
}

// noteFirst notes a packet unless there is one already.
func noteFirst(at *uint64, packet uint64) {
	if *at == 0 {
		*at = packet
	}
}

// sawMissing takes an ACK of what an end sent that was never seen: unseen bytes
// above everything seen, or a hole below its number.
func (t *Tracker) sawMissing(c *conn, to record.End, unseen uint32, s *capture.Segment) {
	e, p := &c.ends[to.Peer()], &c.ends[to]
	gaps := p.stream.Gaps()
	if len(gaps) > 0 && gaps[0].From.Less(p.stream.Una()) {
		noteFirst(&c.caught().evidence.unseen, s.Packet)
	}
	if unseen > max(e.widest, maxSkip) || unseen > 1 && t.damaged(c, s, p) {
		c.caught().evidence.wild[to] += uint64(unseen)
	}
}

// damaged reports whether a segment to an end came with a wrong TCP checksum, or with a wrong one of the
// IP header as others of its connection do not, so that none of its numbers is to be trusted. Of one that the
// card may have merged that is not known.
func (t *Tracker) damaged(c *conn, s *capture.Segment, to *endpoint) bool {
	return s.Len <= to.longestSegment() && t.verified(s) == capture.MarkBadChecksum || !c.details.wrongIP && t.wrongIP(s)
}

// sawHole takes data of an end that left a hole. Where it is damaged only its own numbers say that anything was
// sent there.
func (t *Tracker) sawHole(c *conn, from record.End, s *capture.Segment, a reassembly.Added) {
	if a.Gap > 0 && t.damaged(c, s, &c.ends[from.Peer()]) {
		c.caught().evidence.wild[from] += uint64(a.Gap)
	}
}

// bearsOut takes data of an end: what follows a number that an ACK claimed shows
// that the ACK was right, and a hole that is filled that nothing is missing there.
func (c *conn) bearsOut(from record.End, a reassembly.Added) {
	if c.capture.evidence.wild[from] > 0 && a.New > 0 && a.Gap <= maxSkip {
		c.caught().evidence.wild[from] = 0
	}
	if a.Filled > 0 {
		c.noneMissing()
	}
}

// noneMissing forgets the packet that shows that something is missing when nothing is.
func (c *conn) noneMissing() {
	if c.capture.evidence.unseen != 0 && c.missing(record.Orig)+c.missing(record.Resp) == 0 {
		c.caught().evidence.unseen = 0
	}
}

// unmarked notes data without an ECN mark where both ends agreed on ECN.
func (c *conn) unmarked(e, p *endpoint, s *capture.Segment) {
	if e.has&p.has&hasECN != 0 && e.has&hasECT == 0 && !s.Flags.Has(capture.SYN) {
		noteFirst(&c.caught().evidence.unmarked[c.from(&s.Src)], s.Packet)
	}
}

// evidence walks over them.
func (w *packer[W]) evidence(n int, c *conn) int {
	x := &c.capture.evidence
	for _, p := range [...]*uint64{&x.copied, &x.back, &x.cut, &x.long, &x.unseen, &x.unmarked[0], &x.unmarked[1]} {
		n = w.packet(n, p, c.id)
	}
	n = number(w, n, &x.early[0])
	n = number(w, n, &x.early[1])
	n = w.flag(n, &x.stood[0])
	n = w.flag(n, &x.stood[1])
	n = number(w, n, &x.wild[0])
	n = number(w, n, &x.wild[1])
	return n
}

func (c *conn) fillEvidence(r *record.EvidenceRecord, ends *[2]record.EndRecord) {
	x := &c.capture.evidence
	r.WentBack, r.Truncated, r.Offload, r.Missing = x.back, x.cut, x.long, x.unseen
	if c.shownCopies(ends) > 0 {
		r.Duplicate = x.copied
	}
	r.SYNACK, r.ThirdACK, r.OldAnswer = c.synAckAt, c.thirdACKAt, c.details.oldAnswer
	for e := record.Orig; e <= record.Resp; e++ {
		p, y := &r.Ends[e], &c.ends[e]
		p.Unmarked, p.Silly, p.Probe = x.unmarked[e], y.details.zero.sillyAt, y.details.probe.first
		p.Strange = c.details.strangeAt[e]
		if y.details.probe.pending > 0 {
			p.Unanswered = y.details.probe.unanswered
		}
		if l := c.ends[e.Peer()].details.zero.list; l != nil {
			p.OpenProbe = l.open.packet
		}
		if p.Data = y.firstData; p.Data != 0 {
			p.DataTime = y.firstByte
		}
		if s := y.sender; s != nil {
			p.RepeatTime = s.loss.repeatTime
			p.OldStamp, p.BadChecksum = s.loss.refused.pawsAt, s.loss.refused.wrongAt
			p.Conflict = s.loss.conflictAt
			p.Repeat, p.Needless, p.Late, p.WindowFull = s.loss.repeatAt, s.loss.needlessAt, s.loss.lateAt, s.windowFullAt
		}
		if c.details.trouble != nil {
			p.Doubled = c.details.trouble.ends[e].doubledAt
		}
	}
}
