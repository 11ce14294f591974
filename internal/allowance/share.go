package allowance

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// besideTable is what the process may hold beside the table under --max-memory,
// in bytes of Go's memory: blocks of files, batches, what the reports sum up,
// and garbage. With the program's own pages that is less than 60 MB.
const besideTable = 40 << 20

// besideAll is what Go's memory may be more than the share where all that is held is booked, in bytes: with less
// garbage was collected for a fifth of the time where a share of 100 MB was full.
const besideAll = 8 << 20

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

// LimitAll is Limit for a run that holds more than a table and writes to files what the share has no room for: Go's
// memory stays within the share, about.
func (s Share) LimitAll() {
	if s > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(s) + besideAll)
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

// Waiting is what of it may be held of what waits to be sent or written, in bytes: an eighth, and not
// more than most. The table has so much less.
func (s Share) Waiting(most int64) int64 {
	if s == 0 {
		return most
	}
	return min(most, int64(s)/8)
}

// Place is what of it is for a capture while it is read to be compared with another, an eighth: the table has so
// much less.
func (s Share) Place() int64 { return int64(s / 8) }

// Windows is how many bytes of it what unpacks the inputs may hold, a quarter; false for no limit of its own.
func (s Share) Windows() (most int64, limited bool) { return int64(s) / 4, s > 0 }

// Narrow is by what the limits of the reports are divided.
func (s Share) Narrow() int {
	if s == 0 {
		return 1
	}
	return int(min(max(roomy/s, 1), mostNarrow))
}

// How much garbage there may be before it is collected: a part of the memory in use, in
// percent, but no less than leastGarbage bytes. Nearly all memory of a long input is
// connections and blocks of files: to collect often costs little there, and 15 saves no more
// memory than 30. While little is in use a collection mostly looks through the program's own
// variables, 5 MB of them: with 3 MB of garbage at a time that was a twelfth of the
// instructions for bulk transfers.
const (
	garbage      = 30
	leastGarbage = 16 << 20
)

// garbageOften is after how many packets it is looked how much memory is in use.
const garbageOften = 1 << 16

// Garbage has garbage collected as the memory in use calls for.
type Garbage struct {
	next    uint64
	percent int
}

// Settle has garbage collected as what is in use calls for when all packets were read and much of what was held is
// garbage, which goes back to the system.
func (g *Garbage) Settle() {
	debug.FreeOSMemory()
	g.next = 0
	g.Read(0)
}

// Read says how many packets were read.
func (g *Garbage) Read(packets uint64) {
	if packets < g.next || os.Getenv("GOGC") != "" {
		return
	}
	g.next = packets + garbageOften
	m := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(m)
	if p := percentOf(m[0].Value.Uint64() + m[1].Value.Uint64()); p != g.percent {
		debug.SetGCPercent(p)
		g.percent = p
	}
}

// percentOf is GOGC for so many bytes in use.
func percentOf(inUse uint64) int { return int(max(garbage, leastGarbage*100/max(inUse, 1<<20))) }
