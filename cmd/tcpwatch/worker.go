package main

import (
	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/report/where"
	"tcpwatch/tracker"
	"tcpwatch/tracker/names"
	"tcpwatch/tracker/record"
)

// worker takes the segments of its share of the connections from every batch.
// What it finds depends on its connections alone, so all workers together find
// the same whatever their number.
type worker struct {
	index, of int
	fast      *capture.Decoder // of packets whose ends a look tells
	slow      *capture.Decoder // of all others: each worker goes through them all
	decoded   *capture.Decoder // the one whose segment is being observed
	answers   answering
	tracker   *tracker.Tracker
	names     *names.Observer
	meeting   *meeting
	holding   holding
	summary   *report.Summary
	where     *where.Filter // nil without --where
	lines     []appender
	out       *outputs
	segments  uint64
	byVLAN    bool // see tracker.Options
	quiet     bool // that the input ends is no event of a connection

	in   chan *batch
	to   chan *chunk
	free chan *chunk // written out, to be used again
	now  *chunk
}

// appender makes the lines of one output; each worker has its own.
type appender interface {
	// AppendConn appends the line of a record.
	AppendConn(b []byte, r *record.Record) []byte
}

func newWorker(index, of, ahead int, o *options, out *outputs) *worker {
	// What is followed is what the other end read: nothing with a wrong checksum.
	decode := capture.DecoderOptions{ByVLAN: o.track.ByVLAN, VerifyChecksums: out.follow != nil}
	w := &worker{index: index, of: of, out: out, summary: report.NewSummary(out.sum),
		fast: capture.NewDecoder(decode), slow: capture.NewDecoder(decode),
		in: make(chan *batch, ahead), to: make(chan *chunk, 2), free: make(chan *chunk, 4),
	}
	for _, s := range out.streams {
		if s.appender == nil {
			w.lines = append(w.lines, nil)
		} else {
			w.lines = append(w.lines, s.appender())
		}
	}
	if o.where != nil {
		w.where = o.where.Filter(out.records)
	}
	t := o.track
	w.byVLAN = t.ByVLAN
	t.Events = out.live != nil
	t.Mark = o.mark(out)
	t.MaxBytes = o.tableBytes()
	t.Verify = func() capture.Marks { return w.decoded.VerifyChecksum() }
	w.names = names.New(names.Options{})
	w.tracker = tracker.New(t, w)
	return w
}

// owns reports whether a connection is this worker's, by its hash.
func (w *worker) owns(hash uint64) bool {
	return w.of == 1 || int(record.ShardOf(hash))*w.of/record.NShards == w.index
}

// run works through the batches until there are no more.
func (w *worker) run(done func(*batch)) {
	for b := range w.in {
		if b.asked != nil {
			b.asked.answers <- w.across(b.asked)
			continue
		}
		w.now = w.chunk()
		w.batch(b)
		w.now.last = true
		w.now.living = w.living(b)
		w.to <- w.now
		done(b)
	}
	close(w.to)
}

// chunk is an empty one.
func (w *worker) chunk() (c *chunk) {
	select {
	case c = <-w.free:
	default:
		c = &chunk{}
	}
	c.reset(len(w.out.streams))
	return c
}

func (w *worker) batch(b *batch) {
	for i := range b.looks {
		l := &b.looks[i]
		w.tracker.Pass(l.time)
		if l.hash == 0 || w.owns(l.hash) {
			w.packet(&b.packets[i], l.hash)
		}
	}
	if b.ticks {
		w.tracker.Advance(b.tick)
		if b.meet {
			w.meeting.makeRoom()
		} else {
			tracker.MakeRoom(w.tracker)
		}
		w.tracker.HandOut()
		w.holding.conns.Store(int64(w.tracker.Held()))
		w.holding.packets.Store(b.passed)
		w.out.advance(b.tick)
	}
	if b.show {
		w.out.flushTaken()
	}
	if b.snapshot {
		so := w.soFar() // which may hand on w.now
		w.now.summary, w.now.counts = so, w.counts()
	}
	if b.end {
		w.end()
	}
}

// packet decodes a packet that is one of ours, or may be when the reader's look
// did not tell its hash.
func (w *worker) packet(p *capture.Packet, hash uint64) {
	d, ours := w.fast, true
	if hash == 0 {
		d, ours = w.slow, false
	}
	outcome := d.Decode(p)
	w.frame(d, outcome, hash, ours)
	if !ours {
		for o, more := d.Again(); more; o, more = d.Again() {
			w.frame(d, o, 0, false)
			outcome = max(outcome, o) // anything but skipped
		}
	}
	w.out.decoded(p, d, outcome)
}

