package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// match finds the connection that a segment belongs to, beginning one where
// none fits. top is the newest on these endpoints, nil for none.
//
// A SYN with another number opens a pending connection in front of the old
// one. Until it is answered both may live: a challenge ACK and the opener's
// RST belong to the old one (RFC 5961 section 4), everything that fits the
// new numbers to the new one.
func (t *Tracker) match(sh *shard, top *conn, k *table.Key, s *capture.Segment) *conn {
	if top == nil {
		return t.begin(sh, nil, k, s)
	}
	from := top.from(&s.Src)
	switch {
	case s.Flags.Has(capture.SYN) && !s.Flags.Any(capture.ACK|capture.RST):
		if top.ownSYN(from, s) {
			return top
		}
		if top.prev != nil && top.prev.ownSYN(top.prev.from(&s.Src), s) {
			return top.prev
		}
		if old := top.prev; old != nil {
			// A SYN that nobody answered does not displace what may still live.
			if !old.over() {
				old, top = top, old
			}
			if old.prev == top && old.noneOfItsOpener() {
				t.absorb(sh, old, top)
			} else {
				old.replaced(&s.Src, s.Packet, s.Time)
				t.drop(sh, old.entry, endReuse, t.clock.now)
			}
		}
		top.own().sawRival(s)
		if !top.over() {
			// RFC 5961 section 4.2: a synchronized end answers it by an ACK.
			top.challenge(from.Peer(), s.Time)
		}
		return t.begin(sh, top, k, s)
	case s.Flags.Has(capture.SYN|capture.ACK) && !s.Flags.Has(capture.RST):
		if top.ownSYNACK(from, s) {
			t.settle(sh, top)
			return top
		}
		if old := top.prev; old != nil && old.ownSYNACK(old.from(&s.Src), s) {
			return old
		}
		if x := &top.ends[from.Peer()]; !top.ends[from].synSeen && (top.over() || !x.synSeen && x.stream.Started() && !nearNext(x, reassembly.Seq(s.Ack))) {
			return t.begin(sh, top, k, s)
		}
		return top
	}
	old := top.prev
	if old == nil {
		return top
	}
	if top.fits(from, s) {
		if from == record.Resp || !s.Flags.Has(capture.RST) && (top.ends[record.Resp].synSeen || s.Len > 0 || s.Flags.Has(capture.FIN)) {
			t.settle(sh, top)
		}
		return top
	}
	if x := old.from(&s.Src); from == record.Orig && !s.Flags.Has(capture.RST) && top.unanswered() && !old.over() &&
		(old.ends[x].synSeen || old.capture.timeWentBack == 0) && // else it may be its own SYN, out of order
		old.judge(x, s.Flags, reassembly.Seq(s.Seq), reassembly.Seq(s.Ack), s.Len) == 0 {
		t.absorb(sh, top, old)
		return old
	}
	top.answeredByOld(from, s)
	return old
}

// unanswered reports whether nothing came of a connection but SYNs of one end, of
// which nothing was told yet.
func (c *conn) unanswered() bool {
	e, p := &c.ends[record.Orig], &c.ends[record.Resp]
	return e.packets == uint64(e.syns+c.capture.copies[record.Orig].syns) && p.packets == 0 && e.synAcks == 0 && c.details.openKind == record.OpenUnknown &&
		c.mark == 0 && c.details.interim == 0
}

// noneOfItsOpener reports whether a connection is one SYN on the endpoints of one that may
// still live, and was never sent again: whoever opens a connection repeats its SYN, and
// answers the challenge ACK by a RST.
func (c *conn) noneOfItsOpener() bool {
	return c.prev != nil && !c.prev.over() && c.ends[record.Orig].syns == 1 && !c.is(isOldReset) && c.unanswered()
}

// absorbChallenged absorbs an attempt that is over and that nothing but a challenge ACK
// answered, if it was none of its opener; it reports whether it was.
func (t *Tracker) absorbChallenged(sh *shard, i uint32) bool {
	x := t.entries.At(i)
	if x.Class != table.Attempt || x.Prev == 0 {
		return false
	}
	c := t.stateOf(i)
	if c.details.oldAnswer == 0 || !c.noneOfItsOpener() {
		return false
	}
	t.absorb(sh, c, c.prev)
	return true
}

