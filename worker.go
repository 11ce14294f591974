package tcpwatch

import (
	"sync/atomic"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
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
	strange   *atomic.Bool // what was recent showed something of another connection's; of all workers
	meeting   *meeting
	holding   holding
	sums      report.SummaryOptions
	summary   *report.Summary           // nil when nobody wants it
	match     func(*record.Record) bool // nil: every connection is told of
	counted   func(id uint64) bool      // whose segments are told to the summary; nil: all
	parts     []record.Part             // of the parallel Outputs
	look      *looking                  // nil when nobody watches
	out       *outlets
	segments  uint64
	quotes    uint64
	byVLAN    bool // see tracker.Options
	timed     bool // the summary is told when bytes were sent
	quiet     bool // that the input ends is no event of a connection

	in   chan *batch
	to   chan *chunk
	free chan *chunk // written out, to be used again
	now  *chunk
}

func newWorker(index, of, ahead int, o *Options, input *record.Input, out *outlets) *worker {
	decode := capture.DecoderOptions{ByVLAN: o.ByVLAN, VerifyChecksums: out.checksums}
	w := &worker{counted: o.Counted, index: index, of: of, out: out, sums: o.Sums, byVLAN: o.ByVLAN,
		fast: capture.NewDecoder(decode), slow: capture.NewDecoder(decode), names: names.New(names.Options{Digests: out.digests && o.Anonymize == nil}),
		in: make(chan *batch, ahead), to: make(chan *chunk, 2), free: make(chan *chunk, 4),
	}
	for _, p := range out.parallel {
		w.parts = append(w.parts, p.Part())
	}
	w.sums.Cited = len(out.watchers) > 0
	if out.summed() {
		w.summary = report.NewSummary(w.sums)
	}
	if len(out.watchers) > 0 {
		w.look = &looking{whole: lookWhole, file: lookFile}
	}
	if o.Where != nil {
		w.match = o.Where.Matcher()
	}
	w.timed = w.summary != nil && w.summary.Timed() && (o.Where == nil || o.Counted != nil)
	w.tracker = tracker.New(tracker.Options{
		MSL: int64(o.MSL), MaxConns: o.MaxConns, MaxBytes: o.MaxBytes, Interval: int64(o.Interval), ByVLAN: o.ByVLAN,
		Events: out.events || w.look != nil, Mark: out.mark(),
		Count: w.look != nil || w.timed, Input: input, Keyless: o.Anonymize != nil,
		Verify:  func() capture.Marks { return w.decoded.VerifyChecksum() },
		Text:    func() string { return say.Printed(w.decoded.Payload, 64) },
		WrongIP: func() bool { return w.decoded.WrongIPChecksum() },
		Goodbye: func() bool { return names.Goodbye(w.decoded.Payload) },
		Speaker: func() record.End { return names.Speaker(w.decoded.Payload) },
	}, w)
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
	c.reset(len(w.parts))
	return c
}

