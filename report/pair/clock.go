package pair

import (
	"cmp"
	"math"
	"slices"
)

// Clock is by how much place B's clock was ahead of place A's, piece by piece: a piece ends where
// one of the clocks was set.
//
// A segment from A to B that took a time d shows offset+d, one from B to A d-offset. No way takes less
// than nothing, so each segment bounds the offset from one side (as NTP's clock filter does, RFC 5905
// section 10); the middle is told, and half the distance as its bound: what the two ways' shortest
// times may differ by is in it.
type Clock struct {
	Pieces []ClockPiece
	unsure int64 // by how much the beginning of a piece may be off, ns
}

// ClockPiece is a time in which neither clock was set.
type ClockPiece struct {
	From, Until int64   // of A's clock, ns
	Offset      int64   // ns by which B is ahead, at From
	Bound       int64   // ns that Offset may be off by; -1 where only one direction shows it
	Drift       float64 // ns by which it grows in a second
	DriftBound  float64 // that Drift may be off by; 0 Drift with a bound: none is shown
}

// Known reports whether both directions bound the offset.
func (c *Clock) Known() bool {
	return len(c.Pieces) > 0 && !slices.ContainsFunc(c.Pieces, func(p ClockPiece) bool { return p.Bound < 0 })
}

// piece is the one that a time of A's clock lies in.
func (c *Clock) piece(at int64) *ClockPiece {
	i := len(c.Pieces) - 1
	for i > 0 && at < c.Pieces[i].From {
		i--
	}
	return &c.Pieces[i]
}

// At is the offset at a time of A's clock, ns.
func (c *Clock) At(at int64) int64 {
	if len(c.Pieces) == 0 {
		return 0
	}
	p := c.piece(at)
	return p.Offset + int64(p.Drift*float64(at-p.From)/1e9)
}

// AtB is the offset at a time of B's clock, ns.
func (c *Clock) AtB(at int64) int64 {
	return c.At(at - c.At(at-c.At(at)))
}

// way is how long a segment took from A to B, or back, that has these times, each by its place's own
// clock. Where one of the clocks was set about then it is known only to a window which piece a time
// lies in: that by which the way is the shortest, but not less than nothing, is taken.
func (c *Clock) way(a, b int64, back bool) int64 {
	took := func(p *ClockPiece) int64 {
		d := b - a - p.Offset - int64(p.Drift*float64(a-p.From)/1e9)
		if back {
			return -d
		}
		return d
	}
	if len(c.Pieces) == 0 {
		return took(&ClockPiece{})
	}
	best := took(c.piece(a))
	for i := range c.Pieces {
		p := &c.Pieces[i]
		if a < p.From-c.unsure || p.Until < math.MaxInt64 && a > p.Until+c.unsure {
			continue
		}
		if d := took(p); best < -slack && d > best || d >= -slack && d < best {
			best = d
		}
	}
	return best
}

// Bound is what the offset at a time of A's clock may be off by, ns; -1 where that is not known.
func (c *Clock) Bound(at int64) int64 {
	if len(c.Pieces) == 0 {
		return -1
	}
	return c.piece(at).Bound
}

// clockWindow is what the segments of a short time show.
type clockWindow struct {
	start        int64
	hi, lo       int64 // the offset is at most hi, by a segment to B, and at least lo, by one to A
	hiAt, loAt   int64 // when those passed A
	hasHi, hasLo bool
}

// mostWindows is how many windows a clock is watched in; they get wider as the input gets longer.
const mostWindows = 4096

// clockWatch gathers what segments show of the clocks.
type clockWatch struct {
	width   int64 // of a window, ns
	windows map[int64]*clockWindow
}

func newClockWatch() *clockWatch {
	return &clockWatch{width: narrowest, windows: map[int64]*clockWindow{}}
}

// narrowest is how long the windows of a short input are, ns.
const narrowest = int64(100e6)

// forward takes a segment from A to B, by each place's clock.
func (w *clockWatch) forward(a, b int64) {
	if x := w.at(a); !x.hasHi || b-a < x.hi {
		x.hi, x.hiAt, x.hasHi = b-a, a, true
	}
}

