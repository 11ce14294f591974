package tracker

import "tcpwatch/reassembly"

// endpoint walks over one end.
func (w *words) endpoint(t *Tracker, e *endpoint) {
	num(w, &e.isn)
	if w.load {
		rest := e.stream.Load(w.v[w.n:], e.isn)
		w.n = len(w.v) - len(rest)
	} else {
		w.v = e.stream.Save(w.v, e.isn)
	}
	w.seq(&e.fin, e.stream.Next())
	num(w, &e.state)
	w.flag(&e.synSeen)
	w.flag(&e.finSeen)
	w.flag(&e.finAcked)
	w.flag(&e.finImplied)
	w.flag(&e.tailUnseen)
	w.flag(&e.ackedAny)
	num(w, &e.packets)
	num(w, &e.seenBytes)
	num(w, &e.wireBytes)
	num(w, &e.syns)
	num(w, &e.synAcks)
	num(w, &e.fins)
	num(w, &e.rsts)
	num(w, &e.retx)
	num(w, &e.retxBytes)
	num(w, &e.outOfOrder)
	num(w, &e.dupAcks)
	w.at(&e.firstSYN)
	w.at(&e.lastSYN)
	num(w, &e.firstSYNVal)
	last := e.lastSYNVal - e.firstSYNVal
	num(w, &last)
	e.lastSYNVal = e.firstSYNVal + last
	w.packet(&e.firstSYNPacket)
	w.at(&e.finTime)
	w.at(&e.finAckedTime)
	w.packet(&e.finAckedBy)
	w.packet(&e.finPacket)
	w.at(&e.firstByte)
	num(w, &e.synData)
	num(w, &e.window)
	num(w, &e.wscale)
	num(w, &e.mss)
	num(w, &e.ttl)
	num(w, &e.has)
	w.at(&e.lastSend)
	w.at(&e.lastData)
	if w.has(e.timeWaitUntil != 0 || e.restarts != 0 || e.timeWaitEnd != "") {
		w.at(&e.timeWaitSince)
		w.at(&e.timeWaitUntil)
		w.text(&e.timeWaitEnd, timeWaitEnds[:])
		num(w, &e.restarts)
	}
	w.prober(&e.probe)
	w.zeroWindow(&e.zero)
	if w.has(e.sender != nil) {
		w.sender(t.sends(e), e)
	}
}

func (w *words) prober(k *prober) {
	if !w.has(*k != prober{}) {
		return
	}
	num(w, &k.probes)
	num(w, &k.answered)
	num(w, &k.pending)
	w.flag(&k.hasIdle)
	w.span(&k.idle)
	w.at(&k.last)
	w.span(&k.answeredGap)
	w.span(&k.unansweredGap)
}

func (w *words) zeroWindow(z *zeroWindow) {
	num(w, &z.widest)
	num(w, &z.silly)
	w.flag(&z.isSilly)
	if !w.has(*z != zeroWindow{widest: z.widest, silly: z.silly, isSilly: z.isSilly}) {
		return
	}
	w.flag(&z.closed)
	num(w, &z.episodes)
	w.at(&z.since)
	w.span(&z.total)
	num(w, &z.probes)
	w.at(&z.lastAt)
	w.span(&z.lastGap)
}

// sender walks over what an end knows of its data. Its numbers count from the
// end of its stream.
func (w *words) sender(x *sender, e *endpoint) {
	nxt := e.stream.Next()
	if w.load {
		rest := x.flight.Load(w.v[w.n:], nxt)
		w.n = len(w.v) - len(rest)
	} else {
		w.v = x.flight.Save(w.v, nxt)
	}
	w.roundTrips(&x.rtt)
	w.span(&x.base)
	w.flag(&x.hasBase)
	num(w, &x.dupAcks)
	w.at(&x.heard)
	w.at(&x.news)
	num(w, &x.newestTS)
	num(w, &x.newestID)
	w.flag(&x.hasTS)
	w.flag(&x.hasID)
	num(w, &x.idRun)
	num(w, &x.idOdd)
	w.at(&x.limits.at)
	num(w, &x.limits.state)
	for i := range x.limits.times {
		w.span(&x.limits.times[i])
	}
	num(w, &x.windowFull)
	w.recovery(x, nxt)
}

// recovery walks over what only a connection with losses has.
func (w *words) recovery(x *sender, nxt reassembly.Seq) {
	num(w, &x.recover)
	num(w, &x.mode)
	w.span(&x.probeGap)
	w.at(&x.probeAt)
	w.flag(&x.provable)
	num(w, &x.nProved)
	for i := range x.nProved {
		w.seq(&x.proved[i], nxt)
	}
	if w.has(x.eifelTo != 0 || x.eifelVal != 0 || x.eifelSet) {
		w.seq(&x.eifelTo, nxt)
		num(w, &x.eifelVal)
		w.flag(&x.eifelSet)
	}
	if w.has(x.gapAt != 0) {
		w.at(&x.gapAt)
		num(w, &x.gapIPID)
		w.flag(&x.gapTS)
		num(w, &x.gapTSVal)
	}
	for i := range x.classes {
		num(w, &x.classes[i])
	}
	num(w, &x.spurious)
	num(w, &x.dsacks)
	num(w, &x.lostBefore)
	num(w, &x.lostAfter)
	w.span(&x.late)
}

func (w *words) roundTrips(r *roundTrips) {
	w.histogram(&r.spans)
	w.span(&r.min)
	w.span(&r.max)
	w.span(&r.smoothed)
	num(w, &r.n)
	num(w, &r.delayed)
	num(w, &r.stamp)
	w.at(&r.stampAt)
	w.flag(&r.waiting)
	w.flag(&r.stamped)
}
