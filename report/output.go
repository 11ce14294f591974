package report

import (
	"bufio"
	"bytes"
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Reporter is an Output that tells of the run as a whole.
type Reporter interface {
	record.Output
	// Report takes the sums over all connections when the input has ended, before Finish.
	Report(h *Headline, s *Summary) error
}

// Snapshotter is an Output that tells of the run so far, each time that somebody asks. It
// cannot have Steps or Segments.
type Snapshotter interface {
	record.Output
	// Snapshot takes the sums as they stand, with the connections that are still open, after
	// a Tick with Show.
	Snapshot(h *Headline, s *Summary) error
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

// linePart makes a line a record.
type linePart struct {
	lines interface {
		AppendConn(b []byte, r *record.Record) []byte
	}
}

func (p linePart) AppendConn(b []byte, r *record.Record) []byte { return p.lines.AppendConn(b, r) }

func (p linePart) AppendEvent(b []byte, e *record.Event) []byte { return b }

// Needs is records; see record.Output.
func (j *JSONL) Needs() record.Needs { return record.Needs{Conns: true} }

// Part is a worker's; see record.Parallel.
func (j *JSONL) Part() record.Part { return linePart{schema.NewJSON(j.opt)} }

// Tick shows what was written; see record.Output.
func (j *JSONL) Tick(t *record.Tick) error { return t.Flush(j.w) }

// Report writes the last lines; see Reporter.
func (j *JSONL) Report(h *Headline, s *Summary) error { return j.Stats(h, s) }

// Finish writes the rest; see record.Output.
func (j *JSONL) Finish() error { return j.Flush() }

// Needs is records; see record.Output.
func (c *CSV) Needs() record.Needs { return record.Needs{Conns: true} }

// Part is a worker's; see record.Parallel.
func (c *CSV) Part() record.Part { return linePart{schema.NewCSV(c.opt)} }

// Tick shows what was written; see record.Output.
func (c *CSV) Tick(t *record.Tick) error { return t.Flush(c) }

// Finish writes the rest; see record.Output.
func (c *CSV) Finish() error { return c.Flush() }
