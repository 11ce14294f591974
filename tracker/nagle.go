package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// nagle are the times that an end held a small segment back until the other
// end's delayed ACK came (RFC 9293 section 3.7.4, Nagle's algorithm, meets section 3.8.6.3).
type nagle struct {
	n        uint32
	packet   uint64 // the first segment that was held back
	total    int64  // ns that the ACKs took
	min, max int64
}

// stallSlack is how long an end may take from the ACK to the segment that it
// held back: it lies in the socket already.
const stallSlack = 5e6

// afterHeld takes new data that follows an ACK that was held back.
func (c *conn) afterHeld(from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	x := e.sender
	held := x.rtt.held
	x.rtt.held = 0
	toEnd := c.side(from.Peer())
	// Data of the other end since, or with the ACK: the ACK came with an answer,
	// and a new request follows it.
	// Far from the end its own pauses can't be told from the way.
	if p.lastData >= x.heard || toEnd > held/2 || now-x.heard > toEnd+toEnd/2+stallSlack || s.Len >= fullSegment(p) {
		return
	}
	y := &c.troubled().ends[from].nagle
	if y.n == 0 {
		y.packet, y.min = s.Packet, held
	}
	y.n++
	y.total += held
	y.min, y.max = min(y.min, held), max(y.max, held)
}

// nagle walks over them.
func (w *packer[W]) nagle(n int, x *nagle, c *conn) int {
	there := *x != nagle{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.n)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = w.span(n, &x.total, 0)
	n = w.span(n, &x.min, 0)
	n = w.span(n, &x.max, x.min)
	return n
}

func (x *nagle) fill(r *record.NagleRecord) {
	*r = record.NagleRecord{N: x.n, Total: x.total, Min: x.min, Max: x.max, Packet: x.packet}
}
