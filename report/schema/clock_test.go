package schema

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

const layout = "2006-01-02T15:04:05.000000000Z"

// secondsSlowly is what AppendSeconds appends.
func secondsSlowly(ns int64) string {
	s := new(big.Rat).SetFrac64(ns, 1e9).FloatString(9)
	if s = strings.TrimRight(s, "0"); strings.HasSuffix(s, ".") {
		s = s[:len(s)-1]
	}
	return s
}

// checkTimes compares with package time and exact arithmetic.
func checkTimes(t *testing.T, ns int64) {
	if got, want := string(AppendTime(nil, ns)), time.Unix(0, ns).UTC().Format(layout); got != want {
		t.Errorf("%d is %s, want %s", ns, got, want)
	}
	if got, want := string(AppendSeconds(nil, ns)), secondsSlowly(ns); got != want {
		t.Errorf("%d ns are %s s, want %s", ns, got, want)
	}
}

// Every day of the years that nanoseconds can tell has its date, at its first and its
// last nanosecond.
func TestEveryDay(t *testing.T) {
	const day = 86_400 * 1_000_000_000
	for d := int64(math.MinInt64/day) + 1; d < math.MaxInt64/day; d++ {
		for _, ns := range []int64{d * day, d*day - 1} {
			if got, want := string(AppendTime(nil, ns)), time.Unix(0, ns).UTC().Format(layout); got != want {
				t.Fatalf("%d is %s, want %s", ns, got, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	for _, ns := range []int64{0, 1, -1, 10, 999, 1000, 1001, 999_999, 1e6, 1e9 - 1, 1e9, 1e9 + 1, 100e9, -5e8, -1e9, -1001, 1_500_000_000, 951_782_400e9, math.MaxInt64, math.MinInt64} {
		checkTimes(t, ns)
	}
	if s := string(AppendTime(nil, 1_700_000_000_000_000_005)); s != "2023-11-14T22:13:20.000000005Z" {
		t.Error(s)
	}
}

// Whole numbers are as strconv has them: those of all lengths, and around them.
func TestCounts(t *testing.T) {
	check := func(n uint64) {
		if got, want := string(appendCount(nil, n)), strconv.FormatUint(n, 10); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	for n := range uint64(200_000) {
		check(n)
	}
	for bit := range 64 {
		for n := range uint64(5) {
			check(1<<bit + n - 2)
		}
	}
	for n := uint64(1); n < 1e19; n *= 10 {
		check(n - 1)
		check(n)
		check(n + 1)
	}
}

func FuzzTimes(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(-1))
	f.Add(int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, ns int64) {
		checkTimes(t, ns)
		if got, want := string(appendCount(nil, uint64(ns))), strconv.FormatUint(uint64(ns), 10); got != want {
			t.Errorf("%s is %s", want, got)
		}
	})
}

// The text of a second is not that of another.
func TestClock(t *testing.T) {
	var c clock
	for _, ns := range []int64{0, 1, 1e9, 1e9 - 1, -1, -1e9, 1_700_000_000_123_456_789, 1_700_000_000_987_654_321, 0} {
		var p [block]byte
		if got, want := string(p[:c.put(&p, ns)]), time.Unix(0, ns).UTC().Format(layout); got != want {
			t.Errorf("%d is %s, want %s", ns, got, want)
		}
	}
}

func BenchmarkTime(b *testing.B) {
	var c clock
	var p [block]byte
	to := make([]byte, 0, 64)
	b.Run("same second", func(b *testing.B) {
		for b.Loop() {
			c.put(&p, 1_700_000_000_123_456_789)
		}
	})
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			_ = AppendTime(to, 1_700_000_000_123_456_789)
		}
	})
	b.Run("package time", func(b *testing.B) {
		for b.Loop() {
			_ = time.Unix(0, 1_700_000_000_123_456_789).UTC().AppendFormat(to, layout)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	var p [block]byte
	to := make([]byte, 0, 64)
	for _, n := range []uint64{7, 1460, 2_321_046_480} {
		b.Run(strconv.FormatUint(n, 10)+" own", func(b *testing.B) {
			for b.Loop() {
				putCount(&p, n)
			}
		})
		b.Run(strconv.FormatUint(n, 10)+" strconv", func(b *testing.B) {
			for b.Loop() {
				_ = strconv.AppendUint(to, n, 10)
			}
		})
	}
}
