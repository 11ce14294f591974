package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

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
	recent := t.clock.now-t.entries.at(c.entry).stamp <= underWay
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
		if c == nil || t.touched[i] == unused || c.class == classGone {
			continue
		}
		x := t.entries.at(c.entry)
		if t.clock.now-x.stamp <= underWay && !c.over() && (c.ends[record.Orig].underWay() || c.ends[record.Resp].underWay()) {
			f(x.key.hash())
		}
	}
}
