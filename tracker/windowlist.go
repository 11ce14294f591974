package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// maxZeroWindows bounds the episodes remembered of an end: the first ones and
// the last, those between are counted only.
const maxZeroWindows = 16

// zeroWindowList is what is remembered of the episodes of one end. Only an end
// that closed its window has one.
type zeroWindowList struct {
	n       uint8
	dropped uint32
	all     [maxZeroWindows]record.ZeroWindowEpisode
	probe   reassembly.Seq // of the byte that a probe carried and the window had no room for
	probing bool           // the byte at probe was not taken, as far as seen
	open    openProbes     // since the window was opened last
}

// refuse notes a probe of one byte: the window is closed, so it is not taken.
func (l *zeroWindowList) refuse(n reassembly.Seq) { l.probe, l.probing = n, true }

// readmits reports whether the byte at n was in a probe that was not taken and
// now, the window being open, is sent for good; the probe is forgotten.
func (z *zeroWindow) readmits(n reassembly.Seq) bool {
	if z.list == nil || z.closed || !z.list.probing || z.list.probe != n {
		return false
	}
	z.list.probing = false
	return true
}

// latest is the episode that began last.
func (l *zeroWindowList) latest() *record.ZeroWindowEpisode { return &l.all[l.n-1] }

// closes begins an episode.
func (t *Tracker) closes(z *zeroWindow, now int64, packet uint64) {
	z.closed, z.since, z.lastAt, z.lastGap = true, now, 0, 0
	z.episodes++
	if z.list == nil {
		z.list = t.zeroWindowList()
	}
	if z.list.n < maxZeroWindows {
		z.list.n++
	} else {
		z.list.dropped++
	}
	z.list.open = openProbes{}
	*z.list.latest() = record.ZeroWindowEpisode{Start: now, Packet: packet}
}

// opens ends the episode by a window update.
func (z *zeroWindow) opens(s *capture.Segment, now int64) {
	z.closed = false
	z.total += now - z.since
	x := z.list.latest()
	x.End, x.EndPacket, x.EndedBy = now, s.Packet, record.ZeroWindowUpdate
	if s.Options&capture.OptTimestamps != 0 {
		z.list.open.stamp = s.TSVal
	}
}

// probed counts a probe of the closed window.
func (z *zeroWindow) probed() {
	z.probes++
	z.list.latest().Probes++
}

// zeroWindowList lends a list that nobody uses.
func (t *Tracker) zeroWindowList() *zeroWindowList {
	n := len(t.zeroLists)
	if n == 0 {
		return &zeroWindowList{}
	}
	l := t.zeroLists[n-1]
	t.zeroLists = t.zeroLists[:n-1]
	*l = zeroWindowList{}
	return l
}

// keepZeroWindowList takes back the list of an end.
func (t *Tracker) keepZeroWindowList(z *zeroWindow) {
	if z.list == nil {
		return
	}
	if len(t.zeroLists) < t.spareSenders() {
		t.zeroLists = append(t.zeroLists, z.list)
	}
	z.list = nil
}

// fillZeroWindows tells the episodes of an end; one that is not over ends with
// what ended the connection.
func (c *conn) fillZeroWindows(r *record.EndRecord, e record.End) {
	z := &c.ends[e].details.zero
	r.ZeroWindows, r.ZeroWindow = z.episodes, z.total
	if z.list == nil {
		return
	}
	if z.closed {
		x := z.list.latest()
		x.End, x.EndPacket, x.EndedBy = c.endOfZeroWindow()
		until := c.last
		if x.EndPacket != 0 {
			x.End = max(x.End, z.since)
			until = x.End
		}
		r.ZeroWindow += until - z.since
	}
	r.ZeroWindowList = z.list.all[:z.list.n]
}

