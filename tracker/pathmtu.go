package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// stuckMin is the least payload whose loss may be one of size: every host takes
// datagrams of 576 bytes (RFC 1122 section 3.3.3), and IPv4 and TCP headers take 40 of them.
const stuckMin = 500

// stuck is the segment at SND.UNA while it is sent again and again.
type stuck struct {
	on     bool
	at     reassembly.Seq
	bytes  uint32 // payload as it was sent
	shrunk uint32 // payload of the last repeat, once it was made smaller; 0 before
	times  uint32 // repeats of the large one
	since  int64  // of the first of them
	last   int64
	packet uint64
	heard  bool // meanwhile the other end went on sending
}

// stuckAgain notes that unacknowledged data was sent again.
func (c *conn) stuckAgain(from record.End, seq, to reassembly.Seq, s *capture.Segment, now int64) {
	if seq != c.ends[from].stream.Una() {
		return
	}
	n := uint32(to - seq)
	if c.details.trouble == nil && n < stuckMin {
		return
	}
	y := &c.troubled().ends[from]
	x := &y.stuck
	switch {
	case !x.on || x.at != seq:
		if n >= stuckMin {
			*x = stuck{on: true, at: seq, bytes: n, times: 1, since: now, last: now, packet: s.Packet}
		}
	case now-x.last < resentMin:
	case n < x.bytes:
		x.shrunk, x.last = n, now
	default:
		x.times, x.last = x.times+1, now
	}
}

// doubledAgain reports, and counts, data that came again sooner than its sender
// can know of a loss: that takes a round trip, or a timeout. A round trip can be
// microseconds, which the ACKs must show; without them a millisecond is the least.
func (c *conn) doubledAgain(from record.End, was reassembly.Sent, known bool, class repeatClass, s *capture.Segment, now int64) bool {
	least := int64(1e6)
	if class == repeatFast {
		least = 0
	}
	if path := c.pathTime(); known && now-was.Last < max(path-path/10, least) {
		y := &c.troubled().ends[from]
		y.doubled++
		noteFirst(&y.doubledAt, s.Packet)
		return true
	}
	return false
}

// fullSegment is the payload of a full segment (RFC 9293 section 3.7.1: 536
// where nothing was announced).
func fullSegment(e *endpoint) uint32 {
	if e.has&hasMSS != 0 {
		return uint32(e.mss)
	}
	return 536
}

// stampBytes is what the timestamps option takes of a segment (RFC 7323 appendix A).
const stampBytes = 12

// fullPayload is the payload of a full segment to an end on a connection whose
// segments carry the options of s: the MSS counts them (RFC 6691 section 2).
func fullPayload(to *endpoint, s *capture.Segment) uint32 {
	full := fullSegment(to)
	if s.Options&capture.OptTimestamps != 0 && full > stampBytes {
		full -= stampBytes
	}
	return full
}

// etherPayload is the most payload of a segment on Ethernet.
const etherPayload = 1460

// isLong reports whether a payload is longer than a segment to an end takes: than it announced, or,
// where that was not captured, than Ethernet takes.
func (p *endpoint) isLong(n uint32, stamped bool) bool {
	switch {
	case p.has&hasMSS == 0:
		return n > etherPayload
	case stamped:
		n += stampBytes
	}
	return n > uint32(p.mss)
}

// sized counts a segment with data by its length.
func (x *sender) sized(p *endpoint, s *capture.Segment) {
	if p.isLong(s.Len, s.Options&capture.OptTimestamps != 0) {
		x.long++
	}
}

// loseLong counts a segment that was lost behind the capture point by its length. One that is sent
// again in pieces counts with the first of them.
func (c *conn) loseLong(from record.End, was reassembly.Sent, s *capture.Segment) {
	long := c.ends[from.Peer()].isLong(was.Len(), s.Options&capture.OptTimestamps != 0)
	if c.ends[from].sender.long == 0 || was.Cut {
		return
	}
	switch y := &c.troubled().ends[from].long; {
	case long:
		y.Lost++
		y.Least = leastOf(y.Least, was.Len())
		noteFirst(&y.Packet, s.Packet)
	case was.Times == 1:
		y.ShortLost++
	}
}

