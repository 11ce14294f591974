package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// takeRST takes a RST. A genuine one closes its sender at once; its receiver
// only if it stands exactly at RCV.NXT (RFC 5961 section 3.2), or, in
// SYN-SENT, acknowledges the SYN (RFC 9293 section 3.10.7.3).
func (t *Tracker) takeRST(c *conn, from record.End, s *capture.Segment, now int64) {
	t.takeRSTOf(c, from, s, now, false)
}

// takeRSTOf is takeRST; last tells that nothing more can come that denies it.
func (t *Tracker) takeRSTOf(c *conn, from record.End, s *capture.Segment, now int64, last bool) {
	to := from.Peer()
	e, p := &c.ends[from], &c.ends[to]
	if c.resetsUnseen(from, s) {
		c.note(record.Moment{Kind: record.MomentOldReset, End: from})
		return
	}
	c.resetAgain(from, s)
	basis := record.Seen
	if t.rstProves(c, from, s, now, last) && !s.Flags.Has(capture.ACK) {
		basis = record.Expected // one number inside the window: whoever forges it need only guess that
	}
	cause := c.rstCause(from, s)
	accepted := c.acceptsRST(to, s)
	if accepted && cause != record.ResetMiddlebox {
		c.beforeRST(from, s, now)
	}
	in := e.state
	if ack := reassembly.Seq(s.Ack); in == record.CloseWait && p.finSeen && s.Flags.Has(capture.ACK) && p.stream.Una().LessEq(ack) && ack.LessEq(p.fin) {
		in = record.Established // its ACK leaves the FIN out, which crossed the RST
	}
	if !accepted {
		t.ignoreRST(c, from, s, cause, now)
		return
	}
	if c.resetBy == record.NoEnd {
		f := c.own()
		c.resetBy, f.resetIn, f.resetCause, f.resetPacket, f.resetTime, f.resetTTL = from, in, cause, s.Packet, now, s.TTL
		c.resetDetails(from, s, now)
		if t.spoiledRST(e, s) {
			f.odd |= record.Damaged
		}
		if s.Len > 0 && t.opt.Text != nil {
			t.resetSays(c, t.opt.Text())
		}
	}
	switch {
	case cause == record.ResetRefused:
		c.own().openKind = record.OpenRefused
		c.own().answer.Kind = record.AnswerRST
		c.own().answered, c.own().answeredAt = now, s.Packet
		c.note(record.Moment{Kind: record.MomentRefused, End: from, Span: now - p.firstSYN})
	case cause == record.ResetAfterClose:
		c.note(record.Moment{Kind: record.MomentResetHarmless, End: from, From: in, Reset: cause})
	default:
		if cause == record.ResetKeepaliveDead {
			c.note(record.Moment{Kind: record.MomentKeepaliveDead, End: from, N: uint64(e.details.probe.pending)})
		}
		if c.thirdACKAt == 0 && !c.is(isMidstream) && c.details.answeredAt == 0 {
			c.own().answered, c.own().answeredAt = now, s.Packet
			if from == record.Orig && !p.sentBeyondSYN() {
				c.own().openKind = record.OpenAborted
			}
		}
		c.note(record.Moment{Kind: record.MomentReset, End: from, From: in, Reset: cause, M: asBit(c.forgot(from, in))})
	}
	c.flags |= isReset
	if cause != record.ResetMiddlebox {
		switch {
		case e.state == record.Unknown:
			c.set(from, record.Closed, basis, now, s.Packet)
		case e.state == record.TimeWait && !c.expected(from):
			// A TIME-WAIT socket answers what it cannot take; it stays.
		default:
			c.apply(from, sendRST, basis, now, s.Packet)
		}
	}
	if p.state == record.TimeWait {
		// RFC 1337; Linux lets it (net.ipv4.tcp_rfc1337 0).
		p.timeWaitUntil, p.timeWaitEnd = now, record.TimeWaitReset
	}
	c.apply(to, rcvRST, record.Expected, now, s.Packet)
}

// maxTexts is how many connections of a shard are remembered at once whose RST carries a text.
const maxTexts = 16

// resetSays keeps the text of the first RST of a connection until its record is handed out.
func (t *Tracker) resetSays(c *conn, text string) {
	texts := &t.shardOf(c).texts
	if text == "" || len(*texts) >= maxTexts {
		return
	}
	if *texts == nil {
		*texts = make(map[uint64]string)
	}
	(*texts)[c.id] = text
}

// shardOf is the shard of a connection.
func (t *Tracker) shardOf(c *conn) *shard {
	return &t.shards[record.ShardOf(t.entries.At(c.entry).Key.Hash())]
}

