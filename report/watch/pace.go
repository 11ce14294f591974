package watch

import (
	"sync/atomic"
	"time"
)

// viewEvery is how often those who tell of findings want a View.
const viewEvery = time.Second

// pace asks for a View once a second of a clock, which nothing else is told by.
type pace struct {
	now  func() time.Time
	last atomic.Int64 // when one was handed over, ns since 1970
}

// due may be called by another goroutine than served.
func (p *pace) due() bool { return p.now().UnixNano()-p.last.Load() >= int64(viewEvery) }

func (p *pace) served() { p.last.Store(p.now().UnixNano()) }
