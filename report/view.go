package report

import (
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/reassembly"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Watcher is an Output that shows a run while it goes on. It is handed a View whenever it
// wants one: with a clock of its own, as no other Output has. The run goes on meanwhile.
type Watcher interface {
	record.Output
	// Wanted tells whether a View is wanted, and of what. The reader of packets asks it at every
	// 256th packet and while none comes: it must not block.
	Wanted() Wanted
	// View takes what is to be seen now. Other Watchers may have it too: it is not to be changed.
	View(v *View) error
}

// Wanted is what a Watcher wants to see. The zero value is findings, rates and states alone.
type Wanted struct {
	Due    bool   // a View is wanted now
	Hold   bool   // when the input ends, what was read is kept to be looked at, until this is false
	All    bool   // View.All: sums over the whole run
	Rows   int    // connections to list, at most; 0: none
	Sort   string // by which of them are first: as for the connections report, a minus before it turns the order around
	Where  Chooser
	Closed bool   // list those that are in TIME-WAIT or over, and those that ended within RecentSpan, too; of an input that has ended the last ones, whenever
	Held   bool   // list all that are held: those that are in TIME-WAIT or over, too, and none that is not held any more
	Follow uint64 // the connection whose packets are handed to Step from now on; 0: none
}

// SameSums reports whether what is summed up and listed for one does for the other.
func (w *Wanted) SameSums(o *Wanted) bool {
	return w.All == o.All && w.Rows == o.Rows && w.Sort == o.Sort && w.Where == o.Where && w.Closed == o.Closed && w.Held == o.Held
}

// Chooser chooses connections by their records, as an expression of report/where does.
type Chooser interface {
	// String is the condition as the headline has it.
	String() string
	// Matcher is called by each worker, by several at once, whenever it begins a list: what it
	// returns is called by that worker only.
	Matcher() func(r *record.Record) bool
}

// RecentSpan is for how long, in nanoseconds of packet time, a connection that is over counts
// in View.Recent, at least; a quarter longer at most.
const RecentSpan = diagnose.RecentSpan

// View is what is to be seen of a run at a moment. Each connection counts once. Where there
// are so many that looking at all of them takes more than a moment, some counts are as old as
// Age, and what is told of all, and of those at rest, as ListAge.
type View struct {
	Wanted   Wanted // what it was made for
	At       int64  // packet time, ns since 1970
	Age      int64  // ns of packet time since the first of the connections that are awake was looked at
	ListAge  int64  // and since the first of all was: how old All and Listed are
	Headline *Headline
	// Recent sums up the connections that are open, but for those in which nothing can happen any
	// more, and those that ended within RecentSpan. Findings, in the order in which every output
	// has them, are its: what is wrong now. Of the sums of tables on demand it has OnDemandOfView.
	Recent   *Summary
	Findings []diagnose.Finding
	// All sums up those of the whole run; nil where nobody wants it. Final are its findings, of an
	// input that has ended.
	All      *Summary
	Final    []diagnose.Finding
	Standing Standing
	Totals   Totals
	// Listed are the connections that Wanted asks for, in its order; Matching is how many there
	// are in all that its condition chooses.
	Listed   []record.Record
	Matching uint64
	Followed *record.Record // the connection of Wanted.Follow as it stands; nil when it is not held
	Partial  bool           // some connections were not looked at yet as Wanted asks: counts but for Totals are too small
	Ended    bool           // the input has ended; what was read is kept while Wanted.Hold asks for it
}

// Standing is how the connections that are held stand.
type Standing struct {
	Ends     [2][record.NStates]uint64 // connections by the state of each end
	Opening  uint64                    // those that no handshake has opened yet
	Again    uint64                    // of them, those whose SYN or SYN/ACK was sent again
	Held     uint64                    // all that the table holds, with those that are over but may still get a segment
	TimeWait uint64                    // of them, those in TIME-WAIT
}

// Totals count what happened since the run began. They only grow.
type Totals struct {
	Opened   uint64 // handshakes that were completed
	Failed   uint64 // attempts to open that ended without a connection
	Closed   uint64 // connections that both ends closed
	Reset    uint64 // connections that a RST ended
	Segments uint64 // TCP segments
	Bytes    uint64 // carried the first time
	Again    uint64 // data segments retransmitted
	// Answers are the turn-arounds of servers, see record.ExchangesRecord, of packets that have a time.
	Answers reassembly.Histogram
}

// OnDemandOfView names, of the tables on demand that a run sums up, those of which View.Recent has
// the sums, too: clients alone, and where they are named.
func OnDemandOfView(named []string) []string {
	if slices.Contains(named, "clients") {
		return []string{"clients"}
	}
	return []string{}
}

// IsRecent reports whether a connection that is held counts in View.Recent at a time, in ns
// since 1970: whether it may go on, or its last packet came within RecentSpan. One in which a
// sender waits and has not asked again for longer than any pauses does not go on.
func IsRecent(r *record.Record, now int64) bool {
	if now-r.End <= RecentSpan {
		return true
	}
	if diagnose.Stale(r) {
		return false
	}
	over := true
	for _, s := range r.States {
		switch s {
		case record.SynSent, record.SynReceived, record.Listen:
			return false // whoever opens gives up in time, or has asked again
		case record.Closed, record.Unknown:
		default:
			over = false
		}
	}
	return !over
}

// Take counts a connection that is held.
func (x *Standing) Take(r *record.Record) {
	opening := false
	for e, s := range r.States {
		x.Ends[e][s]++
		opening = opening || s == record.SynSent || s == record.SynReceived
	}
	if opening {
		x.Opening++
		if r.Open.SYNs > 1 || r.Open.SYNACKs > 1 {
			x.Again++
		}
	}
}

// Add adds what another counted of other connections.
func (x *Standing) Add(o *Standing) {
	for e := range x.Ends {
		for s := range x.Ends[e] {
			x.Ends[e][s] += o.Ends[e][s]
		}
	}
	x.Opening += o.Opening
	x.Again += o.Again
	x.Held += o.Held
	x.TimeWait += o.TimeWait
}

// Add adds what another counted.
func (x *Totals) Add(o *Totals) {
	x.Opened += o.Opened
	x.Failed += o.Failed
	x.Closed += o.Closed
	x.Reset += o.Reset
	x.Segments += o.Segments
	x.Bytes += o.Bytes
	x.Again += o.Again
	x.Answers.Merge(&o.Answers)
}

// Listing keeps the connections that a Wanted asks for, by its order.
type Listing struct {
	rows  ranking
	match func(r *record.Record) bool // nil: all
}

// NewListing returns an empty Listing; an unknown Sort stands for the order of their numbers.
func NewListing(w Wanted, o schema.Options) *Listing {
	order, err := connectionOrder(w.Sort, o)
	if w.Sort == "" || err != nil {
		order = byID
	}
	l := &Listing{rows: newRanking(w.Rows, order)}
	if w.Where != nil {
		l.match = w.Where.Matcher()
	}
	return l
}

// Add offers a connection; what is kept is a copy without transitions.
func (l *Listing) Add(r *record.Record) {
	if l.match == nil || l.match(r) {
		l.rows.Add(r)
	}
}

// Merge offers what another of the same Wanted keeps.
func (l *Listing) Merge(o *Listing) { fold.Merge(l, o) }

// Fields walks over what is kept.
func (l *Listing) Fields(w *fold.Walk) { l.rows.Fields(w) }

// Records are those that are kept, and how many there were to choose from.
func (l *Listing) Records() (list []record.Record, of uint64) {
	for _, r := range l.rows.Sorted() {
		list = append(list, *r)
	}
	return list, l.rows.Offered()
}
