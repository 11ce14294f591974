package tcpwatch

import (
	"time"

	"tcpwatch/capture"
)

// Only here is there a clock: of a live capture, and of who looks at what was read; and in
// pipe.go to wait for a pipe. The time of everything that is told comes from packets.

const (
	// showEvery is how often, in packet time, what a live capture tells is
	// written out while packets come without a pause.
	showEvery = int64(250 * time.Millisecond)
	// idleMargin is how far packet time stays behind the clock while no packet
	// comes: those on their way carry older times.
	idleMargin = 2 * time.Second
	// drainTime is for how long after its end what the kernel still has of a capture is
	// taken: more than twice the time in which it hands over packets.
	drainTime = 200 * time.Millisecond
)

// live is what the reader of a live capture remembers.
type live struct {
	shown      int64     // packet time at which it was last shown
	quietSince time.Time // first read timeout since the last packet; zero when a packet came last
	handed     time.Time // the last one at which a batch was handed over
}

// silent is for how long, ns, no packet has come as far as read timeouts tell.
func (l *live) silent() int64 {
	if l.quietSince.IsZero() {
		return 0
	}
	return int64(time.Since(l.quietSince))
}

// quiet lets packet time go on by the monotonic clock while no packet comes.
func (w *run) quiet() {
	now := time.Now()
	if w.live.quietSince.IsZero() {
		w.live.quietSince = now
	}
	if len(w.batch.packets) == 0 && now.Sub(w.live.handed) < time.Duration(showEvery) {
		return // nothing waits, and each time wakes all workers
	}
	w.live.handed = now
	if to := w.times.now + int64(now.Sub(w.live.quietSince)-idleMargin); w.packets > 0 && to > w.ticked {
		w.tick(to)
	}
	w.hand(true)
}

// showDue has written out, some times a second of packet time, what there is to tell.
func (w *run) showDue() {
	if w.times.now-w.live.shown > showEvery || w.times.now < w.live.shown {
		w.live.shown = w.times.now
		w.hand(true)
		w.lookSoon()
	}
}

// drain takes what was captured before the run was ended and still waits in the kernel's
// buffer.
func (w *run) drain() {
	var p capture.Packet
	for end := time.Now().Add(drainTime); time.Now().Before(end) && !w.enough(); {
		if w.source.Next(&p) != nil {
			return
		}
		w.packet(&p)
	}
}

// holdEvery is how often those who watch are asked while there is nothing to read.
const holdEvery = 20 * time.Millisecond

// hold waits while somebody wants to look at what was read.
func (w *run) hold() {
	for w.held = true; w.ctx.Err() == nil && w.out.wanted().Hold; time.Sleep(holdEvery) {
		w.look()
	}
}
