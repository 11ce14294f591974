package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// restful is from how long on a pause is a rest, in nanoseconds: no limit of a
// NAT or a load balancer for idle connections is shorter by default.
const restful = 30 * second

// longestRest is the longest pause that is taken for one, in nanoseconds: what
// is longer is a stepped clock, or a file put together from others.
const longestRest = 30 * 86400 * second

// rest is how the rests of a connection ended.
type rest struct {
	longest int64 // of those after which the other end answered

	// The last one, while nothing answers what ended it.
	gap    int64
	woke   int64 // when it ended
	last   int64 // when by has tried again last
	packet uint64
	tries  uint32     // segments that ask for an answer
	by     record.End // who ended it
	asks   bool
	reset  restReset
}

// restReset says how a RST came after a rest.
type restReset uint8

const (
	restNoReset   restReset = iota
	restAnswered            // it answered what ended the rest
	restEndedByIt           // it ended the rest
)

// resting tells that nothing was under way when a pause began: what is lost
// after it was not lost before.
func (c *conn) resting() bool {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	return a.state == record.Established && b.state == record.Established && a.rests(b) && b.rests(a)
}

func (e *endpoint) rests(p *endpoint) bool {
	return !p.zero.closed && (e.has&hasSentData == 0 || !e.stream.Acked() || e.stream.Una() == e.stream.Next())
}

// wake notes the segment that ends a rest.
func (x *rest) wake(from record.End, s *capture.Segment, now, gap int64) {
	if x.asks || x.reset != restNoReset {
		return
	}
	x.gap, x.woke, x.last, x.packet, x.tries, x.by = gap, now, now, s.Packet, 1, from
	if s.Flags.Has(capture.RST) {
		x.reset = restEndedByIt
		return
	}
	x.asks = true
}

// heard takes what follows.
func (x *rest) heard(from record.End, s *capture.Segment, now int64) {
	switch {
	case !x.asks:
	case from == x.by:
		if now-x.last >= again && !s.Flags.Has(capture.RST) {
			x.tries, x.last = x.tries+1, now
		}
	case s.Flags.Has(capture.RST):
		x.reset, x.asks = restAnswered, false
	default:
		x.longest = max(x.longest, x.gap)
		x.gap, x.asks = 0, false
	}
}

// rest walks over it.
func (w *words[W]) rest(n int, x *rest, c *conn) int {
	n = w.span(n, &x.longest, 0)
	there := *x != rest{longest: x.longest}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = w.span(n, &x.gap, x.longest)
	n = w.time(n, &x.woke, c.last)
	n = w.time(n, &x.last, c.last)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = num(w, n, &x.tries)
	n = num(w, n, &x.by)
	n = w.flag(n, &x.asks)
	n = num(w, n, &x.reset)
	return n
}

func (x *rest) fill(r *record.IdleRecord) {
	if x.longest > 0 {
		r.Longest = record.Some(x.longest)
	}
	switch {
	case x.reset == restAnswered:
		r.Outcome = record.IdleReset
	case x.reset == restEndedByIt:
		r.Outcome = record.IdleEnded
	case x.asks:
		r.Outcome = record.IdleUnanswered
	default:
		return
	}
	r.Gap, r.By, r.Woke, r.Packet, r.Tries = x.gap, x.by, x.woke, x.packet, x.tries
}
