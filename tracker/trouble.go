package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// trouble is what a connection with trouble or long idle times has to tell besides:
// most have none.
type trouble struct {
	idle idle
	ends [2]endTrouble
}

// endTrouble is what the data of one end met.
type endTrouble struct {
	stuck     stuck               // at the head of what is not acknowledged
	kept      stuck               // one that got through once its segments were made smaller
	tooBig    record.TooBigRecord // what routers told of segments that do not fit
	long      record.LongRecord   // but for how many were sent
	nagle     record.NagleRecord
	fins      fins
	doubled   uint32 // repeats that came sooner than a loss can be known
	doubledAt uint64 // packet of the first of those
}

// troubled is a connection's trouble, made when there is something to tell.
func (c *conn) troubled() *trouble {
	if c.details.trouble == nil {
		c.own().trouble = &trouble{}
	}
	return c.details.trouble
}

// takeTrouble takes every segment that comes after an idle time, and all of a connection
// that has trouble; before it the connection's last packet is that before.
func (c *conn) takeTrouble(from record.End, s *capture.Segment, now int64) {
	if c.details.trouble != nil {
		c.details.trouble.idle.heard(from, s, now)
		if s.Flags.Has(capture.ACK) {
			c.details.trouble.ends[from.Peer()].answered(s, now)
		}
	}
	if gap := now - c.last; gap >= idleMin && gap <= idleMax && c.nothingUnderWay() {
		c.troubled().idle.end(from, s, now, gap)
	}
}

// trouble walks over it.
func (w *packer[W]) trouble(n int, c *conn) int {
	x := c.troubled()
	n = w.idle(n, &x.idle, c)
	for e := range x.ends {
		y, nxt := &x.ends[e], c.ends[e].stream.Next()
		there := *y != endTrouble{}
		if n = w.flag(n, &there); !there {
			continue
		}
		n = w.stuck(n, &y.stuck, c, nxt)
		n = w.stuck(n, &y.kept, c, nxt)
		n = w.tooBig(n, &y.tooBig, c)
		n = w.long(n, &y.long, c)
		n = w.nagle(n, &y.nagle, c)
		n = number(w, n, &y.doubled)
		n = w.packet(n, &y.doubledAt, c.lastPacket)
		n = number(w, n, &y.fins.n)
		n = number(w, n, &y.fins.acked)
		n = number(w, n, &y.fins.short)
		n = w.time(n, &y.fins.last, c.last)
	}
	return n
}

func (c *conn) fillPath(r *record.Record) {
	for e := record.Orig; e <= record.Resp; e++ {
		x, y := &c.ends[e], &r.Path[e]
		y.ECT, y.CE = x.has&hasECT != 0, x.has&hasCE != 0
		y.Hole, y.Waited = x.hole()
		if x.sender != nil && x.sender.flight.Len() > 0 {
			oldest := x.sender.flight.At(0)
			y.Unacked, y.UnackedTimes = oldest.First, oldest.Times
			y.NoneTaken = x.synSeen && x.stream.Una() == x.isn.Add(1) && c.ends[e.Peer()].synSeen
		}
		if c.details.trouble != nil {
			c.details.trouble.ends[e].fill(y)
		}
		if x.sender != nil {
			x.sender.unscaled.fill(&y.Unscaled)
			c.fillLong(e, &y.Long)
		}
		if x.sender != nil && (y.Long.Lost > 0 || y.Unscaled.BeyondLost > 0 || y.Hole > 0 || y.Stuck.Bytes > 0 && !y.Stuck.Passed) {
			y.Passed = x.sender.passed
		}
	}
	if c.details.trouble != nil {
		c.details.trouble.idle.fill(&r.Idle)
	}
}

func (y *endTrouble) fill(r *record.PathRecord) {
	if y.kept.times > 0 && !y.stuck.on {
		y.kept.fill(&r.Stuck)
	} else if y.stuck.on {
		y.stuck.fill(&r.Stuck)
	}
	r.TooBig, r.Nagle = y.tooBig, y.nagle
	r.Doubled, r.FINsAgain, r.FINsAcked, r.FINsShort = y.doubled, y.fins.n, y.fins.acked, y.fins.short
}

// stallSlack is how long an end may take from the ACK to the segment that it
// held back: it lies in the socket already.
const stallSlack = 5e6

