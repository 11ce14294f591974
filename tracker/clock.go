package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// maxStep is the longest pause between two packets of the whole input that is
// taken for a pause: longer than keepalive's two hours. What is longer is a
// stepped clock, a damaged stamp, or a file put together from others: it
// expires nothing.
const maxStep = 3 * 3600 * second

// clock is the time that timeouts count in: packet time, less its steps and the
// gaps that nobody captured. It runs on the input's packets alone (law 5),
// forwards only.
type clock struct {
	now     int64 // nanoseconds since the first packet
	first   int64 // time of the first packet
	last    int64 // packet time
	started bool
}

func (k *clock) advance(t int64) {
	d := t - k.last
	switch {
	case !k.started:
		k.first = t
	case d > 0 && d <= maxStep:
		k.now += d
	case d <= 0 && d >= -maxStep:
		return // interfaces stamp by clocks of their own: the latest stands
	}
	k.last, k.started = t, true
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

// timeOf is when a segment came, in the connection's own time: what its first
// packet is stamped, and what has passed since, without steps of the clock and
// what nobody captured. From a packet without a time on it stands still.
func (c *conn) timeOf(s *capture.Segment) int64 {
	x := &c.stamps
	now := s.Time - (s.Stepped - x.stepped[0]) - (s.Uncovered - x.uncovered[0])
	if s.Untimed || x.untimed != 0 {
		x.startless = x.startless || s.Packet == c.id
		x.endless = s.Untimed
		if s.Untimed {
			x.untimed++
		} else {
			x.end = now
		}
		return c.last
	}
	if s.Stepped != x.stepped[1] || s.Uncovered != x.uncovered[1] {
		x.stepped[1], x.uncovered[1], x.at = s.Stepped, s.Uncovered, c.last
		if c.thirdACKAt == 0 {
			c.flags |= isOpenUntimed
		}
	}
	return now
}

// timed reports whether the time from one packet to a later one is known.
func (c *conn) timed(since int64, s *capture.Segment) bool {
	return !s.Misstamped && (c.stamps.at == 0 || since > c.stamps.at)
}

// fillStamps tells what the stamps of the connection's packets are worth.
func (c *conn) fillStamps(r *record.Record) {
	x := &c.stamps
	r.Capture.Stepped, r.Capture.Uncovered = x.stepped[1]-x.stepped[0], x.uncovered[1]-x.uncovered[0]
	r.Capture.SteppedAt = x.at
	if x.untimed == 0 {
		return
	}
	r.Capture.Untimed, r.Capture.Startless, r.Capture.Endless, r.Capture.LastTimed = x.untimed, x.startless, x.endless, x.end
	r.Silent = 0
	r.ForgetSpans()
}
