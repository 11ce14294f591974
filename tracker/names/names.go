// Package names recognises what a connection is about from the first payload
// bytes of each direction: protocol, TLS server name, HTTP host, database
// version and the like.
//
// An Observer is handed the payload of every segment after the tracker has
// placed it. It looks at the first window bytes of each direction, copies them
// only while they are not enough to decide, and keeps nothing but the names.
// For a connection that is decided it does nothing.
package names

import "tcpwatch/tracker"

// Defaults of Options.
const (
	DefaultUndecided = 65536
	DefaultWaiting   = 8192
)

// Options of an Observer. The zero value is usable.
type Options struct {
	// Undecided is how many connections may be undecided at once; a further
	// one gets no name. 0 means DefaultUndecided.
	Undecided int
	// Waiting is how many directions may be waiting at once for bytes that
	// complete a message, each with a buffer of 4 KiB; a further one is read
	// as far as it goes. 0 means DefaultWaiting.
	Waiting int
}

// Observer names connections. It is a tracker.Sink that puts the names on the
// records and hands them on. It is not safe for concurrent use.
type Observer struct {
	opt       Options
	next      tracker.Sink
	entries   map[uint64]*entry // by Record.ID
	undecided int
	unnamed   uint64
	waiting   int
	spare     []*buffer
	message   message // being read; here so that it costs no memory each time
	scratch   [window]byte
}

// New returns an Observer in front of next.
func New(o Options, next tracker.Sink) *Observer {
	if o.Undecided == 0 {
		o.Undecided = DefaultUndecided
	}
	if o.Waiting == 0 {
		o.Waiting = DefaultWaiting
	}
	return &Observer{opt: o, next: next, entries: make(map[uint64]*entry)}
}

// decided is Placed.Mark of a connection of which no more is to be known.
const decided = 1

// Observe takes the payload of the segment that the tracker placed last; wire
// is its length by the IP header, of which the snaplen may have cut some.
func (o *Observer) Observe(p tracker.Placed, payload []byte, wire uint32) {
	if p.New && *p.Mark != decided {
		o.observe(p, payload, wire)
	}
}

func (o *Observer) observe(p tracker.Placed, payload []byte, wire uint32) {
	e := o.entries[p.Conn]
	if e == nil {
		if o.undecided >= o.opt.Undecided {
			o.unnamed++
			*p.Mark = decided
			return
		}
		e = &entry{}
		o.entries[p.Conn] = e
		o.undecided++
	}
	o.take(e, p.From, p.Offset, payload, int64(wire) > int64(len(payload)))
	if e.decided() {
		*p.Mark = decided
		o.settle(e)
		if e.names == (tracker.NamesRecord{}) {
			delete(o.entries, p.Conn)
		}
	}
}

// Unnamed is how many connections were not looked at because Options.Undecided
// others were undecided.
func (o *Observer) Unnamed() uint64 { return o.unnamed }

// settle gives back what an undecided connection holds.
func (o *Observer) settle(e *entry) {
	if !e.settled {
		e.settled = true
		o.undecided--
	}
	for i := range e.sides {
		o.release(&e.sides[i])
	}
}

// Attach puts what is known of a connection on its record.
func (o *Observer) Attach(r *tracker.Record) {
	if e := o.entries[r.ID]; e != nil && e.names != (tracker.NamesRecord{}) {
		n := e.names
		r.Names = &n
	}
}

// Conn puts the names on a record, hands it on and, when the connection is
// over, forgets it; see tracker.Sink.
func (o *Observer) Conn(r *tracker.Record) {
	if e := o.entries[r.ID]; e != nil && !r.Interim && !e.settled {
		o.conclude(e)
		o.settle(e)
	}
	o.Attach(r)
	o.next.Conn(r)
	if !r.Interim {
		delete(o.entries, r.ID)
	}
}

// Event hands on an event, with names; see tracker.Sink.
func (o *Observer) Event(e *tracker.Event) {
	if e.Record != nil {
		o.Attach(e.Record)
	}
	o.next.Event(e)
}

// Step hands on a step; see tracker.Sink.
func (o *Observer) Step(s *tracker.Step) { o.next.Step(s) }
