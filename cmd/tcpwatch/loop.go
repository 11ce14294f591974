package main

import (
	"errors"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/live"
)

const (
	tickEvery = 4096 // packets of the input between two Tracker.Tick
	// showEvery is how often, in packet time, what a live capture tells is
	// written out while packets come without a pause.
	showEvery = int64(250 * time.Millisecond)
	// idleMargin is how far packet time stays behind the clock while no packet
	// comes: those on their way carry older times.
	idleMargin = 2 * time.Second
	// weakenSamples is how many segments are used to find out what the filter hides.
	weakenSamples = 8
)

// garbage is how much of the memory in use may be garbage before it is
// collected, in percent, once the input has shown that it is long. Nearly all
// of it is packed connections and blocks of files, which hold no pointers: to
// collect often costs little, and 15 saves no more memory than 30.
const garbage = 30

// watch is one run. This goroutine reads packets from the input into batches,
// workers take their share of each, a writer puts together what they tell.
type watch struct {
	o       *options
	in      *input
	out     *outputs
	signals *signals
	stdout  io.Writer
	stderr  io.Writer
	size    int64 // of the files when they were opened, in bytes; 0 when one is a pipe

	workers []*worker
	writer  *writer
	spare   chan *batch
	batches int    // that there are, at most what spare holds
	batch   *batch // being filled
	asking  *batch // with a question instead of packets; nil before the first
	running sync.WaitGroup

	mu     sync.Mutex // of the status line; who holds it waits for no terminal
	status *status

	source         *steady          // of the input
	sampler        *capture.Decoder // of the first packets, for weakness
	packets, bytes uint64           // read, before the filter
	passed         uint64           // by the filter
	times          times            // of the packets
	shown          int64            // packet time at which it was last shown
	deadline       time.Time
	quietSince     time.Time // first read timeout since the last packet; zero when a packet came last
	ticked         int64
	weakness       live.Weakness
	samples        int
	damaged        []*capture.Damage
	over           bool  // --for's time
	fault          error // ended the input before its time
}

// start sets the workers and the writer going.
func (w *watch) start() {
	for _, x := range w.workers {
		w.running.Go(func() { x.run(w.done) })
	}
	w.running.Go(w.writer.run)
}

// stop ends the input and waits until all is written.
func (w *watch) stop() {
	if w.signals.report.Load() { // while tables asked for before were printed
		w.report()
	}
	w.batch.end = true
	w.hand(true)
	for _, x := range w.workers {
		close(x.in)
	}
	close(w.writer.in)
	w.running.Wait()
}

// hand gives the batch to the workers and takes an empty one.
func (w *watch) hand(show bool) {
	b := w.batch
	b.show = show
	b.at = progress{w.packets, w.in.offset()}
	b.users.Store(int32(len(w.workers)))
	if !w.source.waits() {
		b.blocks = w.in.left()
	}
	note := &batchNote{show: b.show, at: b.at}
	if show && w.in.handle != nil {
		note.drops, _, _, _ = w.in.drops()
	}
	if b.snapshot {
		note.headline = w.headline()
	}
	w.writer.in <- note
	for _, x := range w.workers {
		x.in <- b
	}
	w.batch = w.empty()
}

// empty is a batch to fill: one that all workers are done with, or a new one
// while there are few. No more are in use than workers that fall behind make
// necessary, so that they stay in the cores' caches.
func (w *watch) empty() (b *batch) {
	select {
	case b = <-w.spare:
	default:
		if w.batches < cap(w.spare) {
			w.batches++
			b = &batch{}
		} else {
			b = <-w.spare
		}
	}
	b.reset()
	return b
}

// done takes back a batch from a worker.
func (w *watch) done(b *batch) {
	if b.users.Add(-1) == 0 {
		// A worker is done with a batch after all those before it.
		w.in.blocks.Free(b.blocks)
		w.spare <- b
	}
}

// loop reads until the input ends or the user does not want more.
func (w *watch) loop() {
	var p capture.Packet
	for !w.enough() {
		switch err := w.source.Next(&p); err {
		case nil:
			w.packet(&p)
		case capture.ErrTimeout:
			w.idle()
		case io.EOF:
			return
		default:
			var d *capture.Damage
			if !errors.As(err, &d) {
				w.fault = err
				return
			}
			w.damaged = append(w.damaged, d)
			w.warn(err)
		}
	}
	if w.in.handle != nil && (w.o.count == 0 || w.passed < w.o.count) {
		w.drain()
	}
}

