package allowance

import (
	"runtime/debug"
	"testing"
)

// What --max-memory leaves the table and the reports depends on it alone.
func TestShares(t *testing.T) {
	for _, tt := range []struct {
		memory Share
		table  int64
		narrow int
	}{
		{0, 0, 1},
		{64 << 20, 48 << 20, 8},
		{128 << 20, 112 << 20, 8},
		{256 << 20, 224 << 20, 4},
		{512 << 20, 448 << 20, 2},
		{1 << 30, 7 << 27, 1},
		{1 << 34, 7 << 31, 1},
	} {
		if table, narrow := tt.memory.Table(), tt.memory.Narrow(); table != tt.table || narrow != tt.narrow {
			t.Errorf("--max-memory %d: %d for the table, reports narrowed by %d; want %d and %d", tt.memory, table, narrow, tt.table, tt.narrow)
		}
	}
}

// Of what a place that is compared may hold, the table has so much less; and garbage is collected before Go's memory is
// much more than the share.
func TestPlace(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	for _, tt := range []struct {
		memory      Share
		place, most int64
	}{{0, 0, 0}, {64 << 20, 8 << 20, 72 << 20}, {1 << 30, 128 << 20, 1032 << 20}} {
		before := debug.SetMemoryLimit(-1)
		tt.memory.LimitAll()
		most := debug.SetMemoryLimit(before)
		if tt.memory == 0 {
			tt.most = before
		}
		if got := tt.memory.Place(); got != tt.place || most != tt.most {
			t.Errorf("--max-memory %d: %d for a place, %d for all, want %d and %d", tt.memory, got, most, tt.place, tt.most)
		}
	}
}

// What waits to be sent has an eighth of it at most, and not more than it needs.
func TestWaiting(t *testing.T) {
	for _, tt := range []struct {
		memory     Share
		most, want int64
	}{{0, 96 << 20, 96 << 20}, {64 << 20, 96 << 20, 8 << 20}, {1 << 34, 96 << 20, 96 << 20}} {
		if got := tt.memory.Waiting(tt.most); got != tt.want {
			t.Errorf("--max-memory %d: %d, want %d", tt.memory, got, tt.want)
		}
	}
}

// Where little is in use there may be more garbage than that, where much is, less.
func TestGarbage(t *testing.T) {
	for _, tt := range []struct {
		inUse   uint64
		percent int
	}{{0, 1600}, {8 << 20, 200}, {16 << 20, 100}, {100 << 20, 30}, {1 << 40, 30}} {
		if got := percentOf(tt.inUse); got != tt.percent {
			t.Errorf("%d bytes in use: %d %%, want %d", tt.inUse, got, tt.percent)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(77))
	t.Setenv("GOGC", "77")
	(&Garbage{}).Read(0)
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("GOGC=77, and %d is set", got)
	}
	t.Setenv("GOGC", "")
	g := Garbage{}
	g.Read(0)
	if got := debug.SetGCPercent(77); got == 77 || got < garbage {
		t.Errorf("%d is set", got)
	}
	g.Read(garbageOften - 1)
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("set to %d again, too soon", got)
	}
}
