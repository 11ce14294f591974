package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/report"
	"tcpwatch/tracker"
	"tcpwatch/tracker/names"
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

// watch is one run: packets from the input through decoder and tracker to the outputs.
type watch struct {
	o       *options
	in      *input
	out     *outputs
	signals *signals
	status  *status
	stdout  io.Writer
	stderr  io.Writer
	decoder *capture.Decoder
	tracker *tracker.Tracker
	names   *names.Observer

	packets, bytes uint64 // read, before the filter
	passed         uint64 // by the filter
	segments       uint64
	first, latest  int64 // packet times
	shown          int64 // packet time at which it was last shown
	deadline       time.Time
	quietSince     time.Time // first read timeout since the last packet; zero when a packet came last
	ticked         int64
	weakness       live.Weakness
	samples        int
	damaged        []*capture.Damage
	over           bool  // --for's time
	fault          error // ended the input before its time
}

// loop reads until the input ends or the user does not want more.
func (w *watch) loop() {
	var p capture.Packet
	for !w.enough() {
		switch err := w.in.source.Next(&p); err {
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
	if w.signals.report.Load() && w.signals.report.CompareAndSwap(true, false) {
		w.reportSoFar()
	}
	return w.over || w.signals.stop.Load() || w.out.err != nil || w.o.count > 0 && w.passed >= w.o.count
}

// drain takes what was captured before the user said stop and still waits in
// the kernel's buffer.
func (w *watch) drain() {
	var p capture.Packet
	for end := time.Now().Add(2 * live.DefaultReadTimeout); time.Now().Before(end); {
		if w.in.source.Next(&p) != nil {
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
	if w.packets == 0 {
		w.first, w.latest = p.Time, p.Time
	}
	w.packets++
	w.bytes += uint64(p.Length)
	w.first, w.latest = min(w.first, p.Time), max(w.latest, p.Time)
	w.quietSince = time.Time{}
	if ok, err := w.in.passes(p); ok {
		w.passed++
		w.out.packet(p)
		w.decode(p)
	} else if err != nil {
		w.warn(err)
	}
	if p.Number%tickEvery == 0 {
		w.tick(w.latest)
		w.status.reading(w)
	}
	if w.in.handle != nil && (p.Time-w.shown > showEvery || p.Time < w.shown) {
		w.shown = p.Time
		w.show(time.Now())
	}
}

func (w *watch) decode(p *capture.Packet) {
	switch w.decoder.Decode(p) {
	case capture.OutcomeSegment:
		s := &w.decoder.Segment
		w.segments++
		if w.o.filter != "" && w.samples < weakenSamples {
			w.samples++
			w.weakness |= w.in.weakens(p, s)
		}
		w.observe(s)
	case capture.OutcomeQuote:
		w.tracker.Quoted(&w.decoder.Quote)
	}
}

// observe takes a segment, whose payload the decoder still holds.
func (w *watch) observe(s *capture.Segment) {
	w.tracker.Observe(s)
	placed := w.tracker.Last()
	w.names.Observe(placed, w.decoder.Payload, s.Len)
	w.out.segment(placed, s, w.decoder.Payload)
}

// idle lets packet time go on by the monotonic clock while no packet comes.
func (w *watch) idle() {
	now := time.Now()
	if w.quietSince.IsZero() {
		w.quietSince = now
	}
	if w.packets > 0 {
		w.tick(w.latest + int64(now.Sub(w.quietSince)-idleMargin))
	}
	w.show(now)
}

// show writes out what a live capture has to tell, and sees whether --for is over.
func (w *watch) show(now time.Time) {
	w.out.flush()
	w.status.living(w, now)
	w.over = !w.deadline.IsZero() && now.After(w.deadline)
}

// tick moves the tracker's time, never back.
func (w *watch) tick(now int64) {
	if now > w.ticked {
		w.ticked = now
		w.tracker.Tick(now)
		w.out.advance(now)
	}
}

// warn tells the user in a line that something is wrong, and goes on.
func (w *watch) warn(err error) {
	w.status.clear()
	fmt.Fprintf(w.stderr, "tcpwatch: %v\n", err)
}

// reportSoFar prints the tables with the connections that are still open.
func (w *watch) reportSoFar() {
	so := w.out.summary.Clone()
	w.tracker.Snapshot(func(r *tracker.Record) {
		r.Interim = false // a summary leaves interim records out
		w.names.Attach(r)
		so.Add(r)
	})
	w.out.flush()
	w.status.clear()
	to := w.stdout
	if w.out.stdout != "table" {
		to = w.stderr // whatever is on standard output has it for itself
	}
	w.out.note(report.WriteTables(to, so, w.headline(), w.o.tablesOn(to)))
}

// headline is what the run knows besides its connections.
func (w *watch) headline() *report.Headline {
	h := &report.Headline{
		Files:    w.o.read,
		Filter:   w.o.filter,
		Hides:    w.weakness.Hides(),
		Packets:  w.packets,
		Passed:   w.passed,
		Bytes:    w.bytes,
		Segments: w.segments,
		Start:    w.first,
		End:      w.latest,
		Damaged:  w.damaged,
		Tracker:  w.tracker.Stats(),
		Unnamed:  w.names.Unnamed(),
		MSL:      w.o.track.MSL,
	}
	if w.in.handle != nil {
		h.Live, h.Interface = true, w.in.handle.Interface()
		h.Ports, h.Local = w.o.judge.host()
		if h.Filter == "" {
			h.Filter, h.FilterIsDefault = live.DefaultFilterName, true
		}
	}
	for r, n := range w.decoder.Skipped {
		if n > 0 {
			h.Skipped = append(h.Skipped, report.Count{Reason: capture.SkipReason(r).String(), N: n})
		}
	}
	kernel, iface, kernelKnown, ifaceKnown := w.in.drops()
	h.KernelDrops = tracker.Opt[uint64]{V: kernel, OK: kernelKnown}
	h.InterfaceDrops = tracker.Opt[uint64]{V: iface, OK: ifaceKnown}
	return h
}
