package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// room is how far beyond everything seen of e its next number may lie: to the
// right edge of the window that p offered last.
func (e *endpoint) room(p *endpoint) uint32 {
	shift, known := p.shift(e)
	if p.widest == 0 {
		shift = 0 // a SYN's window is not scaled (RFC 7323 section 2.2)
	}
	edge := e.stream.Una().Add(uint32(p.window) << shift)
	d := edge.Sub(e.stream.Next())
	if d == -1 {
		d = 0 // a byte was sent beyond the edge: a probe (RFC 9293 section 3.8.6.1)
	}
	if !known || d < 0 || p.packets == 0 || !e.stream.Acked() && !p.synSeen {
		// The other end's ACKs were not captured, or not what they mean.
		return max(unknownRoom, uint32(max(0, d)))
	}
	return uint32(d)
}

// knows reports whether both numbers of a segment lie among those already known
// of either stream: so of nearly all segments.
func (e *endpoint) knows(p *endpoint, s *capture.Segment) bool {
	return uint64(e.stream.Next()-reassembly.Seq(s.Seq)) <= min(e.stream.Span(), maxAhead) &&
		uint64(p.stream.Next()-reassembly.Seq(s.Ack)) <= min(p.stream.Span(), maxAhead) &&
		s.Flags.Has(capture.ACK)
}

// judge says which numbers of a segment without SYN and RST, with n bytes, wait
// for what bears them out, because its receiver can't take them or the hole before
// them was not explained yet: 0 for none. An ACK without data moves only what its
// sender seems to have sent: it waits behind any hole, unless it is one that only
// its receiver's peer could have sent.
func (c *conn) judge(from record.End, flags capture.Flags, seq, ack reassembly.Seq, n uint32) (j jumps) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if e.stream.Started() {
		switch d := seq.Sub(e.sndNxt()); {
		case d <= 0 && back(e, seq) > min(e.span()+e.before(), maxAhead), d == -1 && e.state == record.SynSent:
			j = jumpSeq | jumpBack // out of SYN-SENT it probes nothing at its SYN's number
		case d > 1 && (uint32(d) > min(e.room(p), reach) || n == 0 && !flags.Has(capture.FIN) && !p.awaits(flags, ack)):
			j = jumpSeq
		}
	}
	if !flags.Has(capture.ACK) || !p.stream.Started() {
		return j
	}
	if p.state == record.SynSent && !e.synSeen && !e.stream.Started() && !p.acksSYN(ack) {
		return j | jumpAck // from an older connection (RFC 9293 section 3.10.7.3)
	}
	switch d := ack.Sub(p.sndNxt()); {
	case d <= 0:
		// RFC 5961 section 5.2: what lies more than a window behind is refused.
		if back(p, ack) > min(p.span()+max(p.before(), 1<<16), maxAhead) {
			j |= jumpAck | jumpBack
		}
	case d > 1 && uint32(d) > c.ackRoom(from):
		j |= jumpAck
	}
	return j
}

// awaits reports whether an ACK takes what an end has sent and nobody acknowledged
// before: so it comes from an end that knew of it.
func (p *endpoint) awaits(flags capture.Flags, ack reassembly.Seq) bool {
	return flags.Has(capture.ACK) && p.stream.Started() && p.acked().Less(ack) && ack.LessEq(p.sndNxt())
}

// back is how far a number lies behind all that is known of an end.
func back(e *endpoint, n reassembly.Seq) uint64 { return uint64(e.sndNxt() - n) }

// before is how far below the first number known of an end it may have sent: its
// SYN, or, where the capture began later, some windows.
func (e *endpoint) before() uint64 {
	if e.synSeen {
		return 2 // the SYN, and the FIN that Span does not count
	}
	return unknownRoom
}

// ackRoom is how far beyond everything seen of the other end an ACK may lie.
func (c *conn) ackRoom(from record.End) uint32 {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if p.packets == 0 {
		return reach // it goes another way: the next ACK bears it out
	}
	return min(p.room(e), reach)
}
