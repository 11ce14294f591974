package allowance

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
)

// limited is the Allowance under limits that need not be the process's own.
func limited(t *testing.T, space, data uint64) *Allowance {
	t.Helper()
	statm, err := os.Open("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { statm.Close() })
	return &Allowance{space: space, data: data, statm: statm}
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
		err := a.Short(Spare)
		if c.short != (err != nil) || err != nil && !strings.Contains(err.Error(), c.limit) {
			t.Errorf("%d, %d: %v", c.space, c.data, err)
		}
	}
}

// Where little is left, who waits hears of it.
func TestGuard(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	limited(t, 1<<20, math.MaxUint64).Guard(ctx, cancel)
	<-ctx.Done()
	var m *Error
	if err := context.Cause(ctx); !errors.As(err, &m) || m.Limit != "1 MB (ulimit -v)" {
		t.Error(err)
	}
}
