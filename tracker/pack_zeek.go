package tracker

import (
	"encoding/binary"

	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// zeek walks over Zeek's view of a connection.
func (w *packer[W]) zeek(n int, c *conn) int {
	z := &c.z
	head := uint64(z.n) | uint64(z.seen[record.Orig])<<8 | uint64(z.seen[record.Resp])<<16 | asBit(z.partial)<<24
	n = number(w, n, &head)
	if w.loads() {
		z.n, z.seen[record.Orig], z.seen[record.Resp], z.partial = uint8(head), zeekSeen(head>>8), zeekSeen(head>>16), head>>24 != 0
	}
	n = w.letters(n, z.letters[:8])
	if z.n > 8 {
		n = w.letters(n, z.letters[8:16])
	}
	if z.n > 16 {
		n = w.letters(n, z.letters[maxHistory-8:])
	}
	n = w.zeekEnd(n, &z.ends[record.Orig], &c.ends[record.Orig])
	return w.zeekEnd(n, &z.ends[record.Resp], &c.ends[record.Resp])
}

// letters are eight letters in one number.
func (w *packer[W]) letters(n int, text []byte) int {
	if x := w.at(n); w.loads() {
		binary.LittleEndian.PutUint64(text, *x)
	} else {
		*x = binary.LittleEndian.Uint64(text)
	}
	return n + 1
}

func (w *packer[W]) zeekEnd(n int, z *zeekEnd, e *endpoint) int {
	const (
		more = 1 << (16 + iota)
		fin
		wide  // numbers apart
		start // not its isn
		odd
	)
	head, near := uint64(0), e.stream.Next()-reassembly.Seq(z.start)
	if !w.loads() && *z != (zeekEnd{}) {
		head = uint64(z.state) | uint64(z.was)<<8 | more | asBit(z.fin != 0)*fin | asBit(z.start != uint32(e.isn))*start |
			asBit(z.lastTurns|z.ackTurns != 0 || z.rst != 0 || z.stream.above != [zeekSpans]zeekSpan{})*odd
		last, ack, next := apart(z.last, near), apart(z.ack, z.last), apart(z.stream.next, z.last)
		end := apart(z.fin, z.last) * uint32(asBit(z.fin != 0))
		if last|ack|next|end < 1<<8 {
			head |= uint64(last)<<32 | uint64(ack)<<40 | uint64(next)<<48 | uint64(end)<<56
		} else {
			head |= wide
		}
	}
	if n = number(w, n, &head); head == 0 {
		return n
	}
	if w.loads() {
		z.state, z.was, z.start = zeekState(head), zeekState(head>>8), uint32(e.isn)
	}
	if head&start != 0 {
		n = number(w, n, &z.start)
	}
	if w.loads() {
		near = e.stream.Next() - reassembly.Seq(z.start)
		z.last = beside(near, uint32(head>>32&0xff))
		z.ack, z.stream.next = beside(z.last, uint32(head>>40&0xff)), beside(z.last, uint32(head>>48&0xff))
		if head&fin != 0 {
			z.fin = beside(z.last, uint32(head>>56))
		}
	}
	if head&wide != 0 {
		n = w.seq(n, &z.last, near)
		n = w.seq(n, &z.ack, z.last)
		n = w.seq(n, &z.stream.next, z.last)
		n = number(w, n, &z.fin)
	}
	counts := uint64(z.counts[0]) | uint64(z.counts[1])<<16 | uint64(z.counts[2])<<32
	n = number(w, n, &counts)
	if w.loads() {
		z.counts = [nZeekCounts]uint16{uint16(counts), uint16(counts >> 16), uint16(counts >> 32)}
	}
	if head&odd == 0 {
		return n
	}
	n = number(w, n, &z.lastTurns)
	n = number(w, n, &z.ackTurns)
	n = number(w, n, &z.rst)
	for i := range z.stream.above {
		n = number(w, n, &z.stream.above[i].from)
		n = number(w, n, &z.stream.above[i].to)
	}
	return n
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
