package pair

import (
	"math"
	"math/rand/v2"
	"testing"
)

// watchedClock is what segments show every 20 ms for so many seconds of a clock that is off by what off says at a
// time, by ways that take 30 to 400 us.
func watchedClock(seconds int, off func(at int64) int64) *clockWatch {
	r := rand.New(rand.NewPCG(1, 2))
	w := newClockWatch()
	const start = int64(1.7e18)
	for at := start; at < start+int64(seconds)*1e9; at += 20e6 {
		w.forward(at, at+30e3+r.Int64N(370e3)+off(at-start))
		w.backward(at+1e6+off(at-start), at+1e6+30e3+r.Int64N(370e3))
	}
	return w
}

// A clock that parts, or is set, or both, is found within the bounds that are told.
func TestClockWithinItsBounds(t *testing.T) {
	for _, seconds := range []int{2, 10, 100, 1000} {
		for _, x := range []struct{ offset, ppm, set float64 }{{}, {offset: 1.7345e9}, {ppm: 50}, {ppm: -3}, {offset: -3e15, ppm: 50}, {set: 4e6}, {set: -3e8, ppm: 50}, {set: 3e8, ppm: -200}} {
			half := int64(seconds) * 1e9 / 2
			off := func(at int64) int64 {
				o := x.offset + x.ppm*float64(at)/1e6
				if at >= half {
					o += x.set
				}
				return int64(o)
			}
			c := watchedClock(seconds, off).clock()
			pieces := 1
			if x.set != 0 {
				pieces = 2
			}
			if len(c.Pieces) != pieces {
				t.Errorf("%d s, %+v: %d pieces", seconds, x, len(c.Pieces))
				continue
			}
			for i, p := range c.Pieces {
				at := p.From - int64(1.7e18)
				if i > 0 {
					at = max(at, half)
				}
				if said := c.At(at + int64(1.7e18)); math.Abs(float64(said-off(at))) > float64(p.Bound) {
					t.Errorf("%d s, %+v: offset %d, not %d, within %d", seconds, x, said, off(at), p.Bound)
				}
				if math.Abs(p.Drift-x.ppm*1000) > p.DriftBound && p.DriftBound > 0 {
					t.Errorf("%d s, %+v: drift %v within %v", seconds, x, p.Drift, p.DriftBound)
				}
				if seconds >= 100 && math.Abs(x.ppm) >= 50 && p.Drift == 0 {
					t.Errorf("%d s, %+v: no drift", seconds, x)
				}
			}
		}
	}
}

// Some stamps that are off by a millisecond are no drift, and move nothing.
func TestClockStampsOff(t *testing.T) {
	w := watchedClock(3, func(int64) int64 { return 0 })
	w.backward(1.7e18+1.7e6, 1.7e18)
	w.backward(1.7e18+2.5e9+1.2e6, 1.7e18+2.5e9)
	c := w.clock()
	if p := c.Pieces[0]; len(c.Pieces) != 1 || p.Drift != 0 || abs(p.Offset) > p.Bound || p.Bound > 400e3 {
		t.Errorf("%+v", c)
	}
}

// Segments of about the time at which a clock was set took as long as others.
func TestWayWhereClockWasSet(t *testing.T) {
	const half, set = int64(1.7e18) + 5050e6, int64(3e8)
	w := watchedClock(10, func(at int64) int64 {
		if at >= half-1.7e18 {
			return set
		}
		return 0
	})
	c := w.clock()
	for at := half - 1e9; at < half+1e9; at += 10e6 {
		off := int64(0)
		if at >= half {
			off = set
		}
		for _, back := range []bool{false, true} {
			a, b := at, at+200e3+off
			if back {
				a, b = at, at-200e3+off
			}
			if took := c.way(a, b, back); abs(took-200e3) > 100e3 {
				t.Fatalf("%v before or after, back %v: took %d", at-half, back, took)
			}
		}
	}
}
