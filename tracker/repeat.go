package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// repeatClass says why data was sent again.
type repeatClass uint8

const (
	repeatOther repeatClass = iota // what a timeout left behind, or nothing seen tells
	repeatRTO                      // retransmission timeout (RFC 6298)
	repeatFast                     // duplicate ACKs or SACK told that it was missing (RFC 5681, 6675, 8985)
	repeatTLP                      // tail loss probe (RFC 8985 section 7)
	nRepeatClasses
)

// String is the class in words for people.
func (r repeatClass) String() string {
	return [...]string{"loss recovery", "timeout", "fast retransmit", "tail loss probe"}[r]
}

// minRTO is Linux's TCP_RTO_MIN, 200 ms, less what a timer may seem early at
// the tap: no timeout repeats a segment sooner. RFC 6298 has 1 s.
const minRTO = 190e6

// takeRepeat takes data that was seen before (known) or that fills a gap and
// was not overtaken: sent again because it was lost before the tap. It reports
// whether the flight knows it.
func (t *Tracker) takeRepeat(c *conn, from record.End, s *capture.Segment, now int64, again uint32, lostBefore bool) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	x := t.sends(e)
	seq := reassembly.Seq(s.Seq)
	to := seq.Add(s.Len)
	x.rtt.sentAgain(s, now)
	e.own().retx++
	e.own().retxBytes += uint64(again)
	una := e.stream.Una()
	was, known := x.flight.Repeat(seq, to, now, s.IPID)
	sack := e.has&p.has&hasSACK != 0 || x.loss.sackBlocks > 0 // where no SYN was captured, blocks tell
	if seq == una && was.Times == 1 && uint64(x.dupAcks)+1 >= uint64(x.flight.Len()) && !sack {
		x.flight.Arrive() // a duplicate ACK came for each of the others (RFC 5681 section 3.2)
	}
	acked := to.LessEq(una) && p.packets > 0
	class := x.classify(e, seq, to, was, known, sack, c.pathTime(), c.side(from.Peer()) > 0, now)
	if p.packets == 0 {
		class = repeatOther // what sets a sender off, an ACK or its absence, was not captured
	}
	x.losing().classes[class]++
	refused := x.loss.refused.wasRefused(seq)
	x.losing().refused.alone = x.loss.refused.alone && x.loss.refused.wrongSeq != seq
	if !c.doubledAgain(from, was, known, class, s, now) && !acked {
		if x.loss.repeatAt == 0 {
			x.losing().repeatTime = now
		}
		noteFirst(&x.losing().repeatAt, s.Packet)
	}
	mark := reassembly.Repeated(0)
	m := record.Moment{Kind: record.MomentRetransmission, End: from, N: uint64(again), Cause: class.String()}
	if known {
		m.Since, m.Ref = now-was.First, was.Packet
	}
	switch {
	case acked:
		mark = reassembly.AsNeedless
		x.needless(to, false, s.Packet)
	case known && was.SACKed:
		m.Cause += ", needless: the receiver has it (SACK)"
		x.needless(to, false, s.Packet)
	case known && was.Refused && was.Times == 1:
		c.troubled().ends[from].tooBig.Again++
		m.Cause += ", refused as too big (ICMP)"
	case known && was.Arrived:
		m.Cause += ", not kept: a duplicate ACK told that it had arrived"
	case refused:
		x.losing().refused.again++
	case lostBefore && seq.Less(e.stream.Base().Add(c.capture.evidence.early[from])):
		// it was sent before the capture began: where it was lost nothing tells
	case lostBefore:
		x.losing().lostBefore++
		x.waited(class, now-max(e.lastSend, p.lastSend))
	default:
		x.losing().lostAfter++
		mark = reassembly.AsLost
		if known {
			x.unscaled.lose(was, s.Packet)
			c.loseLong(from, was, s)
		}
		if known && was.Times > 1 {
			x.losing().lostAgain++
			mark |= reassembly.AsLostAgain
		}
		if quiet := now - max(e.lastSend, p.lastSend); !known || was.Times > 1 || quiet <= longestFirst || to.LessEq(was.To) {
			x.waited(class, quiet)
		}
		c.stuckAgain(from, seq, to, s, now)
		if una.Less(e.stream.Next()) {
			e.has |= hasRepeatedData
		}
	}
	if s.Options&capture.OptTimestamps != 0 && !acked && seq.LessEq(una) {
		x.losing().eifelTo, x.losing().eifelVal, x.losing().eifelSet = to, s.TSVal, true
	}
	x.awaitsAnswer(t, c, from, s, class == repeatRTO && known && !sack && !acked, mark)
	c.note(m)
	return known
}

// awaitsAnswer notes a repeat among what the other end will answer; a timeout begins that where neither
// SACK nor timestamps will tell what had arrived. The repeat itself is in the flight already.
func (x *sender) awaitsAnswer(t *Tracker, c *conn, from record.End, s *capture.Segment, timeout bool, mark reassembly.Repeated) {
	a := x.loss.answers
	if timeout && !a.Follows() && s.Options&capture.OptTimestamps == 0 {
		if a == nil {
			a = t.parts.answers.take()
			x.losing().answers = a
		}
		a.Start(&x.flight, c.ends[from].stream.Una(), reassembly.Seq(s.Seq).Add(s.Len))
	}
	a.Send(ends(s, reassembly.Seq(s.Seq).Add(s.Len)), mark)
}

