package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// observe takes one segment of a connection.
func (t *Tracker) observe(c *conn, s *capture.Segment) {
	if t.predicted(c, s) {
		return
	}
	from := c.from(&s.Src)
	e := &c.ends[from]
	t.placed = record.Placement{Conn: c.id, From: from, Mark: &c.mark}
	if t.opt.MaxBytes > 0 {
		t.placed.Kept = &c.kept
	}
	if (s.File != c.file || s.Flags.Has(capture.SYN) || c.is(isTwice)) && c.outOfPlace(from, s) {
		t.leaveOut(c, from, s)
		return
	}
	now := c.timeOf(s)
	if now < c.last || s.Misstamped {
		// Cards with several queues stamp a little out of order; no span may become negative.
		c.caught().timeWentBack++
		noteFirst(&c.caught().evidence.back, s.Packet)
		if c.thirdACKAt == 0 {
			c.flags |= isOpenUntimed
		}
		now = max(now, c.last)
	}
	e.packets++
	if c.details.wrongIP && !t.wrongIP(s) {
		c.own().wrongIP = false
	}
	outside := jumps(0)
	if p := &c.ends[from.Peer()]; !e.knows(p, s) && !s.Flags.Any(capture.SYN|capture.RST) || c.details.asides != nil {
		outside = t.judgeAside(c, from, s)
	}
	ignored := outside != 0 || s.Flags.Has(capture.RST) && !c.acceptsRST(from.Peer(), s)
	if !ignored && (c.details.trouble != nil || now-c.last >= idleMin) {
		c.takeTrouble(from, s, now)
	}
	c.last, c.lastPacket = now, s.Packet
	if c.details.step != nil {
		t.openStep(c, from, s)
	}
	c.z.Observe(from, s)
	if s.Flags.Has(capture.RST) {
		e.rsts++
	}
	if e.copied(&c.ends[from.Peer()], s, now) {
		t.placed.Copied = true
		faint := c.caught().sawCopy(from, s)
		if hops := e.hopsLost(s); hops > c.details.hopsLost {
			c.own().hopsLost = hops
		}
		c.note(record.Moment{Kind: record.MomentDuplicate, End: from, M: 2 * asBit(faint)})
	} else if outside != 0 {
		c.count(e, s)
		t.setAside(c, from, s, outside, now)
	} else {
		c.count(e, s)
		t.learn(c, e, &c.ends[from.Peer()], s)
		if s.Options&capture.OptTimestamps != 0 && !s.Flags.Has(capture.RST) {
			c.outlivedBy(from, s, now)
			t.stamped(e, s, now)
		}
		switch {
		case t.spoiled(e, &c.ends[from.Peer()], s):
			t.takeSpoiled(c, from, s, now)
		case s.Flags.Has(capture.RST):
			t.takeRST(c, from, s, now)
		case s.Flags.Has(capture.SYN | capture.ACK):
			t.takeSYNACK(c, from, s, now)
		case s.Flags.Has(capture.SYN):
			t.takeSYN(c, from, s, now)
		default:
			t.takeSegment(c, from, s, now)
		}
		t.followTimeWait(c, now)
		if !ignored && !(s.Flags.Has(capture.RST) && c.oddTTL(from, s)) { // else something else sent it in that end's name
			e.lastSend = now
		}
		if s.Len > 0 {
			e.lastData = now
		}
		if c.details.asides != nil && !ignored {
			t.weighAfter(c, from)
		}
	}
	if c.details.step != nil {
		t.closeStep(c)
	}
	if t.opt.Events {
		t.tell(c, s)
	}
	if t.opt.Interval > 0 && now-c.interimAt() >= t.opt.Interval {
		c.own().interim = now
		c.details.revision++
		t.interim = append(t.interim, record.Record{})
		r := &t.interim[len(t.interim)-1]
		t.fill(r, c)
		r.Interim, r.Revision = true, c.details.revision
		r.Own()
		if t.marker != nil {
			t.marker.Attach(r)
		}
		r.Mark = 0 // what it stands for may be another's when the record is handed out
	}
}

// count counts what a copy does not count for.
func (c *conn) count(e *endpoint, s *capture.Segment) {
	switch {
	case s.Flags.Has(capture.SYN | capture.ACK):
		e.synAcks++
	case s.Flags.Has(capture.SYN):
		e.syns++
	}
	if s.Flags.Has(capture.FIN) {
		e.fins++
	}
}

// wrongIP reports whether the IP header of the segment at hand has a wrong checksum: it says
// nothing of how long segments are.
func (t *Tracker) wrongIP(s *capture.Segment) bool {
	return s != &t.late && t.opt.WrongIP != nil && t.opt.WrongIP()
}