// leastOf is the lesser of two numbers, of which the first may be 0 for none.
func leastOf(a, b uint32) uint32 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// fillLong tells what was lost by its length. What is in flight is lost where it lies before what SACK
// tells of (RFC 6675); behind that nobody knows.
func (c *conn) fillLong(e record.End, r *record.LongRecord) {
	x, p := c.ends[e].sender, &c.ends[e.Peer()]
	if x.long == 0 {
		return
	}
	if c.details.trouble != nil {
		*r = c.details.trouble.ends[e].long
	}
	r.Sent = x.long
	sacked := false
	for i := x.flight.Len() - 1; i >= 0; i-- {
		s := x.flight.At(i)
		long := p.isLong(s.Len(), c.ends[e].has&hasTimestamps != 0)
		switch {
		case s.SACKed:
			sacked = true
		case s.Cut:
		case long && sacked:
			r.Lost, r.Least = r.Lost+1, leastOf(r.Least, s.Len())
		case long:
			r.Sent -= min(r.Sent, 1)
		case sacked && s.Times == 1:
			r.ShortLost++
		}
	}
}

// long walks over what was lost by its length.
func (w *packer[W]) long(n int, x *record.LongRecord, c *conn) int {
	there := *x != record.LongRecord{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.Sent)
	n = number(w, n, &x.Lost)
	n = number(w, n, &x.ShortLost)
	n = number(w, n, &x.Least)
	return w.packet(n, &x.Packet, c.lastPacket)
}

// answered takes an ACK of what the end has sent.
func (y *endTrouble) answered(s *capture.Segment, now int64) {
	x := &y.stuck
	if !x.on {
		return
	}
	if !x.at.Less(reassembly.Seq(s.Ack)) {
		x.heard = x.heard || now-x.since >= resentMin
		return
	}
	if x.shrunk > 0 && x.times > y.kept.times {
		y.kept = *x
		y.kept.on = false
	}
	*x = stuck{}
}

// fins are the repeats of an end's FIN.
type fins struct {
	n     uint32
	acked uint32 // those that came after an ACK of it had passed
	short uint32 // ACKs that came after the first repeat, and do not cover the FIN
	last  int64
}

// finAgain notes a repeated FIN, but for what the path or the capture doubled.
func (c *conn) finAgain(from record.End, now int64) {
	last := c.ends[from].finTime
	if c.details.trouble != nil {
		last = max(last, c.details.trouble.ends[from].fins.last)
	}
	if now-last < resentMin {
		return
	}
	x := &c.troubled().ends[from].fins
	x.n, x.last = x.n+1, now
	if c.ends[from].finAcked {
		x.acked++
	}
}

// stuck walks over it.
func (w *packer[W]) stuck(n int, x *stuck, c *conn, nxt reassembly.Seq) int {
	there := *x != stuck{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = w.flag(n, &x.on)
	n = w.seq(n, &x.at, nxt)
	n = number(w, n, &x.bytes)
	n = number(w, n, &x.shrunk)
	n = number(w, n, &x.times)
	n = w.time(n, &x.since, c.last)
	n = w.time(n, &x.last, c.last)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = w.flag(n, &x.heard)
	return n
}

func (x *stuck) fill(r *record.StuckRecord) {
	*r = record.StuckRecord{Bytes: x.bytes, Times: x.times, Shrunk: x.shrunk, Passed: !x.on, Heard: x.heard, Since: x.since, Packet: x.packet}
}

// toldTooBig takes an ICMP error: "fragmentation needed" (RFC 1191 section 4) or
// "packet too big" (RFC 8201 section 4).
func (c *conn) toldTooBig(from record.End, q *capture.Quote) {
	if !(q.V6 && q.Type == 2 || !q.V6 && q.Type == 3 && q.Code == 4) {
		return
	}
	x := &c.troubled().ends[from].tooBig
	if x.N == 0 {
		x.Packet, x.From = q.Packet, q.From
	}
	x.N++
	if y := c.ends[from].sender; y != nil && q.Len > 0 {
		if was := y.flight.Find(reassembly.Seq(q.Seq)); was != nil && was.Len() < q.Len {
			x.Joined++
		}
		y.flight.Refuse(reassembly.Seq(q.Seq), reassembly.Seq(q.Seq).Add(q.Len))
	}
	if q.MTU != 0 && (x.MTU == 0 || q.MTU < x.MTU) {
		x.MTU = q.MTU
	}
}

// tooBig walks over it.
func (w *packer[W]) tooBig(n int, x *record.TooBigRecord, c *conn) int {
	there := *x != record.TooBigRecord{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.N)
	n = number(w, n, &x.Again)
	n = number(w, n, &x.Joined)
	n = number(w, n, &x.MTU)
	n = w.packet(n, &x.Packet, c.lastPacket)
	for i := range x.From {
		n = number(w, n, &x.From[i])
	}
	return n
}
