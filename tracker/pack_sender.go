package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

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
)

// parts says which parts of x hold anything. Why data is sent again is left
// out when the connection is over: what comes then was acknowledged, and is
// needless.
func (x *sender) parts(c *conn) uint64 {
	r, times := &x.rtt, &x.limits.times
	alone := r.alone()
	return asBit(alone)*sentSample | asBit(!alone && (r.n|r.minFlying|r.maxFlying != 0 || r.min|r.max|r.smoothed != 0))*sentSamples |
		asBit(x.flight.Len() > 0 || x.flight.Merged() > 0)*sentFlight | asBit(r.delayed != 0)*sentDelayed |
		asBit(times[limitNone]|times[limitWindow] != 0 || x.windowFull|x.windowUsed != 0 || x.windowFullAt != 0)*sentLimits |
		asBit(x.loss != &noLosses)*sentRecovery | asBit(!c.over())*sentMore
}

// sender walks over what an end knows of its data. Its numbers count from the
// end of its stream.
func (w *packer[W]) sender(n int, x *sender, e *endpoint, c *conn) int {
	r, times := &x.rtt, &x.limits.times
	const stamped = 1 << 8
	head := uint64(0)
	if !w.loads() {
		head = uint64(x.limits.state) | asBit(r.stamped)*stamped | x.parts(c)
	}
	n = number(w, n, &head)
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
		n = number(w, n, &r.delayed)
	}
	n = w.time(n, &x.limits.at, c.last)
	n = w.time(n, &x.limits.done, x.limits.at)
	n = w.span(n, &times[limitSender], 0)
	n = w.span(n, &times[limitNetwork], 0)
	if head&sentLimits != 0 {
		n = w.span(n, &times[limitNone], 0)
		n = w.span(n, &times[limitWindow], 0)
		n = number(w, n, &x.windowFull)
		n = number(w, n, &x.windowUsed)
		n = w.packet(n, &x.windowFullAt, c.lastPacket)
	}
	n = number(w, n, &x.passed)
	n = number(w, n, &x.long)
	n = w.unscaled(n, &x.unscaled, c)
	if head&sentRecovery != 0 {
		n = w.recovery(n, x, nxt, c)
	}
	if head&sentMore != 0 {
		n = w.sending(n, x, e)
	}
	return n
}

// sending walks over what tells why data is sent again.
func (w *packer[W]) sending(n int, x *sender, e *endpoint) int {
	n = w.span(n, &x.base, x.rtt.min)
	n = w.flag(n, &x.hasBase)
	n = w.flag(n, &x.hasTS)
	n = w.flag(n, &x.hasID)
	n = number(w, n, &x.dupAcks)
	n = w.time(n, &x.heard, e.lastData)
	n = w.time(n, &x.news, x.heard)
	n = distance(w, n, &x.newestTS, e.firstSYNVal)
	n = number(w, n, &x.newestID)
	n = number(w, n, &x.idRun)
	n = number(w, n, &x.idOdd)
	r := &x.rtt
	n = w.span(n, &r.held, 0)
	n = distance(w, n, &r.stamp, e.firstSYNVal)
	n = w.time(n, &r.stampAt, e.lastData)
	return w.flag(n, &r.waiting)
}

