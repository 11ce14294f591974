package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// zeekSpans is how many stretches of payload behind a hole are remembered of
// an end. With more, the two nearest become one: a hole less, never one more.
const zeekSpans = 2

// zeekStream is the payload of one end put together, as far as needed to see
// which acknowledged bytes the capture has missed. Numbers are relative.
type zeekStream struct {
	next  reassembly.Seq      // all before it was seen or given up
	above [zeekSpans]zeekSpan // in order, apart, beyond next; empty ones last
}

// zeekSpan is [from, to); empty when they are equal.
type zeekSpan struct{ from, to reassembly.Seq }

func (s zeekSpan) empty() bool { return s.from == s.to }

// put adds a segment's payload [from, to).
func (r *zeekStream) put(from, to reassembly.Seq) {
	if !r.next.Less(to) || !from.Less(to) {
		return
	}
	if from.LessEq(r.next) {
		r.next = to
		r.absorb()
		return
	}
	// Insert, merge what touches, then make room by closing the smallest hole.
	var all [zeekSpans + 1]zeekSpan
	n := 0
	add := func(s zeekSpan) {
		if n > 0 && s.from.LessEq(all[n-1].to) {
			all[n-1].to = reassembly.Max(all[n-1].to, s.to)
			return
		}
		all[n] = s
		n++
	}
	fresh, placed := zeekSpan{from, to}, false
	for _, s := range r.above {
		if s.empty() {
			break
		}
		if !placed && fresh.from.Less(s.from) {
			add(fresh)
			placed = true
		}
		add(s)
	}
	if !placed {
		add(fresh)
	}
	if n > zeekSpans {
		small := 1
		for i := 2; i < n; i++ {
			if all[i].from.Sub(all[i-1].to) < all[small].from.Sub(all[small-1].to) {
				small = i
			}
		}
		all[small-1].to = all[small].to
		copy(all[small:], all[small+1:])
		all[n-1] = zeekSpan{}
	}
	copy(r.above[:], all[:])
}

// absorb takes in the stretches that next has reached.
func (r *zeekStream) absorb() {
	for !r.above[0].empty() && r.above[0].from.LessEq(r.next) {
		r.next = reassembly.Max(r.next, r.above[0].to)
		r.drop()
	}
}

// drop forgets the first stretch.
func (r *zeekStream) drop() {
	copy(r.above[:], r.above[1:])
	r.above[zeekSpans-1] = zeekSpan{}
}

// ackReceived gives up on what was acknowledged and never seen: a gap ('g')
// for each hole, when both ends had a handshake. of is whose payload it is.
func (z *zeek) ackReceived(of record.End, ack reassembly.Seq) {
	e := &z.ends[of]
	r := &e.stream
	if z.seen[of]&sentFIN != 0 && e.fin.LessEq(ack) {
		ack = e.fin - 1
	}
	if ack.LessEq(r.next) || z.partial && ack <= 2 {
		// Of a connection met midway the first number, or a keepalive's octet
		// before it, is no gap.
		return
	}
	for !r.above[0].empty() && r.above[0].from.Less(ack) {
		z.gap(of)
		r.next = r.above[0].to
		r.drop()
	}
	if r.next.Less(ack) {
		z.gap(of)
		r.next = ack
	}
	r.absorb()
}

func (z *zeek) gap(of record.End) {
	if z.ends[record.Orig].clean() && z.ends[record.Resp].clean() {
		z.count(of, countGap)
	}
}

// clean reports whether the end had a handshake and is open, or closed in order.
func (e *zeekEnd) clean() bool {
	return e.state == zeekEstablished || e.state == zeekClosed && e.was == zeekEstablished
}
