package tracker

import "tcpwatch/reassembly"

// The parts of a sender that are left out where they hold nothing, from bit 9
// of its first number on.
const (
	sentSample = 1 << (9 + iota) // one round trip, which tells all of them
	sentSamples
	sentFlight
	sentDelayed
	sentLimits   // other than by the program or the network
	sentRecovery // from losses
	sentMore     // on a connection that is not over
	sentRefused  // what the other end threw away, and its SACK blocks
)

// parts says which parts of x hold anything. Why data is sent again is left
// out when the connection is over: what comes then was acknowledged, and is
// needless.
func (x *sender) parts(c *conn) uint64 {
	r, times := &x.rtt, &x.limits.times
	alone := r.alone()
	return bit(alone)*sentSample | bit(!alone && (r.n != 0 || r.min|r.max|r.smoothed != 0))*sentSamples |
		bit(x.flight.Len() > 0 || x.flight.Merged() > 0)*sentFlight | bit(r.delayed != 0)*sentDelayed |
		bit(times[limitNone]|times[limitWindow] != 0 || x.windowFull != 0 || x.windowFullAt != 0)*sentLimits |
		bit(x.recovered())*sentRecovery | bit(!c.over())*sentMore |
		bit(x.refused != refusals{} || x.sackBlocks|x.sacksOut != 0)*sentRefused
}

// sender walks over what an end knows of its data. Its numbers count from the
// end of its stream.
func (w *words[W]) sender(n int, x *sender, e *endpoint, c *conn) int {
	r, times := &x.rtt, &x.limits.times
	const stamped = 1 << 8
	head := uint64(0)
	if !w.loads() {
		head = uint64(x.limits.state) | bit(r.stamped)*stamped | x.parts(c)
	}
	n = num(w, n, &head)
	if w.loads() {
		x.limits.state, r.stamped = limit(head), head&stamped != 0
	}
	nxt := e.stream.Next()
	if head&sentFlight != 0 {
		n = w.stored(n, &x.flight, nxt)
	}
	if head&sentSample != 0 {
		n = w.span(n, &r.min, 0)
		if w.loads() {
			r.count(r.min)
		}
	}
	if head&sentSamples != 0 {
		n = w.samples(n, r)
	}
	if head&sentDelayed != 0 {
		n = num(w, n, &r.delayed)
	}
	n = w.time(n, &x.limits.at, c.last)
	n = w.span(n, &times[limitSender], 0)
	n = w.span(n, &times[limitNetwork], 0)
	if head&sentLimits != 0 {
		n = w.span(n, &times[limitNone], 0)
		n = w.span(n, &times[limitWindow], 0)
		n = num(w, n, &x.windowFull)
		n = w.packet(n, &x.windowFullAt, c.lastPacket)
	}
	n = num(w, n, &x.passed)
	if head&sentRecovery != 0 {
		n = w.recovery(n, x, nxt, c)
	}
	if head&sentMore != 0 {
		n = w.sending(n, x, e, c)
	}
	if head&sentRefused != 0 {
		n = num(w, n, &x.sackBlocks)
		n = num(w, n, &x.sacksOut)
		n = w.refusals(n, &x.refused, nxt, c)
	}
	return n
}

// sending walks over what tells why data is sent again.
func (w *words[W]) sending(n int, x *sender, e *endpoint, c *conn) int {
	n = w.span(n, &x.base, x.rtt.min)
	n = w.flag(n, &x.hasBase)
	n = w.flag(n, &x.hasTS)
	n = w.flag(n, &x.hasID)
	n = num(w, n, &x.dupAcks)
	n = w.time(n, &x.heard, e.lastData)
	n = w.time(n, &x.news, x.heard)
	n = from(w, n, &x.newestTS, e.firstSYNVal)
	n = num(w, n, &x.newestID)
	n = num(w, n, &x.idRun)
	n = num(w, n, &x.idOdd)
	r := &x.rtt
	n = w.span(n, &r.held, 0)
	n = from(w, n, &r.stamp, e.firstSYNVal)
	n = w.time(n, &r.stampAt, e.lastData)
	return w.flag(n, &r.waiting)
}

// recovered reports whether anything of an end's data was ever out of order.
func (x *sender) recovered() bool {
	return x.recover != 0 || x.mode != recoverNone || x.probeGap|x.probeAt != 0 || x.provable || x.nProved != 0 ||
		x.eifelTo != 0 || x.eifelVal != 0 || x.eifelSet || x.gapAt != 0 || x.gapIPID != 0 || x.gapTS || x.gapTSVal != 0 ||
		x.classes != [nRepeatClasses]uint32{} || x.spurious|x.dsacks|x.lostBefore|x.lostAfter != 0 || x.late != 0 ||
		x.repeatAt|x.needlessAt|x.lateAt != 0
}

// recovery walks over what only a connection with losses has.
func (w *words[W]) recovery(n int, x *sender, nxt reassembly.Seq, c *conn) int {
	n = num(w, n, &x.recover)
	n = num(w, n, &x.mode)
	n = w.span(n, &x.probeGap, 0)
	n = w.span(n, &x.probeAt, 0)
	n = w.flag(n, &x.provable)
	n = num(w, n, &x.nProved)
	for i := range x.nProved {
		n = w.seq(n, &x.proved[i], nxt)
	}
	n = num(w, n, &x.eifelTo)
	n = num(w, n, &x.eifelVal)
	n = w.flag(n, &x.eifelSet)
	n = w.span(n, &x.gapAt, 0)
	n = num(w, n, &x.gapIPID)
	n = w.flag(n, &x.gapTS)
	n = num(w, n, &x.gapTSVal)
	for i := range x.classes {
		n = num(w, n, &x.classes[i])
	}
	n = num(w, n, &x.spurious)
	n = num(w, n, &x.dsacks)
	n = num(w, n, &x.lostBefore)
	n = num(w, n, &x.lostAfter)
	n = w.span(n, &x.late, 0)
	n = w.packet(n, &x.repeatAt, c.lastPacket)
	n = w.packet(n, &x.needlessAt, c.lastPacket)
	return w.packet(n, &x.lateAt, c.lastPacket)
}

// alone reports whether one sample was all, so that it tells the rest.
func (r *roundTrips) alone() bool {
	return r.n == 1 && r.min == r.max && r.min == r.smoothed
}

func (w *words[W]) samples(n int, r *roundTrips) int {
	n = num(w, n, &r.n)
	if r.n > 1 {
		n = w.histogram(n, &r.spans)
	}
	n = w.span(n, &r.min, 0)
	n = w.span(n, &r.max, r.min)
	return w.span(n, &r.smoothed, r.min)
}

func (w *words[W]) histogram(n int, p **reassembly.Histogram) int {
	if w.loads() {
		if *p == nil {
			*p = new(reassembly.Histogram)
		}
		return maxWords - len((*p).Load(w.v[n:]))
	}
	return len((*p).Save(w.v[:n]))
}
