package tcpwatch

import (
	"runtime"
	"time"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Output takes what a run finds; see record.Output.
type Output = record.Output

// Base is an Output that does nothing, to embed in others.
type Base = record.Base

// Stats is what a run knows besides the connections.
type Stats = report.Headline

// Options of a run. The zero value is usable.
type Options struct {
	// Filter chooses packets; nil for all. Of a live capture the kernel has applied it.
	Filter *capture.Filter
	// FilterName is the filter for the headline; FilterIsDefault that nobody asked for it.
	FilterName      string
	FilterIsDefault bool
	// Hidden finds out what Filter hides; nil: nobody asks.
	Hidden Hidden
	// Where chooses the connections that are told of; nil for all.
	Where Where

	// From and To choose packets of files by their time: of packets before From, and from To
	// on, nothing is read, nor of those without a time.
	From, To Bound
	// Counted chooses the connections whose segments count where sums are of moments, as the
	// timeline's are; nil for all, or for none with Where: which connections that chooses
	// shows when they are over, and another Run finds them before (report.Found).
	Counted func(id uint64) bool

	// Anonymize gives all addresses others before anything is made of them, and takes away
	// payload and names: no Output is handed what was there; nil: it does not.
	Anonymize *capture.Anonymizer

	// Place names where the packets were captured; it is in every record, and "" is none.
	Place string

	Count    uint64        // packets that pass the filter, after which the run ends; 0: no such limit
	Workers  int           // that share the connections; 0: one for each core, at most 16. What is found does not depend on it
	MSL      time.Duration // maximum segment lifetime; 0: 30 s, as on Linux
	MaxConns int           // connections held at once; 0: tracker.DefaultMaxConns
	MaxBytes int64         // that they may take, about; 0: no such limit
	Interval time.Duration // between interim records of long connections; 0: none
	ByVLAN   bool          // the VLAN is part of a connection's identity

	// Sums are the options of the Summary that Reporters and Snapshotters get. Without
	// Detectors in it all look for trouble.
	Sums report.SummaryOptions
	// Ports are those that this host opens connections from, Local tells its addresses; live.
	Ports diagnose.PortRange
	Local func(a capture.Addr) bool

	// Snapshots asks for a Summary so far, which Snapshotters get, each time that something
	// can be received from it; nil: never.
	Snapshots <-chan struct{}
	// Warn is told what is wrong and does not end the run, such as a damaged file, while the
	// run goes on; nil: nobody is.
	Warn func(error)
}

// Where chooses connections by their records, as an expression of report/where does.
type Where interface {
	// String is the condition as the headline has it.
	String() string
	// Matcher is called once for each worker: what it returns is called by that worker only.
	Matcher() func(r *record.Record) bool
}

// Hidden finds out what a filter hides, from some of the first segments that it lets through.
type Hidden interface {
	// Sample takes a segment of the packet.
	Sample(p *capture.Packet, s *capture.Segment)
	// Hides tells for people what is hidden.
	Hides() []string
}

// MaxWorkers is how many workers there may be: the parts that the connections are in.
const MaxWorkers = record.NShards

// withDefaults puts in what the zero value stands for.
func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), 16)
	}
	o.Workers = min(o.Workers, MaxWorkers)
	if o.MSL <= 0 {
		o.MSL = record.DefaultMSL
	}
	if o.MaxConns <= 0 {
		o.MaxConns = tracker.DefaultMaxConns
	}
	if o.Sums.Detectors == nil {
		o.Sums.Detectors = diagnose.Detectors()
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	return o
}
