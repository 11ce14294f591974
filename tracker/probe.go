package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// prober is what one end probed to see whether the other still lives.
type prober struct {
	probes, answered uint32
	pending          uint32 // unanswered since the last answer
	first            uint64 // packet of the first probe
	unanswered       uint64 // and of the first of those pending
	hasIdle          bool
	idle             int64 // last exchange -> first probe
	last             int64 // time of the last probe
	answeredGap      int64 // between the last two probes, the first answered
	unansweredGap    int64 // between the last two probes, the first unanswered
}

// zeroWindow is the episodes in which one end had closed its window.
type zeroWindow struct {
	closed   bool
	episodes uint32
	since    int64
	total    int64  // ns, of episodes that ended
	probes   uint32 // the other end's probes of this window
	lastAt   int64  // of the last probe
	lastGap  int64
	silly    uint32          // times that a silly window was offered
	sillyAt  uint64          // packet of the first of those
	list     *zeroWindowList // nil until the first episode
}

// probeIdle is how long a connection must have been silent for a segment at
// SND.NXT-1 to be a keepalive probe. A stray old ACK has that number too, but
// comes within a round trip; Linux's shortest keepalive time is 1 s.
const probeIdle = second / 5

// keepaliveCount is how many unanswered probes are taken for death when the
// prober's RST was not seen: the smallest default (macOS, FreeBSD; Linux 9, Windows 10).
const keepaliveCount = 8

// rebaseForProbe: the first thing seen of an end was most likely a probe, one
// before SND.NXT, as the answer to it now shows. It is not counted as one:
// what came before it is not known.
func (e *endpoint) rebaseForProbe(p *endpoint, s *capture.Segment) {
	if p.synSeen || p.wireBytes > 0 || p.finSeen || p.stream.Span() > 0 || p.packets == 0 || s.Len > 0 || s.Flags.Has(capture.FIN) ||
		!s.Flags.Has(capture.ACK) || reassembly.Seq(s.Ack) != p.stream.Base().Add(1) {
		return
	}
	p.stream.Rebase(1)
}

// takeProbe reports whether a segment is a keepalive or zero-window probe, and
// notes it; and notes the answer to one.
func (t *Tracker) takeProbe(c *conn, from record.End, s *capture.Segment, now int64) bool {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	probe := e.probes(p, s, now)
	if n := p.details.probe.pending; n > 0 && !probe {
		p.own().probe.pending = 0
		p.own().probe.answered++
		c.note(record.Moment{Kind: record.MomentKeepaliveAnswer, End: from, N: uint64(n), Span: now - p.details.probe.last})
	}
	if !probe {
		return false
	}
	if p.details.zero.closed && !p.details.zero.keepsPace(now) {
		p.own().zero.probed()
		c.note(record.Moment{Kind: record.MomentWindowProbe, End: from, N: uint64(p.details.zero.probes)})
		return true
	}
	if p.details.zero.goesOn(e, s, now) {
		c.note(record.Moment{Kind: record.MomentWindowProbe, End: from, N: uint64(p.details.zero.probes + p.details.zero.list.open.n)})
		return true
	}
	k := &e.own().probe
	if k.probes == 0 {
		k.idle, k.hasIdle = now-max(e.lastSend, p.lastSend), e.lastSend != 0 || p.lastSend != 0
	}
	span := now - max(e.lastSend, p.lastSend)
	if k.pending > 0 {
		k.unansweredGap = now - k.last
	} else if k.probes > 0 && k.last > max(e.lastData, p.lastData) {
		k.answeredGap = now - k.last
	}
	k.probes++
	k.pending++
	noteFirst(&k.first, s.Packet)
	if k.pending == 1 {
		k.unanswered = s.Packet
	}
	k.last = now
	c.note(record.Moment{Kind: record.MomentKeepalive, End: from, N: uint64(k.pending), Span: span})
	return true
}

// probes reports whether a segment asks the peer for an ACK and nothing else:
// at SND.NXT-1 with at most one byte, everything sent being acknowledged
// (RFC 9293 section 3.8.4), or at SND.UNA-1 towards a closed window (Linux).
func (e *endpoint) probes(p *endpoint, s *capture.Segment, now int64) bool {
	if s.Len > 1 || s.Flags.Any(capture.FIN|capture.PSH|capture.URG) || !s.Flags.Has(capture.ACK) || e.packets < 2 {
		return false
	}
	seq := reassembly.Seq(s.Seq)
	una := e.stream.Una()
	if e.finAcked {
		una = e.fin.Add(1)
	}
	if p.details.zero.closed && s.Len == 0 && seq.Add(1) == una {
		return true
	}
	nxt := e.sndNxt()
	if seq.Add(1) != nxt || nxt == e.isn.Add(1) && e.synSeen && s.Len > 0 {
		return false
	}
	// Seen from one side alone nothing tells what was acknowledged: the number and the silence must do.
	if p.packets > 0 && una != nxt {
		return false
	}
	quiet := max(e.lastSend, p.lastSend)
	if p.details.zero.waits(e) {
		quiet = e.lastSend // window updates that it does not take break no silence
	}
	return now-quiet >= probeIdle
}

