package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/pcaptest"
)

// What --max-memory leaves the table and the reports depends on it alone: not on
// the number of workers, which must not change what is found.
func TestMemoryShares(t *testing.T) {
	for _, tt := range []struct {
		memory, table int64
		narrow        int
	}{
		{0, 0, 1},
		{64 << 20, 48 << 20, 8},
		{128 << 20, 112 << 20, 8},
		{256 << 20, 224 << 20, 4},
		{512 << 20, 448 << 20, 2},
		{1 << 30, 7 << 27, 1},
		{1 << 34, 7 << 31, 1},
	} {
		o := &options{}
		o.track.MaxBytes = tt.memory
		if table, narrow := o.tableBytes(), o.narrow(); table != tt.table || narrow != tt.narrow {
			t.Errorf("--max-memory %d: %d for the table, reports narrowed by %d; want %d and %d", tt.memory, table, narrow, tt.table, tt.narrow)
		}
	}
}

// A run for which no memory is left ends, with a line and status 2.
func TestMemoryRunsOut(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&allowance.Error{Limit: "1 MB (ulimit -v)"})
	name := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(name, pcaptest.ShortConnections(t, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	s := sessionOf(t, &told, "-j", "1", name)
	if status := s.run(ctx, nil, []tcpwatch.Output{s.status}, nil); status != exitUsage {
		t.Errorf("status %d", status)
	}
	if want := "tcpwatch: out of memory: nearly all is taken of the 1 MB (ulimit -v) that this process may have; --max-memory and --max-conns take less\n"; told.String() != want {
		t.Errorf("told %q", told.String())
	}
}