// ends is the number behind a segment with data that ends at to, its FIN counted.
func ends(s *capture.Segment, to reassembly.Seq) reassembly.Seq {
	if s.Flags.Has(capture.FIN) {
		return to.Add(1)
	}
	return to
}

// answered takes an ACK for what it answers: a repeat that draws a duplicate ACK was needless.
func (x *sender) answered(s *capture.Segment) {
	a := x.loss.answers
	if s.Len > 0 || s.NSACK > 0 || s.Flags.Has(capture.FIN) || s.Options&capture.OptTimestamps != 0 {
		a.Stop()
		return
	}
	n, y := a.Ack(reassembly.Seq(s.Ack), s.Window), x.losing()
	if n.Repeats == 0 {
		return
	}
	y.lostAfter -= min(uint32(n.Lost), y.lostAfter)
	y.lostAgain -= min(uint32(n.LostAgain), y.lostAgain)
	y.spurious += uint32(n.Repeats)
	noteFirst(&y.needlessAt, s.Packet)
}

// longestFirst is the longest pause before a first repeat with more data behind it that a timer made: it begins at a second or
// less, at three seconds or a few round trips (RFC 6298 sections 2 and 5.7). After a longer one the sender had
// nothing to repeat, but new data to send (some old systems wait 64 s, and then repeat the segment alone).
const longestFirst = 20 * second

// waited adds for how long nothing had come from either end before data that was lost is sent again.
func (x *sender) waited(class repeatClass, quiet int64) {
	if (class == repeatRTO || class == repeatTLP) && quiet > 0 { // a timer set it off
		x.losing().standing += quiet
	}
}

// pathTime is the shortest round trip over the whole path, whatever the place
// of the tap: what lies on either side of it, by the handshake or by data,
// whichever was faster; 0 when neither is known.
func (c *conn) pathTime() int64 {
	return c.side(record.Orig) + c.side(record.Resp)
}

// side is the shortest round trip from the tap to the end that answers e, 0
// when it is not known.
func (c *conn) side(e record.End) int64 {
	ns := c.handshakeTime(e)
	if x := c.ends[e].sender; x != nil && x.rtt.n > 0 && (ns == 0 || x.rtt.min < ns) {
		ns = x.rtt.min
	}
	return ns
}

// classify says why the data from..to was sent again, and follows what the
// sender is doing about loss; whole tells that path holds the way to the sender too. It rests on what set the sender off: an ACK that
// passed the tap up to a round trip ago, or, after silence, a timer.
func (x *sender) classify(e *endpoint, from, to reassembly.Seq, was reassembly.Sent, known, sack bool, path int64, whole bool, now int64) repeatClass {
	silence := now - max(x.heard, e.lastData)
	pause := path + path/2 + 2e6 // longer than an ACK needs to set a repeat off
	if !whole {
		pause = max(pause, second) // how far off the sender is nothing tells
	}
	timer := silence > pause
	waited := silence
	if known {
		// The timer counts from the segment's last transmission: a tail loss
		// probe in between does not start it anew (RFC 8985 section 7.3).
		waited = now - was.Last
	}
	timeout := timer && waited >= minRTO
	missing := x.dupAcks > 0 && !sack || x.flight.SACKedAbove(from)
	recovering := x.loss.mode != recoverNone && from.Less(x.loss.recover)
	if x.loss.probeGap >= minRTO && timer && doubled(x.loss.probeGap, now-x.loss.probeAt) {
		// A probe sooner than any timeout is one. Else the repeat after it comes
		// after one timeout, which is about the same pause; after a timeout it is
		// doubled (RFC 6298 section 5.5): that was no probe.
		x.losing().classes[repeatTLP]--
		x.losing().classes[repeatRTO]++
	}
	probed := x.loss.probeGap > 0
	x.losing().probeGap = 0
	switch {
	case recovering && x.loss.mode == recoverLoss:
		if timeout {
			x.losing().provable = true
			return repeatRTO // backed off
		}
		return repeatOther
	case !timer && (missing || recovering):
		return x.enter(recoverFast, repeatFast, e)
	case now-max(x.news, e.lastData) > pause && !probed && !missing && !recovering && sack && to == e.stream.Next() && (!known || was.Times == 1):
		x.losing().probeGap, x.losing().probeAt = max(1, now-max(x.news, e.lastData)), now
		if e.stream.Una().Less(from) {
			x.losing().probeGap = 1 // a timeout would have repeated what is before it
		}
		return repeatTLP
	case timeout:
		x.losing().provable = !recovering // RFC 5682 section 2.1, step 1
		return x.enter(recoverLoss, repeatRTO, e)
	case missing || recovering || !timer && x.heard != 0 && whole:
		// RACK's reordering timer; or set off by an ACK that carried data.
		return x.enter(recoverFast, repeatFast, e)
	}
	return repeatOther
}