// keepsPace reports whether a probe at a closed window comes after the same
// pause as the one before: a keepalive. Window probes back off, doubling
// (RFC 9293 section 3.8.6.1).
func (z *zeroWindow) keepsPace(now int64) bool {
	gap := int64(0)
	if z.lastAt != 0 {
		gap = now - z.lastAt
	}
	d := gap - z.lastGap
	same := z.lastGap > 0 && d < z.lastGap/5 && d > -z.lastGap/5
	z.lastAt, z.lastGap = now, gap
	return same
}

// takeWindow follows the window that a segment advertises.
func (t *Tracker) takeWindow(c *conn, from record.End, s *capture.Segment, now int64) {
	e, p := &c.ends[from], &c.ends[from.Peer()]
	if s.Window != e.window || e.widest == 0 {
		e.offer(p, s)
	}
	z := &e.details.zero
	switch {
	case s.Window == 0 && !z.closed && !s.Flags.Has(capture.FIN):
		waits := !p.finSeen || !p.fin.Less(reassembly.Seq(s.Ack))
		if !waits && e.window == 0 {
			break // told already
		}
		z = &e.own().zero
		t.closes(z, now, s.Packet)
		c.note(record.Moment{Kind: record.MomentZeroWindow, End: from, N: uint64(z.episodes)})
		if !waits { // who has sent all, its FIN too, waits for no window
			z.closed = false
			x := z.list.latest()
			x.End, x.EndPacket, x.EndedBy = now, s.Packet, record.ZeroWindowConnEnd
		}
	case s.Window > 0 && z.closed && now >= z.since: // not one that was set aside meanwhile
		z.opens(s, now)
		c.note(record.Moment{Kind: record.MomentZeroWindowEnd, End: from, Span: now - z.since, N: uint64(z.probes)})
	}
}

// offer watches for silly windows: a receiver should offer nothing rather than
// less than a segment and half of what it offers at most (RFC 9293 section
// 3.8.6.2.2).
func (e *endpoint) offer(p *endpoint, s *capture.Segment) {
	shift, known := e.shift(p)
	if !known {
		return
	}
	w := uint32(s.Window) << shift
	e.widest = max(e.widest, w)
	silly := w > 0 && w < min(fullSegment(e), e.widest/2)
	if silly && e.has&isSilly == 0 {
		z := &e.own().zero
		z.silly++
		noteFirst(&z.sillyAt, s.Packet)
	}
	e.has = e.has&^isSilly | isSilly*endFlags(asBit(silly))
}

// openProbes are the probes of a window that its receiver had opened again: their
// sender has not taken the window update. They go on with doubling pauses (RFC 9293
// section 3.8.6.1), as no keepalive does, and no new data comes.
type openProbes struct {
	n      uint32
	packet uint64 // the first of them
	last   int64  // time of the last of them
	stamp  uint32 // TSval of the window update; 0 where it has none
	echoed bool   // one of them echoes that: its sender got the update
}

// longestProbePause is the least that pauses between probes double up to (Linux
// 120 s, BSD 60 s): from there on they stay as they are.
const longestProbePause = 55 * second

// waits reports whether a window is open again and e has sent nothing new since.
func (z *zeroWindow) waits(e *endpoint) bool {
	return z.list != nil && z.list.n > 0 && z.list.latest().EndedBy == record.ZeroWindowUpdate && e.lastData <= z.list.latest().End
}

// goesOn reports whether a probe of e, which comes in an open window, goes on with the
// pauses of those before it as if the window were closed, and notes it.
func (z *zeroWindow) goesOn(e *endpoint, s *capture.Segment, now int64) bool {
	if !z.waits(e) {
		return false
	}
	was, before := max(z.lastAt, z.since), z.lastGap
	if before == 0 && z.lastAt > 0 {
		before = z.lastAt - z.since
	}
	gap := now - was
	z.lastAt, z.lastGap = now, gap
	x := &z.list.open
	backedOff := before > 0 && gap >= before*8/5 && gap <= before*5/2
	if !backedOff && (x.n == 0 || before < longestProbePause/2 || gap < max(before*9/10, longestProbePause)) {
		return false
	}
	x.n++
	x.last = now
	noteFirst(&x.packet, s.Packet)
	x.echoed = x.echoed || x.stamp != 0 && s.Options&capture.OptTimestamps != 0 && int32(s.TSEcr-x.stamp) >= 0
	return true
}

// openProbes walks over them.
func (w *packer[W]) openProbes(n int, x *openProbes, c *conn) int {
	there := *x != openProbes{}
	if n = w.flag(n, &there); !there {
		return n
	}
	n = number(w, n, &x.n)
	n = w.packet(n, &x.packet, c.lastPacket)
	n = w.time(n, &x.last, c.last)
	n = number(w, n, &x.stamp)
	return w.flag(n, &x.echoed)
}

// fillOpenProbes tells those that an end sent of the other end's window.
func (c *conn) fillOpenProbes(r *record.EndRecord, e record.End) {
	l := c.ends[e.Peer()].details.zero.list
	if l == nil || l.open.n == 0 {
		return
	}
	r.OpenProbes, r.OpenEchoed = l.open.n, l.open.echoed
	r.OpenProbing = l.open.last - l.latest().End
}
