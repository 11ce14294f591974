package tracker

import "tcpwatch/capture"

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
func (c *conn) fillStamps(r *Record) {
	x := &c.stamps
	r.Capture.Stepped, r.Capture.Uncovered = x.stepped[1]-x.stepped[0], x.uncovered[1]-x.uncovered[0]
	r.Capture.SteppedAt = x.at
	if x.untimed == 0 {
		return
	}
	r.Capture.Untimed, r.Capture.Startless, r.Capture.Endless, r.Capture.LastTimed = x.untimed, x.startless, x.endless, x.end
	r.Silent = 0
	r.forgetSpans()
}

// forgetSpans leaves out what is not known without the times of all packets.
func (r *Record) forgetSpans() {
	o := &r.Open
	o.Felt, o.LastSYN, o.Resp, o.Orig, o.Waited = Opt[int64]{}, Opt[int64]{}, Opt[int64]{}, Opt[int64]{}, Opt[int64]{}
	r.Close.HalfClose = Opt[int64]{}
	for e := range r.Ends {
		x := &r.Ends[e]
		x.RTT, x.FirstByte, x.TimeIn = RTTRecord{}, Opt[int64]{}, [NStates]Opt[int64]{}
		x.SenderLimited, x.NetworkLimited, x.WindowLimited, x.ReorderMax, x.ZeroWindow = 0, 0, 0, 0, 0
		r.Keepalive[e].Idle, r.Keepalive[e].Interval = Opt[int64]{}, Opt[int64]{}
		r.Strain[e].Hasty = 0
	}
	r.Exchanges = ExchangesRecord{N: r.Exchanges.N}
	r.Capture.Tap = ""
}

// Stamp is what the capture's clock showed at a time of the record: the same but
// for what Capture.Stepped and Capture.Uncovered leave out.
func (r *Record) Stamp(t int64) int64 {
	if t > r.Capture.SteppedAt {
		t += r.Capture.Stepped + r.Capture.Uncovered
	}
	return t
}

// Began is the time of the first packet, where it has one.
func (r *Record) Began() Opt[int64] { return Opt[int64]{r.Start, !r.Capture.Startless} }

// LastAt is the time of the last packet, where it has one.
func (r *Record) LastAt() Opt[int64] {
	switch c := &r.Capture; {
	case c.Untimed == 0:
		return Some(r.Stamp(r.End))
	case c.Endless:
		return Opt[int64]{}
	default:
		return Some(c.LastTimed)
	}
}

// Lasted is how long the connection lasted, in nanoseconds, by the clock that was not
// stepped, where its first packet and its last have a time, and these are less than the
// 292 years apart that an int64 holds.
func (r *Record) Lasted() Opt[int64] {
	c := &r.Capture
	lasted := r.End - r.Start + c.Uncovered
	if c.Untimed > 0 {
		lasted = c.LastTimed - r.Start
	}
	return Opt[int64]{lasted, !c.Startless && !c.Endless && lasted >= 0}
}
