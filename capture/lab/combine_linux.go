package lab

import (
	"net/netip"
	"slices"
	"time"

	"tcpwatch/capture/host"
	"tcpwatch/capture/lab/wire"
)

const (
	// pollSlack is how far a poll's time may lie from the moment it describes.
	pollSlack = int64(10 * time.Millisecond)
	// wireBefore and wireAfter bound how far from an edge the segment that
	// caused it, or that it caused, may lie.
	wireBefore = int64(100 * time.Millisecond)
	wireAfter  = int64(15 * time.Millisecond)
)

// entered is a state one end entered.
type entered struct {
	state host.State
	time  int64
	by    string
	// earliest is before time when polling only bounds the moment.
	earliest int64
}

// life is what one end went through from a state of opening to CLOSED.
type life struct {
	local, remote netip.AddrPort
	states        []entered
	next          int64 // when the next life of this end begins; 0 for never
}

func (l *life) start() int64 { return l.states[0].time }

func (l *life) add(s host.State, at, earliest int64, by string) {
	if n := len(l.states); n > 0 && l.states[n-1].state == s {
		return
	}
	l.states = append(l.states, entered{s, at, by, earliest})
}

type ends struct{ local, remote netip.AddrPort }

// combine puts edges and sightings together as doc.go states, and marks what
// the wire does not tell. start and end bound the truth.
func combine(edges []edge, seen []*sighting, onWire []wire.Segment, start, end int64) []TruthConn {
	lives := livesOf(edges)
	sent := wireOf(onWire)
	requests, small := map[ends][]*sighting{}, map[ends][]*sighting{}
	for _, s := range seen {
		key := ends{s.local, s.remote}
		if s.state == host.SynReceived {
			requests[key] = append(requests[key], s)
		} else {
			small[key] = append(small[key], s)
		}
	}
	for key, list := range requests {
		for _, s := range list {
			if !ownRequest(lives[key], s) {
				l := &life{local: key.local, remote: key.remote}
				l.add(host.SynReceived, s.firstDone, s.first, ByPolling)
				if s.gone != 0 {
					l.add(host.Closed, s.gone, s.last, ByPolling)
				}
				lives[key] = append(lives[key], l)
			}
		}
	}
	for key, list := range lives {
		slices.SortStableFunc(list, func(a, b *life) int { return int(min(max(a.start()-b.start(), -1), 1)) })
		for i, l := range list {
			if i+1 < len(list) {
				l.next = list[i+1].start()
			}
			replaced(l, small[key], onWire)
		}
	}
	return pairUp(lives, sent, start, end)
}

// livesOf cuts the edges of each end into lives.
func livesOf(edges []edge) map[ends][]*life {
	lives := map[ends][]*life{}
	for _, e := range edges {
		key := ends{e.local, e.remote}
		list := lives[key]
		if e.to == host.SynSent || e.from == host.Listen || len(list) == 0 {
			list = append(list, &life{local: e.local, remote: e.remote})
			lives[key] = list
		}
		list[len(list)-1].add(e.to, e.time, e.time, ByTracepoint)
	}
	return lives
}

// ownRequest finds the life that a sighting in SYN-RECEIVED belongs to: one
// that is, or is about to be, in that state. The state began when the poll was
// done at the latest. The poll's beginning may lie before the SYN left: a poll
// that lists thousands of sockets takes longer than a handshake.
func ownRequest(list []*life, s *sighting) bool {
	for _, l := range list {
		for i := range l.states {
			e := &l.states[i]
			until := e.time
			if i+1 < len(l.states) {
				until = l.states[i+1].time
			}
			gone := s.gone
			if gone == 0 {
				gone = s.last
			}
			if e.state != host.SynReceived || until < s.first-pollSlack || e.time > gone+pollSlack {
				continue
			}
			e.time, e.earliest = min(e.time, s.firstDone), min(e.earliest, s.first)
			return true
		}
	}
	return false
}

