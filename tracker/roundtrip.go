package tracker

import "tcpwatch/reassembly"

// roundTrips are the times from an end's segments to the other end's ACKs.
type roundTrips struct {
	spans    reassembly.Histogram
	min, max int64
	smoothed int64 // RFC 6298 section 2, alpha 1/8
	n        uint32
	delayed  uint32 // left out: the ACK was held back
}

// A receiver may hold back the ACK of a single segment (RFC 9293 section
// 3.8.6.3: up to 500 ms): Linux for 40 to 200 ms, macOS 100, Windows 40 or 200.
const (
	delayedACKMin = 38e6
	delayedACKMax = 220e6
)

// add counts a sample, in nanoseconds. base is the shortest known otherwise (the
// handshake's), 0 for none; alone says that one small segment was acknowledged,
// so that its ACK may have been held back, which is no delay of the path.
func (r *roundTrips) add(ns, base int64, alone bool) {
	if ns < 0 {
		return
	}
	if r.n > 0 && (base == 0 || r.min < base) {
		base = r.min
	}
	if d := ns - base; alone && base > 0 && d >= delayedACKMin && d <= delayedACKMax {
		r.delayed++
		return
	}
	if r.n == 0 {
		r.min, r.max, r.smoothed = ns, ns, ns
	}
	r.min, r.max = min(r.min, ns), max(r.max, ns)
	r.smoothed += (ns - r.smoothed) / 8
	r.n++
	r.spans.Add(ns)
}
