package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// turnarounds follows the exchanges of one connection, by who sends and what
// is acknowledged.
type turnarounds struct {
	n, timed, repeated uint32
	waiting            bool           // a request was sent and not answered
	again              bool           // it was repeated
	early              bool           // it rode on the SYN: the responder's numbers were not known yet
	request            int64          // time of its last byte
	requestEnd         reassembly.Seq // one past it
	answerFrom         reassembly.Seq // number of the answer's first byte
	answered           int64          // time of the responder's last data; 0 before the first
	first, min, max    int64
	sum, think         int64
	// spread is only there from the second timed exchange on: most connections have fewer.
	spread *reassembly.Histogram
}

// take takes payload that an end sent, and returns the turn-around that it completes; 0 for none.
func (x *turnarounds) take(c *conn, from record.End, a reassembly.Added, now int64) (took int64) {
	orig, resp := &c.ends[record.Orig].stream, &c.ends[record.Resp].stream
	switch {
	case from == record.Orig && a.New+a.Filled == 0:
		x.again = x.waiting
	case from == record.Orig:
		if !x.waiting {
			x.waiting, x.again = true, false
			x.answerFrom, x.early = resp.Next(), !resp.Started()
			if x.answered != 0 {
				x.think += now - x.answered
			}
		}
		x.request, x.requestEnd = now, orig.Next()
	case a.New > 0:
		x.answered = now
		// Data that does not acknowledge the whole request crossed it on the way.
		if x.waiting && orig.Acked() && orig.Next().LessEq(orig.Una()) {
			x.waiting = false
			x.n++
			if x.early {
				x.answerFrom = resp.Base()
			}
			if orig.Next() == x.requestEnd && resp.Next() == x.answerFrom.Add(a.New) {
				took = max(now-x.request, 1)
				x.add(now - x.request)
			}
		}
	}
	return took
}

// add counts a turn-around.
func (x *turnarounds) add(ns int64) {
	x.timed++
	if x.again {
		x.repeated++
	}
	x.sum += ns
	if x.timed == 1 {
		x.first, x.min, x.max = ns, ns, ns
		return
	}
	x.min, x.max = min(x.min, ns), max(x.max, ns)
	if x.timed == 2 {
		if x.spread == nil {
			x.spread = new(reassembly.Histogram)
		}
		x.spread.Add(x.first)
	}
	x.spread.Add(ns)
}

// cleared is ready for another connection, its storage kept.
func (x *turnarounds) cleared() turnarounds {
	if x.spread != nil && x.timed > 1 {
		x.spread.Clear()
	}
	return turnarounds{spread: x.spread}
}

// fillExchanges needs r's ends and opening.
func (c *conn) fillExchanges(r *record.Record) {
	x := &c.turns
	e := &r.Exchanges
	e.N, e.Timed, e.Repeated, e.Think = x.n, x.timed, x.repeated, x.think
	e.Left = c.leftWaiting()
	if x.timed == 0 {
		return
	}
	e.First, e.Min, e.Max, e.P50, e.P95, e.Sum = x.first, x.min, x.max, x.first, x.first, x.sum
	if x.timed > 1 {
		e.P50 = min(max(x.spread.Quantile(0.5), x.min), x.max)
		e.P95 = min(max(x.spread.Quantile(0.95), x.min), x.max)
	}
	rtt := r.Open.Resp
	if m := &r.Ends[record.Orig].RTT; m.N > 0 && (!rtt.OK || m.Min < rtt.V) {
		rtt = record.Some(m.Min)
	}
	if rtt.OK && 2*x.repeated < x.timed { // else the median may be of a request that was lost
		e.Server = record.Some(max(0, e.P50-rtt.V))
	}
}

// leftWaiting is how long after its last request the originator closed, where all that the
// responder sent since came behind that.
func (c *conn) leftWaiting() (left record.Opt[int64]) {
	x, a, b := &c.turns, &c.ends[record.Orig], &c.ends[record.Resp]
	if x.n == 0 && !x.waiting || x.early {
		return left
	}
	var at int64
	switch {
	case c.first == record.Orig && a.finSeen && b.stream.Next() == x.answerFrom.Add(uint32(c.details.bytesAfterFIN)):
		at = a.finTime
	case c.first == record.NoEnd && c.resetBy == record.Orig && x.waiting:
		at = c.details.resetTime
	default:
		return left
	}
	if at >= x.request {
		left = record.Some(at - x.request)
	}
	return left
}

// turns walks over the exchanges of a connection.
func (w *packer[W]) turns(n int, c *conn) int {
	x := &c.turns
	const (
		one  = 1 << 3 // exchange, which tells all of them
		last = 1 << 4 // data of either end is what it is about
	)
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	head := uint64(0)
	if !w.loads() {
		head = asBit(x.waiting) | asBit(x.again)<<1 | asBit(x.early)<<2 | asBit(x.alone())*one |
			asBit(x.request == a.lastData && x.requestEnd == a.stream.Next() && x.answered == b.lastData)*last
	}
	n = number(w, n, &head)
	if w.loads() {
		x.waiting, x.again, x.early = head&1 != 0, head&2 != 0, head&4 != 0
	}
	if head&last == 0 {
		n = w.time(n, &x.request, a.lastData)
		n = w.seq(n, &x.requestEnd, a.stream.Next())
		n = w.time(n, &x.answered, b.lastData)
	} else if w.loads() {
		x.request, x.requestEnd, x.answered = a.lastData, a.stream.Next(), b.lastData
	}
	n = w.seq(n, &x.answerFrom, b.stream.Next())
	n = w.span(n, &x.think, 0)
	n = w.span(n, &x.first, 0)
	if head&one != 0 {
		if w.loads() {
			x.n, x.timed, x.min, x.max, x.sum = 1, 1, x.first, x.first, x.first
		}
		return n
	}
	n = number(w, n, &x.n)
	n = number(w, n, &x.timed)
	n = number(w, n, &x.repeated)
	n = w.span(n, &x.min, x.first)
	n = w.span(n, &x.max, x.first)
	n = w.span(n, &x.sum, x.first)
	if x.timed > 1 {
		n = w.histogram(n, &x.spread)
	}
	return n
}

// alone reports whether there was one exchange, so that it tells the rest.
func (x *turnarounds) alone() bool {
	return x.n == 1 && x.timed == 1 && x.repeated == 0 && x.min == x.first && x.max == x.first && x.sum == x.first
}
