package tracker

import (
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/zeek"
)

// emit hands out the record of a connection that is over and keeps its storage.
func (t *Tracker) emit(f *finished) {
	c := t.stateOf(f.entry)
	c.endedBy, c.silent, c.vague = f.why, f.silent, f.vague
	if c.details.asides != nil {
		t.lastAsides(c)
	}
	t.fill(&t.record, c)
	t.record.Ended = f.at
	r := &t.record
	for e := record.Orig; e <= record.Resp; e++ {
		x := &c.ends[e]
		if x.state == record.TimeWait && c.endedBy == endTimeout {
			c.set(e, record.Closed, record.Seen, x.timeWaitUntil, 0)
			r.Transitions = c.trans
		}
	}
	if t.opt.Events && !c.is(isEndTold) && c.endedBy == endTimeout && r.Open.Kind != record.OpenUnknown {
		kind := record.EventTimedOut
		if !c.is(isOpen) && !c.is(isMidstream) {
			kind = record.EventFailed
		}
		t.sink.Event(&record.Event{Kind: kind, Time: c.last, Record: r})
	}
	t.emitted++
	t.leaving = f.entry
	t.sink.Conn(r)
	if r.Close.ResetText != "" {
		delete(t.shardOf(c).texts, c.id)
	}
	t.cost(c)
	t.give(c)
	t.leaving = 0
	t.entries.Put(f.entry)
}

// fill makes the record of a connection as it stands.
func (t *Tracker) fill(r *record.Record, c *conn) {
	// Cleared, then set field by field: a composite literal would be made
	// elsewhere and copied, which is twice as much.
	*r = record.Record{}
	r.ID, r.Orig, r.Resp = c.id, c.ends[record.Orig].addr, c.ends[record.Resp].addr
	r.FirstPacket, r.LastPacket = c.id, c.lastPacket
	r.File, r.FilePacket, r.Interface = int(c.file), c.filePacket, int(c.iface)
	r.Start, r.End, r.States = c.start, c.last, c.states()
	r.Tunnel, r.TunnelID, r.TunnelPart = c.capture.tunnel, c.capture.tunnelID, c.capture.tunnelPart
	r.Joined, r.JoinedTunnel, r.JoinedID = c.capture.joined.there, c.capture.joined.network.Kind, c.capture.joined.network.ID
	r.VLANs, r.NVLAN = c.vlan, c.nVLAN
	r.Proven = [2]record.State{c.proven(record.Orig), c.proven(record.Resp)}
	r.Unfinished, r.Silent, r.Vague = c.endedBy <= endInput, c.silent, c.vague
	r.ConnState, r.History = c.z.ConnState(), t.historyOf(&c.z)
	r.Mark, r.Transitions, r.Input = c.mark, c.trans, t.opt.Input
	if n := c.details.revision; n > 0 {
		r.Revision = n + 1
	}
	c.fillOpen(&r.Open)
	for e := record.Orig; e <= record.Resp; e++ {
		c.fillEnd(&r.Ends[e], e)
		c.fillKeepalive(&r.Keepalive[e], e)
		if !t.opt.Keyless {
			c.ends[e].fillKey(&r.Ends[e].Key)
		}
	}
	r.KeepaliveOutcome = c.keepaliveOutcome()
	c.fillClose(&r.Close, r.Open.Kind)
	c.fillTimeWait(&r.TimeWait)
	if c.finMayHavePassed() {
		c.hideCloser(r)
	}
	c.fillExchanges(r)
	c.fillDetails(r)
	if c.is(isReset) {
		r.Close.ResetText = t.shardOf(c).texts[c.id]
	}
	c.fillPath(r)
	c.fillEvidence(&r.Evidence, &r.Ends)
	c.fillCapture(&r.Capture, &r.Ends)
	c.fillStamps(r)
}

// historyOf is the history as a text. It is often the same as the one before,
// and then takes no storage.
func (t *Tracker) historyOf(z *zeek.Conn) string {
	if h := z.History(); string(h) != t.history {
		t.history = string(h)
	}
	return t.history
}

