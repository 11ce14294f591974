package tracker

import "tcpwatch/tracker/record"

// fillEnd makes the record of one end, which is empty before.
func (c *conn) fillEnd(r *record.EndRecord, e record.End) {
	x, y := &c.ends[e], &c.ends[e.Peer()]
	r.Packets, r.SeenBytes, r.WireBytes, r.MissingBytes = x.packets, x.seenBytes, x.wireBytes, c.missing(e)
	r.DataSegments, r.PureACKs, r.LastSent = x.dataSegments, x.pureACKs, x.lastSend
	r.Retx, r.RetxBytes, r.OutOfOrder, r.DupAcks = x.details.retx, x.details.retxBytes, x.details.outOfOrder, x.details.dupAcks
	r.SillyWindows, r.WindowProbes = x.details.zero.silly, y.details.zero.probes
	c.fillSender(r, e)
	c.fillZeroWindows(r, e)
	c.fillOpenProbes(r, e)
	// Of an end that was never seen, what the other acknowledged is in
	// MissingBytes; the span of what was captured is 0.
	r.Bytes = record.Some(uint64(0))
	if x.packets > 0 {
		n := x.span()
		if c.mayEndInFIN(e) {
			n--
		}
		r.Bytes = record.Some(n)
	}
	if x.stream.Vague() {
		r.SpanUnknown, r.Bytes, r.MissingBytes = true, record.Opt[uint64]{}, 0
	}
	if x.has&hasMSS != 0 {
		r.MSS = record.Some(x.mss)
	}
	if x.has&hasWScale != 0 {
		r.WScale = record.Some(x.wscale)
	}
	if x.has&hasTTL != 0 {
		r.TTL = record.Some(x.ttl)
	}
	if ttl := c.details.dataTTL[e]; ttl != 0 {
		r.DataTTL = record.Some(ttl)
	} else {
		r.Strange = uint32(c.details.strange[e])
	}
	if x.synSeen && x.syns+x.synAcks > 0 {
		r.SACK, r.Timestamps, r.ECN = record.Some(x.has&hasSACK != 0), record.Some(x.has&hasTimestamps != 0), record.Some(x.has&hasECN != 0)
	}
	r.Order = x.order
	if x.has&hasFirstByte != 0 && c.timedThird() && x.firstByte >= c.thirdACK {
		r.FirstByte = record.Some(x.firstByte - c.thirdACK)
	}
	if x.stream.Started() && !x.stream.Vague() {
		first := x.stream.Next().Add(-uint32(min(x.stream.Span(), 1<<32-1)))
		if x.synSeen {
			first = x.isn
		}
		r.Numbers = record.Some(record.Numbers{First: uint32(first), Next: uint32(x.sndNxt())})
	}
	c.fillTimes(r, e)
}

// fillKey tells by what an end is known again elsewhere.
func (e *endpoint) fillKey(r *record.KeyRecord) {
	if e.synSeen {
		r.ISN = record.Some(uint32(e.isn))
	}
	if e.synID != 0 {
		r.IPID = record.Some(e.synID)
	}
}

// span is the number of payload bytes that an end sent: those before its FIN
// too that were not captured.
func (e *endpoint) span() uint64 {
	n := e.stream.Span()
	if e.finSeen && e.stream.Next().Less(e.fin) {
		n += uint64(e.fin - e.stream.Next())
	}
	return n
}

// fillSender fills in what is known of an end that sent data; without data the
// handshake tells the round trip.
func (c *conn) fillSender(r *record.EndRecord, e record.End) {
	if half := c.handshakeTime(e); half > 0 {
		m := &r.RTT
		m.N, m.Min, m.P50, m.P95, m.Max, m.Smoothed, m.Source = 1, half, half, half, half, half, record.RTTHandshake
	}
	if y := c.ends[e.Peer()].sender; y != nil {
		r.SACKBlocks, r.SACKOutOfRange, r.SACKAllCame = y.loss.sackBlocks, y.loss.sacksOut, y.loss.sacksDone
	}
	x := c.ends[e].sender
	if x == nil {
		return
	}
	r.RetxRTO, r.RetxFast = x.loss.classes[repeatRTO], x.loss.classes[repeatFast]
	r.RetxTLP, r.RetxOther = x.loss.classes[repeatTLP], x.loss.classes[repeatOther]
	r.RetxSpurious, r.DSACKs = x.loss.spurious, x.loss.dsacks
	r.PAWSRefused, r.RetxRefused, r.Conflicts, r.ConflictsOwn = x.loss.refused.paws, x.loss.refused.again, x.loss.conflicts, x.loss.conflictsOwn
	if x.loss.refused.tellsWrong(&c.ends[e]) {
		r.BadChecksums, r.BadSegments = x.loss.refused.wrong, x.loss.refused.segments
	}
	r.LostBeforeTap, r.LostAfterTap, r.LostAgain = x.loss.lostBefore, x.loss.lostAfter, x.loss.lostAgain
	r.ReorderMax, r.Stood = x.loss.late, x.loss.stood
	r.WindowFull, r.WindowUsed = x.windowFull, x.windowUsed
	r.SenderLimited, r.NetworkLimited, r.WindowLimited = x.times[limitSender], x.times[limitNetwork], x.times[limitWindow]
	switch lasts := max(0, c.last-x.at); x.state {
	case limitSender:
		r.SenderLimited += lasts
	case limitNetwork:
		r.NetworkLimited += lasts
	case limitWindow:
		r.WindowLimited += lasts
	}
	r.Sending = r.SenderLimited + r.NetworkLimited + r.WindowLimited
	if x.state == limitSender {
		r.Sending -= max(0, c.last-x.done)
	}
	if x.rtt.n > 0 {
		x.rtt.fill(&r.RTT)
	}
}

func (x *roundTrips) fill(r *record.RTTRecord) {
	r.N, r.Min, r.Max, r.Smoothed, r.Delayed, r.Source = x.n, x.min, x.max, x.smoothed, x.delayed, record.RTTData
	r.MinFlying, r.MaxFlying = x.minFlying, x.maxFlying
	if x.stamped {
		r.Source = record.RTTTimestamps
	}
	r.P50, r.P95 = x.min, x.min
	if x.min < x.max { // else both are what clamp would make of them
		r.P50, r.P95 = clamp(x.spans.Quantile(0.5), x.min, x.max), clamp(x.spans.Quantile(0.95), x.min, x.max)
	}
}

func clamp(v, low, high int64) int64 { return max(low, min(v, high)) }

// fillTimes adds up how long the end was in each state, by edges that stand.
func (c *conn) fillTimes(r *record.EndRecord, e record.End) {
	until := c.last
	if c.capture.dropped > 0 {
		return // some edges were not remembered: the sums cannot be known
	}
	for i := c.before(e, len(c.trans)); i >= 0; i = c.before(e, i) {
		t := &c.trans[i]
		if t.To != record.Closed && t.To != record.Unknown && (t.To != record.SynSent || c.ends[e].syns > 0) {
			r.TimeIn[t.To] = record.Some(r.TimeIn[t.To].V + max(0, until-t.Time))
		}
		until = t.Time
	}
}