// forgot reports whether the first RST of a connection answers a segment that met no
// connection: an end that was silent for a second sends it at once.
func (c *conn) forgot(from record.End, in record.State) bool {
	e, p, f := &c.ends[from], &c.ends[from.Peer()], c.details
	return in >= record.Established && p.packets > 0 && c.details.resetTime == c.last &&
		(int64(f.resetQuiet)*1e6 >= second || uint64(e.rsts) == e.packets) && int64(f.resetAfter)*1e6 < second
}

// rstProves takes the numbers of a RST where those of its sender were not
// captured (only SYNs were, by a filter, or all else was dropped): seq=501
// ack=101 was sent by an end that was ESTABLISHED, had sent 500 bytes and taken 100.
func (t *Tracker) rstProves(c *conn, from record.End, s *capture.Segment, now int64, last bool) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if !c.onlySYNs() || !e.synSeen || !p.synSeen || e.synAcks+p.synAcks == 0 {
		return false
	}
	sent, took := reassembly.Seq(s.Seq).Sub(e.stream.Next()), int32(0)
	if s.Flags.Has(capture.ACK) {
		took = reassembly.Seq(s.Ack).Sub(p.stream.Next())
	}
	if sent < 0 || took < 0 || sent > maxAhead || took > maxAhead {
		return false
	}
	if sent|took == 0 && !(s.Flags.Has(capture.ACK) && e.synAcks == 0 && p.synAcks > 0) {
		return false // out of SYN-SENT a SYN/ACK is answered by a RST without ACK (RFC 9293 section 3.10.7.1)
	}
	if !s.Flags.Has(capture.ACK) && uint32(sent) > e.room(p) && !last {
		return false // one number alone proves less: see lastRST
	}
	e.stream.Skip(reassembly.Seq(s.Seq))
	if took > 0 {
		_, unseen := p.stream.Ack(reassembly.Seq(s.Ack))
		c.note(record.Moment{Kind: record.MomentAckedUnseen, End: from.Peer(), N: uint64(unseen)})
		noteFirst(&c.caught().evidence.unseen, s.Packet)
	}
	c.openedUnseen(from, s, now)
	return true
}

// openedUnseen: a segment shows that the connection opened, though the ACK that
// completed the handshake was not captured.
func (c *conn) openedUnseen(from record.End, s *capture.Segment, now int64) {
	for _, x := range [2]record.End{from, from.Peer()} {
		if c.expected(x) {
			c.confirm(x)
		}
		c.imply(x, canACK, now, s.Packet)
	}
	c.thirdACK, c.thirdACKAt = now, s.Packet
	c.flags |= isOpen | isThirdMissed
	c.note(record.Moment{Kind: record.MomentEstablished, End: from, N: uint64(c.ends[record.Orig].syns), M: uint64(c.ends[record.Resp].synAcks)})
}

// beforeRST settles the state from which an end sent its RST.
func (c *conn) beforeRST(from record.End, s *capture.Segment, now int64) {
	switch e := &c.ends[from]; {
	case e.state == record.Closed:
		c.confirm(from)
	case e.state == record.TimeWait:
		// The FIN met no socket (FIN-WAIT-2 had ended: Linux tcp_fin_timeout), or
		// one that was aborted: it was never taken.
		c.retract(from, 1<<record.FinWait2|1<<record.Closing, now, s.Packet)
	case s.Flags.Has(capture.ACK):
	case from == record.Orig && c.ends[record.Resp].sentBeyondSYN():
		// It had taken the SYN/ACK, for the responder was open.
	case e.state == record.Established:
		// A socket aborts with RST,ACK. A bare RST answers a segment that met
		// none: the third ACK was not taken (Linux tcp_abort_on_overflow), or the
		// SYN/ACK came when the opener had gone.
		c.retract(from, inSynReceived|1<<record.SynSent, now, s.Packet)
	}
}

// acceptsRST reports whether an end will be closed by a RST.
func (c *conn) acceptsRST(to record.End, s *capture.Segment) bool {
	p, e := &c.ends[to], &c.ends[to.Peer()]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	if p.state == record.SynSent {
		return s.Flags.Has(capture.ACK) && p.acksSYN(ack)
	}
	if !e.stream.Started() {
		return true // nothing known to hold against it
	}
	if e.packets == 1 {
		return true
	}
	d := e.stream.Delivered()
	if e.finSeen && d == e.fin {
		d = d.Add(1)
	}
	if p.state == record.TimeWait {
		return seq == e.sndNxt()
	}
	una := e.stream.Una()
	if x := p.recent.acks; e.finAcked && x.n > 0 && s.Time-p.lastSend < second && seq == reassembly.Seq(x.number) && e.fin.Less(seq) && seq.Sub(e.fin) <= maxSkip {
		return true // it acknowledged more than was captured before the FIN
	}
	if c.is(isMidstream) && e.wireBytes == 0 && una.LessEq(seq) && seq.Sub(una) <= maxSkip {
		return true // none of its data was captured, which may have moved the number
	}
	return seq == d || seq == una || seq == e.sndNxt() || e.finSeen && seq == e.fin.Add(1) || seq == e.stream.Next() ||
		len(e.stream.Gaps()) > 0 && una.LessEq(seq) && seq.LessEq(e.sndNxt())
}

