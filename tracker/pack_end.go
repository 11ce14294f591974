package tracker

import "tcpwatch/reassembly"

// endpoint walks over one end.
func (w *words) endpoint(t *Tracker, c *conn, e *endpoint) {
	// Of an end that never sent, and whose numbers nobody told, nothing is known.
	if !w.has(e.packets != 0 || e.stream.Started() || e.synSeen || e.finSeen || e.state != Unknown || e.has != 0) {
		return
	}
	num(w, &e.isn)
	isn := e.isn
	w.saved(func(v []uint64) []uint64 { return e.stream.Save(v, isn) }, func(v []uint64) []uint64 { return e.stream.Load(v, isn) })
	b := bit(e.synSeen) | bit(e.finSeen)<<1 | bit(e.finAcked)<<2 | bit(e.finImplied)<<3 | bit(e.tailUnseen)<<4 | bit(e.ackedAny)<<5
	num(w, &b)
	e.synSeen, e.finSeen, e.finAcked, e.finImplied = b&1 != 0, b&2 != 0, b&4 != 0, b&8 != 0
	e.tailUnseen, e.ackedAny = b&16 != 0, b&32 != 0
	num(w, &e.state)
	num(w, &e.packets)
	from(w, &e.seenBytes, e.stream.Span())
	from(w, &e.wireBytes, e.seenBytes)
	num(w, &e.syns)
	num(w, &e.synAcks)
	num(w, &e.fins)
	num(w, &e.rsts)
	num(w, &e.synData)
	num(w, &e.window)
	num(w, &e.wscale)
	num(w, &e.mss)
	num(w, &e.ttl)
	num(w, &e.has)
	if w.has(e.firstSYNPacket != 0 || e.firstSYN != 0 || e.lastSYN != 0 || e.firstSYNVal != 0 || e.lastSYNVal != 0) {
		w.span(&e.firstSYN, c.start)
		w.span(&e.lastSYN, e.firstSYN)
		num(w, &e.firstSYNVal)
		from(w, &e.lastSYNVal, e.firstSYNVal)
		w.packet(&e.firstSYNPacket, c.id)
	}
	w.at(&e.lastSend, c.last)
	w.at(&e.lastData, e.lastSend)
	w.at(&e.firstByte, e.lastData)
	if w.has(e.finTime != 0 || e.finAckedTime != 0 || e.finPacket != 0 || e.finAckedBy != 0 || e.fin != 0) {
		w.seq(&e.fin, e.stream.Next())
		w.at(&e.finTime, c.last)
		w.at(&e.finAckedTime, e.finTime)
		w.packet(&e.finPacket, c.lastPacket)
		w.packet(&e.finAckedBy, e.finPacket)
	}
	if w.has(e.retx != 0 || e.retxBytes != 0 || e.outOfOrder != 0 || e.dupAcks != 0) {
		num(w, &e.retx)
		num(w, &e.retxBytes)
		num(w, &e.outOfOrder)
		num(w, &e.dupAcks)
	}
	if w.has(e.timeWaitUntil != 0 || e.timeWaitSince != 0 || e.restarts != 0 || e.timeWaitEnd != "") {
		w.at(&e.timeWaitSince, c.last)
		w.span(&e.timeWaitUntil, e.timeWaitSince+2*t.opt.MSL)
		w.text(&e.timeWaitEnd, timeWaitEnds[:])
		num(w, &e.restarts)
	}
	id := &e.recent.id
	num(w, &id.id)
	b = bit(id.counts) | bit(id.stamped)<<1
	num(w, &b)
	id.counts, id.stamped = b&1 != 0, b&2 != 0
	w.prober(&e.probe, c)
	w.zeroWindow(t, &e.zero, c)
	if w.has(e.sender != nil) {
		w.sender(t.sends(e), e, c)
	}
}

func (w *words) prober(k *prober, c *conn) {
	if !w.has(*k != prober{}) {
		return
	}
	num(w, &k.probes)
	num(w, &k.answered)
	num(w, &k.pending)
	w.packet(&k.first, c.lastPacket)
	w.packet(&k.unanswered, c.lastPacket)
	k.hasIdle = w.has(k.hasIdle)
	w.span(&k.idle, 0)
	w.at(&k.last, c.last)
	w.span(&k.answeredGap, 0)
	w.span(&k.unansweredGap, 0)
}

func (w *words) zeroWindow(t *Tracker, z *zeroWindow, c *conn) {
	num(w, &z.widest)
	if !w.has(*z != zeroWindow{widest: z.widest}) {
		return
	}
	num(w, &z.silly)
	w.packet(&z.sillyAt, c.lastPacket)
	b := bit(z.isSilly) | bit(z.closed)<<1
	num(w, &b)
	z.isSilly, z.closed = b&1 != 0, b&2 != 0
	num(w, &z.episodes)
	w.at(&z.since, c.last)
	w.span(&z.total, 0)
	num(w, &z.probes)
	w.at(&z.lastAt, c.last)
	w.span(&z.lastGap, 0)
	if w.has(z.list != nil) {
		w.zeroWindowEpisodes(t, z, c)
	}
}

