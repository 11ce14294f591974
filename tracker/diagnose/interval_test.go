package diagnose

import (
	"math"
	"testing"
)

// The figures are those of R's prop.test(n, all, correct=FALSE).
func TestInterval(t *testing.T) {
	for _, x := range []struct {
		n, all    uint64
		low, high float64
	}{{11, 223, 2.8, 8.6}, {0, 100, 0, 3.7}, {100, 100, 96.3, 100}, {20, 2000, 0.65, 1.54}, {0, 0, 0, 100}} {
		if low, high := interval(x.n, x.all); math.Abs(low-x.low) > 0.05 || math.Abs(high-x.high) > 0.05 {
			t.Errorf("%d of %d: %.2f to %.2f", x.n, x.all, low, high)
		}
	}
}

// What was counted is never told as 0 %.
func TestPercentOfSomething(t *testing.T) {
	for _, x := range []struct {
		n, all uint64
		want   string
	}{{0, 1000, "0%"}, {1, 100_000, "under 0.1%"}, {1, 1000, "0.1%"}, {11, 223, "4.9%"}, {999_999, 1_000_000, "over 99.9%"}, {7, 7, "100%"}} {
		if got := percentOf(x.n, x.all); got != x.want {
			t.Errorf("%d of %d: %s, want %s", x.n, x.all, got, x.want)
		}
	}
}