// absorb gives SYNs to the live connection on whose endpoints they came: it goes
// on from its own numbers, so the end in whose name they came did not send them,
// and its other end threw them away (RFC 9293 section 3.10.7.4, fourth; RFC 5961
// section 4). They were no attempt.
func (t *Tracker) absorb(sh *shard, c, live *conn) {
	from := live.from(&c.ends[record.Orig].addr)
	if from == record.Orig {
		live.own().rival(c)
	}
	e := &live.ends[from]
	e.packets += c.ends[record.Orig].packets
	if n := c.capture.duplicates; n > 0 {
		live.caught().duplicates += n
		live.caught().faint.bare += c.capture.faint.bare
		live.caught().faint.data += c.capture.faint.data
	}
	live.last, live.lastPacket = max(live.last, c.last), max(live.lastPacket, c.lastPacket)
	t.anomalies[anomalySYN] += c.ends[record.Orig].packets
	t.latest = latest{}
	i := c.entry
	x := t.entries.At(i)
	sh.lists[x.Class].Remove(&t.entries, i)
	sh.stats.Conns--
	t.held--
	t.bytes -= t.weight(x)
	t.unlink(i, x)
	x.Class, x.Prev, x.Behind, c.prev = table.Gone, 0, false, nil
	t.give(c)
	t.entries.Put(i)
}

// answeredByOld notes that an older connection answered the SYN of this one,
// which has had no other answer: by a challenge ACK (RFC 5961 section 4) or out
// of TIME-WAIT (RFC 9293 section 3.10.7.4). The opener resets it (section
// 3.10.7.3, first) and sends its SYN again.
func (c *conn) answeredByOld(from record.End, s *capture.Segment) {
	switch e := &c.ends[from]; {
	case c.prev == nil || e.synSeen == c.ends[from.Peer()].synSeen:
	case e.synSeen:
		if s.Flags.Has(capture.RST) && c.details.oldAnswer != 0 {
			c.flags |= isOldReset
			c.prev.own().byNewer = true
		}
	case c.details.oldAnswer == 0 && s.Len == 0 && s.Flags.Has(capture.ACK) && !s.Flags.Any(capture.RST|capture.FIN):
		c.own().oldAnswer, c.own().oldConn = s.Packet, c.prev.id
		c.own().oldNumbers(s)
		c.own().oldState = c.prev.ends[c.prev.from(&s.Src)].state
	}
}

// answeredByUnseen is answeredByOld where the capture does not have the older
// connection: from SYN-SENT an ACK of anything but the SYN and its data can only
// be one's challenge ACK.
func (c *conn) answeredByUnseen(from record.End, s *capture.Segment) bool {
	if c.ends[from].synSeen || s.Len > 0 || s.Flags.Has(capture.FIN) {
		return false
	}
	if c.details.oldAnswer == 0 {
		c.own().oldAnswer = s.Packet
		c.own().oldNumbers(s)
	}
	return true
}

// resetsUnseen reports whether a RST is the opener's answer to such an ACK: it
// stands where that pointed, and does not end this connection.
func (c *conn) resetsUnseen(from record.End, s *capture.Segment) bool {
	if c.details.asides == nil || c.ends[from].state != record.SynSent {
		return false
	}
	a := &c.details.asides.of[from.Peer()]
	if a.packet == 0 || a.jumps&jumpAck == 0 || reassembly.Seq(s.Seq) != a.ack {
		return false
	}
	c.flags |= isOldReset
	*a = aside{}
	return true
}

// notePortHeld notes that the end that a SYN goes to has not closed the older connection on these endpoints.
func (c *conn) notePortHeld(old *conn, now int64) {
	x := &old.ends[old.from(&c.ends[record.Resp].addr)]
	switch {
	case x.state <= record.SynSent || old.is(isReset) || x.packets == 0:
	case x.state == record.TimeWait && now >= x.timeWaitUntil:
	default:
		c.own().heldConn, c.own().heldState = old.id, x.state
	}
}

// over reports whether nothing but stragglers can come.
func (c *conn) over() bool {
	return c.class == table.Closed || c.class == table.TimeWait || c.class == table.Closing && c.finMayComeAgain()
}

// ownSYN reports whether a SYN from an end belongs to this connection: its
// first, a repeat, or the other half of a simultaneous open.
func (c *conn) ownSYN(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq := reassembly.Seq(s.Seq)
	switch {
	case e.synSeen:
		return e.isn == seq
	case e.stream.Started() && e.stream.Base() == seq.Add(1):
		return true // its own SYN, captured after what followed it
	case p.state == record.SynSent && p.synAcks == 0 && e.packets == uint64(e.pureACKs):
		return true // simultaneous open (RFC 9293 section 3.5, figure 7), or one split into an ACK and a SYN
	}
	return false
}