// sender walks over what an end knows of its data. Its numbers count from the
// end of its stream.
func (w *words) sender(x *sender, e *endpoint, c *conn) {
	nxt := e.stream.Next()
	w.saved(func(v []uint64) []uint64 { return x.flight.Save(v, nxt) }, func(v []uint64) []uint64 { return x.flight.Load(v, nxt) })
	w.roundTrips(&x.rtt)
	w.at(&x.limits.at, c.last)
	num(w, &x.limits.state)
	for i := range x.limits.times {
		w.span(&x.limits.times[i], 0)
	}
	num(w, &x.windowFull)
	if x.windowFull != 0 {
		w.packet(&x.windowFullAt, c.lastPacket)
	}
	num(w, &x.passed)
	if w.has(x.recovered()) {
		w.recovery(x, nxt, c)
	}
	if !w.has(c.over()) {
		w.sending(x, e, c)
	}
}

// sending walks over what tells why data is sent again. Of a connection that
// is over it is left out: what comes again was acknowledged, and is needless.
func (w *words) sending(x *sender, e *endpoint, c *conn) {
	w.span(&x.base, x.rtt.min)
	b := bit(x.hasBase) | bit(x.hasTS)<<1 | bit(x.hasID)<<2
	num(w, &b)
	x.hasBase, x.hasTS, x.hasID = b&1 != 0, b&2 != 0, b&4 != 0
	num(w, &x.dupAcks)
	w.at(&x.heard, e.lastData)
	w.at(&x.news, x.heard)
	from(w, &x.newestTS, e.firstSYNVal)
	num(w, &x.newestID)
	num(w, &x.idRun)
	num(w, &x.idOdd)
	r := &x.rtt
	w.span(&r.held, 0)
	from(w, &r.stamp, e.firstSYNVal)
	w.at(&r.stampAt, e.lastData)
	r.waiting = w.has(r.waiting)
}

// recovered reports whether anything of an end's data was ever out of order.
func (x *sender) recovered() bool {
	return x.recover != 0 || x.mode != recoverNone || x.probeGap != 0 || x.probeAt != 0 || x.provable || x.nProved != 0 ||
		x.eifelTo != 0 || x.eifelVal != 0 || x.eifelSet || x.gapAt != 0 || x.gapIPID != 0 || x.gapTS || x.gapTSVal != 0 ||
		x.classes != [nRepeatClasses]uint32{} || x.spurious != 0 || x.dsacks != 0 || x.lostBefore != 0 || x.lostAfter != 0 || x.late != 0 ||
		x.repeatAt != 0 || x.needlessAt != 0 || x.lateAt != 0
}

// recovery walks over what only a connection with losses has.
func (w *words) recovery(x *sender, nxt reassembly.Seq, c *conn) {
	num(w, &x.recover)
	num(w, &x.mode)
	w.span(&x.probeGap, 0)
	w.span(&x.probeAt, 0)
	x.provable = w.has(x.provable)
	num(w, &x.nProved)
	for i := range x.nProved {
		w.seq(&x.proved[i], nxt)
	}
	num(w, &x.eifelTo)
	num(w, &x.eifelVal)
	x.eifelSet = w.has(x.eifelSet)
	w.span(&x.gapAt, 0)
	num(w, &x.gapIPID)
	x.gapTS = w.has(x.gapTS)
	num(w, &x.gapTSVal)
	for i := range x.classes {
		num(w, &x.classes[i])
	}
	num(w, &x.spurious)
	num(w, &x.dsacks)
	num(w, &x.lostBefore)
	num(w, &x.lostAfter)
	w.span(&x.late, 0)
	for _, p := range [...]*uint64{&x.repeatAt, &x.needlessAt, &x.lateAt} {
		w.packet(p, c.lastPacket)
	}
}

func (w *words) roundTrips(r *roundTrips) {
	num(w, &r.n)
	if w.has(r.spans != nil && r.spans.N() > 0) {
		w.histogram(&r.spans)
	}
	w.span(&r.min, 0)
	w.span(&r.max, r.min)
	w.span(&r.smoothed, r.min)
	num(w, &r.delayed)
	r.stamped = w.has(r.stamped)
}

func (w *words) histogram(p **reassembly.Histogram) {
	if *p == nil {
		*p = new(reassembly.Histogram)
	}
	w.saved((*p).Save, (*p).Load)
}
