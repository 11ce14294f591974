package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// details are what only a connection with trouble, or with an opening or an end that is not the
// common one, has to tell: see conn.own.
type details struct {
	step    *record.Step // the row being drawn, when the connection was marked
	trouble *trouble     // nil for most
	asides  *asides      // nil for most

	synAckLost uint8         // SYN/ACK repeats that contradicted an expected ESTABLISHED
	revision   uint32        // interim records that were made
	oldAnswer  uint64        // packet by which an older connection on these endpoints answered the SYN
	oldConn    uint64        // its ID
	answer     record.Answer // but for a SYN/ACK: see isAnswered
	answered   int64         // when a failing answer came
	answeredAt uint64
	openKind   record.OpenKind // set by what ends the attempt early
	interim    int64           // since when no interim record was made, 0 for the start

	bytesAfterFIN uint64
	resetIn       record.State
	resetCause    record.ResetCause
	resetPacket   uint64
	resetTTL      uint8
	resetTime     int64
	rstsIgnored   uint32
	ignored       record.IgnoredRST // the first of those

	synsAgain    [record.MaxSYNsAgain]uint32 // milliseconds from the first SYN to each repeat
	nSYNsAgain   uint8
	synAgainAt   uint64 // packet of the first repeat
	synAnswered  bool   // a SYN/ACK had passed before it
	synHeard     bool   // the first SYN/ACK echoes the timestamp of a SYN before the last
	synsOther    uint8  // SYNs with the same number that carry other data or more options: no repeats
	nextConn     uint64 // ID of the attempt by which its opener replaced it, on the same endpoints
	nextAfter    uint32 // microseconds from its last packet to that
	nSYNACKs     uint8  // SYN/ACKs sent again
	synAckAt     uint64 // packet of the first repeat
	synAckAfter  uint32 // milliseconds from the first SYN/ACK to the last
	oldAnswered  bool   // the third ACK came after a repeated SYN, and no SYN/ACK passed between the two: it answers one that passed before
	synAcksTaken uint8  // ACKs by which the opener answered SYN/ACKs after its third ACK, nothing else having come from the responder
	acksIgnored  uint8  // SYN/ACKs repeated after the third ACK was seen
	ignoredAt    uint64 // packet of the first of those
	ignoredTime  int64
	oldState     record.State // in which the older connection was that answered the SYN
	odd          record.ResetSigns
	resetQuiet   uint32 // milliseconds from what its sender had sent before to the first RST
	resetAfter   uint32 // milliseconds from the other end's last segment to the first RST
	resetNxt     uint32 // up to where its sender had sent when the first RST came
	resetEcho    uint32 // TSecr of the first segment that its receiver sent a second or more after it; 0 for none
	resetLen     uint32 // bytes that the first RST carries, from there on
	smallLink    bool   // its SYNs were captured on a link whose own MTU is small
	crossed      bool   // the first RST acknowledges less than its other end had sent by then
	resetAlso    bool   // the first RST came with another TTL, and one with its sender's own too
	refused      bool   // a RST answered the SYN, and the opener tried again
	challengedAt int64  // when a segment came last that its receiver must answer by a challenge ACK
	oldSeq       uint32 // numbers of the ACK by which the older connection answered the SYN
	oldAck       uint32
	oldWentOn    uint32 // data segments by which its opener went on from there
	oldWentOnAt  uint64 // packet of the first of those
	rivalISN     uint32 // number of a SYN on these endpoints that is of another opener: this one went on
	rivalAt      uint64 // its packet; 0 for none
	rivalTime    int64
	rivalAgain   uint64 // packet of its first repeat
	fastClosed   bool   // an end closed the MPTCP connection that this is a path of (RFC 8684 section 3.5)
	byNewer      bool   // the opener reset it because it answered the SYN of a newer connection
	heldConn     uint64 // ID of an older connection that the listener had not closed when the SYN came
	heldState    record.State
	fastOpen     bool      // its SYN asked for a fast-open cookie, or carried one or data (RFC 7413)
	synData      bool      // its SYN carried data
	signed       bool      // its SYN was signed (RFC 2385, RFC 5925)
	dataLast     bool      // the last segment of the other end before the first RST carried data, unanswered
	synAcksOther uint8     // SYN/ACKs with another initial sequence number
	goodbye      bool      // an end's last data was the goodbye of its protocol when the first RST came
	strange      [2]uint8  // data segments in an end's name that something else seems to have sent
	strangeAt    [2]uint64 // packet of the first of those
	dataTTL      [2]uint8  // of an end's first data, where what it had sent before came another way; else 0
	wrongIP      bool      // the IP header of each of its packets had a wrong checksum
	hopsLost     uint8     // the most hops that a packet had lost when it passed the capture point again
}

