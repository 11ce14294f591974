package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// idleMin is from how long on a connection is idle, in nanoseconds: no limit of a
// NAT or a load balancer for idle connections is shorter by default.
const idleMin = 30 * second

// idleMax is the longest pause that is taken for one, in nanoseconds: what
// is longer is a stepped clock, or a file put together from others.
const idleMax = 30 * 86400 * second

// idle is how the idle times of a connection ended.
type idle struct {
	longest int64 // of those after which the other end answered

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
	return !p.zero.closed && (e.has&hasSentData == 0 || !e.stream.Acked() || e.stream.Una() == e.stream.Next())
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
		x.longest = max(x.longest, x.gap)
		x.gap, x.asks = 0, false
	}
}

// idle walks over it.
func (w *packer[W]) idle(n int, x *idle, c *conn) int {
	n = w.span(n, &x.longest, 0)
	there := *x != idle{longest: x.longest}
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
		r.Longest = record.Some(x.longest)
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
