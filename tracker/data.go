package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// placeData notes what new or repeated payload of an end was to its stream.
func (t *Tracker) placeData(c *conn, from record.End, seq reassembly.Seq, a reassembly.Added, now int64) {
	if a.New+a.Filled > 0 {
		s := &c.ends[from].stream
		t.placed.New, t.placed.Offset = true, int64(s.Span())-int64(uint32(s.Next()-seq))
	}
	t.placed.Answer = c.turns.take(c, from, a, now)
}

// takeData takes the payload of a segment that is no probe.
func (t *Tracker) takeData(c *conn, from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq := reassembly.Seq(s.Seq)
	e.dataSegments++
	e.wireBytes += uint64(s.Len)
	e.has |= hasSentData
	t.tookLeave(e, s)
	c.dataWay(from, s)
	if e.finSeen && e.fin.Less(seq.Add(s.Len)) && !t.unsendFIN(c, from, s, now) {
		t.anomaly(c, anomalyDataPastFIN)
		return
	}
	if e.has&hasFirstByte == 0 {
		e.firstByte, e.has = now, e.has|hasFirstByte
		if ttl := c.otherWay(from, s); ttl != c.details.dataTTL[from] {
			c.own().dataTTL[from] = ttl
		}
	}
	c.takeLeapBack(from, s, now)
	noteFirst(&e.firstData, s.Packet)
	a := e.stream.Add(seq, s.Len)
	c.bearsOut(from, a)
	t.sawHole(c, from, s, a)
	t.placeData(c, from, seq, a, now)
	if a.New+a.Filled > 0 {
		e.tailUnseen, c.flags = false, c.flags&^isCloserUnseen
	}
	e.seenBytes += uint64(a.New + a.Filled)
	if a.Gap > 0 {
		c.note(record.Moment{Kind: record.MomentGap, End: from, N: uint64(a.Gap)})
	}
	if s.Len == 1 && p.details.zero.closed && seq == e.stream.Una() {
		// One byte beyond a closed window: a probe, as BSD does it (RFC 9293 section 3.8.6.1).
		p.own().zero.probed()
		p.details.zero.list.refuse(seq)
		c.note(record.Moment{Kind: record.MomentWindowProbe, End: from, N: uint64(p.details.zero.probes)})
		if a.Again > 0 {
			return
		}
	}
	if s.Len == 1 && a.Again == 1 && p.details.zero.readmits(seq) {
		// The probe's byte, refused then, sent now that there is room: no repeat.
		e.sender.flight.Repeat(seq, seq.Add(1), now, s.IPID)
		return
	}
	if e.details.synData > 0 && a.New+a.Filled == 0 && e.sendsSYNData(c, seq, s.Len) {
		a.New, a.Again = a.Again, 0
	}
	if t.fileData(c, from, s, now, a) {
		return
	}
	if p.finAcked && p.finAckedTime < now && !e.finSeen {
		c.own().bytesAfterFIN += uint64(a.New + a.Filled)
		if c.flags&isHalfCloseSeen == 0 {
			c.flags |= isHalfCloseSeen
			c.note(record.Moment{Kind: record.MomentHalfCloseData, End: from, N: uint64(a.New)})
		}
	}
	t.sentData(c, from, s, now, a.New > 0)
}

// otherWay is the TTL of a segment that came another way than the first of its end: by two hops or
// more; else 0.
func (c *conn) otherWay(from record.End, s *capture.Segment) uint8 {
	e := &c.ends[from]
	if d := int(e.ttl) - int(s.TTL); e.has&hasTTL != 0 && (d > 1 || d < -1) {
		return s.TTL
	}
	return 0
}

// dataWay follows by which way an end's data comes. Where some comes as what opened the connection
// did, that is the end's own; what came another way and lacks the timestamps that both ends agreed
// on (RFC 7323 section 3.2) something else sent.
func (c *conn) dataWay(from record.End, s *capture.Segment) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if c.otherWay(from, s) == 0 {
		if c.details.dataTTL[from] != 0 {
			c.own().dataTTL[from] = 0
		}
		return
	}
	if e.has&p.has&hasTimestamps != 0 && s.Options&capture.OptTimestamps == 0 && s.Marks&capture.MarkCutOptions == 0 {
		f := c.own()
		f.strange[from] = min(f.strange[from], 254) + 1
		noteFirst(&f.strangeAt[from], s.Packet)
	}
}

// sendsSYNData reports whether data is what the SYN carried and its SYN/ACK did not take:
// it goes out behind the handshake (RFC 7413 section 4.2.2), and is no repeat.
func (e *endpoint) sendsSYNData(c *conn, seq reassembly.Seq, n uint32) bool {
	first := e.isn.Add(1)
	if c.is(isFastOpen) || c.synAckAt == 0 || e.stream.Una() != first || seq != first || n > e.details.synData {
		return false
	}
	e.own().synData = 0
	return true
}

// sentData is what new data proves of its sender (RFC 9293 section 3.10.2).
func (t *Tracker) sentData(c *conn, from record.End, s *capture.Segment, now int64, isNew bool) {
	e := &c.ends[from]
	switch {
	case canSend.has(e.state):
		if e.state == record.Established {
			c.confirm(from)
		}
	case !isNew || hasFIN.has(e.state) && e.state != record.TimeWait:
		// Sent before its FIN.
	case e.state == record.SynReceived && c.is(isFastOpen):
		// RFC 7413 section 4.2.2: the server may send before the handshake completes.
	case e.state == record.Closed:
		if !t.livesOn(c, from, s, now) && !c.straggles(from, now) {
			t.anomaly(c, anomalyAfterClose)
		}
	default:
		if !c.imply(from, canSend, now, s.Packet) {
			t.anomaly(c, anomalyIllegal)
		}
	}
}

// carried is how much payload both ends sent, as sent, and how many repeats that was.
func (c *conn) carried() (bytes uint64, again uint32) {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	return a.wireBytes + b.wireBytes, a.details.retx + b.details.retx
}

// since is what was carried since it was so much.
func (c *conn) since(bytes uint64, again uint32) (uint32, uint32) {
	b, n := c.carried()
	return uint32(b - bytes), n - again
}

// trips is how many round trips were measured of the data of each end.
func (c *conn) trips() (n [2]uint32) {
	for e := range c.ends {
		if x := c.ends[e].sender; x != nil {
			n[e] = x.rtt.n
		}
	}
	return n
}

// tripSince is the smoothed round trip of an end of which one was measured since there were so
// many, ns; 0 for none.
func (c *conn) tripSince(trips [2]uint32) int64 {
	for e := range c.ends {
		if x := c.ends[e].sender; x != nil && x.rtt.n > 0 && x.rtt.n != trips[e] {
			return x.rtt.smoothed
		}
	}
	return 0
}
