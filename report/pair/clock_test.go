package pair

import (
	"math/rand/v2"
	"testing"
)

// watched has a clock watched for some seconds by packets that take 1 to 3 ms each way, and a tenth of
// them up to 50 ms more.
func watched(seconds int, offset func(a int64) int64, both bool) Clock {
	const ms = int64(1e6)
	const start = int64(1.7e18)
	r := rand.New(rand.NewPCG(1, 2))
	w := newClockWatch()
	way := func() int64 {
		d := ms + r.Int64N(2*ms)
		if r.IntN(10) == 0 {
			d += r.Int64N(50 * ms)
		}
		return d
	}
	for i := range seconds * 50 {
		a := start + int64(i)*20*ms
		w.forward(a, a+way()+offset(a-start))
		if both {
			back := a + way()
			w.backward(a+offset(a-start), back)
		}
	}
	return w.clock()
}

func TestClock(t *testing.T) {
	const start = int64(1.7e18)
	fixed := func(int64) int64 { return 1_734_500_000 }
	for _, x := range []struct {
		name    string
		seconds int
		offset  func(a int64) int64
		pieces  int
		drift   float64 // ns in a second
	}{
		{"equal", 30, func(int64) int64 { return 0 }, 1, 0},
		{"ahead", 30, fixed, 1, 0},
		{"behind", 30, func(int64) int64 { return -90e9 }, 1, 0},
		{"parting by 50 millionths", 600, func(a int64) int64 { return 5e6 + a/20_000 }, 1, 50_000},
		{"longer than the windows", 9000, func(a int64) int64 { return -a / 50_000 }, 1, -20_000},
		{"set forward", 60, func(a int64) int64 {
			if a > 31.3e9 {
				return 2e9
			}
			return 0
		}, 2, 0},
		{"set back", 60, func(a int64) int64 {
			if a > 31.3e9 {
				return -300e6
			}
			return 0
		}, 2, 0},
	} {
		c := watched(x.seconds, x.offset, true)
		if len(c.Pieces) != x.pieces || !c.Known() {
			t.Errorf("%s: %+v", x.name, c)
			continue
		}
		for _, s := range []int64{1, int64(x.seconds) / 4, int64(x.seconds) - 2} {
			at := start + s*1e9
			if off, want := c.At(at), x.offset(s*1e9); abs(off-want) > max(c.Bound(at), 1000) {
				t.Errorf("%s: at %d s %d, want %d within %d", x.name, s, off, want, c.Bound(at))
			}
			if off, by := c.At(at), c.AtB(at+c.At(at)); abs(off-by) > 1000 {
				t.Errorf("%s: at %d s %d by A's clock, %d by B's", x.name, s, off, by)
			}
			if b := c.Bound(at); b < 100 || b > 3e6 {
				t.Errorf("%s: bound %d: the fastest ways take 1 ms each", x.name, b)
			}
		}
		if d := c.Pieces[0].Drift; d < x.drift-1000-c.Pieces[0].DriftBound || d > x.drift+1000+c.Pieces[0].DriftBound {
			t.Errorf("%s: drift %g, want %g", x.name, d, x.drift)
		}
	}
}

// One direction alone bounds the offset from one side.
func TestClockOneWay(t *testing.T) {
	c := watched(30, func(int64) int64 { return 1e9 }, false)
	if c.Known() || c.Bound(0) != -1 {
		t.Errorf("known by one direction: %+v", c)
	}
	if (&Clock{}).Known() || (&Clock{}).At(1) != 0 || (&Clock{}).Bound(1) != -1 {
		t.Error("known by no packet")
	}
}