// backward takes a segment from B to A.
func (w *clockWatch) backward(b, a int64) {
	if x := w.at(a); !x.hasLo || b-a > x.lo {
		x.lo, x.loAt, x.hasLo = b-a, a, true
	}
}

// at is the window of a time.
func (w *clockWatch) at(a int64) *clockWindow {
	k := a / w.width
	x := w.windows[k]
	if x == nil {
		x = &clockWindow{start: k * w.width}
		w.windows[k] = x
		if len(w.windows) > mostWindows {
			w.widen()
			return w.at(a)
		}
	}
	return x
}

// widen doubles the windows.
func (w *clockWatch) widen() {
	old := w.windows
	w.width *= 2
	w.windows = map[int64]*clockWindow{}
	for _, x := range old {
		k := x.start / w.width
		to := w.windows[k]
		if to == nil {
			to = &clockWindow{start: k * w.width}
			w.windows[k] = to
		}
		to.take(x)
	}
}

// take adds what another window shows.
func (x *clockWindow) take(o *clockWindow) {
	if o.hasHi && (!x.hasHi || o.hi < x.hi) {
		x.hi, x.hiAt, x.hasHi = o.hi, o.hiAt, true
	}
	if o.hasLo && (!x.hasLo || o.lo > x.lo) {
		x.lo, x.loAt, x.hasLo = o.lo, o.loAt, true
	}
}

// worstDrift is by how much two clocks may part, ns in a second: crystals are off by tens of
// millionths, and NTP slews by at most 500 (RFC 5905 section 11.3).
const worstDrift = 1000 * 1000

// leastSaid is how many windows say so, and for how long, ns, before a clock counts as set.
const (
	leastSaid     = 2
	leastSaidSpan = int64(1e9)
)

// clock is what the segments taken show.
func (w *clockWatch) clock() Clock {
	all := make([]*clockWindow, 0, len(w.windows))
	for _, x := range w.windows {
		if x.hasHi && x.hasLo && x.lo-x.hi > setLeast+worstDrift*w.width/1e9 {
			continue // a clock was set within it, or a stamp is off
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(x, y *clockWindow) int { return cmp.Compare(x.start, y.start) })
	c := Clock{unsure: w.width}
	for len(all) > 0 {
		n := w.steady(all)
		c.Pieces = append(c.Pieces, fit(all[:n]))
		all = all[n:]
	}
	for i := range c.Pieces {
		if i+1 < len(c.Pieces) {
			c.Pieces[i].Until = c.Pieces[i+1].From
		}
	}
	return c
}

// steady is how many windows from the first on go by one clock: what those behind show lies, for
// several in a row, further off than drift explains.
func (w *clockWatch) steady(all []*clockWindow) int {
	var low, high *clockWindow // the tightest so far
	off, since := 0, int64(0)
	for i, x := range all {
		jumped := x.jumped(low) || x.jumped(high)
		for _, y := range all[max(i-off-lately, 0) : i-off] {
			jumped = jumped || x.jumped(y)
		}
		if jumped {
			if off++; off == 1 {
				since = x.start
			}
			if off >= leastSaid && x.start+w.width-since >= leastSaidSpan || i == len(all)-1 {
				return i + 1 - off
			}
			continue
		}
		off = 0
		if x.hasHi && (high == nil || x.hi < high.hi) {
			high = x
		}
		if x.hasLo && (low == nil || x.lo > low.lo) {
			low = x
		}
	}
	return len(all)
}

// lately is how many windows before one it is compared with: those drift explains the least of.
const lately = 8

// jumped reports whether what two windows show lies further apart than drift explains.
func (x *clockWindow) jumped(y *clockWindow) bool {
	if y == nil {
		return false
	}
	return x.hasLo && y.hasHi && float64(x.lo-y.hi) > worstDrift*float64(abs(x.loAt-y.hiAt))/1e9+float64(setLeast) ||
		x.hasHi && y.hasLo && float64(y.lo-x.hi) > worstDrift*float64(abs(x.hiAt-y.loAt))/1e9+float64(setLeast)
}

// setLeast is by how much a clock must have been set for it to be told from stamps that are late, ns.
const setLeast = int64(1e6)

func abs(v int64) int64 { return max(v, -v) }
