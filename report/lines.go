package report

import (
	"bufio"
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// lineOutput is what Outputs of a line a connection share: embed it in a type that has Part,
// and Report when there is more to write at the end. It is a record.Parallel then.
type lineOutput struct {
	record.Base
	w *bufio.Writer
}

func newLineOutput(w io.Writer) lineOutput { return lineOutput{w: bufio.NewWriterSize(w, 1<<16)} }

// Needs is records; see record.Output.
func (l *lineOutput) Needs() record.Needs { return record.Needs{Conns: true} }

// Lines writes lines that workers made; see record.Parallel.
func (l *lineOutput) Lines(b []byte) error {
	_, err := l.w.Write(b)
	return err
}

// Tick shows what was written; see record.Output.
func (l *lineOutput) Tick(t *record.Tick) error { return t.Flush(l.w) }

// Finish writes the rest; see record.Output.
func (l *lineOutput) Finish() error { return l.w.Flush() }

// linePart is a worker's maker of lines.
type linePart struct {
	lines interface {
		AppendConn(b []byte, r *record.Record) []byte
	}
}

func (p linePart) AppendConn(b []byte, r *record.Record) []byte { return p.lines.AppendConn(b, r) }

func (p linePart) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// JSONL is the Output of a JSON object a line, as docs/record.md describes them: one for
// each connection, one for each finding, and one with what is known of the run.
type JSONL struct {
	lineOutput
	o schema.Options
}

// NewJSONL returns a JSONL that writes to w.
func NewJSONL(w io.Writer, o schema.Options) *JSONL { return &JSONL{newLineOutput(w), o} }

// Part is a worker's; see record.Parallel.
func (j *JSONL) Part() record.Part { return linePart{schema.NewJSON(j.o)} }

// Report writes a line for each finding, and the stats line, which is the last one; see
// Reporter.
func (j *JSONL) Report(h *Headline, s *Summary) error {
	for _, f := range s.Findings(h) {
		if err := writeLine(j.w, lineOfFinding(&f)); err != nil {
			return err
		}
	}
	return writeLine(j.w, lineOfStats(h, s))
}

// CSV is the Output of a header line and a line for each connection, as docs/record.md
// describes them.
type CSV struct {
	lineOutput
	o schema.Options
}

// NewCSV returns a CSV that writes to w.
func NewCSV(w io.Writer, o schema.Options) *CSV {
	c := &CSV{newLineOutput(w), o}
	c.w.Write(schema.NewCSV(o).AppendHead(nil)) // is buffered: Finish or Lines tells the error
	return c
}

// Part is a worker's; see record.Parallel.
func (c *CSV) Part() record.Part { return linePart{schema.NewCSV(c.o)} }
