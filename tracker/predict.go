package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// Most segments are what is expected next: data that goes on where their sender was, or an
// ACK, both ends in ESTABLISHED and nothing lost ("header prediction": Van Jacobson, 4BSD;
// RFC 1185 appendix B). Of all that observe may do for a segment little is left for one of
// these. It is done here, to the same result: FuzzPredicted and TestPredictionShowsInNothing
// compare all that is known of connections with what the long way makes of them.

// rare are flags of a connection whose segments all go the long way.
const rare = isMidstream | isReset | isFastOpen | isCloserUnseen | isHalfCloseSeen | isTwice

// predicted takes a segment if it is what is expected next of its connection, and reports
// whether it was. If not, nothing was changed.
func (t *Tracker) predicted(c *conn, s *capture.Segment) bool {
	from := c.from(&s.Src)
	now := c.capture.stamps.own(s)
	if t.longWay || !t.expects(c, from, s, now) {
		return false
	}
	e, print := &c.ends[from], fingerprint(s)
	for i := range e.recent.print {
		if e.recent.print[i] == print {
			return false
		}
	}
	t.takePredicted(c, from, s, print, now)
	return true
}

// expects reports whether a segment is what is expected next of an end, but for copies that
// the capture made; now is when it came.
func (t *Tracker) expects(c *conn, from record.End, s *capture.Segment, now int64) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	return s.Flags&^capture.PSH == capture.ACK && s.Options&^capture.OptTimestamps == 0 && s.Window != 0 &&
		reassembly.Seq(s.Seq) == e.stream.Next() && c.quiet(e, p) && c.inTime(s, now) &&
		(!t.opt.Events || c.is(isOpenTold)) && (t.opt.Interval == 0 || now-c.interimAt() < t.opt.Interval) &&
		c.alike(from, s) && p.awaitsACK(e, s) && (s.Len == 0 || c.awaitsData(from, s))
}

// quiet reports whether a connection is open at both ends and nothing is lost, missing,
// closed or waited for on it.
func (c *conn) quiet(e, p *endpoint) bool {
	return e.state == record.Established && p.state == record.Established && c.thirdACKAt != 0 && e.synSeen && p.synSeen && c.flags&rare == 0 &&
		c.details.trouble == nil && c.details.asides == nil && c.details.step == nil && !c.details.wrongIP &&
		!e.finSeen && !p.finSeen && !e.tailUnseen && !p.tailUnseen && !e.details.zero.closed && !p.details.zero.closed &&
		p.details.probe.pending == 0 && p.synAcks <= 1 && p.details.synData == 0 && e.details.synData == 0 && e.has&isChallenged == 0 &&
		len(e.stream.Gaps()) == 0 && len(p.stream.Gaps()) == 0
}

// inTime reports whether a segment comes behind the last one of its connection, with no
// doubt about the clock, and ends no idle time.
func (c *conn) inTime(s *capture.Segment, now int64) bool {
	x := &c.capture.stamps
	return !s.Untimed && !s.Misstamped && x.untimed == 0 && x.steady(s) &&
		now >= c.last && now-c.last < idleMin
}

// alike reports whether a segment looks like those of its end before: nothing is to be
// learned of it.
func (c *conn) alike(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if s.Options&capture.OptTimestamps != 0 && e.tsRecent != 0 && int32(s.TSVal-e.tsRecent) < 0 {
		return false
	}
	return e.has&hasTTL != 0 && s.TTL == e.ttl &&
		(s.Marks&capture.MarkTruncated == 0 || c.is(isTruncated)) &&
		(c.is(isOffload) || s.Marks&capture.MarkOffload == 0 && !e.longer(p, s))
}

// longer reports whether a segment of e is longer than p takes, or, where nothing of p was captured, than e itself
// does and with a checksum that the network card had yet to fill in: its host was to have it cut.
func (e *endpoint) longer(p *endpoint, s *capture.Segment) bool {
	if p.has&hasMSS != 0 {
		return s.Len > uint32(p.mss)
	}
	return p.packets == 0 && e.has&hasMSS != 0 && s.Len > uint32(e.mss) && s.Checksum != 0 && s.Unfilled(s.Checksum)
}

