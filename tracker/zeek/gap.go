package zeek

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// spans is how many stretches of payload behind a hole are remembered of
// an end. With more, the two nearest become one: a hole less, never one more.
const spans = 2

// Stream is the payload of one end put together, as far as needed to see
// which acknowledged bytes the capture has missed. Numbers are relative.
type Stream struct {
	Next  reassembly.Seq // all before it was seen or given up
	Above [spans]Span    // in order, apart, beyond next; empty ones last
}

// Span is [from, to); empty when they are equal.
type Span struct{ From, To reassembly.Seq }

func (s Span) empty() bool { return s.From == s.To }

// put adds a segment's payload [from, to).
func (r *Stream) put(from, to reassembly.Seq) {
	if !r.Next.Less(to) || !from.Less(to) {
		return
	}
	if from.LessEq(r.Next) {
		r.Next = to
		r.absorb()
		return
	}
	// Insert, merge what touches, then make room by closing the smallest hole.
	var all [spans + 1]Span
	n := 0
	add := func(s Span) {
		if n > 0 && s.From.LessEq(all[n-1].To) {
			all[n-1].To = reassembly.Max(all[n-1].To, s.To)
			return
		}
		all[n] = s
		n++
	}
	fresh, placed := Span{from, to}, false
	for _, s := range r.Above {
		if s.empty() {
			break
		}
		if !placed && fresh.From.Less(s.From) {
			add(fresh)
			placed = true
		}
		add(s)
	}
	if !placed {
		add(fresh)
	}
	if n > spans {
		small := 1
		for i := 2; i < n; i++ {
			if all[i].From.Sub(all[i-1].To) < all[small].From.Sub(all[small-1].To) {
				small = i
			}
		}
		all[small-1].To = all[small].To
		copy(all[small:], all[small+1:])
		all[n-1] = Span{}
	}
	copy(r.Above[:], all[:])
}

// absorb takes in the stretches that next has reached.
func (r *Stream) absorb() {
	for !r.Above[0].empty() && r.Above[0].From.LessEq(r.Next) {
		r.Next = reassembly.Max(r.Next, r.Above[0].To)
		r.drop()
	}
}

// drop forgets the first stretch.
func (r *Stream) drop() {
	copy(r.Above[:], r.Above[1:])
	r.Above[spans-1] = Span{}
}

// ackReceived gives up on what was acknowledged and never seen: a gap ('g')
// for each hole, when both ends had a handshake. of is whose payload it is.
func (z *Conn) ackReceived(of record.End, ack reassembly.Seq) {
	e := &z.Ends[of]
	r := &e.Stream
	if z.Seen[of]&sentFIN != 0 && e.FIN.LessEq(ack) {
		ack = e.FIN - 1
	}
	if ack.LessEq(r.Next) || z.Partial && ack <= 2 {
		// Of a connection met midway the first number, or a keepalive's octet
		// before it, is no gap.
		return
	}
	for !r.Above[0].empty() && r.Above[0].From.Less(ack) {
		z.gap(of)
		r.Next = r.Above[0].To
		r.drop()
	}
	if r.Next.Less(ack) {
		z.gap(of)
		r.Next = ack
	}
	r.absorb()
}

func (z *Conn) gap(of record.End) {
	if z.Ends[record.Orig].clean() && z.Ends[record.Resp].clean() {
		z.count(of, countGap)
	}
}

// clean reports whether the end had a handshake and is open, or closed in order.
func (e *Endpoint) clean() bool {
	return e.State == established || e.State == closed && e.Was == established
}

// Holes reports whether there is payload behind a hole.
func (r *Stream) Holes() bool { return r.Above != [spans]Span{} }
