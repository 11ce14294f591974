package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

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
	l := c.ends[e.Peer()].zero.list
	if l == nil || l.open.n == 0 {
		return
	}
	r.OpenProbes, r.OpenEchoed = l.open.n, l.open.echoed
	r.OpenProbing = l.open.last - l.latest().End
}
