package tcpwatch

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// outlets are the Outputs of a run, by who calls them and for what.
type outlets struct {
	all       []record.Output
	direct    taken             // called by the only worker
	ordered   taken             // called by the writer
	parallel  []record.Parallel // their bytes are made by the workers
	events    bool              // some Output needs them
	checksums bool
	digests   bool
	// takesPackets: some Output takes packets, and may ask for their interfaces.
	takesPackets bool
	refusers     []report.Refuser
	judged       []diagnose.Judged
	reporters    []report.Reporter
	snapshots    []report.Snapshotter
	watchers     []report.Watcher
	senders      []report.Sender

	cancel func(error) // ends the run
	mu     sync.Mutex  // of err: the worker and the writer may each meet one
	err    error
}

// taken are Outputs by what they take.
type taken struct {
	all, conns, events, packets, segments []record.Output
	steps                                 []stepped
}

// stepped is an Output with the choice of its connections.
type stepped struct {
	record.Output
	marks func(id uint64, orig, resp capture.Endpoint) bool
}

// newOutlets asks the Outputs what they need. cancel is told of the first error.
func newOutlets(all []record.Output, cancel func(error)) *outlets {
	x := &outlets{all: all, cancel: cancel}
	for _, o := range all {
		n := o.Needs()
		x.events = x.events || n.Events
		x.checksums = x.checksums || n.Checksums
		x.digests = x.digests || n.Digests
		t := &x.ordered
		if n.OneWorker() {
			t = &x.direct
		}
		t.all = append(t.all, o)
		if n.Packets {
			t.packets, x.takesPackets = append(t.packets, o), true
		}
		if p, ok := o.(record.Parallel); ok && !n.OneWorker() {
			x.parallel = append(x.parallel, p)
		} else {
			t.take(o, n)
		}
		if r, ok := o.(report.Refuser); ok {
			x.refusers = append(x.refusers, r)
		}
		if j, ok := o.(diagnose.Judged); ok {
			x.judged = append(x.judged, j)
		}
		if r, ok := o.(report.Reporter); ok {
			x.reporters = append(x.reporters, r)
		}
		if s, ok := o.(report.Snapshotter); ok && !n.OneWorker() {
			x.snapshots = append(x.snapshots, s)
		}
		if s, ok := o.(report.Sender); ok {
			x.senders = append(x.senders, s)
		}
		if v, ok := o.(report.Watcher); ok && !n.OneWorker() {
			x.watchers = append(x.watchers, v)
		}
	}
	return x
}

// take notes what an Output is to be handed.
func (t *taken) take(o record.Output, n record.Needs) {
	if n.Conns {
		t.conns = append(t.conns, o)
	}
	if n.Events {
		t.events = append(t.events, o)
	}
	if n.Segments {
		t.segments = append(t.segments, o)
	}
	if n.Steps != nil {
		t.steps = append(t.steps, stepped{o, n.Steps})
	}
}

// summed reports whether somebody wants a Summary.
func (x *outlets) summed() bool {
	return len(x.refusers)+len(x.judged)+len(x.reporters)+len(x.snapshots)+len(x.watchers) > 0
}

// mark chooses the connections whose steps are told; nil for none.
func (x *outlets) mark() func(id uint64, orig, resp capture.Endpoint) bool {
	if len(x.direct.steps) == 0 {
		return nil
	}
	return func(id uint64, orig, resp capture.Endpoint) bool {
		for _, s := range x.direct.steps {
			if s.marks(id, orig, resp) {
				return true
			}
		}
		return false
	}
}

// conn hands a record to Outputs.
func (x *outlets) conn(t *taken, r *record.Record) {
	for _, o := range t.conns {
		x.note(o.Conn(r))
	}
}

// event hands them an event.
func (x *outlets) event(t *taken, e *record.Event) {
	for _, o := range t.events {
		x.note(o.Event(e))
	}
}

// step hands on a packet of a marked connection to those who chose it.
func (x *outlets) step(s *record.Step) {
	for _, o := range x.direct.steps {
		if len(x.direct.steps) == 1 || o.marks(s.Conn, s.Orig, s.Resp) {
			x.note(o.Step(s))
		}
	}
}

// segment hands on a segment.
func (x *outlets) segment(at *record.Placement, s *capture.Segment, payload []byte) {
	for _, o := range x.direct.segments {
		x.note(o.Segment(at, s, payload))
	}
}

// packet hands a packet to Outputs.
func (x *outlets) packet(t *taken, p *capture.Packet, of record.Datagram) {
	for _, o := range t.packets {
		x.note(o.Packet(p, of))
	}
}

// unsent is how many records Outputs did not send so far.
func (x *outlets) unsent() (n uint64) {
	for _, o := range x.senders {
		n += o.Unsent()
	}
	return n
}

// wanted is what those who watch want to see, together: where they want different lists, that
// of the first who wants one.
func (x *outlets) wanted() (all report.Wanted) {
	for _, o := range x.watchers {
		a := o.Wanted()
		all.Due, all.Hold, all.All = all.Due || a.Due, all.Hold || a.Hold, all.All || a.All
		if all.Rows == 0 {
			all.Rows, all.Sort, all.Where, all.Closed, all.Held = a.Rows, a.Sort, a.Where, a.Closed, a.Held
		}
		all.Follow = cmp.Or(all.Follow, a.Follow)
	}
	return all
}

// tick tells Outputs how far the run has come.
func (x *outlets) tick(t *taken, now *record.Tick) {
	for _, o := range t.all {
		x.note(o.Tick(now))
	}
}

// finish ends all Outputs, those that want them with the findings or the sums, unless one refuses these.
func (x *outlets) finish(h *report.Headline, s *report.Summary) {
	refused := false
	for _, r := range x.refusers {
		refused = r.Refuses(h, s) || refused
	}
	if !refused {
		for _, j := range x.judged {
			x.note(j.Findings(s.Findings(h)))
		}
	}
	for _, o := range x.all {
		if r, ok := o.(report.Reporter); ok && !refused {
			x.note(r.Report(h, s))
		}
		x.note(o.Finish())
	}
}

// note keeps the first error of any Output: reading ends then.
func (x *outlets) note(err error) {
	if err == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		x.err = &OutputError{err}
		x.cancel(errOutput)
	}
}

// errOutput is why the run is cancelled then.
var errOutput = errors.New("an output failed")

// OutputError is the error of an Output; others of Run are of the Source or the context.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return fmt.Sprintf("output: %v", e.Err) }
func (e *OutputError) Unwrap() error { return e.Err }
