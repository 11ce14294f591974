package allowance

import (
	"os"
	"runtime/debug"
)

// besideTable is what the process may hold beside the table under --max-memory,
// in bytes of Go's memory: blocks of files, batches, what the reports sum up,
// and garbage. With the program's own pages that is less than 60 MB.
const besideTable = 40 << 20

// roomy is the --max-memory from which on the reports tell as many listeners,
// hosts and subjects apart as without it; mostNarrow is by what that is divided
// at the least.
const (
	roomy      = 1 << 30
	mostNarrow = 8
)

// Share is --max-memory: what the process may hold, about, in bytes; 0 for no such limit.
// What it leaves whom does not depend on the number of workers, which must not change what
// is found.
type Share int64

// Limit has garbage collected in time, so that the share holds for the process. What the
// table books is no garbage: the tracker keeps that below Table.
func (s Share) Limit() {
	if s > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(s) + besideTable)
	}
}

// Table is what of it is for the table of connections, in bytes, 0 without a limit; the rest
// is for the reports, and for what comes between two ticks.
func (s Share) Table() int64 {
	if s == 0 {
		return 0
	}
	return int64(s - max(s/8, 16<<20))
}

// Narrow is by what the limits of the reports are divided.
func (s Share) Narrow() int {
	if s == 0 {
		return 1
	}
	return int(min(max(roomy/s, 1), mostNarrow))
}

// garbage is how much of the memory in use may be garbage before it is
// collected, in percent, once the input has shown that it is long. Nearly all
// of it is packed connections and blocks of files, which hold no pointers: to
// collect often costs little, and 15 saves no more memory than 30.
const garbage = 30

// longInput is how many packets make an input a long one.
const longInput = 1 << 16

// Garbage has garbage collected more often once an input has shown that it is long.
type Garbage struct{ set bool }

// Read says how many packets were read.
func (g *Garbage) Read(packets uint64) {
	if !g.set && packets >= longInput && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
		g.set = true
	}
}