// afterHeld takes new data that follows an ACK that was held back: where the end held a small
// segment back until then, Nagle's algorithm met a delayed ACK (RFC 9293 sections 3.7.4 and 3.8.6.3).
func (c *conn) afterHeld(from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	x := e.sender
	held := x.rtt.held
	x.rtt.held = 0
	toEnd := c.side(from.Peer())
	// Data of the other end since, or with the ACK: the ACK came with an answer,
	// and a new request follows it.
	// Far from the end its own pauses can't be told from the way.
	if p.lastData >= x.heard || toEnd > held/2 || now-x.heard > toEnd+toEnd/2+stallSlack {
		return
	}
	y := &c.troubled().ends[from].nagle
	if s.Len >= fullPayload(p, s) {
		y.Full++ // a sender with Nagle's algorithm sends it at once
		return
	}
	if y.N == 0 {
		y.Packet, y.Min = s.Packet, held
	}
	y.N++
	y.Total += held
	y.Min, y.Max = min(y.Min, held), max(y.Max, held)
}

// nagle walks over them.
func (w *packer[W]) nagle(n int, x *record.NagleRecord, c *conn) int {
	there := *x != record.NagleRecord{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.N)
	n = number(w, n, &x.Full)
	n = w.packet(n, &x.Packet, c.lastPacket)
	n = w.span(n, &x.Total, 0)
	n = w.span(n, &x.Min, 0)
	n = w.span(n, &x.Max, x.Min)
	return n
}

// idleMin is from how long on a connection is idle, in nanoseconds: no limit of a
// NAT or a load balancer for idle connections is shorter by default.
const idleMin = 30 * second

// idleMax is the longest pause that is taken for one, in nanoseconds: what
// is longer is a stepped clock, or a file put together from others.
const idleMax = 30 * 86400 * second

// idle is how the idle times of a connection ended.
type idle struct {
	longest  int64  // of those after which the other end answered
	answered uint64 // by which packet

	// The last one, while nothing answers what ended it.
	gap    int64
	woke   int64 // when it ended
	last   int64 // when by has tried again last
	packet uint64
	tries  uint32     // segments that ask for an answer
	by     record.End // who ended it
	asks   bool
	reset  idleReset
}

// idleReset says how a RST came after an idle time.
type idleReset uint8

const (
	idleNoReset   idleReset = iota
	idleAnswered            // it answered what ended the idle time
	idleEndedByIt           // it ended the idle time
)

// nothingUnderWay tells that nothing was under way when a pause began: what is lost
// after it was not lost before.
func (c *conn) nothingUnderWay() bool {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	return a.state == record.Established && b.state == record.Established && a.nothingUnderWay(b) && b.nothingUnderWay(a)
}

func (e *endpoint) nothingUnderWay(p *endpoint) bool {
	return !p.details.zero.closed && (e.has&hasSentData == 0 || !e.stream.Acked() || e.stream.Una() == e.stream.Next())
}

// end notes the segment that ends an idle time.
func (x *idle) end(from record.End, s *capture.Segment, now, gap int64) {
	if x.asks || x.reset != idleNoReset {
		return
	}
	x.gap, x.woke, x.last, x.packet, x.tries, x.by = gap, now, now, s.Packet, 1, from
	if s.Flags.Has(capture.RST) {
		x.reset = idleEndedByIt
		return
	}
	x.asks = true
}

// heard takes what follows.
func (x *idle) heard(from record.End, s *capture.Segment, now int64) {
	switch {
	case !x.asks:
	case from == x.by:
		if now-x.last >= resentMin && !s.Flags.Has(capture.RST) {
			x.tries, x.last = x.tries+1, now
		}
	case s.Flags.Has(capture.RST):
		x.reset, x.asks = idleAnswered, false
	default:
		if x.gap > x.longest {
			x.longest, x.answered = x.gap, s.Packet
		}
		x.gap, x.asks = 0, false
	}
}

// idle walks over it.
func (w *packer[W]) idle(n int, x *idle, c *conn) int {
	n = w.span(n, &x.longest, 0)
	n = w.packet(n, &x.answered, c.lastPacket)
	there := *x != idle{longest: x.longest, answered: x.answered}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = w.span(n, &x.gap, x.longest)
	n = w.time(n, &x.woke, c.last)
	n = w.time(n, &x.last, c.last)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = number(w, n, &x.tries)
	n = number(w, n, &x.by)
	n = w.flag(n, &x.asks)
	n = number(w, n, &x.reset)
	return n
}

func (x *idle) fill(r *record.IdleRecord) {
	if x.longest > 0 {
		r.Longest, r.Answered = record.Some(x.longest), x.answered
	}
	switch {
	case x.reset == idleAnswered:
		r.Outcome = record.IdleReset
	case x.reset == idleEndedByIt:
		r.Outcome = record.IdleEnded
	case x.asks:
		r.Outcome = record.IdleUnanswered
	default:
		return
	}
	r.Gap, r.By, r.Woke, r.Packet, r.Tries = x.gap, x.by, x.woke, x.packet, x.tries
}