// doubled reports whether a pause is twice another, but for what a timer may be late.
func doubled(one, two int64) bool {
	return two > one*19/10 && two < one*21/10+10e6
}

func (x *sender) enter(m recovery, class repeatClass, e *endpoint) repeatClass {
	if x.loss.mode != m || x.loss.recover.LessEq(e.stream.Una()) {
		x.losing().mode, x.losing().recover = m, e.stream.Next()
	}
	return class
}

// fileData files the payload of a segment with what was sent before, and
// reports whether all of it was a repeat.
func (t *Tracker) fileData(c *conn, from record.End, s *capture.Segment, now int64, a reassembly.Added) (repeat bool) {
	e := &c.ends[from]
	x := t.sends(e)
	x.sized(&c.ends[from.Peer()], s)
	if a.Gap+a.Filled > 0 || a.New > 0 && a.Again > 0 {
		x.loss.answers.Stop()
	}
	if a.Again > 0 && s.Head != 0 {
		t.compare(c, from, s)
	}
	stale := a.New == 0 && x.stale(s, now)
	if stale {
		x.loss.answers.Stop() // it was doubled, or came another way
	} else {
		x.mark(s)
	}
	if a.New > 0 {
		if x.rtt.held != 0 {
			c.afterHeld(from, s, now)
		}
		next := e.stream.Next()
		x.sentNew(next.Add(-a.New), next, a.Gap > 0, s, now)
		x.reaches(e, &c.ends[from.Peer()], next)
	}
	if a.Filled > 0 {
		switch {
		case c.seenLate(from, s, e.stream.Next().Add(-a.New), now):
			c.tooLate(from, a.Filled, now-x.heard, s.Packet)
		case x.overtaken(s, now):
			c.tooLate(from, a.Filled, now-x.loss.gapAt, s.Packet)
		default:
			t.takeRepeat(c, from, s, now, a.Filled, true)
		}
		if a.Filled == s.Len {
			x.sentUnseen(e, s, now)
		}
	} else if a.Again > 0 && !stale && !t.takeRepeat(c, from, s, now, a.Again, false) && a.New == 0 {
		x.sentUnseen(e, s, now)
	}
	return a.New == 0 && a.Filled == 0
}

// sentUnseen puts into the flight what was sent before in a segment that the capture has not, as
// before it began.
func (x *sender) sentUnseen(e *endpoint, s *capture.Segment, now int64) {
	seq := reassembly.Seq(s.Seq)
	if to := seq.Add(s.Len); e.stream.Una().Less(to) {
		x.flight.Send(seq, to, now, s.Packet, s.IPID)
		x.flight.Repeat(seq, to, now, s.IPID) // no sample: its first time is not known
	}
}

// compare counts a segment that carries other bytes than the one that was sent first under the
// same number, where that is still known: of two of equal length, their first 8 bytes and
// their sums as the TCP checksums tell them differ, and its own checksum is right. So the
// first was not spoiled on its way: its checksum would be that of these bytes. Of others the first
// 8 bytes differ, and no packet of this sender is known to have been spoiled.
func (t *Tracker) compare(c *conn, from record.End, s *capture.Segment) {
	x := c.ends[from].sender
	was := x.flight.Find(reassembly.Seq(s.Seq))
	if was == nil || was.Head == 0 || was.From != reassembly.Seq(s.Seq) || was.Head == s.Head {
		return
	}
	sum, ok := s.PayloadSum()
	if !ok || was.Len() == s.Len && was.Sum == sum || was.Len() != s.Len && x.loss.refused.wrong > 0 || t.verified(s) != capture.MarkChecksumOK {
		return
	}
	x.losing().conflicts++
	if x.ownCount(s) && s.TTL == c.ends[from].ttl {
		x.losing().conflictsOwn++
	}
	noteFirst(&x.losing().conflictAt, s.Packet)
	c.note(record.Moment{Kind: record.MomentConflict, End: from, Ref: was.Packet})
}

// tooLate counts a segment that came late by span and filled n bytes of a gap.
func (c *conn) tooLate(from record.End, n uint32, span int64, packet uint64) {
	e := &c.ends[from]
	e.own().outOfOrder++
	noteFirst(&e.sender.losing().lateAt, packet)
	e.sender.losing().late = max(e.sender.loss.late, span)
	c.note(record.Moment{Kind: record.MomentOutOfOrder, End: from, N: uint64(n), Span: span})
}

// handshakeTime is the half of the handshake that runs from this end's segment
// to the other end's answer; 0 when it is not known.
func (c *conn) handshakeTime(e record.End) int64 {
	if c.is(isOpenUntimed) || c.synAckAt == 0 || c.thirdACKAt == 0 {
		return 0
	}
	if e == record.Orig {
		return c.serverHalf().V
	}
	if c.is(isThirdMissed) {
		return 0
	}
	return c.clientHalf().V
}