// endOfZeroWindow is what ended an episode in which the window stayed closed.
func (c *conn) endOfZeroWindow() (at int64, packet uint64, by record.ZeroWindowEnd) {
	a, b := &c.ends[record.Orig], &c.ends[record.Resp]
	switch {
	case c.closed() && a.finAckedTime > b.finAckedTime:
		return a.finAckedTime, a.finAckedBy, record.ZeroWindowConnEnd
	case c.closed():
		return b.finAckedTime, b.finAckedBy, record.ZeroWindowConnEnd
	case c.is(isReset):
		return c.details.resetTime, c.details.resetPacket, record.ZeroWindowReset
	case c.endedBy == endNotYet, c.endedBy == endEvicted:
		return 0, 0, record.ZeroWindowOpen
	case c.endedBy == endInput:
		return 0, 0, record.ZeroWindowInputEnd
	}
	return 0, 0, record.ZeroWindowConnEnd
}

// zeroWindowEpisodes walks over the episodes of an end.
func (w *packer[W]) zeroWindowEpisodes(n int, t *Tracker, z *zeroWindow, c *conn) int {
	if w.loads() {
		z.list = t.zeroWindowList()
	}
	l := z.list
	n = number(w, n, &l.n)
	n = number(w, n, &l.dropped)
	if n = w.flag(n, &l.probing); l.probing {
		n = number(w, n, &l.probe)
	}
	n = w.openProbes(n, &l.open, c)
	at, packet := c.start, c.id
	for i := range l.n {
		x := &l.all[i]
		n = w.span(n, &x.Start, at)
		n = w.packet(n, &x.Packet, packet)
		n = w.time(n, &x.End, x.Start)
		n = w.packet(n, &x.EndPacket, x.Packet)
		n = number(w, n, &x.Probes)
		n = number(w, n, &x.EndedBy)
		at, packet = x.Start, x.Packet
	}
	return n
}

// unscaled tells of an end's new data by whether it reaches beyond the other end's window as
// it stands in the header: what takes the scale of RFC 7323 section 2 for none (a
// firewall that did not see it) drops all that does.
type unscaled struct {
	within, beyond         uint32 // segments sent
	withinLost, beyondLost uint32 // of those, segments that were sent again because they were lost
	least                  uint32 // payload of the smallest of those lost beyond
	lostAt                 uint64 // packet of the first repeat of one of them
}

// reaches notes new data of an end up to to, which is the last in its flight.
func (x *sender) reaches(e, p *endpoint, to reassembly.Seq) {
	shift, known := p.shift(e)
	if !known || shift == 0 || p.window == 0 || !e.stream.Acked() || x.flight.Len() == 0 {
		return
	}
	if uint32(to-e.stream.Una()) <= uint32(p.window) {
		x.unscaled.within++
		return
	}
	x.unscaled.beyond++
	x.flight.At(x.flight.Len() - 1).Far = true
}

// lose notes that a segment was sent again for the first time because it was lost.
func (x *unscaled) lose(was reassembly.Sent, packet uint64) {
	switch {
	case was.Times > 1:
	case was.Far:
		x.beyondLost++
		if x.least == 0 || was.Len() < x.least {
			x.least = was.Len()
		}
		noteFirst(&x.lostAt, packet)
	default:
		x.withinLost++
	}
}

// unscaled walks over it.
func (w *packer[W]) unscaled(n int, x *unscaled, c *conn) int {
	there := *x != unscaled{}
	if n = w.flag(n, &there); !there {
		return n
	}
	for _, v := range [...]*uint32{&x.within, &x.beyond, &x.withinLost, &x.beyondLost, &x.least} {
		n = number(w, n, v)
	}
	return w.packet(n, &x.lostAt, c.lastPacket)
}

func (x *unscaled) fill(r *record.UnscaledRecord) {
	if x.beyond > 0 {
		*r = record.UnscaledRecord{Within: x.within, WithinLost: x.withinLost, Beyond: x.beyond, BeyondLost: x.beyondLost, Least: x.least, Packet: x.lostAt}
	}
}
