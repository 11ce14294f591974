package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Count is a number with what it counts.
type Count struct {
	Reason string
	N      uint64
}

// skipped is how many packets were skipped for a reason.
func (h *Headline) skipped(r capture.SkipReason) (n uint64) {
	for _, c := range h.Skipped {
		if c.Reason == r.String() {
			n += c.N
		}
	}
	return n
}

// Headline is what a run knows besides its connections: where the packets
// came from and what was lost on the way. Times are nanoseconds since
// 1970-01-01 UTC.
type Headline struct {
	Files           []string // input files as the user named them; empty when live
	Interface       string   // live only
	Filter          string   // as given to the filter compiler, or the default in words; "" for none
	FilterIsDefault bool
	Anonymous       bool              // addresses are not those of the packets
	Where           string            // the expression that chose the connections; "" for all
	Hides           []string          // what the filter hides that a verdict rests on, and which
	From, To        record.Opt[int64] // when what was read begins and ends, where somebody asked for that
	Outside         uint64            // packets that were left out therefore
	First, Last     record.Opt[int64] // when the first and the last packet came, those left out included, where a part was asked for
	Packets         uint64            // read, before the filter
	Passed          uint64            // by the filter
	Bytes           uint64            // on the wire
	Segments        uint64            // TCP segments decoded
	Start, End      int64             // time of the first and the last packet; 0 without packets that have one
	RanFrom         record.Opt[int64] // from when until when packets were captured, where the files tell, though none may have come
	RanUntil        record.Opt[int64]
	Clock           Clock   // what the times of packets are worth
	Skipped         []Count // packets that held nothing for us, by reason
	Undecoded       uint64  // of those, packets that may hold segments
	KernelDrops     record.Opt[uint64]
	InterfaceDrops  record.Opt[uint64]
	Received        uint64 // packets that the capturing program got, as the files tell; 0 where they don't
	Damaged         []*capture.Damage
	Tracker         record.Stats
	Unsent          uint64 // records that had no room on their way to where they are sent, or were refused there
	Lost            Lost
	Unnamed         uint64 // connections whose payload was not looked at: too many others were undecided
	MSL             int64  // nanoseconds; TIME-WAIT lasts twice as long
	Live            bool
	Ports           diagnose.PortRange        // that this host opens connections from; live only
	Local           func(a capture.Addr) bool // which addresses are this host's; nil when unknown
}

// Lost is what files of records lack of what runs wrote, or have twice.
type Lost struct {
	Parts, Conns uint64 // files that are missing or damaged, and the connections in them
	Runs         uint64 // runs without stats: how many files they wrote is not known
	Doubled      uint64 // files that are there twice, or of a run before, which are left out
}

// Add adds what others lack.
func (l *Lost) Add(o *Lost) {
	l.Parts, l.Conns, l.Runs, l.Doubled = l.Parts+o.Parts, l.Conns+o.Conns, l.Runs+o.Runs, l.Doubled+o.Doubled
}

// Clock is what the stamps of an input's packets are worth.
type Clock struct {
	Untimed    uint64 // packets without a time
	Misstamped uint64 // packets stamped so far off that those around them take it back
	Steps      uint64 // times that the clock was stepped
	At         uint64 // the first packet that was misstamped or is behind a step; 0 for none
	Stepped    int64  // ns, between the first packet and the last
	Gaps       uint64 // times that nobody captured
	Uncovered  int64  // ns, all of them
}

// watchedFor is how long, ns, a live capture has to have gone on before a trouble for it to have begun
// meanwhile: what goes on shows within that.
const watchedFor = int64(2e9)

// MayBeOlder reports whether what was seen first at a time, in ns since 1970, may have begun before
// packets were captured: it went on when a live capture began.
func (h *Headline) MayBeOlder(at int64) bool { return h.Live && at-h.Start < watchedFor }

// timed reports whether a packet had a time.
func (h *Headline) timed() bool { return h.Packets > h.Clock.Untimed }

// Span is how long the input lasted, in nanoseconds, steps of its clock left out.
func (h *Headline) Span() int64 {
	return max(0, h.End-h.Start-h.Clock.Stepped) // an int64 holds 292 years
}

