package report

import (
	"bytes"
	"io"
	"reflect"
	"slices"
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

// Needs is digests; see record.Output.
func (j *JSONL) Needs() record.Needs { return record.Needs{Digests: true} }

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

// Needs is digests; see record.Output.
func (c *CSV) Needs() record.Needs { return record.Needs{Digests: true} }

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
	AtLeast     bool      `json:"at_least,omitempty"`
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
		Count: f.Count, AtLeast: f.AtLeast, Open: f.Open, Conns: append([]uint64{}, f.Conns...), Packets: append([]uint64{}, f.Packets...)}
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

// Rows hands out the objects of JSON Lines that are no connections, for formats with a column for
// each value.
type Rows struct{ columns []rowColumn }

// rowColumn is where a leaf is in the struct that JSON Lines are made of.
type rowColumn struct {
	leaf  schema.Leaf
	at    []int // the field, by way of the structs that it is in
	omits bool  // the field is left out where it is empty
	part  int   // of the objects that the field lists
}

// FindingRows returns Rows of findings.
func FindingRows() *Rows { return &Rows{rowColumns(reflect.TypeFor[findingLine](), nil, nil)} }

// StatsRows returns Rows of what is known of runs.
func StatsRows() *Rows { return &Rows{rowColumns(reflect.TypeFor[statsLine](), nil, nil)} }

// Leaves are the columns.
func (rows *Rows) Leaves() []schema.Leaf {
	all := make([]schema.Leaf, len(rows.columns))
	for i := range all {
		all[i] = rows.columns[i].leaf
	}
	return all
}

// Finding hands over the values of a finding; rows are FindingRows.
func (rows *Rows) Finding(f *diagnose.Finding, take schema.Take) { rows.each(lineOfFinding(f), take) }

// Stats hands over what is known of a run; rows are StatsRows.
func (rows *Rows) Stats(h *Headline, s *Summary, take schema.Take) {
	rows.each(lineOfStats(h, s), take)
}

// leafType is what a value of a line is; false for a list, an object or a map.
func leafType(t reflect.Type) (schema.Type, bool) {
	switch {
	case t == reflect.TypeFor[seconds]():
		return schema.Seconds, true
	case t == reflect.TypeFor[moment]():
		return schema.Time, true
	case t.Kind() == reflect.String:
		return schema.Text, true
	case t.Kind() == reflect.Bool:
		return schema.Truth, true
	case t.ConvertibleTo(reflect.TypeFor[uint64]()):
		return schema.Count, true
	}
	return 0, false
}

// rowColumns are those of a struct that is found at a place, with names in a group.
func rowColumns(t reflect.Type, at []int, group []string) (all []rowColumn) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		c := rowColumn{at: append(slices.Clone(at), i), omits: options == "omitempty" && f.Type.Kind() != reflect.Pointer}
		of, path := f.Type, append(slices.Clone(group), schema.LegalName(name))
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		add := func(t reflect.Type, shape schema.Shape, part int, names ...string) {
			c.leaf, c.part = schema.Leaf{Path: append(slices.Clone(path), names...), Shape: shape}, part
			c.leaf.Type, _ = leafType(t)
			all = append(all, c)
		}
		_, single := leafType(of)
		switch {
		case single:
			add(of, schema.One, 0)
		case of.Kind() == reflect.Struct:
			all = append(all, rowColumns(of, c.at, path)...)
		case of.Kind() == reflect.Map, of == reflect.TypeFor[counts]():
			add(reflect.TypeFor[string](), schema.Entry, 0, "key")
			add(reflect.TypeFor[uint64](), schema.Entry, 1, "value")
		case of.Elem().Kind() == reflect.Struct:
			for part := range of.Elem().NumField() {
				p := of.Elem().Field(part)
				add(p.Type, schema.Part, part, p.Tag.Get("json"))
			}
		default:
			add(of.Elem(), schema.Many, 0)
		}
	}
	return all
}

// each hands over the values of a line.
func (rows *Rows) each(line any, take schema.Take) {
	for leaf := range rows.columns {
		c := &rows.columns[leaf]
		v := reflect.ValueOf(line).Elem()
		for _, i := range c.at {
			if v = v.Field(i); v.Kind() == reflect.Pointer {
				if v.IsNil() {
					break
				}
				v = v.Elem()
			}
		}
		switch {
		case v.Kind() == reflect.Pointer: // nothing
		case c.leaf.Shape == schema.One:
			if !c.omits || !v.IsZero() {
				take(leaf, 0, leafValue(c.leaf.Type, v))
			}
		case v.Len() == 0:
			if !c.omits {
				take(leaf, -1, schema.Value{})
			}
		case v.Kind() == reflect.Map:
			keys := v.MapKeys()
			slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
			for i, key := range keys {
				take(leaf, i, leafValue(c.leaf.Type, [...]reflect.Value{key, v.MapIndex(key)}[c.part]))
			}
		default:
			for i := range v.Len() {
				x := v.Index(i)
				if x.Kind() == reflect.Struct {
					x = x.Field(c.part)
				}
				take(leaf, i, leafValue(c.leaf.Type, x))
			}
		}
	}
}

// leafValue is a value of a line.
func leafValue(t schema.Type, v reflect.Value) schema.Value {
	switch {
	case v.Kind() == reflect.String:
		return schema.ValueOf(t, 0, v.String())
	case v.Kind() == reflect.Bool:
		if v.Bool() {
			return schema.ValueOf(t, 1, "")
		}
		return schema.ValueOf(t, 0, "")
	case v.CanUint():
		return schema.ValueOf(t, int64(v.Uint()), "")
	}
	return schema.ValueOf(t, v.Int(), "")
}
