package tracker

import "encoding/binary"

// zeek walks over Zeek's view of a connection.
func (w *words) zeek(z *zeek, c *conn) {
	num(w, &z.n)
	var text [24]byte
	copy(text[:], z.letters[:])
	for i := 0; i < len(text); i += 8 {
		x := binary.LittleEndian.Uint64(text[i:])
		num(w, &x)
		binary.LittleEndian.PutUint64(text[i:], x)
	}
	copy(z.letters[:], text[:])
	w.flag(&z.partial)
	for i := range z.ends {
		num(w, &z.seen[i])
		w.zeekEnd(&z.ends[i], uint32(c.ends[i].isn))
	}
}

func (w *words) zeekEnd(e *zeekEnd, isn uint32) {
	start := e.start - isn
	num(w, &start)
	e.start = start + isn
	num(w, &e.last)
	w.seq(&e.ack, e.last)
	num(w, &e.lastTurns)
	num(w, &e.ackTurns)
	num(w, &e.fin)
	num(w, &e.rst)
	w.seq(&e.stream.next, e.last)
	for i := range e.stream.above {
		num(w, &e.stream.above[i].from)
		num(w, &e.stream.above[i].to)
	}
	for i := range e.counts {
		num(w, &e.counts[i])
	}
	num(w, &e.state)
	num(w, &e.was)
}
