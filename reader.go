package tcpwatch

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

const (
	tickEvery = 4096 // packets of the input between two Tracker.Tick
	// lookEvery is how many packets of files are read between two looks at whether the run
	// is still wanted.
	lookEvery = 256
	// hiddenSamples is how many segments are used to find out what the filter hides.
	hiddenSamples = 8
)

// run is one Run. Its goroutine reads packets from the input into batches,
// workers take their share of each, a writer puts together what they tell.
type run struct {
	ctx context.Context
	o   Options
	in  *Source
	out *outlets

	workers []*worker
	writer  *writer
	spare   chan *batch
	batches int    // that there are, at most what spare holds
	batch   *batch // being filled
	asking  *batch // with a question instead of packets; nil before the first
	running sync.WaitGroup

	source         *steady          // of the input
	filter         chosen           // which packets count
	sampler        *capture.Decoder // of the first packets, for what the filter hides; nil when nobody asks
	samples        int
	packets, bytes uint64 // read, before the filter
	passed         uint64 // by the filter
	window         window // what is read of files
	times          times  // of the packets
	looked         uint64 // packets when it was last looked whether the run is wanted
	lookEvery      uint64
	ticked         int64
	live           live
	damaged        []*capture.Damage
	fault          error // ended the input before its time
	input          *record.Input
	strange        atomic.Bool // see worker
	held           bool        // the input has ended, and what was read is kept to be looked at
}

// newRun sets everything going but the reader.
func newRun(ctx context.Context, in *Source, o Options, out *outlets) *run {
	w := &run{ctx: ctx, o: o, in: in, out: out, lookEvery: lookEvery, window: window{from: o.From, to: o.To}, input: &record.Input{Place: o.Place}}
	w.source = &steady{in: in, across: w.across, live: in.handle != nil, kept: in.handle == nil, silent: w.live.silent}
	if len(in.files) > 1 && in.pipe == nil {
		w.source.ended = func(file int) bool { return in.files[file].Ended() }
	}
	if in.handle == nil {
		w.filter.filter = o.Filter
	}
	if in.pipe != nil {
		w.lookEvery = 1 // packets may come as slowly as they like
	}
	if o.Hidden != nil {
		w.sampler = capture.NewDecoder(capture.DecoderOptions{ByVLAN: o.ByVLAN})
	}
	n := o.Workers
	if len(out.direct.all) > 0 {
		n = 1
	}
	m := newMeeting()
	for i := range n {
		x := newWorker(i, n, in.ahead(), &o, w.input, out)
		x.meeting, x.strange, m.table = m, &w.strange, append(m.table, x.tracker)
		w.workers = append(w.workers, x)
	}
	w.writer = newWriter(w)
	w.spare = make(chan *batch, in.ahead()+2)
	w.batch = w.empty()
	for _, x := range w.workers {
		w.running.Go(func() { x.run(w.done) })
	}
	w.running.Go(w.writer.run)
	return w
}

// stop ends the input and waits until all is handed out but the sums.
func (w *run) stop() {
	select {
	case <-w.o.Snapshots: // asked for while those before were handed out
		w.snapshot()
	default:
	}
	w.batch.end = true
	w.hand(true)
	for _, x := range w.workers {
		close(x.in)
	}
	close(w.writer.in)
	w.running.Wait()
}

// sums are those of the first worker, which takes in those of the others; nil when nobody
// wants them.
func (w *run) sums() *report.Summary {
	sums := w.workers[0].summary
	if sums != nil {
		for _, x := range w.workers[1:] {
			sums.Merge(x.summary)
		}
	}
	return sums
}

