package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// maxStep is the longest pause between two packets of the whole input that is
// taken for a pause: longer than keepalive's two hours. What is longer is a
// stepped clock, a damaged stamp, or a file put together from others: it
// expires nothing.
const maxStep = 3 * 3600 * second

// clock is the time that timeouts count in: packet time, less its steps and the
// gaps that nobody captured. It runs on the input's packets alone, so that
// the same file gives the same report on any day, and forwards only.
type clock struct {
	now     int64           // nanoseconds since the first packet
	first   int64           // time of the first packet
	last    int64           // packet time
	jumps   [maxJumps]int64 // now, when the time jumped: how long it took is not known; the latest ones, in their order
	nJumps  uint64          // all of them
	started bool
}

// maxJumps bounds the jumps remembered. Who was silent since before them all is told
// as silent up to the first that is known.
const maxJumps = 32

func (k *clock) advance(t int64) {
	d := t - k.last
	switch {
	case !k.started:
		k.first = t
	case d > 0 && d <= maxStep:
		k.now += d
	case d <= 0 && d >= -maxStep:
		return // interfaces stamp by clocks of their own: the latest stands
	default:
		k.now++ // what came before the jump is older than it
		k.jumps[k.nJumps%maxJumps] = k.now
		k.nJumps++
	}
	k.last, k.started = t, true
}

// silence is for how long, ns, a connection whose last packet came at stamp was seen to be
// silent. It ends where the clock jumps: what follows may be another recording, of
// other hosts, that could not show its packets. vague tells that it jumped.
func (k *clock) silence(stamp int64) (ns int64, vague bool) {
	for i := k.nJumps - min(k.nJumps, maxJumps); i < k.nJumps; i++ {
		if at := k.jumps[i%maxJumps]; stamp < at {
			return at - 1 - stamp, true // less what advance adds at a jump
		}
	}
	return k.now - stamp, false
}

// stamps is what a connection knows of the times of its packets.
type stamps struct {
	stepped   [2]int64 // Segment.Stepped of its first packet and of its last
	uncovered [2]int64 // and Segment.Uncovered
	at        int64    // of the last packet before one of these last changed
	end       int64    // of the last packet that has a time, where some have none
	untimed   uint32   // packets without a time
	startless bool     // its first packet is one of them
	endless   bool     // and its last
}

// own is the stamp of a segment in the connection's own time: see timeOf.
func (x *stamps) own(s *capture.Segment) int64 {
	return s.Time - (s.Stepped - x.stepped[0]) - (s.Uncovered - x.uncovered[0])
}

// steady reports whether the clock was not stepped since the packet before, and that time captured.
func (x *stamps) steady(s *capture.Segment) bool {
	return s.Stepped == x.stepped[1] && s.Uncovered == x.uncovered[1]
}

// timeOf is when a segment came, in the connection's own time: what its first
// packet is stamped, and what has passed since, without steps of the clock and
// what nobody captured. From a packet without a time on it stands still.
func (c *conn) timeOf(s *capture.Segment) int64 {
	x := &c.capture.stamps
	now := x.own(s)
	if s.Untimed || x.untimed != 0 {
		x = &c.caught().stamps
		x.startless = x.startless || s.Packet == c.id
		x.endless = s.Untimed
		if s.Untimed {
			x.untimed++
		} else {
			x.end = now
		}
		return c.last
	}
	if !x.steady(s) {
		x = &c.caught().stamps
		x.stepped[1], x.uncovered[1], x.at = s.Stepped, s.Uncovered, c.last
		if c.thirdACKAt == 0 {
			c.flags |= isOpenUntimed
		}
	}
	return now
}

// timed reports whether the time from one packet to a later one is known.
func (c *conn) timed(since int64, s *capture.Segment) bool {
	return !s.Misstamped && (c.capture.stamps.at == 0 || since > c.capture.stamps.at)
}

