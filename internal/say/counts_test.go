package say

import (
	"math"
	"strings"
	"testing"
)

func TestCounts(t *testing.T) {
	for n, want := range map[uint64][3]string{
		0:              {"0", "0 packets", "0 B"},
		1:              {"1", "1 packet", "1 B"},
		999:            {"999", "999 packets", "999 B"},
		1000:           {"1,000", "1,000 packets", "1 kB"},
		999_999:        {"999,999", "999,999 packets", "1 MB"},
		1_234_567:      {"1,234,567", "1,234,567 packets", "1.2 MB"},
		1 << 63:        {"9,223,372,036,854,775,808", "9,223,372,036,854,775,808 packets", "9.2 EB"},
		math.MaxUint64: {"18,446,744,073,709,551,615", "18,446,744,073,709,551,615 packets", "18.4 EB"},
	} {
		if got := [3]string{Thousands(n), Plural(n, "packet"), Bytes(n)}; got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	const second = int64(1e9)
	for ns, want := range map[int64]string{
		-5: "0 µs", 0: "0 µs", 1: "0 µs", 50: "0.1 µs", 31_000: "31 µs", 999_949: "999.9 µs", 320e3: "320 µs",
		1e6: "1 ms", 12_340_000: "12.3 ms", 500e6: "500 ms",
		1_003_000_000: "1.003 s", 1_012_000_000: "1.012 s", 61 * second: "61 s", 75 * second: "75 s", 99_960_000_000: "100 s",
		120 * second: "2 min", 125 * second: "2 min 5 s", 7200 * second: "2 h", 7260 * second: "2 h 1 min", 3 * 86400 * second: "3 d", 90000 * second: "1 d 1 h",
	} {
		if got := Duration(ns, false); got != want {
			t.Errorf("%d: %q, want %q", ns, got, want)
		}
		if got, want := Duration(ns, true), strings.ReplaceAll(want, "µ", "u"); got != want {
			t.Errorf("%d in ASCII: %q, want %q", ns, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for _, c := range []struct {
		v    float64
		dec  int
		want string
	}{{0, 1, "0"}, {100, 0, "100"}, {1.5, 3, "1.5"}, {1.0004, 3, "1"}, {12.25, 1, "12.2"}, {-0.25, 2, "-0.25"}} {
		if got := Digits(c.v, c.dec); got != c.want {
			t.Errorf("%v with %d decimals: %q, want %q", c.v, c.dec, got, c.want)
		}
	}
}

func TestAbout(t *testing.T) {
	for _, c := range []struct {
		n    int64
		part float64
		want int64
	}{{0, 0.1, 0}, {7, 0.1, 7}, {10_090_000, 0.016, 10_000_000}, {124_800, 1. / 16, 120_000}, {147, 0.016, 145}, {148, 0.016, 150}, {1490, 0.016, 1500}, {987_654, 0.016, 1_000_000}, {203_000, 0.016, 200_000},
		{206_000, 0.016, 205_000}, {3_056_173_281, 0.001, 3_055_000_000}} {
		if got := About(c.n, c.part); got != c.want {
			t.Errorf("%d to %v: %d, want %d", c.n, c.part, got, c.want)
		}
	}
	last := int64(0)
	for n := int64(1); n < 5000; n++ { // what is greater is told as no less
		got := About(n, 0.016)
		if off := got - n; got < last || float64(max(off, -off)) > 0.016*float64(n) {
			t.Fatalf("%d: %d after %d", n, got, last)
		}
		last = got
	}
}

func TestList(t *testing.T) {
	for want, parts := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := List(parts); got != want {
			t.Errorf("%q: %q, want %q", parts, got, want)
		}
	}
}
