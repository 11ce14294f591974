package main

import (
	"context"
	"time"
)

const (
	// spare is how much memory has to be left, in bytes: for what 4,096 packets and
	// the report take, and for the 64 MiB in which Go asks for more.
	spare = 128 << 20
	// spareAtStart is for the threads besides, each of which has a stack and a heap
	// of libc's.
	spareAtStart = 384 << 20
)

// errMemory is that memory runs out.
type errMemory struct{ limit string }

func (e *errMemory) Error() string {
	return "out of memory: nearly all is taken of the " + e.limit + " that this process may have; --max-memory and --max-conns take less"
}

// guardEvery is how often it is looked whether memory is left: what a run takes meanwhile
// is far less than spare.
const guardEvery = 10 * time.Millisecond

// guard ends a run before memory runs out, where it is limited, until ctx is done.
func (a *allowance) guard(ctx context.Context, end context.CancelCauseFunc) {
	if !a.limited() {
		return
	}
	go func() {
		tick := time.NewTicker(guardEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := a.short(spare); err != nil {
					end(err)
					return
				}
			}
		}
	}()
}
