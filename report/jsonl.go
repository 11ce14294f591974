package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"tcpwatch/tracker/record"
)

// JSONOptions choose what NewJSONL and NewCSV write.
type JSONOptions struct {
	Transitions bool     // every edge of every connection (JSON Lines only)
	Files       []string // input files by index; "file" is written when there are several
	Interfaces  []string // interface names by index; an index without a name is left out
	// Local tells which end of a connection is this host, NoEnd when neither;
	// nil when that is unknown.
	Local func(r *record.Record) record.End
}

// JSONL writes one JSON object a line, as docs/record.md describes them. It
// is not safe for concurrent use.
type JSONL struct {
	w      *bufio.Writer
	row    row
	opt    JSONOptions
	fields []jsonField
	buf    []byte
}

// jsonField is a field ready to be written: its key with quotes and colon,
// and the groups it is in.
type jsonField struct {
	get    func(w *row) value
	key    string
	groups []string
	where  int // a number for groups: equal groups have equal numbers; 0 for none
}

// NewJSONL returns a JSONL that writes to w.
func NewJSONL(w io.Writer, o JSONOptions) *JSONL {
	j := &JSONL{w: bufio.NewWriterSize(w, 1<<16), opt: o}
	j.row.opt = &j.opt
	numbers := map[string]int{"": 0}
	for _, f := range recordFields() {
		path := strings.TrimSuffix(f.name, f.leaf())
		if _, ok := numbers[path]; !ok {
			numbers[path] = len(numbers)
		}
		j.fields = append(j.fields, jsonField{f.read, `"` + f.leaf() + `":`, f.groups(), numbers[path]})
	}
	return j
}

// Conn writes the line of one connection; the error is the writer's.
func (j *JSONL) Conn(r *record.Record) error {
	j.buf = j.AppendConn(j.buf[:0], r)
	return j.Lines(j.buf)
}

// Lines writes lines that AppendConn made, of this JSONL or of another with
// the same options; the error is the writer's.
func (j *JSONL) Lines(b []byte) error {
	_, err := j.w.Write(b)
	return err
}

// AppendConn appends the line of one connection to b.
func (j *JSONL) AppendConn(b []byte, r *record.Record) []byte {
	j.row.set(r)
	b = append(b, '{')
	var open []string // the groups that are open
	where := 0        // the same as a number
	first := true     // nothing written yet in the object that is open
	for i := range j.fields {
		f := &j.fields[i]
		v := f.get(&j.row)
		if v.kind == absent {
			continue
		}
		if f.where != where {
			b, first = appendMove(b, open, f.groups, first)
			open, where = f.groups, f.where
		}
		if !first {
			b = append(b, ',')
		}
		b = append(b, f.key...)
		b = v.appendJSON(b)
		first = false
	}
	for range open {
		b = append(b, '}')
	}
	if j.opt.Transitions {
		b = appendTransitions(b, r)
	}
	return append(b, '}', '\n')
}

// appendMove closes the groups that are open and opens those to come, but for
// what they share; first tells whether the innermost is still empty.
func appendMove(b []byte, open, to []string, first bool) ([]byte, bool) {
	same := 0
	for same < len(open) && same < len(to) && open[same] == to[same] {
		same++
	}
	for range open[same:] {
		b = append(b, '}')
		first = false
	}
	for _, g := range to[same:] {
		if !first {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, g...)
		b = append(b, `":{`...)
		first = true
	}
	return b, first
}

func appendTransitions(b []byte, r *record.Record) []byte {
	b = append(b, `,"transitions":[`...)
	ts := r.Transitions
	for i := range ts {
		t := &ts[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if r.Capture.Untimed == 0 {
			b = append(b, `"t":"`...)
			b = appendTime(b, r.Stamp(t.Time))
			b = append(b, `",`...)
		}
		if t.Packet != 0 {
			b = append(b, `"packet":`...)
			b = strconv.AppendUint(b, t.Packet, 10)
			b = append(b, ',')
		}
		b = append(b, `"end":"`...)
		b = append(b, t.End.String()...)
		if t.From != record.Unknown {
			b = append(b, `","from":"`...)
			b = append(b, t.From.String()...)
		}
		b = append(b, `","to":"`...)
		b = append(b, t.To.String()...)
		b = append(b, `","proof":"`...)
		b = append(b, t.Basis.String()...)
		b = append(b, `"}`...)
	}
	return append(b, ']')
}

// Stats writes a line for each finding, and the stats line, which is the last
// one. s may be nil when connections were not summed up.
func (j *JSONL) Stats(h *Headline, s *Summary) error {
	j.buf = j.buf[:0]
	if s != nil {
		found := s.Findings(h)
		for i := range found {
			j.buf = append(appendFinding(j.buf, &found[i]), '\n')
		}
	}
	j.buf = append(appendStats(j.buf, h, s), '\n')
	_, err := j.w.Write(j.buf)
	return err
}

// Flush writes out what is buffered.
func (j *JSONL) Flush() error { return j.w.Flush() }
