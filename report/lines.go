package report

import (
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

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
	record.LineOutput
	o schema.Options
}

// NewJSONL returns a JSONL that writes to w.
func NewJSONL(w io.Writer, o schema.Options) *JSONL { return &JSONL{record.NewLineOutput(w), o} }

// Part is a worker's; see record.Parallel.
func (j *JSONL) Part() record.Part { return linePart{schema.NewJSON(j.o)} }

// Report writes a line for each finding, and the stats line, which is the last one; see
// Reporter.
func (j *JSONL) Report(h *Headline, s *Summary) error {
	for _, f := range s.Findings(h) {
		if err := writeLine(j.W, lineOfFinding(&f)); err != nil {
			return err
		}
	}
	return writeLine(j.W, lineOfStats(h, s))
}

// CSV is the Output of a header line and a line for each connection, as docs/record.md
// describes them.
type CSV struct {
	record.LineOutput
	o schema.Options
}

// NewCSV returns a CSV that writes to w.
func NewCSV(w io.Writer, o schema.Options) *CSV {
	c := &CSV{record.NewLineOutput(w), o}
	c.W.Write(schema.NewCSV(o).AppendHead(nil)) // is buffered: Finish or Lines tells the error
	return c
}

// Part is a worker's; see record.Parallel.
func (c *CSV) Part() record.Part { return linePart{schema.NewCSV(c.o)} }