// resentMin is the least time after which something is sent again: Linux's RTO is
// never shorter than 200 ms. What comes sooner the path or the capture doubled.
const resentMin = second / 10

// synAgain notes a repeated SYN: first and last are when it was sent before,
// answered tells that a SYN/ACK has passed since.
func (f *details) synAgain(first, last, now int64, packet uint64, answered bool) {
	if now-last < resentMin {
		return
	}
	if f.nSYNsAgain == 0 {
		f.synAgainAt, f.synAnswered = packet, answered
	}
	if int(f.nSYNsAgain) < len(f.synsAgain) {
		f.synsAgain[f.nSYNsAgain] = uint32((now - first) / 1e6)
		f.nSYNsAgain++
	}
}

// synAckAgain notes a repeated SYN/ACK: first and last are when it was sent
// before, acked when its ACK passed the tap, 0 for not yet, and way is the
// longest that the responder can be off.
func (f *details) synAckAgain(first, last, acked, way, now int64, packet uint64) {
	if now-last < resentMin || acked != 0 && now-acked < way+resentMin {
		return // doubled, or it was under way when the ACK passed
	}
	if f.nSYNACKs == 0 {
		f.synAckAt = packet
	}
	f.nSYNACKs = min(f.nSYNACKs, 254) + 1
	f.synAckAfter = uint32((now - first) / 1e6)
	if acked == 0 {
		return
	}
	if f.acksIgnored == 0 {
		f.ignoredAt, f.ignoredTime = packet, now
	}
	f.acksIgnored = min(f.acksIgnored, 254) + 1
}

// replaced notes that the opener gave an attempt up for another on the same endpoints.
func (c *conn) replaced(opener *capture.Endpoint, id uint64, at int64) {
	if c.thirdACKAt == 0 && !c.is(isMidstream) && opener.Is(&c.ends[record.Orig].addr) {
		c.own().nextConn, c.own().nextAfter = id, uint32(min(max(0, at-c.last)/1e3, 1<<32-1))
	}
}

// answersWithin is how long after the third ACK an ACK may answer a SYN/ACK that was
// under way then: longer than any queue holds a packet.
const answersWithin = 10 * second

// takesSYNACK notes an ACK that says no more than the third one did: an open connection
// answers so each further SYN/ACK that arrives (RFC 9293 section 3.10.7.4). Where none was captured its
// timestamp has to tell that it answers another one.
func (c *conn) takesSYNACK(from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	first := p.isn.Add(1)
	if p.synAcks == 0 {
		if c.thirdEcho == 0 || s.TSEcr == c.thirdEcho || p.packets > 0 || p.stream.Span() > 0 {
			return
		}
		first = p.stream.Next()
	}
	if from == record.Orig && c.thirdACKAt != 0 && c.thirdACKAt != s.Packet && now-c.thirdACK <= answersWithin &&
		reassembly.Seq(s.Ack) == first && p.stream.Next() == first && !p.finSeen && reassembly.Seq(s.Seq) == e.sndNxt() {
		c.own().synAcksTaken = min(c.details.synAcksTaken, 254) + 1
	}
}