func (c *conn) fillCapture(r *record.CaptureRecord, ends *[2]record.EndRecord) {
	a, b := ends[record.Orig].MissingBytes, ends[record.Resp].MissingBytes
	r.Tap, r.Midstream, r.OneWay, r.Truncated = c.tap(), c.is(isMidstream), c.oneWay(), c.is(isTruncated)
	r.OneWayShown, r.Forgotten = r.OneWay && c.showsOneWay(), c.is(isForgotten)
	r.Duplicates, r.Offload, r.TimeWentBack = c.shownCopies(ends), c.is(isOffload), c.capture.timeWentBack
	r.Twice, r.TwiceFile = c.capture.twice, c.twiceFile()
	r.MissingBytes, r.WildBytes = a+b, min(a, c.capture.evidence.wild[record.Orig])+min(b, c.capture.evidence.wild[record.Resp])
	r.AstrayBytes = min(r.MissingBytes-r.WildBytes, c.astray(ends))
	r.GivenUpBytes = c.ends[record.Orig].stream.GivenUp() + c.ends[record.Resp].stream.GivenUp()
	c.fillUnseen(r)
}

// oneWay reports whether the capture holds one direction only of a connection
// that plainly had two: what was seen acknowledges the other end's numbers.
func (c *conn) oneWay() bool {
	for e := record.Orig; e <= record.Resp; e++ {
		if x := &c.ends[e]; c.ends[e.Peer()].packets == 0 && x.ackedAny && x.packets > x.rstPackets() {
			return true
		}
	}
	return false
}

// showsOneWay reports whether the end of which nothing was captured sent
// something in the time that was: the ACKs of the other end advanced, or it went
// on after its SYN or SYN/ACK. A lone segment, or the same ACK again, may answer
// what came before the capture began.
func (c *conn) showsOneWay() bool {
	for e := record.Orig; e <= record.Resp; e++ {
		x, p := &c.ends[e], &c.ends[e.Peer()]
		if x.packets == 0 || p.packets > 0 {
			continue
		}
		syns := uint64(x.syns + x.synAcks)
		return p.span() > 0 || p.finSeen || syns > 0 && x.packets > syns+x.rstPackets()
	}
	return false
}

func (e *endpoint) rstPackets() uint64 { return uint64(e.rsts) }

// tap says where the capture point stands, from how far it is to either end:
// ten times nearer to one is near it. Ends less than 100 us apart can't be told.
func (c *conn) tap() record.Tap {
	toOrig, toResp := c.side(record.Resp), c.side(record.Orig)
	switch {
	case toOrig == 0 || toResp == 0 || toOrig+toResp < 100e3:
		return record.TapUnknown
	case toOrig*10 < toResp:
		return record.TapOrig
	case toResp*10 < toOrig:
		return record.TapResp
	}
	return record.TapBetween
}

func (c *conn) fillOpen(o *record.OpenRecord) {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	o.Kind = c.kindOfOpen()
	o.FastOpen = c.is(isFastOpen)
	o.SYNs, o.SYNACKs = a.syns, b.synAcks
	o.SYNCopies, o.SYNACKCopies = c.capture.copies[record.Orig].syns, c.capture.copies[record.Resp].synAcks
	if c.is(isSimultaneousOpen) {
		o.SYNACKs += a.synAcks
		o.SYNACKCopies += c.capture.copies[record.Orig].synAcks
	}
	o.Answer, o.OldConn = c.details.answer, c.details.oldConn
	if o.Answer.Kind == record.AnswerNone && c.is(isAnswered) {
		o.Answer.Kind = record.AnswerSYNACK
	}
	if c.is(isOpenUntimed) {
		return
	}
	if c.timedThird() && c.synAckAt != 0 {
		o.Orig = c.clientHalf()
	}
	if a.firstSYNPacket == 0 || a.syns == 0 || c.thirdACKAt != 0 && a.firstSYN > c.thirdACK {
		return
	}
	if c.timedThird() {
		o.Felt, o.LastSYN = record.Some(c.thirdACK-a.firstSYN), record.Some(c.thirdACK-a.lastSYN)
		if a.lastSYN > c.thirdACK {
			o.LastSYN = o.Felt
		}
	} else if c.thirdACKAt == 0 && !c.is(isMidstream) {
		until := max(c.details.answered, c.last)
		if c.details.answeredAt != 0 {
			until = c.details.answered
		}
		if until >= a.firstSYN { // else the answer was captured before what it answers
			o.Waited = record.Some(until - a.firstSYN)
		}
	}
	if c.synAckAt != 0 {
		o.Resp = c.serverHalf()
	}
}

// timedThird reports whether it is known when the third ACK came.
func (c *conn) timedThird() bool { return c.thirdACKAt != 0 && !c.is(isThirdMissed) }

