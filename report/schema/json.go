package schema

import (
	"strconv"
	"strings"

	"tcpwatch/tracker/record"
)

// JSON writes records as lines of JSON, as docs/record.md describes them. It is not
// safe for concurrent use.
type JSON struct {
	row    row
	opt    Options
	fields []jsonField
}

// jsonField is a field ready to be written: its key with quotes and colon,
// and the groups it is in.
type jsonField struct {
	Field
	key    string
	groups []string
	where  int // a number for groups: equal groups have equal numbers; 0 for none
}

// NewJSON returns a JSON with these options.
func NewJSON(o Options) *JSON {
	j := &JSON{opt: o}
	j.row.opt = &j.opt
	numbers := map[string]int{"": 0}
	for _, f := range Fields() {
		path := strings.TrimSuffix(f.Name, f.leaf())
		if _, ok := numbers[path]; !ok {
			numbers[path] = len(numbers)
		}
		j.fields = append(j.fields, jsonField{f, `"` + f.leaf() + `":`, f.groups(), numbers[path]})
	}
	return j
}

// AppendConn appends the line of one connection to b.
func (j *JSON) AppendConn(b []byte, r *record.Record) []byte {
	j.row.set(r)
	b = append(b, '{')
	var open []string // the groups that are open
	where := 0        // the same as a number
	first := true     // nothing written yet in the object that is open
	for i := range j.fields {
		f := &j.fields[i]
		v := f.read(&j.row)
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
			b = AppendTime(b, r.Stamp(t.Time))
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