// awaitsACK reports whether the ACK of a segment, which e sends, is of what p sent and
// is not acknowledged yet, or repeats the last one where nothing is waited for.
func (p *endpoint) awaitsACK(e *endpoint, s *capture.Segment) bool {
	una, ack, nxt := p.stream.Una(), reassembly.Seq(s.Ack), p.stream.Next()
	if p.stream.Span() >= 1<<31 && ack.LessEq(p.isn) {
		return false
	}
	again := ack == una && nxt != ack && s.Len == 0 && s.Window == e.window // a duplicate ACK, maybe
	return una.LessEq(ack) && ack.LessEq(nxt) && !again
}

// awaitsData reports whether an end has sent data before, of which nothing is left to be told.
func (c *conn) awaitsData(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	x := e.sender
	if x == nil || e.has&hasFirstByte == 0 || x.rtt.held != 0 || x.loss.leap.from != x.loss.leap.to || c.details.dataTTL[from] != 0 {
		return false
	}
	if e.has&hasECT == 0 { // what its mark says is told of the first data that has one, or should
		return s.ECN == 0 && e.has&p.has&hasECN == 0
	}
	return s.ECN&3 != 3 || e.has&hasCE != 0
}

// takePredicted does what observe does, as far as there is anything to do.
func (t *Tracker) takePredicted(c *conn, from record.End, s *capture.Segment, print uint32, now int64) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	t.placed = record.Placement{Conn: c.id, From: from, Mark: &c.mark}
	if t.opt.MaxBytes > 0 {
		t.placed.Kept = &c.kept
	}
	e.packets++
	c.last, c.lastPacket = now, s.Packet
	c.z.Observe(from, s)
	e.recent.note(s, print, uint32(s.Time/1000), p.drawn(s))
	if s.Options&capture.OptTimestamps != 0 && (e.tsRecent == 0 || reassembly.Seq(s.Seq).LessEq(e.stream.Una())) {
		e.tsRecent = s.TSVal
	}
	if t.spoiled(e, p, s) {
		t.takeSpoiled(c, from, s, now)
		e.lastSend, e.lastData = now, now
		return
	}
	if s.Window != e.window || e.widest == 0 {
		e.offer(p, s)
	}
	ack := reassembly.Seq(s.Ack)
	advanced, _ := p.stream.Ack(ack)
	e.ackedAny, e.window = true, s.Window
	if x := p.sender; x != nil {
		if x.loss.leap != (leap{}) {
			x.losing().leap.acked(ack, 0)
		}
		if advanced > 0 && x.loss != &noLosses {
			x.loss.refused.taken(ack)
		}
		x.acked(c, to, s, ack, advanced, false, now)
	}
	if advanced > 0 {
		p.has &^= hasRepeatedData
	}
	if advanced > 0 || s.Len > 0 {
		c.confirm(from)
	}
	if s.Len > 0 {
		t.takePredictedData(c, from, s, now)
	} else {
		e.pureACKs++
	}
	if e.sender != nil {
		e.sender.follow(e, p, s.Packet, now)
	}
	if p.sender != nil {
		p.sender.follow(p, e, s.Packet, now)
	}
	e.lastSend = now
}

// takePredictedData does what takeData does.
func (t *Tracker) takePredictedData(c *conn, from record.End, s *capture.Segment, now int64) {
	e, x := &c.ends[from], c.ends[from].sender
	e.dataSegments++
	e.wireBytes += uint64(s.Len)
	e.seenBytes += uint64(s.Len)
	e.has |= hasSentData
	t.tookLeave(e, s)
	seq := reassembly.Seq(s.Seq)
	a := e.stream.Add(seq, s.Len)
	c.bearsOut(from, a)
	t.placeData(c, from, seq, a, now)
	x.sized(&c.ends[from.Peer()], s)
	x.mark(s)
	x.sentNew(seq, e.stream.Next(), false, s, now)
	x.reaches(e, &c.ends[from.Peer()], e.stream.Next())
	e.lastData = now
}