// serverHalf is SYN -> SYN/ACK where it is certain which SYN was answered
// (Karn's rule): the only one, or the one that the SYN/ACK's timestamp names.
func (c *conn) serverHalf() (o record.Opt[int64]) {
	a := &c.ends[record.Orig]
	switch {
	case a.firstSYNPacket == 0: // the SYN was not captured
	case a.syns == 1 || a.lastSYN == a.firstSYN || a.lastSYN > c.firstSYNACK && a.syns == 2:
		o = record.Some(c.firstSYNACK - a.firstSYN)
	case c.synAckEcho != 0 && c.synAckEcho == a.lastSYNVal && a.lastSYNVal != a.firstSYNVal:
		o = record.Some(c.firstSYNACK - a.lastSYN)
	case c.synAckEcho != 0 && c.synAckEcho == a.firstSYNVal && a.lastSYNVal != a.firstSYNVal:
		o = record.Some(c.firstSYNACK - a.firstSYN)
	}
	if o.OK && o.V < 0 {
		return record.Opt[int64]{}
	}
	return o
}

// clientHalf is SYN/ACK -> ACK under the same rule.
func (c *conn) clientHalf() (o record.Opt[int64]) {
	b := &c.ends[record.Resp]
	switch {
	case b.synAcks == 1 || b.lastSYN == b.firstSYN || b.lastSYN > c.thirdACK:
		o = record.Some(c.thirdACK - c.firstSYNACK)
	case c.thirdEcho != 0 && c.thirdEcho == b.lastSYNVal && b.lastSYNVal != b.firstSYNVal:
		o = record.Some(c.thirdACK - b.lastSYN)
	}
	if o.OK && o.V < 0 {
		return record.Opt[int64]{}
	}
	return o
}

func (c *conn) kindOfOpen() record.OpenKind {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	switch {
	case c.is(isSimultaneousOpen) && (c.is(isOpen) || a.state >= record.Established && b.state >= record.Established):
		return record.OpenSimultaneous
	case c.is(isMidstream) && a.syns+b.synAcks == 0:
		return record.OpenMidstream
	case c.is(isOpen):
		return record.OpenHandshake
	case c.details.openKind != record.OpenUnknown:
		return c.details.openKind
	case a.has&hasSentData != 0 || b.has&hasSentData != 0 || a.finSeen || b.finSeen || a.syns+b.synAcks > 0 && c.passed(record.Orig, record.Established) && !c.expected(record.Orig):
		return record.OpenHandshake // its third ACK was missed
	case c.endedBy == endEvicted && !c.is(isReset):
		return record.OpenUnknown // what it waited for came, or did not, when it was forgotten
	case b.synAcks == 1 && a.packets == 0:
		return record.OpenUnknown // its ACK may have gone another way, as its SYN did
	case b.synAcks > 0:
		return record.OpenHalfOpen
	case b.packets > uint64(b.rsts), c.is(isReset) && c.resetBy == record.Resp:
		return record.OpenHalfOpen
	}
	return record.OpenNoAnswer
}

// passed reports whether an end went through a state, by edges that stand.
func (c *conn) passed(e record.End, s record.State) bool {
	for i := c.before(e, len(c.trans)); i >= 0; i = c.before(e, i) {
		if c.trans[i].To == s {
			return true
		}
	}
	return false
}

