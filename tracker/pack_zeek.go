package tracker

import "tcpwatch/reassembly"

// zeek walks over Zeek's view of a connection.
func (w *words) zeek(c *conn) {
	z := &c.z
	num(w, &z.n)
	for i := 0; i < int(z.n); i += 10 { // six bits each: '@' to DEL
		var x uint64
		text := z.letters[i:min(i+10, len(z.letters))]
		for k, c := range text {
			x |= uint64(c-'@') & 63 << (6 * k)
		}
		num(w, &x)
		for k := range text[:min(len(text), int(z.n)-i)] {
			text[k] = byte(x>>(6*k)&63) + '@'
		}
	}
	z.partial = w.has(z.partial)
	for i := range z.ends {
		num(w, &z.seen[i])
		w.zeekEnd(&z.ends[i], &c.ends[i])
	}
}

func (w *words) zeekEnd(z *zeekEnd, e *endpoint) {
	if !w.has(*z != zeekEnd{}) {
		return
	}
	from(w, &z.start, uint32(e.isn))
	w.seq(&z.last, e.stream.Next()-reassembly.Seq(z.start))
	w.seq(&z.ack, z.last)
	w.seq(&z.stream.next, z.last)
	num(w, &z.state)
	num(w, &z.was)
	if w.has(z.fin != 0) {
		w.seq(&z.fin, z.last)
	}
	if !w.has(z.lastTurns != 0 || z.ackTurns != 0 || z.rst != 0 || z.counts != [nZeekCounts]uint16{} || z.stream.above != [zeekSpans]zeekSpan{}) {
		return
	}
	num(w, &z.lastTurns)
	num(w, &z.ackTurns)
	num(w, &z.rst)
	for i := range z.stream.above {
		num(w, &z.stream.above[i].from)
		num(w, &z.stream.above[i].to)
	}
	for i := range z.counts {
		num(w, &z.counts[i])
	}
}

// turns walks over the exchanges of a connection.
func (w *words) turns(c *conn) {
	x := &c.turns
	if !w.has(*x != turnarounds{spread: x.spread}) {
		return
	}
	a, b := &c.ends[Orig], &c.ends[Resp]
	num(w, &x.n)
	num(w, &x.timed)
	num(w, &x.repeated)
	f := bit(x.waiting) | bit(x.again)<<1 | bit(x.early)<<2
	num(w, &f)
	x.waiting, x.again, x.early = f&1 != 0, f&2 != 0, f&4 != 0
	w.at(&x.request, a.lastData)
	w.seq(&x.requestEnd, a.stream.Next())
	w.seq(&x.answerFrom, b.stream.Next())
	w.at(&x.answered, b.lastData)
	w.span(&x.first, 0)
	w.span(&x.min, x.first)
	w.span(&x.max, x.first)
	w.span(&x.sum, x.first)
	w.span(&x.think, 0)
	if x.timed > 1 {
		w.histogram(&x.spread)
	}
}
