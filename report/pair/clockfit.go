package pair

import (
	"math"
	"slices"
)

// limit is what a segment shows: at a time of A's clock B was ahead by no more, or no less, than this.
type limit struct{ at, v int64 }

// limits are what all segments of a piece show.
type limits struct {
	from         int64
	upper, lower []limit
	middles      []limit // of windows that have one of each
	both         int64   // when the last of those was
}

// mostLimits is how many of each kind are compared with one another.
const mostLimits = 512

// limitsOf are those of some windows; of neighbours the tightest, where there are many.
func limitsOf(all []*clockWindow) limits {
	l := limits{from: all[0].start, both: all[0].start}
	each := len(all)/mostLimits + 1
	for i := 0; i < len(all); i += each {
		var x clockWindow
		for _, o := range all[i:min(i+each, len(all))] {
			x.take(o)
		}
		if x.hasHi {
			l.upper = append(l.upper, limit{x.hiAt, x.hi})
		}
		if x.hasLo {
			l.lower = append(l.lower, limit{x.loAt, x.lo})
		}
		if x.hasHi && x.hasLo {
			l.both = max(x.hiAt, x.loAt)
			l.middles = append(l.middles, limit{x.loAt + (x.hiAt-x.loAt)/2, x.lo + (x.hi-x.lo)/2})
		}
	}
	return l
}

// slope is a rise of v in ns per second.
func slope(a, b limit) float64 { return float64(b.v-a.v) / (float64(b.at-a.at) / 1e9) }

// drifts are the least and the greatest drift by which a line passes below all that is above and
// above all that is below (the linear program of Moon, Skelly and Towsley, "Estimation and removal
// of clock skew", 1999); none does where the least is the greater.
func (l *limits) drifts() (least, most float64) {
	least, most = -worstDrift, worstDrift
	for _, low := range l.lower {
		for _, high := range l.upper {
			switch {
			case low.at < high.at:
				most = min(most, slope(low, high))
			case low.at > high.at:
				least = max(least, slope(high, low))
			case low.v > high.v:
				return math.Inf(1), math.Inf(-1)
			}
		}
	}
	return least, most
}

// at is a limit's value at the beginning, for a drift.
func (l *limits) at(x limit, drift float64) float64 {
	return float64(x.v) - drift*float64(x.at-l.from)/1e9
}

// offsets are the least and the greatest offset at the beginning that a drift allows.
func (l *limits) offsets(drift float64) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	for _, x := range l.lower {
		low = max(low, l.at(x, drift))
	}
	for _, x := range l.upper {
		high = min(high, l.at(x, drift))
	}
	return low, high
}

// fit is the piece that some windows show.
func fit(all []*clockWindow) ClockPiece {
	l := limitsOf(all)
	p := ClockPiece{From: l.from, Until: math.MaxInt64, Bound: -1}
	if len(l.upper) == 0 || len(l.lower) == 0 {
		low, high := l.offsets(0)
		p.Offset = int64(high)
		if len(l.upper) == 0 {
			p.Offset = int64(low)
		}
		return p
	}
	least, most := l.drifts()
	if least > most {
		l.settle(&p)
		return p
	}
	if (least > 0 || most < 0) && l.long() { // no fixed offset fits: the clocks part
		p.Drift = least + (most-least)/2
	}
	if most-least < 2*worstDrift {
		p.DriftBound = max(most-p.Drift, p.Drift-least)
	}
	low, high := l.offsets(p.Drift)
	offset := low + (high-low)/2
	bound := max(high-low, 0) / 2
	const steps = 32
	span := float64(l.both-l.from) / 1e9
	for i := range steps + 1 {
		drift := least + (most-least)*float64(i)/steps
		low, high := l.offsets(drift)
		for _, o := range [...]float64{low, high} {
			if low <= high {
				bound = max(bound, math.Abs(o-offset), math.Abs(o-offset+(drift-p.Drift)*span))
			}
		}
	}
	p.Offset, p.Bound = int64(offset), int64(bound)+1
	return p
}

// partingShows is for how long two clocks must be watched for a drift to be told from stamps that are late by
// some microseconds, ns.
const partingShows = int64(1e9)

// long reports whether a drift could be told.
func (l *limits) long() bool {
	return len(l.middles) > 0 && l.both-l.middles[0].at >= partingShows
}

// mostOff is how much of what segments show may be wrong for a drift to be believed, one in so many.
const mostOff = 10

// settle finds the piece where no line fits, because some stamps are off: the offset that most
// of what was seen allows, with a drift only where nearly all of it does.
func (l *limits) settle(p *ClockPiece) {
	low, high, n := l.agreed(0)
	if d := l.middle(); d != 0 && l.long() {
		if lowD, highD, nD := l.agreed(d); nD > n && nD >= (len(l.upper)+len(l.lower))*(mostOff-1)/mostOff {
			low, high, p.Drift = lowD, highD, d
		}
	}
	p.Offset, p.Bound = int64(low+(high-low)/2), int64((high-low)/2)+1
}

// agreed is the range of offsets at the beginning that most limits allow, and how many do.
func (l *limits) agreed(drift float64) (low, high float64, n int) {
	type edge struct {
		v     float64
		upper bool
	}
	var edges []edge
	for _, x := range l.lower {
		edges = append(edges, edge{l.at(x, drift), false})
	}
	for _, x := range l.upper {
		edges = append(edges, edge{l.at(x, drift), true})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.v < b.v || a.v == b.v && !a.upper && b.upper:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	allow, best := len(l.upper), -1
	for i, x := range edges {
		if x.upper {
			allow--
			continue
		}
		if allow++; allow > best && i+1 < len(edges) {
			best, low, high = allow, x.v, edges[i+1].v
		}
	}
	if best < 0 { // all that is above lies below all that is below
		return edges[0].v, edges[len(edges)-1].v, 0
	}
	return low, high, best
}

// middle is the median slope between the middles of windows (Theil and Sen).
func (l *limits) middle() float64 {
	var slopes []float64
	for i, b := range l.middles {
		for _, a := range l.middles[:i] {
			if a.at < b.at {
				slopes = append(slopes, slope(a, b))
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	slices.Sort(slopes)
	return slopes[len(slopes)/2]
}