func (c *conn) fillClose(r *record.CloseRecord, open record.OpenKind) {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	r.First, r.Segments = c.first, c.segments
	r.ResetBy, r.ResetIn, r.ResetCause, r.ResetPacket = c.resetBy, c.details.resetIn, c.details.resetCause, c.details.resetPacket
	if c.resetBy != record.NoEnd {
		r.ResetTTL = record.Some(c.details.resetTTL)
	}
	r.RSTsIgnored, r.Ignored = c.details.rstsIgnored, c.details.ignored
	for e := record.Orig; e <= record.Resp; e++ {
		x := &c.ends[e]
		r.FINs[e], r.FINCopies[e], r.RSTs[e] = x.fins, c.capture.copies[e].fins, x.rsts
		if x.finSeen {
			r.FINTime[e], r.FINPacket[e] = record.Some(x.finTime), x.finPacket
		}
		if x.finAcked {
			r.FINAcked[e] = record.Some(x.finAckedTime)
		}
	}
	switch {
	case open.Failed():
		r.Kind = record.CloseNeverOpened
	case c.closed():
		r.Kind = record.CloseNormal
	case c.is(isReset):
		r.Kind = record.CloseReset
	case c.endedBy == endEvicted:
		r.Kind = record.CloseEvicted
	case open == record.OpenUnknown:
		r.Kind = record.CloseUnknown
	case a.finSeen && b.finSeen && (a.finAsked() || b.finAsked()) && c.onlyFlagged():
		r.Kind = record.CloseUnknown // the ACK has no flag that the filter lets through
	case a.finAcked || b.finAcked:
		r.Kind = record.CloseHalfClosed
	case a.finSeen || b.finSeen:
		r.Kind = record.CloseUnackedFIN
	case (a.has|b.has)&hasRepeatedData != 0 && (c.silent >= timedOutAfter || c.details.ignored.GaveUp) && !c.oneWay():
		r.Kind = record.CloseTimedOut
	default:
		r.Kind = record.CloseOpen
	}
	if !c.closed() {
		r.Segments = 0
	}
	r.Quiet = c.quietBeforeFIN()
	if c.resetBy <= record.Resp {
		e, p := &c.ends[c.resetBy], &c.ends[c.resetBy.Peer()]
		r.Crossed = c.details.crossed || p.lastData != 0 && p.lastData > c.details.resetTime
		if !e.finSeen || p.lastData >= e.finTime-lateMost { // what passed sooner was not under way at its FIN
			r.Unheard = uint64(p.unacked())
		} else {
			r.Missed = uint64(p.unacked())
		}
	}
	if c.first <= record.Resp {
		x, y := &c.ends[c.first], &c.ends[c.first.Peer()]
		if x.finAcked {
			r.BytesAfterFIN = record.Some(c.details.bytesAfterFIN)
			if y.finSeen {
				r.HalfClose = record.Some(max(0, y.finTime-x.finAckedTime))
			}
		}
	}
}

func (c *conn) fillTimeWait(r *record.TimeWaitRecord) {
	r.Holder = record.NoEnd
	for e := record.Orig; e <= record.Resp; e++ {
		x := &c.ends[e]
		if x.has&hasTimeWait == 0 || !c.ends[e.Peer()].finAcked {
			continue // nothing shows that it got the other end's FIN
		}
		if r.Holder == record.NoEnd {
			r.Holder, r.Since, r.Until, r.EndedBy = e, x.timeWaitSince, x.timeWaitUntil, x.timeWaitEnd
		} else {
			r.Holder, r.Since = record.Both, min(r.Since, x.timeWaitSince)
			if r.Until < x.timeWaitUntil { // the one that ended last
				r.Until, r.EndedBy = x.timeWaitUntil, x.timeWaitEnd
			}
		}
		r.Restarts += x.restarts
	}
	if r.Holder == record.NoEnd || r.EndedBy != record.TimeWaitLasts {
		return
	}
	switch c.endedBy {
	case endTimeout:
		r.EndedBy = record.TimeWait2MSL
	case endInput:
		r.EndedBy = record.TimeWaitInputEnd
	}
}

func (c *conn) fillKeepalive(r *record.KeepaliveRecord, e record.End) {
	k := &c.ends[e].details.probe
	if k.probes == 0 {
		return
	}
	*r = record.KeepaliveRecord{Probes: k.probes, Answered: k.answered, Unanswered: k.probes - min(k.answered, k.probes), Last: k.last}
	if k.hasIdle {
		r.Idle = record.Some(k.idle)
	}
	if k.unansweredGap > 0 {
		r.Interval = record.Some(k.unansweredGap)
	} else if k.answeredGap > 0 {
		r.Interval = record.Some(k.answeredGap)
	}
}

func (c *conn) keepaliveOutcome() record.KeepaliveOutcome {
	outcome := record.KeepaliveNone
	for e := record.Orig; e <= record.Resp; e++ {
		k := &c.ends[e].details.probe
		switch {
		case k.probes == 0:
		case c.ends[e.Peer()].packets == 0:
			return record.KeepaliveUnknown // the answers went another way
		case c.details.resetCause == record.ResetKeepaliveDead && c.resetBy == e, k.pending >= keepaliveCount:
			return record.KeepaliveDead
		case k.pending > 0:
			outcome = record.KeepaliveUnknown
		case outcome == record.KeepaliveNone:
			outcome = record.KeepaliveAlive
		}
	}
	return outcome
}

// timedOutAfter is how long nothing must come after repeated data for it to be
// called silence: longer than the repeats of one try to reach the other end
// lie apart at first, in nanoseconds.
const timedOutAfter = 60 * second
