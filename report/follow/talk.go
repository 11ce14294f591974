package follow

import (
	"bytes"

	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// talk is a connection that is followed.
type talk struct {
	to      Printer
	id      uint64
	ends    [2]capture.Endpoint
	start   int64
	now     int64 // latest time of a packet
	untimed bool  // packets have none
	streams [2]stream
	told    piece
}

// segment takes a segment that one end sent.
func (t *talk) segment(from record.End, s *capture.Segment, payload []byte) {
	t.now = max(t.now, s.Time)
	t.untimed = t.untimed || s.Untimed
	x, peer := &t.streams[from], &t.streams[from.Peer()]
	spoiled := x.refused.spoiled(s)
	if spoiled && (s.Len == 0 || s.Flags.Any(capture.SYN|capture.RST)) {
		return
	}
	seq := reassembly.Seq(s.Seq)
	c := chunk{n: int64(s.Len), data: payload[:min(len(payload), int(s.Len))], time: s.Time, packet: s.Packet}
	if s.Flags.Has(capture.RST) {
		t.reset(from, seq, c)
		t.release(false)
		return
	}
	if s.Flags.Has(capture.SYN) {
		seq = seq.Add(1) // what a SYN carries comes after it (RFC 9293 section 3.4)
		x.startSYN(seq)
		peer.refused.full = uint32(s.MSS)
	} else {
		x.start(seq, s.Len == 0)
	}
	if s.Flags.Has(capture.ACK) && !spoiled {
		c.ack = peer.ack(reassembly.Seq(s.Ack), t.now)
		for d, more := peer.believed(); more; d, more = peer.believed() {
			t.bytes(from.Peer(), d)
		}
	}
	if c.off = x.at(seq); s.Len > 0 || s.Flags.Has(capture.FIN) {
		c.off = x.place(seq, c.n)
	}
	if c.off-x.next > maxAhead {
		return // no window reaches that far: of another connection, or forged
	}
	if x.hasFIN && c.n > 0 && c.end() > x.fin {
		x.hasFIN = false // it was forged: an end says nothing after its own
	}
	if x.stamped(s, &c) || spoiled {
		x.suspect(&c)
		t.release(false)
		return
	}
	t.bytes(from, c)
	if s.Flags.Has(capture.FIN) && !x.hasFIN && c.end() >= x.next {
		x.hasFIN, x.fin = true, c.end()
		c.kind = pieceFIN
		x.wait.mark(c.from(c.end()))
	}
	t.release(false)
	for x.wait.bytes > maxHeld || x.wait.len() > maxChunks {
		t.skip(from, x.gap(true))
		t.deliver(from)
		t.release(false)
	}
}

// bytes takes payload.
func (t *talk) bytes(from record.End, c chunk) {
	x := &t.streams[from]
	if c.off < x.next {
		t.repeat(from, c.before(x.next))
		c = c.from(max(x.next, 0))
	}
	switch {
	case c.n == 0:
	case c.off == x.next && x.wait.len() == 0 && t.streams[from.Peer()].reached(c.ack):
		t.say(from, &c) // not worth a copy
	default:
		x.wait.add(c, func(again, waiting *chunk) {
			old := waiting.from(again.off).before(again.end()).data
			n := min(len(old), len(again.data))
			if !bytes.Equal(old[:n], again.data[:n]) {
				t.tell(pieceConflict, from, again)
			}
		})
	}
}

// repeat takes payload whose turn is over.
func (t *talk) repeat(from record.End, c chunk) {
	x := &t.streams[from]
	// A keepalive probe repeats the last byte, with any content (RFC 9293 section 3.8.4).
	if probe := c.n == 1 && c.end() == x.next; !probe && x.differs(c) {
		t.tell(pieceConflict, from, &c)
	}
	x.late(c, func(part *chunk) { t.tell(pieceLate, from, part) })
}

// reset takes a RST: it stands where its number says. What it carries is no
// part of the stream but a word about the reset (RFC 9293 section 3.5.3).
func (t *talk) reset(from record.End, seq reassembly.Seq, c chunk) {
	x := &t.streams[from]
	at := x.at(seq)
	if x.rsts > 0 && at == x.rst || x.rsts == maxResets {
		return
	}
	x.rsts, x.rst = x.rsts+1, at
	c.kind, c.n, c.off = pieceRST, 0, x.next
	if x.started && at > x.next && at-x.next <= maxHeld {
		c.off = at
	}
	if x.hasFIN {
		c.off = min(c.off, max(x.fin, x.next)) // its number may count the FIN
	}
	x.wait.mark(c)
}

// release says what can be said; all: whatever waits, with its gaps.
func (t *talk) release(all bool) {
	until := t.now - grace
	if all {
		until = t.now
	}
	for {
		for e := range t.streams {
			t.streams[e].unplace(until)
		}
		if e := t.ready(); e <= record.Resp {
			t.deliver(e)
		} else if e := t.lost(all); e <= record.Resp {
			t.skip(e, t.streams[e].gap(all))
		} else if e := t.blocked(all); e <= record.Resp {
			t.deliver(e)
		} else {
			return
		}
	}
}

// ready is the end whose next words come first: those that follow what it had
// heard, in the order of packets.
func (t *talk) ready() record.End {
	return t.earliest(func(x, peer *stream, w *chunk) bool { return w.off == x.next && peer.reached(w.ack) })
}

// blocked is the end whose next words have waited in vain for what it had heard.
func (t *talk) blocked(all bool) record.End {
	return t.earliest(func(x, peer *stream, w *chunk) bool {
		return w.off == x.next && (all || t.now-w.time >= grace)
	})
}

func (t *talk) earliest(fits func(x, peer *stream, w *chunk) bool) record.End {
	best := record.NoEnd
	for e := record.Orig; e <= record.Resp; e++ {
		x, peer := &t.streams[e], &t.streams[e.Peer()]
		if w := x.wait.first(); w != nil && fits(x, peer, w) && (best > record.Resp || w.packet < t.streams[best].wait.first().packet) {
			best = e
		}
	}
	return best
}

// lost is the end that bytes are missing of which will not come any more.
func (t *talk) lost(all bool) record.End {
	best := record.NoEnd
	for e := record.Orig; e <= record.Resp; e++ {
		x := &t.streams[e]
		if x.gap(all) > x.next && (all || t.now-x.since() >= grace) && (best > record.Resp || x.since() < t.streams[best].since()) {
			best = e
		}
	}
	return best
}

// deliver says what waits first.
func (t *talk) deliver(e record.End) {
	c := t.streams[e].wait.take()
	if c.kind == pieceBytes {
		t.say(e, &c)
	} else {
		t.tell(c.kind, e, &c)
	}
}

// say prints payload whose turn it is.
func (t *talk) say(e record.End, c *chunk) {
	if seen := c.before(c.off + int64(len(c.data))); seen.n > 0 {
		t.tell(pieceBytes, e, &seen)
	}
	if rest := c.from(c.off + int64(len(c.data))); rest.n > 0 {
		t.tell(pieceCut, e, &rest)
	}
	t.streams[e].said(c.data, c.n, t.now)
}

// skip marks what is missing before to.
func (t *talk) skip(e record.End, to int64) {
	x := &t.streams[e]
	if to <= x.next {
		return
	}
	c := chunk{off: x.next, n: to - x.next, time: x.since()}
	t.tell(pieceMissing, e, &c)
	x.pass(to)
}

func (t *talk) tell(k kind, e record.End, c *chunk) {
	t.told = piece{talk: t, kind: k, from: e, off: c.off, n: c.n, data: c.data, time: c.time, packet: c.packet}
	t.to.piece(&t.told)
}
