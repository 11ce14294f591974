package tracker

import "tcpwatch/reassembly"

// neverSent reports whether a SACK block tells of numbers that an end never sent,
// even if the capture missed some windows of its data: something on the way
// rewrites sequence numbers, and those in SACK blocks not. Only what lies inside
// the stream is a SACK or a D-SACK (RFC 2018, RFC 2883).
func (e *endpoint) neverSent(left, right reassembly.Seq) bool {
	switch {
	case !e.stream.Started():
		return false
	case !left.Less(right):
		return true
	case e.sndNxt().Less(right):
		return right.Sub(e.sndNxt()) > maxSkip
	}
	return back(e, left) > min(e.span()+e.before(), maxAhead)
}