// Join adds what a run over other packets told: packets that were numbered on after those of h.
func (h *Headline) Join(o *Headline) {
	if h.Clock.At == 0 && o.Clock.At != 0 {
		h.Clock.At = h.Packets + o.Clock.At
	}
	h.FilterIsDefault = h.FilterIsDefault && o.FilterIsDefault
	h.Filter, h.Where, h.Interface = bothTold(h.Filter, o.Filter), bothTold(h.Where, o.Where), bothTold(h.Interface, o.Interface)
	h.Local, h.Ports = either(h.Local, o.Local), cmp.Or(h.Ports, o.Ports)
	h.From, h.To = outer(h.From, o.From, -1), outer(h.To, o.To, 1)
	h.First, h.Last = outer(h.First, o.First, -1), outer(h.Last, o.Last, 1)
	h.RanFrom, h.RanUntil = outer(h.RanFrom, o.RanFrom, -1), outer(h.RanUntil, o.RanUntil, 1)
	h.Files = append(h.Files, o.Files...)
	for _, what := range o.Hides {
		if !slices.Contains(h.Hides, what) {
			h.Hides = append(h.Hides, what)
		}
	}
	h.Anonymous, h.Live = h.Anonymous || o.Anonymous, h.Live || o.Live
	h.Outside, h.Packets, h.Passed, h.Bytes, h.Segments = h.Outside+o.Outside, h.Packets+o.Packets, h.Passed+o.Passed, h.Bytes+o.Bytes, h.Segments+o.Segments
	h.Undecoded, h.Unnamed, h.Unsent = h.Undecoded+o.Undecoded, h.Unnamed+o.Unnamed, h.Unsent+o.Unsent
	if o.Start != 0 && (h.Start == 0 || o.Start < h.Start) {
		h.Start = o.Start
	}
	h.End, h.MSL = max(h.End, o.End), max(h.MSL, o.MSL)
	c := &h.Clock
	c.Untimed, c.Misstamped, c.Steps, c.Gaps = c.Untimed+o.Clock.Untimed, c.Misstamped+o.Clock.Misstamped, c.Steps+o.Clock.Steps, c.Gaps+o.Clock.Gaps
	c.Stepped, c.Uncovered = c.Stepped+o.Clock.Stepped, c.Uncovered+o.Clock.Uncovered
	h.KernelDrops, h.InterfaceDrops = sum(h.KernelDrops, o.KernelDrops), sum(h.InterfaceDrops, o.InterfaceDrops)
	h.Received = max(h.Received, o.Received)
	h.Damaged = append(h.Damaged, o.Damaged...)
	h.Lost.Add(&o.Lost)
	for _, x := range o.Skipped {
		if i := slices.IndexFunc(h.Skipped, func(y Count) bool { return y.Reason == x.Reason }); i >= 0 {
			h.Skipped[i].N += x.N
		} else {
			h.Skipped = append(h.Skipped, x)
		}
	}
	t := &h.Tracker
	t.Segments, t.Conns, t.Emitted, t.Evicted = t.Segments+o.Tracker.Segments, t.Conns+o.Tracker.Conns, t.Emitted+o.Tracker.Emitted, t.Evicted+o.Tracker.Evicted
	t.Quotes, t.Unmatched = t.Quotes+o.Tracker.Quotes, t.Unmatched+o.Tracker.Unmatched
	t.EvictedBy, t.Anomalies, t.Limits = added(t.EvictedBy, o.Tracker.EvictedBy), added(t.Anomalies, o.Tracker.Anomalies), added(t.Limits, o.Tracker.Limits)
}

// bothTold is what two runs tell of one thing: both where they differ.
func bothTold(a, b string) string {
	if a == b {
		return a
	}
	all := strings.Split(cmp.Or(a, "none"), "; ")
	if b = cmp.Or(b, "none"); !slices.Contains(all, b) {
		all = append(all, b)
	}
	return strings.Join(all, "; ")
}

// either tells the addresses that one of two runs says were its host's.
func either(a, b func(capture.Addr) bool) func(capture.Addr) bool {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(x capture.Addr) bool { return a(x) || b(x) }
}

// outer is the earlier of two bounds, or, with sign 1, the later one; none where one of the runs has
// none.
func outer(a, b record.Opt[int64], sign int) record.Opt[int64] {
	if !a.OK || !b.OK {
		return record.Opt[int64]{}
	}
	if cmp.Compare(b.V, a.V) == sign {
		return b
	}
	return a
}

// sum adds numbers that may be unknown.
func sum(a, b record.Opt[uint64]) record.Opt[uint64] {
	return record.Opt[uint64]{V: a.V + b.V, OK: a.OK || b.OK}
}

// added are the counts of both.
func added(a, b map[string]uint64) map[string]uint64 {
	all := maps.Clone(a)
	for what, n := range b {
		if all == nil {
			all = map[string]uint64{}
		}
		all[what] += n
	}
	return all
}
