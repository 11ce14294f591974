package report

import (
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Watcher is an Output that shows a run while it goes on. It is handed a View about once a
// second of packet time; the run does not wait for it longer than View takes.
type Watcher interface {
	record.Output
	// Wanted tells what the next View is to hold. The reader of packets asks it, often: it
	// must not block.
	Wanted() Wanted
	// View takes what is to be seen now. It owns what it is handed.
	View(v *View) error
}

// Wanted is what a Watcher wants to see. The zero value is findings, rates and states alone.
type Wanted struct {
	All    bool   // View.All: sums over the whole run
	Rows   int    // connections to list, at most; 0: none
	Sort   string // by which of them are first: as for the connections report, a minus before it turns the order around
	Where  Chooser
	Closed bool   // list those that ended within RecentSpan, too
	Follow uint64 // the connection whose packets are handed to Step from now on; 0: none
}

// Chooser chooses connections by their records, as an expression of report/where does.
type Chooser interface {
	// String is the condition as the headline has it.
	String() string
	// Matcher is called once for each worker: what it returns is called by that worker only.
	Matcher() func(r *record.Record) bool
}

// RecentSpan is for how long, in nanoseconds of packet time, a connection that is over counts
// in View.Recent, at least; a quarter longer at most.
const RecentSpan = int64(40e9)

// View is what is to be seen of a run at a moment. Each connection counts once. Where there
// are so many that looking at all of them takes more than a moment, some counts are as old as
// Age.
type View struct {
	Wanted   Wanted // what it was made for
	At       int64  // packet time, ns since 1970
	Age      int64  // ns of packet time since the first of the connections was looked at
	Headline *Headline
	// Recent sums up the connections that are open, and those that ended within RecentSpan: its
	// findings are what is wrong now.
	Recent *Summary
	// All sums up those of the whole run; nil where nobody wants it.
	All      *Summary
	Standing Standing
	Totals   Totals
	// Listed are the connections that Wanted asks for, in its order; Matching is how many there
	// are in all that its condition chooses.
	Listed   []record.Record
	Matching uint64
	Final    bool // the input has ended: nothing comes after it
}

// Standing is how the connections that are held stand.
type Standing struct {
	States   [2][record.NStates]uint64 // connections not over, by the state of each end
	Open     uint64                    // of them, opened and not in TIME-WAIT
	Opening  uint64                    // SYNs or SYN/ACKs that wait for an answer
	Waiting  uint64                    // of those, SYNs sent more than once
	TimeWait uint64                    // with an end in TIME-WAIT
	Over     uint64                    // closed or reset, kept for what may still come
}

// Totals count what happened since the run began. They only grow.
type Totals struct {
	Opened   uint64 // handshakes that were completed
	Failed   uint64 // attempts to open that ended without a connection
	Closed   uint64 // connections that both ends closed
	Reset    uint64 // connections that a RST ended
	Segments uint64 // TCP segments
	Bytes    uint64 // carried the first time
	Again    uint64 // carried once more
}

// FindingsNow are those of the connections that are open and of those that ended lately, in
// the order in which every output has them.
func (v *View) FindingsNow() []diagnose.Finding { return v.Recent.Findings(v.Headline) }