// recovery walks over what only a connection with losses has.
func (w *packer[W]) recovery(n int, x *sender, nxt reassembly.Seq, c *conn) int {
	y := x.loss
	if w.loads() {
		y = x.losing()
	}
	n = number(w, n, &y.recover)
	n = number(w, n, &y.mode)
	n = w.span(n, &y.probeGap, 0)
	n = w.span(n, &y.probeAt, 0)
	n = w.flag(n, &y.provable)
	n = number(w, n, &y.nProved)
	for i := range y.nProved {
		n = w.seq(n, &y.proved[i], nxt)
	}
	n = number(w, n, &y.eifelTo)
	n = number(w, n, &y.eifelVal)
	n = w.flag(n, &y.eifelSet)
	n = w.span(n, &y.gapAt, 0)
	n = number(w, n, &y.gapIPID)
	n = w.flag(n, &y.gapTS)
	n = number(w, n, &y.gapTSVal)
	for i := range y.classes {
		n = number(w, n, &y.classes[i])
	}
	n = number(w, n, &y.spurious)
	n = number(w, n, &y.dsacks)
	n = number(w, n, &y.lostBefore)
	n = number(w, n, &y.lostAfter)
	n = number(w, n, &y.lostAgain)
	n = w.span(n, &y.late, 0)
	n = w.span(n, &y.stood, 0)
	n = w.span(n, &y.standing, 0)
	n = w.packet(n, &y.repeatAt, c.lastPacket)
	n = w.time(n, &y.repeatTime, c.last)
	n = w.packet(n, &y.needlessAt, c.lastPacket)
	n = w.packet(n, &y.lateAt, c.lastPacket)
	n = w.packet(n, &y.conflictAt, c.lastPacket)
	n = number(w, n, &y.conflicts)
	n = number(w, n, &y.conflictsOwn)
	n = number(w, n, &y.sackBlocks)
	n = number(w, n, &y.sacksOut)
	n = number(w, n, &y.sacksDone)
	n = w.refusals(n, &y.refused, nxt, c)
	n = w.leap(n, &y.leap)
	answers := y.answers.Follows()
	if n = w.flag(n, &answers); !answers {
		return n
	}
	if w.loads() {
		y.answers = c.pool.answers.take()
	}
	return w.stored(n, y.answers, nxt)
}

// alone reports whether one sample was all, so that it tells the rest.
func (r *roundTrips) alone() bool {
	return r.n == 1 && r.min == r.max && r.min == r.smoothed && r.minFlying|r.maxFlying == 0
}

func (w *packer[W]) samples(n int, r *roundTrips) int {
	n = number(w, n, &r.n)
	if r.n > 1 {
		n = w.histogram(n, &r.spans)
	}
	n = w.span(n, &r.min, 0)
	n = w.span(n, &r.max, r.min)
	n = number(w, n, &r.minFlying)
	n = number(w, n, &r.maxFlying)
	return w.span(n, &r.smoothed, r.min)
}

func (w *packer[W]) histogram(n int, p **reassembly.Histogram) int {
	if w.loads() {
		if *p == nil {
			*p = new(reassembly.Histogram)
		}
		return table.MaxNumbers - len((*p).Load(w.v[n:]))
	}
	return len((*p).Save(w.v[:n]))
}

// asides walks over those of a connection.
func (w *packer[W]) asides(n int, t *Tracker, c *conn) int {
	if w.loads() {
		t.hasAsides(c)
	}
	for i := range c.details.asides.of {
		n = w.aside(n, &c.details.asides.of[i], record.End(i), c)
		n = number(w, n, &c.details.asides.borne[i])
	}
	n = number(w, n, &c.details.asides.rstFrom)
	n = number(w, n, &c.details.asides.rsts)
	return w.aside(n, &c.details.asides.rst, record.Orig, c)
}

// aside walks over one of an end.
func (w *packer[W]) aside(n int, a *aside, of record.End, c *conn) int {
	there := *a != aside{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = w.packet(n, &a.packet, c.lastPacket)
	n = w.time(n, &a.at, c.last)
	n = w.seq(n, &a.seq, c.ends[of].isn)
	n = w.seq(n, &a.ack, c.ends[of.Peer()].isn)
	n = number(w, n, &a.n)
	n = number(w, n, &a.val)
	n = number(w, n, &a.ecr)
	n = number(w, n, &a.window)
	n = number(w, n, &a.id)
	n = number(w, n, &a.flags)
	n = number(w, n, &a.options)
	n = number(w, n, &a.ttl)
	n = number(w, n, &a.jumps)
	n = w.flag(n, &a.denied)
	n = w.flag(n, &a.old)
	n = number(w, n, &a.nSACK)
	for k := range a.sack {
		n = number(w, n, &a.sack[k].Left)
		n = number(w, n, &a.sack[k].Right)
	}
	return n
}