// learn notes what a segment says about its sender.
func (t *Tracker) learn(c *conn, e, p *endpoint, s *capture.Segment) {
	if s.Marks&capture.MarkTruncated != 0 && !t.wrongIP(s) { // else its length may be what is damaged
		c.flags |= isTruncated
		noteFirst(&c.caught().evidence.cut, s.Packet)
	}
	if s.Marks&capture.MarkOffload != 0 || e.longer(p, s) && !c.is(isOffload) && !t.wrongIP(s) {
		c.flags |= isOffload
		noteFirst(&c.caught().evidence.long, s.Packet)
	}
	if s.Flags.Has(capture.SYN) {
		had := e.has
		e.options(s)
		if e.syns > 1 && !s.Flags.Has(capture.ACK) && (e.has&^had != 0 || s.Len > 0 && s.Len != e.details.synData) {
			c.own().synsOther = min(c.details.synsOther, 254) + 1
		}
		if s.Marks&capture.MarkSmallLink != 0 {
			c.own().smallLink = true
		}
	}
	if s.Options&capture.OptFastClose != 0 {
		c.own().fastClosed = true
	}
	if s.ECN != 0 && s.Len > 0 {
		e.has |= [4]endFlags{0, hasECT, hasECT, hasCE | hasECT}[s.ECN&3]
	} else if s.Len > 0 {
		c.unmarked(e, p, s)
	}
	if s.Flags.Has(capture.RST) {
		return
	}
	if e.has&hasTTL == 0 {
		e.ttl, e.has = s.TTL, e.has|hasTTL
	} else if s.TTL != e.ttl {
		e.has |= hasOtherTTLs
	}
}

// options notes what a SYN or SYN/ACK offers.
func (e *endpoint) options(s *capture.Segment) {
	e.order = s.Order
	if s.Options&capture.OptMSS != 0 {
		e.mss, e.has = s.MSS, e.has|hasMSS
	}
	if s.Options&capture.OptWScale != 0 {
		// RFC 7323 section 2.3: a shift over 14 means 14.
		e.wscale, e.has = min(s.WScale, 14), e.has|hasWScale
	}
	if s.Options&capture.OptSACKPermitted != 0 {
		e.has |= hasSACK
	}
	if s.Options&capture.OptTimestamps != 0 {
		e.has |= hasTimestamps
	}
	// RFC 3168 section 6.1.1: ECE and CWR on a SYN, ECE alone on a SYN/ACK.
	if s.Flags.Has(capture.ECE) && s.Flags.Has(capture.CWR) != s.Flags.Has(capture.ACK) {
		e.has |= hasECN
	}
}

// maxAhead is how far an ACK may lie beyond everything seen and still be
// taken for one of data that the capture missed: the largest window there is
// (RFC 7323 section 2.3).
const maxAhead = 1 << 30

// takeSegment takes a segment with neither SYN nor RST.
func (t *Tracker) takeSegment(c *conn, from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	hasACK := s.Flags.Has(capture.ACK)
	t.noteWrongStart(e, s)
	e.stream.Start(seq)
	if hasACK {
		t.noteWrongStart(p, s)
		p.stream.Start(ack)
	}
	e.rebaseForProbe(p, s)
	wasTimeWait := p.state == record.TimeWait
	probe := t.takeProbe(c, from, s, now)
	t.takeWindow(c, from, s, now)
	if s.Len == 0 && hasACK && !s.Flags.Has(capture.FIN) {
		e.pureACKs++
	}
	if !hasACK && !s.Flags.Has(capture.FIN) && s.Len == 0 {
		t.anomaly(c, anomalyFlags)
		return
	}
	if hasACK {
		t.takeACK(c, from, s, now, probe)
	}
	if !probe && s.Len > 0 {
		t.takeData(c, from, s, now)
	} else if hasACK && !s.Flags.Has(capture.FIN) {
		t.standsAt(c, from, s, now)
	}
	if e.sender != nil {
		e.sender.follow(e, p, s.Packet, now)
	}
	if p.sender != nil {
		p.sender.follow(p, e, s.Packet, now)
	}
	if e.sender != nil && (probe || s.Len == 0 && s.Flags.Has(capture.FIN)) {
		e.sender.loss.answers.Stop() // the other end answers it, too
	}
	if s.Flags.Has(capture.FIN) {
		if p.tailUnseen {
			t.missedFIN(c, from.Peer(), s, now) // acknowledged before this FIN: it came first
		}
		t.takeFIN(c, from, s, now)
	} else if !probe {
		t.deliverFIN(c, from, s, now)
	}
	if e.finSeen && p.tailUnseen {
		t.missedFIN(c, from.Peer(), s, now)
	}
	if p.finSeen && e.tailUnseen {
		t.missedFIN(c, from, s, now)
	}
	if c.is(isMidstream) {
		c.noteEarly(from, s, now)
	}
	if wasTimeWait && hasACK {
		t.restartTimeWait(c, from.Peer(), now)
	}
	if e.state == record.TimeWait && hasACK && e.timeWaitUntil < now+2*t.opt.MSL {
		// 2MSL counts from its last ACK.
		e.timeWaitUntil = now + 2*t.opt.MSL
	}
}

// maxSkip is how far beyond everything seen an ACK without data may stand for
// its number to be believed: some windows.
const maxSkip = 1 << 20

