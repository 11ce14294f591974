package report

import (
	"bytes"
	"io"
	"strings"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
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

// findingLine is the line of a finding.
type findingLine struct {
	Type        string    `json:"type"`
	ID          outside   `json:"id"`
	Detector    outside   `json:"detector"`
	Severity    outside   `json:"severity"`
	Confidence  outside   `json:"confidence"`
	Title       outside   `json:"title"`
	Explanation outside   `json:"explanation"`
	Causes      []outside `json:"causes"`
	Order       outside   `json:"causes_order,omitempty"`
	Advice      outside   `json:"advice"`
	Subject     outside   `json:"subject"`
	SubjectKind outside   `json:"subject_kind"`
	Count       uint64    `json:"count"`
	Open        uint64    `json:"open,omitempty"`
	Conns       []uint64  `json:"conns"`
	Packets     []uint64  `json:"packets"`
	Since       *moment   `json:"since,omitempty"`
	Until       *moment   `json:"until,omitempty"`
}

func lineOfFinding(f *diagnose.Finding) *findingLine {
	l := &findingLine{Type: "finding", ID: outside(f.ID), Detector: outside(f.Detector), Severity: outside(f.Severity.String()),
		Confidence: outside(f.Confidence.String()), Title: outside(f.Title), Explanation: outside(f.Explanation), Causes: escaped(f.Causes), Order: outside(f.Order),
		Advice: outside(strings.Join(f.Advice, " ")), Subject: outside(f.Subject.String()), SubjectKind: outside(f.Subject.Kind.String()),
		Count: f.Count, Open: f.Open, Conns: append([]uint64{}, f.Conns...), Packets: append([]uint64{}, f.Packets...)}
	if f.Since != 0 || f.Until != 0 { // else no packet has a time
		l.Since, l.Until = new(moment(f.Since)), new(moment(f.Until))
	}
	return l
}

// standingLine is the line of a finding while the run goes on.
type standingLine struct {
	*findingLine
	State      string  `json:"state"`
	At         moment  `json:"at"`
	ResolvedAt *moment `json:"resolved_at,omitempty"`
}

// Standing writes a line of a finding as it stands at a time, and since when it is resolved; 0
// while it is not. Times are ns since 1970.
func (j *JSONL) Standing(f *diagnose.Finding, state string, at, resolved int64) error {
	return writeLine(j.W, lineOfStanding(f, state, at, resolved))
}

func lineOfStanding(f *diagnose.Finding, state string, at, resolved int64) *standingLine {
	l := &standingLine{findingLine: lineOfFinding(f), State: state, At: moment(at)}
	if resolved != 0 {
		l.ResolvedAt = new(moment(resolved))
	}
	return l
}

// StandingJSON is the object of that line.
func StandingJSON(f *diagnose.Finding, state string, at, resolved int64) ([]byte, error) {
	return objectOf(lineOfStanding(f, state, at, resolved))
}

// StatsJSON is the object of the stats line.
func StatsJSON(h *Headline, s *Summary) ([]byte, error) { return objectOf(lineOfStats(h, s)) }

// objectOf is what writeLine writes of an object, without the end of the line.
func objectOf(object any) ([]byte, error) {
	var b bytes.Buffer
	err := writeLine(&b, object)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// stillOpen is the state of a stats line while the run goes on.
const stillOpen = "open"

// statsSoFar is a stats line that is not the last.
type statsSoFar struct {
	*statsLine
	State string `json:"state"`
	At    moment `json:"at"`
}

// SoFar writes the stats as they are at a time, ns since 1970.
func (j *JSONL) SoFar(h *Headline, s *Summary, at int64) error {
	return writeLine(j.W, statsSoFar{lineOfStats(h, s), stillOpen, moment(at)})
}
