package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwatch"
	"tcpwatch/internal/pcaptest"
)

// limited is the allowance under limits that need not be the process's own.
func limited(t *testing.T, space, data uint64) *allowance {
	t.Helper()
	statm, err := os.Open("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { statm.Close() })
	return &allowance{space: space, data: data, statm: statm}
}

// What is left is the limit less what is taken, of the limit that leaves less.
func TestAllowance(t *testing.T) {
	const none = math.MaxUint64
	for _, c := range []struct {
		space, data uint64
		limit       string
		short       bool
	}{
		{none, none, "", false},
		{1 << 50, none, "1125899906 MB (ulimit -v)", false},
		{none, 1 << 50, "1125899906 MB (ulimit -d)", false},
		{1 << 51, 1 << 50, "1125899906 MB (ulimit -d)", false},
		{1 << 20, 1 << 50, "1 MB (ulimit -v)", true},
		{1 << 50, 1 << 20, "1 MB (ulimit -d)", true},
	} {
		a := limited(t, c.space, c.data)
		left, limit := a.left()
		if limit != c.limit || left > min(c.space, c.data) || c.short != (left == 0) || limit != "" && left == min(c.space, c.data) {
			t.Errorf("%d, %d: %d left of %s", c.space, c.data, left, limit)
		}
		err := a.short(spare)
		if c.short != (err != nil) || err != nil && !strings.Contains(err.Error(), c.limit) {
			t.Errorf("%d, %d: %v", c.space, c.data, err)
		}
	}
}

// A run to which little memory is left ends, with a line and status 2.
func TestMemoryRunsOut(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	limited(t, 1<<20, math.MaxUint64).guard(ctx, cancel)
	<-ctx.Done()
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