// frame takes what the decoder found in a packet, or in one of the frames of it.
func (w *worker) frame(d *capture.Decoder, outcome capture.Outcome, hash uint64, ours bool) {
	switch outcome {
	case capture.OutcomeSegment:
		if !ours {
			hash = w.tracker.Hash(&d.Segment)
			ours = w.owns(hash)
		}
		if ours {
			w.observe(d, hash)
		}
	case capture.OutcomeQuote:
		if w.owns(w.tracker.QuoteHash(&d.Quote)) {
			w.tracker.Quoted(&d.Quote)
		}
	}
}

// observe takes a segment, whose payload the decoder still holds.
func (w *worker) observe(d *capture.Decoder, hash uint64) {
	s := &d.Segment
	w.decoded = d
	w.segments++
	placed := w.tracker.ObserveHashed(s, hash)
	w.names.Observe(placed, d.Payload, s.Len)
	w.out.segment(placed, s, d.Payload)
}

// end hands out what is left.
func (w *worker) end() {
	w.quiet = true
	for w.slow.Flush() {
		// Out of order by now: it tells of a connection of which there is
		// nothing else, and would only confuse one that is known.
		s := &w.slow.Segment
		if hash := w.tracker.Hash(s); w.owns(hash) && !w.tracker.Holds(s) {
			w.observe(w.slow, hash)
			w.out.incomplete(w.slow)
		}
	}
	w.tracker.Finish()
}

// soFar is the summary with the connections that are still open. Those that the
// tracker finds to be over only now come into the summary first.
func (w *worker) soFar() *report.Summary {
	so := report.NewSummary(w.out.sum)
	w.tracker.Snapshot(func(r *record.Record) {
		w.names.Attach(r)
		w.sum(so, r)
	})
	so.Merge(w.summary)
	return so
}

func (w *worker) living(b *batch) (l living) {
	if b.show {
		s := w.tracker.Stats()
		l.open, l.timeWait = s.Open-s.TimeWait-s.Over, s.TimeWait
	}
	return l
}

// sum adds a connection that is asked for, and reports whether it is.
func (w *worker) sum(s *report.Summary, r *record.Record) bool {
	if !w.asked(r) {
		s.LeaveOut()
		return false
	}
	s.Add(r)
	return true
}

// asked reports whether the connection is one that --where asks for.
func (w *worker) asked(r *record.Record) bool { return w.where == nil || w.where.Match(r) }

// Attach puts the names on an interim record; see record.Marker.
func (w *worker) Attach(r *record.Record) { w.names.Attach(r) }

// Conn takes a record; see record.Sink.
func (w *worker) Conn(r *record.Record) {
	w.names.Finish(r)
	w.conn(r)
	w.names.Forget(r)
}

// conn tells of a record that has its names.
func (w *worker) conn(r *record.Record) {
	w.out.conn(r)
	if r.Interim && !w.asked(r) || !r.Interim && !w.sum(w.summary, r) {
		return
	}
	if w.out.found != nil && !r.Interim {
		w.out.found.add(r)
	}
	k := key{phase: phaseFinished, at: r.Ended, id: r.ID}
	if r.Interim {
		k.phase, k.at = phaseInterim, r.End
	}
	for i, a := range w.lines {
		if a != nil {
			w.now.lines[i] = a.AppendConn(w.now.lines[i], r)
		}
	}
	w.place(k)
}

// Event takes a live event; see record.Sink.
func (w *worker) Event(e *record.Event) {
	w.names.Attach(e.Record)
	if w.quiet || !w.asked(e.Record) {
		return
	}
	i := w.out.live.index
	b := append(w.now.lines[i], sentence.LiveLine(e, w.out.lineOpt)...)
	w.now.lines[i] = append(b, '\n')
	k := key{phase: phasePackets, at: int64(e.Packet), id: e.Record.ID}
	if e.Packet == 0 {
		k.phase, k.at = phaseFinished, e.Record.Ended
	}
	w.place(k)
}

// Step takes a packet of a marked connection; see record.Sink.
func (w *worker) Step(s *record.Step) { w.out.step(s) }

// place says where the lines added last belong, and hands on a chunk that has
// grown long.
func (w *worker) place(k key) {
	n := 0
	for _, b := range w.now.lines {
		n += len(b)
	}
	if n == 0 {
		return
	}
	w.now.keys = append(w.now.keys, k)
	for _, b := range w.now.lines {
		w.now.ends = append(w.now.ends, uint32(len(b)))
	}
	if n > chunkBytes {
		w.to <- w.now
		w.now = w.chunk()
	}
}