// standsAt: an ACK without data stands at SND.NXT. What lies before it was
// sent, though the tap has not seen it (yet).
func (t *Tracker) standsAt(c *conn, from record.End, s *capture.Segment, now int64) {
	e, seq := &c.ends[from], reassembly.Seq(s.Seq)
	switch d := seq.Sub(e.sndNxt()); {
	case d == 1:
		e.tailUnseen = true
		if p := &c.ends[from.Peer()]; c.first == record.NoEnd && p.tailUnseen && p.stream.EndsUnseen() {
			c.flags |= isCloserUnseen
		}
	case d > 1 && d <= maxSkip && !e.finSeen:
		e.stream.Skip(seq)
		t.sends(e).gapBefore(s, now)
	}
}

// takeACK takes the acknowledgment of a segment without SYN or RST, for what
// it proves of its sender and will do to its receiver.
func (t *Tracker) takeACK(c *conn, from record.End, s *capture.Segment, now int64, probe bool) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	ack := reassembly.Seq(s.Ack)
	ahead := ack.Sub(p.sndNxt())
	if ahead <= 0 && p.synSeen && ack.LessEq(p.isn) && p.stream.Span() < 1<<31 {
		return // of an earlier connection, or nonsense
	}
	if ahead > maxAhead {
		t.anomaly(c, anomalyAckAhead)
		return
	}
	if c.is(isReset) && c.resetBy == to {
		t.disobeyed(c, from, s, now)
	} else if c.resetBy == from && !c.is(isReset) {
		t.outlived(c, from, s, now)
	}
	if (p.synSeen || p.state == record.SynReceived || p.state == record.SynSent) &&
		(c.thirdACKAt == 0 || p.state == record.SynReceived || e.state == record.SynSent) {
		t.ackSYN(c, from, s, now)
	}
	if e.state == record.Unknown {
		c.imply(from, 1<<record.Established, now, s.Packet)
	}
	if p.state == record.Unknown {
		if p.syns == 0 && e.synSeen {
			p.state = record.Listen
		}
		c.imply(to, 1<<record.Established, now, s.Packet)
	}
	if e.state == record.SynSent && !probe {
		if from == record.Orig && c.thirdACKAt == 0 && p.packets == 0 {
			c.established(from, s, now) // the SYN/ACK went another way
		}
		c.imply(from, canACK, now, s.Packet)
	}
	upTo := ack
	if p.finImplied && p.fin.Add(1).Less(ack) && !t.unimplyFIN(c, from, s, now) {
		p.fin = ack.Add(^uint32(0)) // that was data: the FIN is the last number
	}
	coversFIN := p.finSeen && p.fin.Less(ack)
	if coversFIN {
		upTo = p.fin
	}
	pure := s.Len == 0 && !s.Flags.Has(capture.FIN)
	// RFC 5681 section 2: same ACK, same window, no data, data outstanding.
	dup := pure && !probe && p.stream.Acked() && upTo == p.stream.Una() && !coversFIN && p.stream.Next() != upTo &&
		s.Window == e.window && e.ackedAny
	if dup {
		e.own().dupAcks++
	}
	if pure && !probe && p.synAcks != 1 {
		c.takesSYNACK(from, s, now)
	}
	if p.details.synData > 0 && p.synAcks > 0 && upTo == p.isn.Add(1) {
		p.leaveSYNData()
	}
	if !p.synSeen && !p.stream.Acked() && s.Len == 0 {
		p.stream.LeftBefore(upTo)
	}
	advanced, unseen := p.stream.Ack(upTo)
	if advanced > 0 {
		t.sawMissing(c, to, unseen, s)
	}
	if from == record.Resp && c.thirdACKAt == 0 && e.synAcks > 0 && p.syns > 0 && advanced > 0 && p.isn.Add(1).Add(p.details.synData).Less(upTo) {
		c.openedUnseen(from, s, now) // it took what only an open connection carries
	}
	e.ackedAny = true
	e.window = s.Window
	if x := p.sender; x != nil {
		if unseen > 1 || x.loss.leap != (leap{}) {
			x.losing().leap.acked(upTo, unseen)
		}
		if advanced > 0 {
			if x.loss != &noLosses {
				x.loss.refused.taken(upTo)
			}
		} else if dup && x.loss.refused.asked != 0 {
			t.stayed(c, to, s, now)
		}
		x.acked(c, to, s, upTo, advanced, dup, now)
	}
	if unseen > 0 {
		if unseen > 1 && p.state == record.Established && !c.is(isFastOpen) {
			c.confirm(to) // it sent data (RFC 9293 section 3.10.2)
		}
		p.tailUnseen = unseen == 1
		c.note(record.Moment{Kind: record.MomentAckedUnseen, End: to, N: uint64(unseen)})
	}
	if advanced > 0 {
		p.has &^= hasRepeatedData
		if c.expected(from) && e.state == record.Established {
			c.confirm(from)
		}
	}
	if !probe && e.has&isChallenged != 0 && c.challengeACK(from, s, advanced, now) {
		c.note(record.Moment{Kind: record.MomentChallengeACK, End: from})
	}
	if coversFIN {
		t.ackFIN(c, from, s, now)
	} else if p.finSeen && !p.finAcked && c.details.trouble != nil && c.details.trouble.ends[to].fins.n > 0 {
		c.details.trouble.ends[to].fins.short++
	}
}