// replaced replaces a life's edge to CLOSED by the small sockets that took over.
// Where none was polled and the wire shows that the peer's FIN had come, the
// end went through TIME-WAIT all the same (RFC 9293 section 3.10.7.4, eighth
// step): a RST ended it before the next poll.
func replaced(l *life, small []*sighting, onWire []wire.Segment) {
	n := len(l.states)
	if n < 2 || l.states[n-1].state != host.Closed {
		return
	}
	before := l.states[n-2].state
	if before != host.FinWait2 && before != host.Closing {
		return
	}
	closed := l.states[n-1].time
	var took *sighting
	for _, s := range small {
		if s.firstDone < closed || (l.next != 0 && s.first >= l.next) {
			continue
		}
		if took == nil {
			if s.first > closed+int64(time.Second) {
				break
			}
			l.states = l.states[:n-1]
		}
		at := s.first
		if took == nil {
			at = closed
		}
		l.add(s.state, at, at, ByPolling)
		took = s
	}
	switch {
	case took == nil && finCame(l, onWire, closed):
		l.states = l.states[:n-1]
		l.add(host.TimeWait, closed, closed, ByRule)
		l.add(host.Closed, closed, closed, ByRule)
	case took != nil && took.gone != 0:
		if finCame(l, onWire, took.gone) {
			l.add(host.TimeWait, took.last, took.last, ByRule)
		}
		l.add(host.Closed, took.gone, took.last, ByPolling)
	}
}

// finCame reports whether the wire shows the peer's FIN on its way before the
// life's last socket was gone.
func finCame(l *life, onWire []wire.Segment, gone int64) bool {
	return slices.ContainsFunc(onWire, func(s wire.Segment) bool {
		return s.Flags&wire.FIN != 0 && s.Src == l.remote && s.Dst == l.local && s.Time > l.start() && s.Time < gone+int64(time.Millisecond)
	})
}

// pairUp joins the lives of both ends into connections, in order of time.
func pairUp(lives map[ends][]*life, onWire map[ends][]int64, start, end int64) []TruthConn {
	var all []*life
	for _, list := range lives {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b *life) int {
		if a.start() != b.start() {
			return int(min(max(a.start()-b.start(), -1), 1))
		}
		return a.local.Compare(b.local)
	})
	type pair struct{ orig, resp *life }
	var pairs []*pair
	latest := map[ends]*pair{} // by the originator's view
	for _, l := range all {
		if p := latest[ends{l.remote, l.local}]; p != nil && p.resp == nil && !over(p.orig, l.start()) {
			p.resp = l
			continue
		}
		p := &pair{orig: l}
		latest[ends{l.local, l.remote}] = p
		delete(latest, ends{l.remote, l.local})
		pairs = append(pairs, p)
	}
	var conns []TruthConn
	for _, p := range pairs {
		times := onWire[ends{p.orig.local, p.orig.remote}]
		c := TruthConn{OrigAddr: p.orig.local, RespAddr: p.orig.remote, Orig: tell(p.orig, times, start, end)}
		if p.resp != nil {
			c.Resp = tell(p.resp, times, start, end)
		}
		if len(c.Orig) > 0 && c.Orig[0].State == "SYN-RECEIVED" && p.resp == nil {
			c = TruthConn{OrigAddr: c.RespAddr, RespAddr: c.OrigAddr, Resp: c.Orig} // the opener is nobody's socket
		}
		if len(c.Orig)+len(c.Resp) > 0 {
			conns = append(conns, c)
		}
	}
	return conns
}

// over reports whether a life had ended before a time.
func over(l *life, at int64) bool {
	last := l.states[len(l.states)-1]
	return last.state == host.Closed && last.time < at
}

// wireOf gathers the times of the segments of each pair of ends, both ways round.
func wireOf(segments []wire.Segment) map[ends][]int64 {
	onWire := map[ends][]int64{}
	for _, s := range segments {
		onWire[ends{s.Src, s.Dst}] = append(onWire[ends{s.Src, s.Dst}], s.Time)
		onWire[ends{s.Dst, s.Src}] = append(onWire[ends{s.Dst, s.Src}], s.Time)
	}
	for _, times := range onWire {
		slices.Sort(times)
	}
	return onWire
}

// tell is a life in the words of the truth, up to end.
func tell(l *life, onWire []int64, start, end int64) []StateAt {
	var told []StateAt
	for _, e := range l.states {
		if e.time > end {
			break
		}
		i, _ := slices.BinarySearch(onWire, e.earliest-wireBefore)
		told = append(told, StateAt{
			State: e.state.String(), At: time.Duration(e.time - start), By: e.by,
			Silent: e.state == host.Closed && (i == len(onWire) || onWire[i] > e.time+wireAfter),
		})
	}
	return told
}