// synAckLate is the time from the first SYN/ACK to the third ACK where SYN/ACKs were sent
// again though they had arrived, later than the opener waits before it repeats its SYN.
func (c *conn) synAckLate() int64 {
	p := &c.ends[record.Resp]
	echoed := p.synAcks > 1 && c.details.synAnswered && c.thirdEcho != 0 && c.thirdEcho == p.firstSYNVal && p.firstSYNVal != p.lastSYNVal
	if c.timedThird() && c.synAckAt != 0 && (echoed || c.details.oldAnswered || c.details.synAcksTaken > 0 && uint32(c.details.synAcksTaken) >= p.synAcks-1) {
		return max(c.thirdACK-c.firstSYNACK, 0)
	}
	return 0
}

// longestGoodbye is how many bytes the message by which a protocol ends has at most.
const longestGoodbye = 80

// tookLeave notes whether the data at hand is an end's goodbye.
func (t *Tracker) tookLeave(e *endpoint, s *capture.Segment) {
	if s.Len <= longestGoodbye && t.opt.Goodbye != nil && s != &t.late {
		e.has = e.has&^isLeaving | isLeaving*endFlags(asBit(t.opt.Goodbye()))
	} else {
		e.has &^= isLeaving
	}
}

// oldNumbers notes the numbers of the older connection whose ACK answered the SYN.
func (f *details) oldNumbers(s *capture.Segment) { f.oldSeq, f.oldAck = s.Seq, s.Ack }

// rival notes the SYN of an attempt that came to nothing, as this connection went on.
func (f *details) rival(c *conn) {
	if e := &c.ends[record.Orig]; f.rivalAt == 0 {
		f.rivalISN, f.rivalAt, f.rivalTime = uint32(e.isn), c.id, c.start
	}
}

// sawRival notes a SYN that is not this connection's: where it repeats an earlier one,
// another opener waits for its answer.
func (f *details) sawRival(s *capture.Segment) {
	if f.rivalAt != 0 && f.rivalAgain == 0 && s.Seq == f.rivalISN && s.Time-f.rivalTime >= resentMin {
		f.rivalAgain = s.Packet
	}
}

// goesOn notes a segment of the opener whose numbers do not fit the connection: data
// that goes on from where the older connection's ACK stood is that one's.
func (f *details) goesOn(s *capture.Segment) {
	if s.Len == 0 || s.Seq-f.oldAck >= maxOldSent {
		return
	}
	if f.oldWentOn == 0 {
		f.oldWentOnAt = s.Packet
	}
	f.oldWentOn++
}

// maxOldSent is how far from its last number known an older connection's data is
// taken for that.
const maxOldSent = 1 << 20

// hopsLost is by how many hops fewer a copy of a segment of e has left than its end's packets have.
func (e *endpoint) hopsLost(s *capture.Segment) uint8 {
	if e.has&hasTTL != 0 && s.IPID != 0 && s.TTL < e.ttl {
		return e.ttl - s.TTL
	}
	return 0
}

// resetDetails notes the first RST.
func (c *conn) resetDetails(from record.End, s *capture.Segment, now int64) {
	f, e, p := c.own(), &c.ends[from], &c.ends[from.Peer()]
	f.odd, f.resetQuiet, f.resetAfter = c.signsOf(from, s, now), e.quiet(now), p.quiet(now)
	f.resetNxt, f.goodbye = s.Seq, (e.has|p.has)&isLeaving != 0
	f.dataLast = p.lastData != 0 && p.lastData == p.lastSend && p.lastData >= e.lastData
	f.crossed = s.Flags.Has(capture.ACK) && p.stream.Started() && reassembly.Seq(s.Ack).Less(p.stream.Next())
	if nxt := e.sndNxt(); e.stream.Started() && reassembly.Seq(s.Seq).Less(nxt) {
		f.resetNxt = uint32(nxt)
	} else {
		f.resetLen = s.Len
	}
}

