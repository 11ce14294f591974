package tcpwatch

import (
	"sync"
	"sync/atomic"

	"tcpwatch/tracker"
)

// meeting is where all workers come together at a tick when they may hold more
// than the table may: the last to come makes room while the others wait. So
// what goes is the same whoever holds it.
type meeting struct {
	mu     sync.Mutex
	over   sync.Cond
	came   int
	rounds int
	table  []*tracker.Tracker
}

func newMeeting() *meeting {
	m := &meeting{}
	m.over.L = &m.mu
	return m
}

// makeRoom returns when there is room, each worker having called it.
func (m *meeting) makeRoom() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.came++; m.came == len(m.table) {
		tracker.MakeRoom(m.table...)
		m.came = 0
		m.rounds++
		m.over.Broadcast()
		return
	}
	for round := m.rounds; round == m.rounds; {
		m.over.Wait()
	}
}

// holding is what a worker held at a tick, for the reader to know when the table
// may be full. The reader loads packets first, the worker stores it last: so what
// is held is of that tick or of a later one.
type holding struct {
	conns   atomic.Int64
	packets atomic.Uint64 // that the filter had let pass by then
}

// mayBeFull reports whether the workers may hold more together than the table
// may: each packet since begins a connection at most.
func (w *run) mayBeFull() bool {
	if len(w.workers) == 1 {
		return false // a tick of its own makes room
	}
	since, held := w.passed, int64(0)
	for _, x := range w.workers {
		since = min(since, x.holding.packets.Load())
		held += x.holding.conns.Load()
	}
	return w.o.MaxBytes > 0 || held+int64(w.passed-since) > int64(w.o.MaxConns)
}