// fillStamps tells what the stamps of the connection's packets are worth.
func (c *conn) fillStamps(r *record.Record) {
	x := &c.capture.stamps
	r.Capture.Stepped, r.Capture.Uncovered = x.stepped[1]-x.stepped[0], x.uncovered[1]-x.uncovered[0]
	r.Capture.SteppedAt = x.at
	if x.untimed == 0 {
		return
	}
	r.Capture.Untimed, r.Capture.Startless, r.Capture.Endless, r.Capture.LastTimed = x.untimed, x.startless, x.endless, x.end
	r.Silent = 0
	r.ForgetSpans()
}

// Crossing is what a connection shows across a jump of the input's clock.
type Crossing uint8

const (
	CrossingNone      Crossing = iota // nothing, or nothing new
	CrossingGoesOn                    // what was under way goes on: no sender waits so long without a repeat
	CrossingRepeats                   // what was under way is sent again
	CrossingHole                      // more was sent in between than was captured
	CrossingMidstream                 // not known before, and past its SYN
)

// underWay is how long before a jump, ns, a segment was seen that is still under way.
const underWay = second

// Across tells what a segment behind a jump shows of its connection, which it
// leaves as it was. The caller asks once for each connection.
func (t *Tracker) Across(s *capture.Segment) Crossing {
	if s.Flags.Has(capture.RST) {
		return CrossingNone
	}
	c := t.newest(t.segmentKey(s), s)
	if c == nil {
		// A keepalive probe and its answer may be of one that was silent before.
		if s.Flags.Has(capture.SYN) || s.Len <= 1 && !s.Flags.Has(capture.FIN) {
			return CrossingNone
		}
		return CrossingMidstream
	}
	from := c.from(&s.Src)
	e, p := &c.ends[from], &c.ends[from.Peer()]
	recent := t.clock.now-t.entries.At(c.entry).Stamp <= underWay
	if s.Flags.Has(capture.SYN) {
		switch first := reassembly.Seq(s.Seq); {
		case e.synSeen && e.isn == first && p.packets == 0 && recent:
			return CrossingRepeats
		case s.Flags.Has(capture.ACK) && e.packets == 0 && p.acksSYN(reassembly.Seq(s.Ack)) && recent:
			return CrossingGoesOn
		}
		return CrossingNone
	}
	seq, ack := reassembly.Seq(s.Seq), reassembly.Seq(s.Ack)
	hasACK := s.Flags.Has(capture.ACK)
	known := e.stream.Started()
	switch {
	case c.over():
	case known && ahead(seq, e.sndNxt()), hasACK && p.stream.Started() && ahead(ack, p.sndNxt()):
		return CrossingHole
	case e.state == record.SynSent && hasACK && p.packets == 0:
		return CrossingHole // the SYN/ACK was not captured
	case !recent:
	case known && s.Len > 1 && seq.Less(e.sndNxt()) && e.underWay():
		return CrossingRepeats
	case hasACK && p.underWay() && p.stream.Una().Less(ack), s.Len > 1 && e.underWay():
		return CrossingGoesOn
	}
	return CrossingNone
}

// ahead reports whether a number lies behind what is next, by more than a FIN or a
// probe, and within a window's reach.
func ahead(n, next reassembly.Seq) bool {
	d := n.Sub(next)
	return d > 1 && d < maxAhead
}

// underWay reports whether the end has sent what is not acknowledged.
func (e *endpoint) underWay() bool {
	return e.stream.Started() && (e.stream.Acked() && e.stream.Una() != e.stream.Next() || e.finSeen && !e.finAcked)
}

// UnderWay hands f the hash of every connection that sent data just before now
// which is not acknowledged.
func (t *Tracker) UnderWay(f func(hash uint64)) {
	for i, c := range t.states {
		if c == nil || t.touched[i] == unused || c.class == table.Gone {
			continue
		}
		x := t.entries.At(c.entry)
		if t.clock.now-x.Stamp <= underWay && !c.over() && (c.ends[record.Orig].underWay() || c.ends[record.Resp].underWay()) {
			f(x.Key.Hash())
		}
	}
}