// quiet is how many milliseconds ago an end sent its last segment; 0 for never.
func (e *endpoint) quiet(now int64) uint32 {
	if e.lastSend == 0 {
		return 0
	}
	return uint32(min((now-e.lastSend)/1e6, 1<<32-1))
}

// details walks over them.
func (w *packer[W]) details(n int, c *conn) int {
	f := c.details
	if w.loads() {
		f = c.own()
	}
	n = number(w, n, &f.synAckLost)
	n = w.packet(n, &f.oldAnswer, c.id)
	n = w.packet(n, &f.oldConn, c.id)
	n = number(w, n, &f.answer.Kind)
	n = number(w, n, &f.answer.Type)
	n = number(w, n, &f.answer.Code)
	for i := range f.answer.From {
		n = number(w, n, &f.answer.From[i])
	}
	n = w.time(n, &f.answered, c.start)
	n = w.packet(n, &f.answeredAt, c.id)
	n = number(w, n, &f.openKind)
	n = w.revised(n, f, c)
	n = number(w, n, &f.bytesAfterFIN)
	n = number(w, n, &f.resetIn)
	n = number(w, n, &f.resetCause)
	n = w.packet(n, &f.resetPacket, c.lastPacket)
	n = number(w, n, &f.resetTTL)
	n = w.time(n, &f.resetTime, c.last)
	n = number(w, n, &f.rstsIgnored)
	n = w.ignored(n, f, c)
	n = number(w, n, &f.nSYNsAgain)
	for i := range f.synsAgain {
		n = number(w, n, &f.synsAgain[i])
	}
	n = w.packet(n, &f.synAgainAt, c.id)
	n = w.flag(n, &f.synAnswered)
	n = w.flag(n, &f.synHeard)
	n = number(w, n, &f.synsOther)
	n = w.packet(n, &f.nextConn, c.id)
	n = number(w, n, &f.nextAfter)
	n = number(w, n, &f.nSYNACKs)
	n = w.packet(n, &f.synAckAt, c.id)
	n = number(w, n, &f.synAckAfter)
	n = w.flag(n, &f.byNewer)
	n = w.flag(n, &f.fastClosed)
	n = w.flag(n, &f.oldAnswered)
	n = number(w, n, &f.synAcksTaken)
	n = number(w, n, &f.acksIgnored)
	n = w.packet(n, &f.ignoredAt, c.id)
	n = w.time(n, &f.ignoredTime, c.start)
	n = number(w, n, &f.oldState)
	n = number(w, n, &f.odd)
	n = number(w, n, &f.resetQuiet)
	n = number(w, n, &f.resetAfter)
	n = number(w, n, &f.resetNxt)
	n = number(w, n, &f.resetLen)
	n = number(w, n, &f.resetEcho)
	n = w.flag(n, &f.smallLink)
	n = w.flag(n, &f.crossed)
	n = w.flag(n, &f.resetAlso)
	n = w.flag(n, &f.refused)
	n = w.packet(n, &f.heldConn, c.id)
	n = number(w, n, &f.heldState)
	n = w.flag(n, &f.fastOpen)
	n = w.flag(n, &f.synData)
	n = w.flag(n, &f.signed)
	n = w.flag(n, &f.wrongIP)
	n = w.flag(n, &f.goodbye)
	n = w.flag(n, &f.dataLast)
	n = number(w, n, &f.synAcksOther)
	for i := range f.dataTTL {
		n = number(w, n, &f.strange[i])
		n = w.packet(n, &f.strangeAt[i], c.lastPacket)
		n = number(w, n, &f.dataTTL[i])
	}
	n = number(w, n, &f.hopsLost)
	n = number(w, n, &f.oldSeq)
	n = number(w, n, &f.oldAck)
	n = number(w, n, &f.oldWentOn)
	n = w.packet(n, &f.oldWentOnAt, c.lastPacket)
	n = number(w, n, &f.rivalISN)
	n = w.packet(n, &f.rivalAt, c.lastPacket)
	n = w.time(n, &f.rivalTime, c.last)
	n = w.packet(n, &f.rivalAgain, c.lastPacket)
	return w.time(n, &f.challengedAt, c.last)
}