// hand gives the batch to the workers and takes an empty one.
func (w *run) hand(show bool) {
	b := w.batch
	show = show || w.in.pipe != nil
	b.now = max(w.times.now, w.ticked)
	b.tick = record.Tick{Time: w.ticked, Packets: w.packets, Offset: w.in.offset(), Show: show}
	if !w.source.waits() {
		b.blocks = w.in.left()
	}
	if show && w.in.handle != nil {
		kernel, _ := w.in.drops()
		b.tick.Drops = kernel.V
	}
	note := &batchNote{ticks: b.ticks || show, tick: b.tick, wanted: b.wanted, now: b.now, ended: w.held}
	users := len(w.workers)
	if len(w.out.ordered.packets) > 0 {
		note.batch, users = b, users+1
	}
	b.users.Store(int32(users))
	if b.snapshot || b.wanted != nil {
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
func (w *run) empty() (b *batch) {
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

// done takes back a batch from a worker, or from the writer.
func (w *run) done(b *batch) {
	if b.users.Add(-1) == 0 {
		// Each is done with a batch after all those before it.
		w.in.blocks.Free(b.blocks)
		w.spare <- b
	}
}

// loop reads until the input ends or nobody wants more.
func (w *run) loop() {
	var p capture.Packet
	for w.wanted() {
		switch err := w.source.Next(&p); err {
		case nil:
			w.packet(&p)
		case capture.ErrTimeout:
			w.idle()
		case io.EOF:
			w.hold()
			return
		default:
			var d *capture.Damage
			if !errors.As(err, &d) {
				w.fault = err
				return
			}
			w.damaged = append(w.damaged, d)
			w.o.Warn(err)
		}
	}
	if w.in.handle != nil && !w.enough() {
		w.drain()
	}
}

// enough reports whether as many packets have come as were asked for.
func (w *run) enough() bool { return w.o.Count > 0 && w.passed >= w.o.Count }

// wanted reports whether to read on, and now and then looks what else is wanted.
func (w *run) wanted() bool {
	if w.enough() {
		return false
	}
	return w.packets-w.looked < w.lookEvery || w.look()
}

// look looks whether the run is still wanted, and whether a snapshot is.
func (w *run) look() bool {
	w.looked = w.packets
	if w.ctx.Err() != nil {
		return false
	}
	if w.o.Snapshots != nil && !w.writer.asked.Load() {
		select {
		case <-w.o.Snapshots:
			w.snapshot()
		default:
		}
	}
	w.watch()
	return true
}

// lookSoon has it looked before the next packet is read.
func (w *run) lookSoon() { w.looked = w.packets - w.lookEvery }

// snapshot has the sums handed out as they stand with the packets so far. Reading
// goes on meanwhile; who asks again gets them once these are out.
func (w *run) snapshot() {
	if len(w.out.snapshots) == 0 {
		return
	}
	w.writer.asked.Store(true)
	w.batch.snapshot = true
	w.hand(true)
}

// watch has those who watch handed a View, when one of them wants it and none is under way.
func (w *run) watch() {
	if len(w.out.watchers) == 0 || w.writer.seeing.Load() {
		return
	}
	if a := w.out.wanted(); a.Due {
		w.writer.seeing.Store(true)
		w.batch.wanted, w.batch.held = &a, w.held
		w.hand(true)
	}
}

// packet takes one packet through the filter into the batch.
func (w *run) packet(p *capture.Packet) {
	if p.Number == 1 && !p.Untimed {
		w.input.Start = p.Time - p.Amiss
	}
	if !w.window.none() && !w.window.has(p) {
		w.leftOut(p)
		return
	}
	w.packets++
	w.bytes += uint64(p.Length)
	if !w.times.known {
		w.ticked = timeOf(p)
	}
	w.times.note(p)
	w.live.quietSince = time.Time{}
	if ok, err := w.filter.passes(p); ok {
		w.passed++
		if w.out.takesPackets {
			w.in.learn(p)
		}
		if w.sampler != nil {
			w.sample(p)
		}
		kept := w.in.handle == nil
		if a := w.o.Anonymize; a != nil {
			kept = false
			if err := a.Rewrite(p); err != nil {
				w.o.Warn(err)
			}
		}
		if !w.batch.add(p, kept, w.o.ByVLAN) {
			w.hand(false)
			w.batch.add(p, kept, w.o.ByVLAN)
		}
	} else {
		if err != nil {
			w.o.Warn(err)
		}
		w.leave(p)
	}
	if p.Number%tickEvery == 0 {
		w.tick(max(w.times.now, w.ticked))
	}
	if w.in.handle != nil {
		w.showDue()
	}
}

// leave takes a packet that did not pass the filter. It lies in a block of the
// file all the same, and blocks are given back with batches.
func (w *run) leave(p *capture.Packet) {
	if w.in.handle != nil {
		return
	}
	if w.batch.kept += len(p.Data); w.batch.kept > keptBytes {
		w.hand(false)
	}
}

// sample asks what the filter hides about the first connections.
func (w *run) sample(p *capture.Packet) {
	if w.samples >= hiddenSamples {
		return
	}
	if w.sampler.Decode(p) == capture.OutcomeSegment {
		w.samples++
		w.o.Hidden.Sample(p, &w.sampler.Segment)
	}
}

// idle is called when no packet came for a while.
func (w *run) idle() {
	w.lookSoon()
	if w.in.handle != nil {
		w.quiet()
		return
	}
	// A pipe's packets may have been captured at any time: that none comes now says
	// nothing of theirs.
	if len(w.batch.packets) > 0 {
		w.hand(true)
	}
}

// tick lets the workers do what they do at a tick, at a packet time that is
// never before that of the last one.
func (w *run) tick(now int64) {
	w.ticked = now
	meet := w.mayBeFull()
	if meet && len(w.batch.packets) > 0 {
		// What is told of these packets is written before the workers meet: the
		// writer waits for all of them, and one that waits for the writer would
		// not come.
		w.hand(false)
	}
	w.batch.ticks, w.batch.meet, w.batch.passed = true, meet, w.passed
	w.hand(false)
}