func (w *worker) batch(b *batch) {
	if w.look != nil {
		w.look.now = b.now
	}
	for i := range b.looks {
		l := &b.looks[i]
		w.tracker.Pass(l.time)
		if l.hash == 0 || w.owns(l.hash) {
			w.packet(&b.packets[i], l.hash)
		}
	}
	if b.ticks {
		w.tracker.Advance(b.tick.Time)
		if b.meet {
			w.meeting.makeRoom()
		} else {
			tracker.MakeRoom(w.tracker)
		}
		w.tracker.HandOut()
		w.holding.conns.Store(int64(w.tracker.Held()))
		w.holding.packets.Store(b.passed)
	}
	if b.ticks || b.tick.Show {
		w.tick(b)
	}
	w.lookAgain(b)
	if b.wanted != nil {
		g := w.glance(b.wanted, b.held, b.now)
		w.now.glance = g
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
	if len(w.out.direct.packets) > 0 {
		w.out.packet(&w.out.direct, p, record.Datagram{Number: d.Datagram, Waits: outcome == capture.OutcomeSkipped && d.Skip == capture.SkipFragment})
	}
}

// tick tells the Outputs that the only worker calls how far the run has come.
func (w *worker) tick(b *batch) {
	if len(w.out.direct.all) > 0 {
		t, l := b.tick, w.living(b)
		t.Open, t.TimeWait = l.open, l.timeWait
		w.out.tick(&w.out.direct, &t)
	}
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
			w.quotes++
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
	if placed.Bytes|placed.Again != 0 || placed.Trip != 0 {
		w.sent(placed, s)
	}
	if len(w.out.direct.segments) > 0 {
		w.out.segment(placed, s, d.Payload)
	}
}

// sent tells the summary what a segment carried that was placed.
func (w *worker) sent(at *record.Placement, s *capture.Segment) {
	if w.look != nil {
		w.look.totals.Bytes += uint64(at.Bytes)
		w.look.totals.Again += uint64(at.Again)
		if at.Answer != 0 && !s.Untimed {
			w.look.totals.Answers.Add(at.Answer)
		}
	}
	if w.timed && !s.Untimed && (w.counted == nil || w.counted(at.Conn)) {
		w.summary.Sent(s.Time, at.Bytes, at.Again, at.Trip)
	}
}

// end hands out what is left.
func (w *worker) end() {
	w.quiet = true
	w.endWalk()
	for w.slow.Flush() {
		// Out of order by now: it tells of a connection of which there is
		// nothing else, and would only confuse one that is known.
		s := &w.slow.Segment
		if hash := w.tracker.Hash(s); w.owns(hash) && !w.tracker.Holds(s) {
			w.observe(w.slow, hash)
			w.out.packet(&w.out.direct, nil, record.Datagram{Number: w.slow.Datagram})
		}
	}
	w.tracker.Finish()
}

// soFar is the summary with the connections that are still open. Those that the
// tracker finds to be over only now come into the summary first.
func (w *worker) soFar() *report.Summary {
	so := report.NewSummary(w.sums)
	w.tracker.Snapshot(func(r *record.Record) {
		w.names.Attach(r)
		if w.asked(r) {
			so.Add(r)
		} else {
			so.LeaveOut(1)
		}
	})
	so.Merge(w.summary)
	if w.look != nil && w.look.begun {
		so.Merge(w.look.late)
	}
	return so
}

func (w *worker) living(b *batch) (l living) {
	if b.tick.Show {
		s := w.tracker.Stats()
		l.open, l.timeWait = s.Open-s.TimeWait-s.Over, s.TimeWait
	}
	return l
}

// asked reports whether the connection is one to tell of.
func (w *worker) asked(r *record.Record) bool { return w.match == nil || w.match(r) }

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
	asked := w.asked(r)
	if w.summary != nil && !r.Interim {
		if asked {
			w.over(r)
		} else {
			w.summary.LeaveOut(1)
		}
	}
	if !asked {
		return
	}
	k := key{phase: phaseFinished, at: r.Ended, id: r.ID}
	if r.Interim {
		k.phase, k.at = phaseInterim, r.End
	}
	w.out.conn(&w.out.direct, r)
	for i, p := range w.parts {
		w.now.lines[i] = p.AppendConn(w.now.lines[i], r)
	}
	var t told
	if len(w.out.ordered.conns) > 0 {
		t.conn = copied(r)
	}
	w.place(k, t)
}

// over takes into the sums a connection that is over.
func (w *worker) over(r *record.Record) {
	if w.look != nil {
		w.ended(r)
	} else {
		w.summary.Add(r)
	}
}

// copied is a record that borrows nothing.
func copied(r *record.Record) *record.Record {
	c := *r
	c.Own()
	return &c
}

// Event takes a live event; see record.Sink.
func (w *worker) Event(e *record.Event) {
	w.names.Attach(e.Record)
	if w.quiet || !w.asked(e.Record) {
		return
	}
	if w.look != nil {
		w.look.count(e.Kind)
	}
	if !w.out.events {
		return
	}
	k := key{phase: phasePackets, at: int64(e.Packet), id: e.Record.ID}
	if e.Packet == 0 {
		k.phase, k.at = phaseFinished, e.Record.Ended
	}
	w.out.event(&w.out.direct, e)
	for i, p := range w.parts {
		w.now.lines[i] = p.AppendEvent(w.now.lines[i], e)
	}
	var t told
	if len(w.out.ordered.events) > 0 {
		c := *e
		c.Record = copied(e.Record)
		t.event = &c
	}
	w.place(k, t)
}

// Step takes a packet of a marked connection; see record.Sink.
func (w *worker) Step(s *record.Step) {
	if w.look == nil || s.Conn != w.look.wanted.Follow {
		w.out.step(s)
		return
	}
	k := key{phase: phaseFinished, at: s.Time, id: s.Conn}
	if s.Segment != nil {
		k = key{phase: phasePackets, at: int64(s.Segment.Packet), id: s.Conn}
	}
	w.place(k, told{step: s.Copy()})
}

// place says where belongs what was added last, and hands on a chunk that has
// grown long.
func (w *worker) place(k key, t told) {
	c := w.now
	n := 0
	for _, b := range c.lines {
		n += len(b)
	}
	if t != (told{}) {
		for len(c.told) < len(c.keys) {
			c.told = append(c.told, told{}) // of lines before it alone
		}
		c.told = append(c.told, t)
		n += len(c.told) * toldBytes
	}
	if n == 0 {
		return
	}
	c.keys = append(c.keys, k)
	for _, b := range c.lines {
		c.ends = append(c.ends, uint32(len(b)))
	}
	if n > chunkBytes {
		w.to <- c
		w.now = w.chunk()
	}
}