// revised walks over how many interim records were made, and when the last: one number where none was.
func (w *packer[W]) revised(n int, f *details, c *conn) int {
	x := uint64(f.revision)<<1 | asBit(f.interim != 0)
	n = number(w, n, &x)
	if w.loads() {
		f.revision, f.interim = uint32(x>>1), 0
	}
	if x&1 != 0 {
		n = w.time(n, &f.interim, c.start)
	}
	return n
}

func (c *conn) fillDetails(r *record.Record) {
	o, f := &r.Open, c.details
	o.AnswerPacket, o.LastSYNAt, o.OldReset = c.details.answeredAt, c.ends[record.Orig].lastSYN, c.is(isOldReset)
	o.SYNUnheard = c.synAckAt != 0 && c.ends[record.Orig].lastSYN-c.firstSYNACK >= resentMin
	o.OldUnseen = c.details.oldAnswer != 0 && c.details.oldConn == 0
	if f != &noDetails {
		f.fillOpen(o)
		f.fillClose(&r.Close)
	}
	o.SYNACKLate = c.synAckLate()
	if c.synAckAt == 0 && f.synAcksTaken > 0 {
		o.SYNACKsUnseen = f.synAcksTaken + 1
	}
	if a := &c.ends[record.Orig]; a.syns > 0 && a.firstSYNPacket != 0 && a.has&hasTimestamps != 0 {
		o.TSVal, o.TSRecent = record.Some(a.firstSYNVal), record.Opt[uint32]{V: a.tsRecent, OK: a.tsRecent != 0}
	}
	r.Capture.HopsLost, r.Capture.WrongIP = f.hopsLost, f.wrongIP
	if c.thirdACKAt != 0 {
		o.ThirdACK = record.Some(c.thirdACK)
	}
	if f.acksIgnored > 0 {
		o.ACKIgnored = record.Some(f.ignoredTime - c.thirdACK)
	}
	if c.resetBy != record.NoEnd {
		r.Close.ResetTime = record.Some(c.details.resetTime)
	}
}

func (f *details) fillOpen(r *record.OpenRecord) {
	r.SYNsAgain, r.NSYNsAgain, r.SYNAgainAt, r.SYNAnswered = f.synsAgain, f.nSYNsAgain, f.synAgainAt, f.synAnswered
	r.SYNHeard, r.SYNsOther, r.NextConn, r.NextAfter = f.synHeard, f.synsOther, f.nextConn, int64(f.nextAfter)*1e3
	r.NSYNACKsAgain, r.SYNACKAgainAt, r.SYNACKAfter = f.nSYNACKs, f.synAckAt, int64(f.synAckAfter)*1e6
	r.SYNACKsOther = f.synAcksOther
	r.RivalAgain, r.SmallLink = f.rivalAgain, f.smallLink
	r.OldSeq, r.OldAck, r.OldWentOn, r.OldWentOnAt = f.oldSeq, f.oldAck, f.oldWentOn, f.oldWentOnAt
	r.ACKsIgnored, r.ACKIgnoredAt, r.OldState, r.RefusedFirst = f.acksIgnored, f.ignoredAt, f.oldState, f.refused
	r.HeldConn, r.HeldState, r.FastOpenAsked, r.SYNData, r.Signed = f.heldConn, f.heldState, f.fastOpen, f.synData, f.signed
}

func (f *details) fillClose(r *record.CloseRecord) {
	r.ByNewer, r.ResetOdd, r.ResetAlso, r.Goodbye, r.DataLast = f.byNewer, f.odd, f.resetAlso, f.goodbye, f.dataLast
	r.ResetQuiet, r.ResetAfter = int64(f.resetQuiet)*1e6, int64(f.resetAfter)*1e6
}