// ownSYNACK reports whether a SYN/ACK from an end belongs to this connection.
func (c *conn) ownSYNACK(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if e.synSeen && e.isn == reassembly.Seq(s.Seq) {
		return true
	}
	return p.synSeen && !e.synSeen && p.acksSYN(reassembly.Seq(s.Ack))
}

// acksSYN reports whether an acknowledgment is one of this end's SYN and the
// data on it: ISN+1 to ISN+1+data (RFC 9293 section 3.10.7.3; RFC 7413).
func (e *endpoint) acksSYN(ack reassembly.Seq) bool {
	first := e.isn.Add(1)
	return e.synSeen && first.LessEq(ack) && ack.LessEq(first.Add(e.details.synData))
}

// fits reports whether a segment without SYN belongs to a pending connection
// rather than to the older one behind it.
func (c *conn) fits(from record.End, s *capture.Segment) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	if s.Flags.Has(capture.RST) && from == record.Resp && !e.synSeen {
		return s.Flags.Has(capture.ACK) && p.acksSYN(ack)
	}
	if s.Flags.Has(capture.RST) && from == record.Orig && !p.synSeen {
		// Giving up: at its own numbers. Answering a challenge ACK: at the old ones.
		return seq == e.isn || seq == e.isn.Add(1)
	}
	old, own := &c.prev.ends[c.prev.from(&s.Dst)], &c.prev.ends[c.prev.from(&s.Src)]
	if e.synSeen {
		// A forged SYN may lie inside the old window: then the ACK number tells. One that takes
		// the place of a TIME-WAIT may be answered by a number near the old one (Linux).
		return nearNext(e, seq) && (e.isn.Less(seq) || c.thirdACKAt != 0) &&
			!(s.Flags.Has(capture.ACK) && nearNext(old, ack) && (c.prev.class != table.TimeWait || nearNext(own, seq)))
	}
	return s.Flags.Has(capture.ACK) && p.synSeen && nearNext(p, ack) && !nearNext(old, ack)
}

// nearNext reports whether a number lies within a window's reach of an end's own.
func nearNext(e *endpoint, n reassembly.Seq) bool {
	d := n.Sub(e.sndNxt())
	return d > -1<<20 && d < 1<<20
}

// settle ends the older connection: the new one has been answered.
func (t *Tracker) settle(sh *shard, c *conn) {
	old := c.prev
	if old == nil {
		return
	}
	old.reused(c)
	old.replaced(&c.ends[record.Orig].addr, c.id, c.start)
	t.drop(sh, old.entry, endReuse, t.clock.now)
}

// reused ends the TIME-WAITs of a connection whose endpoints a new one took:
// by a SYN received (RFC 9293 section 3.6.1, RFC 6191) or by one of its own.
func (c *conn) reused(by *conn) {
	for e := record.Orig; e <= record.Resp; e++ {
		if x := &c.ends[e]; x.state == record.TimeWait && by.start < x.timeWaitUntil {
			x.timeWaitUntil, x.timeWaitEnd = max(by.start, x.timeWaitSince), record.TimeWaitReuse
			c.note(record.Moment{Kind: record.MomentTimeWaitReuse, End: e})
			c.set(e, record.Closed, record.Seen, x.timeWaitUntil, by.id)
		}
	}
}

// begin starts a connection at a segment, before an older one on the same endpoints.
func (t *Tracker) begin(sh *shard, old *conn, k *table.Key, s *capture.Segment) *conn {
	c := t.insert(sh, old, k, s)
	if t.forgot && (!s.Flags.Has(capture.SYN) || s.Flags.Has(capture.ACK)) {
		c.flags |= isForgotten
	}
	if t.wrongIP(s) {
		c.own().wrongIP = true
	}
	if c.prev != nil {
		c.inherit(c.prev)
	}
	if old != nil && c.prev != nil && s.Flags.Has(capture.SYN) && !s.Flags.Has(capture.ACK) {
		c.notePortHeld(old, s.Time)
	}
	if old != nil && s.Flags.Has(capture.SYN) && old.class == table.Closed && c.prev != nil {
		// Nothing is left that the SYN could disturb.
		t.settle(sh, c)
	}
	if t.opt.Mark != nil && t.opt.Mark(c.id, c.ends[record.Orig].addr, c.ends[record.Resp].addr) {
		c.own().step = &record.Step{Conn: c.id, Orig: c.ends[record.Orig].addr, Resp: c.ends[record.Resp].addr}
		if old != nil {
			c.note(record.Moment{Kind: record.MomentReusedTuple, Ref: old.id})
		}
	}
	return c
}
