package allowance

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
)

// Go ends a program to which the system gives no more memory with a trace of
// all its goroutines, and nothing can be done about it then. Where the user or a
// service limits memory (ulimit -v or -d, LimitAS= or LimitDATA= of systemd),
// a run is ended before, with a line that says why.

// Allowance is how much memory the process may take.
type Allowance struct {
	space, data uint64   // of addresses, and of data, bytes; math.MaxUint64 where it is not limited
	statm       *os.File // what is taken, in pages; nil where nothing is limited
	buf         [128]byte
}

// New asks for the limits, and has garbage collected in time.
func New() *Allowance {
	a := &Allowance{space: limitOf(syscall.RLIMIT_AS), data: limitOf(syscall.RLIMIT_DATA)}
	if a.space == math.MaxUint64 && a.data == math.MaxUint64 {
		return a
	}
	a.statm, _ = os.Open("/proc/self/statm")
	if left, _ := a.left(); left > Spare && os.Getenv("GOMEMLIMIT") == "" {
		// Memory that Go has already taken is little yet, and left out.
		if most := int64(min(left-Spare/2, math.MaxInt64)); most < debug.SetMemoryLimit(-1) {
			debug.SetMemoryLimit(most)
		}
	}
	return a
}

func limitOf(resource int) uint64 {
	var r syscall.Rlimit
	if syscall.Getrlimit(resource, &r) != nil {
		return math.MaxUint64
	}
	return r.Cur
}

// descriptors is how many files the process may have open.
func descriptors() uint64 { return limitOf(syscall.RLIMIT_NOFILE) }

// left is how much more memory may be taken, and the limit that says so.
func (a *Allowance) left() (left uint64, limit string) {
	left = math.MaxUint64
	if a.statm == nil {
		return left, ""
	}
	n, _ := a.statm.ReadAt(a.buf[:], 0)
	// size, resident, shared, text, lib, data: proc_pid_statm(5).
	fields := bytes.Fields(a.buf[:n])
	if len(fields) < 6 {
		return left, ""
	}
	for _, x := range [...]struct {
		limit uint64
		taken []byte
		name  string
	}{{a.space, fields[0], "ulimit -v"}, {a.data, fields[5], "ulimit -d"}} {
		pages, err := strconv.ParseUint(string(x.taken), 10, 64)
		if err != nil || x.limit == math.MaxUint64 {
			continue
		}
		if free := x.limit - min(x.limit, pages*uint64(os.Getpagesize())); free < left {
			left, limit = free, fmt.Sprintf("%d MB (%s)", x.limit/1e6, x.name)
		}
	}
	return left, limit
}

// limited reports whether there is a limit that can be watched.
func (a *Allowance) limited() bool { return a.statm != nil }

// Short is the error that less than n bytes of memory are left, or nil.
func (a *Allowance) Short(n uint64) error {
	if !a.limited() {
		return nil
	}
	left, limit := a.left()
	if left >= n {
		return nil
	}
	return &Error{limit}
}

// Close ends looking at what is taken.
func (a *Allowance) Close() {
	if a.statm != nil {
		a.statm.Close()
	}
}
