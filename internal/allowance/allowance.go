// Package allowance keeps a run within what it may take: of memory under --max-memory
// ([Share]), and before a limit of the system (ulimit -v or -d, LimitAS= or LimitDATA= of a
// service) is met, at which the run is ended ([Allowance]); of open files ([Files]).
package allowance

import (
	"context"
	"time"
)

const (
	// Spare is how much memory has to be left, in bytes: for what 4,096 packets and
	// the report take, and for the 64 MiB in which Go asks for more.
	Spare = 128 << 20
	// SpareAtStart is for the threads besides, each of which has a stack and a heap
	// of libc's.
	SpareAtStart = 384 << 20
)

// Error is that memory runs out.
type Error struct{ Limit string }

func (e *Error) Error() string {
	return "out of memory: nearly all is taken of the " + e.Limit + " that this process may have; --max-memory and --max-conns take less"
}

// guardEvery is how often it is looked whether memory is left: what a run takes meanwhile
// is far less than Spare.
const guardEvery = 10 * time.Millisecond

// Guard ends a run before memory runs out, where it is limited, until ctx is done.
func (a *Allowance) Guard(ctx context.Context, end context.CancelCauseFunc) {
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
				if err := a.Short(Spare); err != nil {
					end(err)
					return
				}
			}
		}
	}()
}
