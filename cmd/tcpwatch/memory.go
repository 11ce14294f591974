package main

import (
	"os"
	"runtime/debug"

	"tcpwatch/tracker/record"
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

// limitMemory has garbage collected in time, so that --max-memory holds for the
// process. What the table books is no garbage: the tracker keeps that below the limit.
func (o *options) limitMemory() {
	if o.track.MaxBytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(o.track.MaxBytes + besideTable)
	}
}

// tableBytes is what of --max-memory is for the table, 0 without that; the rest is
// for the reports, and for what comes between two ticks.
func (o *options) tableBytes() int64 {
	if o.track.MaxBytes == 0 {
		return 0
	}
	return o.track.MaxBytes - max(o.track.MaxBytes/8, 16<<20)
}

// narrow is by what the limits of the reports are divided.
func (o *options) narrow() int {
	if o.track.MaxBytes == 0 {
		return 1
	}
	return int(min(max(roomy/o.track.MaxBytes, 1), mostNarrow))
}

// garbage is how much of the memory in use may be garbage before it is
// collected, in percent, once the input has shown that it is long. Nearly all
// of it is packed connections and blocks of files, which hold no pointers: to
// collect often costs little, and 15 saves no more memory than 30.
const garbage = 30

// longInput is how many packets make an input a long one.
const longInput = 1 << 16

// collecting is the Output that has garbage collected more often while a long input is read.
type collecting struct {
	record.Base
	set bool
}

// Tick sets that once; see record.Output.
func (c *collecting) Tick(t *record.Tick) error {
	if !c.set && t.Packets >= longInput && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
		c.set = true
	}
	return nil
}
