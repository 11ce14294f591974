package report

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Reporter is an Output that tells of the run as a whole.
type Reporter interface {
	record.Output
	// Report takes the sums over all connections when the input has ended, before Finish.
	Report(h *Headline, s *Summary) error
}

// Snapshotter is an Output that tells of the run so far, each time that somebody asks. One
// with Steps or Segments is not asked.
type Snapshotter interface {
	record.Output
	// Snapshot takes the sums as they stand, with the connections that are still open, after
	// a Tick with Show.
	Snapshot(h *Headline, s *Summary) error
}

// Sender is an Output that sends what it takes elsewhere, and may have no room for all of it.
type Sender interface {
	record.Output
	// Unsent is how many records it did not send so far. It may be asked at any time, by anybody.
	Unsent() uint64
}

// Tables is the Output of tables at the end of a run.
type Tables struct {
	record.Base
	w io.Writer
	o TableOptions
}

// NewTables returns a Tables that writes to w.
func NewTables(w io.Writer, o TableOptions) *Tables { return &Tables{w: w, o: o} }

// Report writes the tables; see Reporter.
func (t *Tables) Report(h *Headline, s *Summary) error {
	w := bufio.NewWriter(t.w)
	if err := WriteTables(w, s, h, t.o); err != nil {
		return err
	}
	return w.Flush()
}

// TablesSoFar is the Output of tables whenever they are asked for.
type TablesSoFar struct {
	record.Base
	w io.Writer
	o TableOptions
}

// NewTablesSoFar returns a TablesSoFar that writes to w, all tables at once.
func NewTablesSoFar(w io.Writer, o TableOptions) *TablesSoFar { return &TablesSoFar{w: w, o: o} }

// Snapshot writes the tables; see Snapshotter.
func (t *TablesSoFar) Snapshot(h *Headline, s *Summary) error {
	var text bytes.Buffer
	if err := WriteTables(&text, s, h, t.o); err != nil {
		return err
	}
	_, err := t.w.Write(text.Bytes())
	return err
}

// FailOn is the Output that looks for a finding as bad as a severity, or worse.
type FailOn struct {
	record.Base
	Severity *diagnose.Severity // nil: nothing is looked for
	// Accepts tells findings that were accepted; nil: none was.
	Accepts func(f *diagnose.Finding) bool
	Fails   bool // there is one that was not, once the run is over
}

// Findings looks through them; see diagnose.Judged.
func (f *FailOn) Findings(found []diagnose.Finding) error {
	for i := range found {
		if f.Severity != nil && found[i].Severity >= *f.Severity && (f.Accepts == nil || !f.Accepts(&found[i])) {
			f.Fails = true
		}
	}
	return nil
}

// Refuser is an Output that may refuse to have anything reported, when all connections are known.
type Refuser interface {
	// Refuses tells that no Output gets findings or sums.
	Refuses(h *Headline, s *Summary) bool
}

// Strict is the Output that refuses files which hold the same connections, and files of records that
// are not all that runs wrote, each once.
type Strict struct {
	record.Base
	failed error
}

// errTwice is why.
var errTwice = errors.New("the files hold the same connections, captured at two places: use tcpwatch pair A -- B (--strict)")

// errLost is why, too.
var errLost = errors.New("the records are not all that was written, each once (--strict)")

// Needs is records: sums that a run wrote down do not show whether its records can be read.
func (x *Strict) Needs() record.Needs { return record.Needs{Conns: true} }

// Refuses tells that there are such; see Refuser.
func (x *Strict) Refuses(h *Headline, s *Summary) bool {
	if twice := s.twice(h); twice.N > 0 {
		x.failed = errTwice
	}
	if h.Lost != (Lost{}) {
		x.failed = errLost
	}
	return x.failed != nil
}

// Failed is why it refused, once the run is over.
func (x *Strict) Failed() error { return x.failed }