// enough reports whether to stop reading, and does what else was asked by signal.
func (w *watch) enough() bool {
	if w.signals.report.Load() && !w.writer.asked.Load() {
		w.report()
	}
	return w.over || w.signals.stop.Load() || w.out.failed.Load() || w.o.count > 0 && w.passed >= w.o.count
}

// report has the tables printed as they stand with the packets so far. Reading
// goes on meanwhile; who asks again gets them once these are printed.
func (w *watch) report() {
	w.signals.report.Store(false)
	w.writer.asked.Store(true)
	w.batch.snapshot = true
	w.hand(true)
}

// drain takes what was captured before the user said stop and still waits in
// the kernel's buffer.
func (w *watch) drain() {
	var p capture.Packet
	for end := time.Now().Add(2 * live.DefaultReadTimeout); time.Now().Before(end); {
		if w.source.Next(&p) != nil {
			return
		}
		w.packet(&p)
		if w.o.count > 0 && w.passed >= w.o.count {
			return
		}
	}
}

// packet takes one packet through filter, decoder and tracker.
func (w *watch) packet(p *capture.Packet) {
	w.packets++
	w.bytes += uint64(p.Length)
	if !w.times.known {
		w.ticked = timeOf(p)
	}
	w.times.note(p)
	w.quietSince = time.Time{}
	if ok, err := w.in.passes(p); ok {
		w.passed++
		w.out.packet(p)
		if w.o.filter != "" {
			w.sample(p)
		}
		if kept := w.in.handle == nil; !w.batch.add(p, kept) {
			w.hand(false)
			w.batch.add(p, kept)
		}
	} else {
		if err != nil {
			w.warn(err)
		}
		w.leave(p)
	}
	if p.Number%tickEvery == 0 {
		if p.Number == 16*tickEvery && os.Getenv("GOGC") == "" {
			debug.SetGCPercent(garbage)
		}
		w.tick(max(w.times.now, w.ticked))
		if err := w.o.memory.short(spare); err != nil {
			w.fault, w.over = err, true
		}
	}
	if w.in.handle != nil && (w.times.now-w.shown > showEvery || w.times.now < w.shown) {
		w.shown = w.times.now
		w.show(time.Now())
	}
}

// leave takes a packet that did not pass the filter. It lies in a block of the
// file all the same, and blocks are given back with batches.
func (w *watch) leave(p *capture.Packet) {
	if w.in.handle != nil {
		return
	}
	if w.batch.kept += len(p.Data); w.batch.kept > keptBytes {
		w.hand(false)
	}
}

// sample asks what the user's filter hides about the first connections.
func (w *watch) sample(p *capture.Packet) {
	if w.samples >= weakenSamples {
		return
	}
	if w.sampler.Decode(p) == capture.OutcomeSegment {
		w.samples++
		w.weakness |= w.in.weakens(p, &w.sampler.Segment)
	}
}

// idle lets packet time go on by the monotonic clock while no packet comes.
func (w *watch) idle() {
	if w.in.handle == nil {
		// A pipe's packets may have been captured at any time: that none comes
		// now says nothing of theirs.
		if len(w.batch.packets) > 0 {
			w.hand(true)
			w.out.flushPackets()
		}
		return
	}
	now := time.Now()
	if w.quietSince.IsZero() {
		w.quietSince = now
	}
	if to := w.times.now + int64(now.Sub(w.quietSince)-idleMargin); w.packets > 0 && to > w.ticked {
		w.tick(to)
	}
	w.show(now)
}

// show has written out what a live capture has to tell, and sees whether --for is over.
func (w *watch) show(now time.Time) {
	w.hand(true)
	w.out.flushPackets()
	w.over = !w.deadline.IsZero() && now.After(w.deadline)
}

// silent is for how long, ns, no packet has come as far as read timeouts tell.
func (w *watch) silent() int64 {
	if w.quietSince.IsZero() {
		return 0
	}
	return int64(time.Since(w.quietSince))
}

// tick lets the workers do what they do at a tick, at a packet time that is
// never before that of the last one.
func (w *watch) tick(now int64) {
	w.ticked = now
	meet := w.mayBeFull()
	if meet && len(w.batch.packets) > 0 {
		// What is told of these packets is written before the workers meet: the
		// writer waits for all of them, and one that waits for the writer would
		// not come.
		w.hand(false)
	}
	w.batch.ticks, w.batch.tick, w.batch.meet, w.batch.passed = true, now, meet, w.passed
	w.hand(false)
}
