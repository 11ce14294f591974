package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
)

// roundTrips are the times from an end's segments to the other end's ACKs.
type roundTrips struct {
	spans    *reassembly.Histogram // of use from the second sample on: many connections have one; its storage is kept
	min, max int64
	smoothed int64 // RFC 6298 section 2, alpha 1/8
	n        uint32
	delayed  uint32 // left out: the ACK was held back
	// Bytes that were under way when the ACK of the shortest came, and the most
	// when any came; the first of all left out.
	minFlying, maxFlying uint32
	held                 int64 // the last ACK was held back for so long; 0 once new data followed

	// A timestamp on its way (RFC 7323 section 4): what it tells is used until
	// data and its ACK tell it better.
	stamp   uint32
	stampAt int64
	waiting bool
	stamped bool // the samples are those of timestamps
}

// sent notes the timestamp of new data, when it is the first with it.
func (r *roundTrips) sent(s *capture.Segment, now int64) {
	if !r.waiting && s.Options&capture.OptTimestamps != 0 && (r.n == 0 || r.stamped) && s.TSVal != r.stamp {
		r.stamp, r.stampAt, r.waiting = s.TSVal, now, true
	}
}

// sentAgain notes the timestamp of a repeat: the answer to it echoes that.
func (r *roundTrips) sentAgain(s *capture.Segment, now int64) {
	r.waiting = false
	r.sent(s, now)
}

// echoed takes the first echo of a timestamp. An echo of a later one tells
// nothing: when that was sent is not known.
func (r *roundTrips) echoed(s *capture.Segment, now int64) {
	if !r.waiting || s.Options&capture.OptTimestamps == 0 || int32(s.TSEcr-r.stamp) < 0 {
		return
	}
	r.waiting = false
	if s.TSEcr == r.stamp && (r.n == 0 || r.stamped) {
		r.stamped = true
		r.count(now - r.stampAt)
	}
}

// A receiver may hold back the ACK of a single segment (RFC 9293 section
// 3.8.6.3: up to 500 ms): Linux for 40 to 200 ms, in ticks of 4 ms of which the first may be nearly over, macOS 100,
// Windows 40 or 200.
const (
	delayedACKMin = 36e6
	delayedACKMax = 220e6
)

// add counts a sample, in nanoseconds. base is the shortest known otherwise (the
// handshake's), 0 for none; alone says that one small segment was acknowledged,
// so that its ACK may have been held back, which is no delay of the path. flying is
// how many bytes were under way when that came.
func (r *roundTrips) add(ns, base int64, alone bool, flying uint32) {
	if ns < 0 {
		return
	}
	if r.n > 0 && (base == 0 || r.min < base) {
		base = r.min
	}
	if d := ns - base; alone && base > 0 && d >= delayedACKMin && d <= delayedACKMax {
		r.delayed++
		if d >= base { // on a long way that may be its own unrest
			r.held = d
		}
		return
	}
	if r.stamped {
		if r.spans != nil {
			r.spans.Clear()
		}
		*r = roundTrips{delayed: r.delayed, spans: r.spans}
	}
	if r.n > 0 {
		r.maxFlying = max(r.maxFlying, flying)
	}
	if r.n > 0 && ns < r.min {
		r.minFlying = flying
	}
	r.count(ns)
}

func (r *roundTrips) count(ns int64) {
	first := r.min // of two
	if r.n == 0 {
		r.min, r.max, r.smoothed = ns, ns, ns
	}
	r.min, r.max = min(r.min, ns), max(r.max, ns)
	r.smoothed += (ns - r.smoothed) / 8
	r.n++
	if r.n == 1 {
		return
	}
	if r.spans == nil {
		r.spans = new(reassembly.Histogram)
	}
	if r.n == 2 {
		r.spans.Add(first)
	}
	r.spans.Add(ns)
}

// firstTold is what an ACK covers for the first time: from where on, and the newest segment of it, nil
// for nothing.
type firstTold struct {
	from   reassembly.Seq
	newest *reassembly.Sent
}

// onlyCame reports whether a SACK block tells no more than what came: some receivers put into the first
// block the run that an ACK covers for the first time. It tells what came twice where it is one segment, or
// ends before the ACK. Nothing is told of what was sent before the capture began.
func (f firstTold) onlyCame(left, right, una reassembly.Seq) bool {
	return f.from.LessEq(left) && (f.newest == nil || right == una && left.Less(f.newest.From))
}