// rstCause says why a RST came, from what its sender had sent before.
func (c *conn) rstCause(from record.End, s *capture.Segment) record.ResetCause {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	withACK := s.Flags.Has(capture.ACK)
	switch {
	case e.packets == 1 && p.packets == 0:
		return record.ResetUnknown // nothing else was seen
	case p.state == record.SynSent && !e.synSeen && withACK && p.acksSYN(reassembly.Seq(s.Ack)):
		return record.ResetRefused
	case c.closed():
		return record.ResetAfterClose
	case s.Options&capture.OptFastClose != 0 || c.details.fastClosed:
		return record.ResetMPTCP
	case c.oddTTL(from, s):
		// Another distance than this end's other segments: not sent by it.
		return record.ResetMiddlebox
	case withACK && e.details.probe.pending > 0 && reassembly.Seq(s.Seq) == e.sndNxt():
		// RFC 9293 section 3.8.4; Linux sends RST,ACK when it gives up.
		return record.ResetKeepaliveDead
	case e.finSeen && (!withACK || p.unheard(reassembly.Seq(s.Ack))):
		// What met a closed socket: the answer has the other end's ACK number (RFC
		// 9293 section 3.10.7.1), or, as Windows does it, takes what came and
		// acknowledges it.
		return record.ResetLateData
	case withACK && s.Seq == 0 && e.packets == 1 && !p.ackedAny:
		// A segment without ACK met no connection: a probe, no abort (section 3.10.7.1).
		return record.ResetUnknown
	case withACK && from == record.Resp && !e.finSeen && p.has&hasFirstByte != 0 && p.lastData >= e.lastData:
		// Linux tcp_close with data in the receive queue. The same on the wire
		// as an abort: the likelier of the two where a request had no answer.
		return record.ResetUnreadData
	case withACK:
		return record.ResetAbort
	case e.state == record.SynSent, e.packets > 1 && c.thirdACKAt == 0 && from == record.Orig:
		return record.ResetAbort
	}
	return record.ResetUnknown
}

// unheard reports whether an ACK takes in data or a FIN of this end that no
// ACK took in before.
func (e *endpoint) unheard(ack reassembly.Seq) bool {
	if e.finSeen && !e.finAcked && e.fin.Add(1) == ack {
		return true
	}
	if ahead := ack.Sub(e.sndNxt()); ahead > 0 && ahead <= maxSkip {
		return !e.finSeen // data that the capture missed: none follows a FIN
	}
	return e.stream.Una().Less(ack) && ack.LessEq(e.stream.Next())
}

// oddTTL reports whether a RST came another way than its sender's other
// segments: a hop is allowed for a route that changed. A RST without ACK, which no
// socket sends that is aborted, gives itself away by one hop where all others,
// more than one, came the same way. Where data comes another way than what opened the
// connection, who sends the data is that end.
func (c *conn) oddTTL(from record.End, s *capture.Segment) bool {
	e := &c.ends[from]
	if e.has&hasTTL == 0 {
		return false
	}
	own := e.ttl
	if x := c.details.dataTTL[from]; x != 0 {
		own = x
	}
	d := int(own) - int(s.TTL)
	if d == 1 || d == -1 {
		return !s.Flags.Has(capture.ACK) && e.has&hasOtherTTLs == 0 && e.packets > uint64(e.rsts)+1
	}
	return d != 0
}

// straggles reports whether a segment of an end that has closed may have been
// on its way already when the RST passed: the connection is over all the same.
func (c *conn) straggles(from record.End, now int64) bool {
	return c.is(isReset) && (c.resetBy == from || now-c.details.resetTime < second)
}

// livesOn takes an expected end of a connection back when the end goes on
// long after: the RST or the ACK of its FIN did not reach it, or it did not
// accept it. Within a second it may simply not have arrived yet (RFC 6298
// section 2.1's initial timeout: no path is slower).
func (t *Tracker) livesOn(c *conn, from record.End, s *capture.Segment, now int64) bool {
	if now-c.details.resetTime < second || !c.expected(from) {
		return false
	}
	if !c.retract(from, ^inClosed, now, s.Packet) {
		return false
	}
	c.flags &^= isReset
	return true
}

