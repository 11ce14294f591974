package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"time"
)

// limits bound what one run of a command may take: some peers would have all
// of a machine's memory for the larger inputs.
type limits struct {
	time   time.Duration
	memory int64 // address space in bytes, 0 is no limit
}

// impose sets the limit of memory for this process, from which commands inherit it.
func (l limits) impose() error {
	if l.memory <= 0 {
		return nil
	}
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &r); err != nil {
		return err
	}
	r.Cur = min(uint64(l.memory), r.Max)
	return syscall.Setrlimit(syscall.RLIMIT_AS, &r)
}

// halfTheMemory is half of what the machine has, 0 where that is not told.
func halfTheMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(s.Text(), "MemTotal: %d kB", &kib); n == 1 {
			return kib * 1024 / 2
		}
	}
	return 0
}
