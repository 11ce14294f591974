package allowance

import "testing"

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