// disobeyed takes a RST back that stood at the number expected, once its receiver
// acknowledges what came after it: that end did not obey it (it was not signed as it had
// to be, RFC 5925 section 7.2; it was dropped after the capture point), and who sent what
// came after did not send it, or is not closed. An ACK of what had been sent before the
// RST may have crossed it on the wire, and proves nothing. An ACK of what the "RST" itself carries
// took that as data: it is a damaged segment.
func (t *Tracker) disobeyed(c *conn, from record.End, s *capture.Segment, now int64) {
	by := from.Peer()
	e, p, ack := &c.ends[from], &c.ends[by], reassembly.Seq(s.Ack)
	if c.thirdACKAt == 0 && !c.is(isMidstream) || e.state != record.Closed || !c.expected(from) ||
		!reassembly.Seq(c.details.resetNxt).Less(ack) {
		return
	}
	took := c.details.resetLen > 0 && reassembly.Seq(c.details.resetNxt).Add(c.details.resetLen) == ack // a text of a RST is never acknowledged
	if p.sndNxt().Less(ack) && !took {
		return
	}
	i := c.before(from, len(c.trans))
	if x := &c.trans[i]; x.Packet != c.details.resetPacket || x.From < record.Established || x.From == record.TimeWait {
		return
	}
	if took {
		c.own().odd |= record.Damaged
		p.stream.Add(reassembly.Seq(c.details.resetNxt), c.details.resetLen)
	}
	t.unreset(c, by, now, s.Packet)
}

// outlived takes a RST back whose receiver was seen to live on (livesOn), once the end in whose name it
// came acknowledges what that sent since: it has a socket still, so it did not send the RST (RFC 9293
// section 3.10.7.1 has an end without one answer by a RST).
func (t *Tracker) outlived(c *conn, by record.End, s *capture.Segment, now int64) {
	e, p, ack := &c.ends[by], &c.ends[by.Peer()], reassembly.Seq(s.Ack)
	if e.state != record.Closed || p.state == record.Closed || !p.stream.Una().Less(ack) || p.sndNxt().Less(ack) {
		return
	}
	i := c.before(by, len(c.trans))
	if x := &c.trans[i]; x.Packet == c.details.resetPacket && x.From >= record.Established && x.From != record.TimeWait {
		t.unreset(c, by, now, s.Packet)
	}
}

// outlivedBy notes that the clock of the end in whose name the first RST came goes on in its timestamps, or in
// those that its receiver echoes, when nothing sent before the RST can be under way any more: that end knows the
// connection, and something else sent the RST.
func (c *conn) outlivedBy(from record.End, s *capture.Segment, now int64) {
	if c.resetBy == record.NoEnd || now-c.details.resetTime < second || c.details.odd.Has(record.Outlived) {
		return
	}
	f, e := c.own(), &c.ends[from]
	switch {
	case c.resetBy == from:
		if e.tsRecent != 0 && s.TSVal-e.tsRecent-1 < ticksIn(uint32(min((now-c.start)/1e6, 1<<32-1))) {
			f.odd |= record.Outlived
		}
	case s.TSEcr == 0:
	case f.resetEcho == 0:
		f.resetEcho = s.TSEcr
	case int32(s.TSEcr-f.resetEcho) > 0:
		f.odd |= record.Outlived
	}
}

// unreset takes the first RST back, which came in the name of an end: both ends that it closed are open again.
func (t *Tracker) unreset(c *conn, by record.End, now int64, packet uint64) {
	for _, x := range [2]record.End{by.Peer(), by} {
		if i := c.before(x, len(c.trans)); i >= 0 && c.ends[x].state == record.Closed && c.trans[i].Packet == c.details.resetPacket {
			c.reopen(x, now, packet)
		}
	}
	how := uint64(1)
	if c.details.odd.Has(record.Damaged) {
		how = 3
	}
	c.ignoredRST(record.IgnoredRST{By: by, Packet: c.details.resetPacket, Odd: c.details.odd, WentOn: true})
	c.note(record.Moment{Kind: record.MomentResetIgnored, End: by, Reset: c.details.resetCause, M: how, Ref: c.details.resetPacket})
	c.flags &^= isReset
	f := c.own()
	c.resetBy, f.resetIn, f.resetCause, f.resetPacket, f.resetTTL, f.resetTime = record.NoEnd, record.Unknown, record.ResetNone, 0, 0, 0
	f.odd, f.resetQuiet, f.resetAfter, f.resetNxt, f.resetLen, f.resetEcho, f.crossed, f.resetAlso, f.goodbye, f.dataLast = 0, 0, 0, 0, 0, 0, false, false, false, false
	delete(t.shardOf(c).texts, c.id)
}

// reopen takes the last edge of an end back, whatever it was based on.
func (c *conn) reopen(e record.End, now int64, packet uint64) {
	x := &c.trans[c.before(e, len(c.trans))]
	x.Basis = record.Expected
	c.retract(e, 1<<x.From, now, packet)
}
