package schema

import (
	"slices"
	"strconv"
	"strings"

	"tcpwatch/tracker/record"
)

// JSON writes records as lines of JSON, as docs/record.md describes them. It is not
// safe for concurrent use.
type JSON struct {
	encoder
	keys   []string   // of each field, with comma, quotes and colon
	groups []int      // of each field: which of paths it is in
	moves  [][]string // from one group to another: what closes and opens them
}

// NewJSON returns a JSON with these options.
func NewJSON(o Options) *JSON {
	fields := Fields()
	j := &JSON{}
	j.init(o, fields)
	paths := [][]string{nil}
	for i := range fields {
		f := &fields[i]
		in := slices.IndexFunc(paths, func(path []string) bool { return slices.Equal(path, f.groups()) })
		if in < 0 {
			in = len(paths)
			paths = append(paths, f.groups())
		}
		j.groups = append(j.groups, in)
		j.keys = append(j.keys, `,"`+f.leaf()+`":`)
	}
	for _, open := range paths {
		var to []string
		for _, path := range paths {
			to = append(to, move(open, path))
		}
		j.moves = append(j.moves, to)
	}
	return j
}

// move closes the groups that are open and opens those to come, but for what they share.
func move(open, to []string) string {
	same := 0
	for same < len(open) && same < len(to) && open[same] == to[same] {
		same++
	}
	s := strings.Repeat("}", len(open)-same)
	for i, g := range to[same:] {
		if i == 0 {
			s += ","
		}
		s += `"` + g + `":{`
	}
	return s
}

// AppendConn appends the line of one connection to b.
func (j *JSON) AppendConn(b []byte, r *record.Record) []byte {
	j.set(r)
	b = append(b, '{')
	open := 0        // the group that is open
	const comma = 1  // of a key
	without := comma // a key has no comma: it is the first of what was opened
	for i := range j.cells {
		c := &j.cells[i]
		var v Value
		n, ok := j.read(c, &v)
		if !ok {
			continue
		}
		if to := j.groups[i]; to != open {
			m := j.moves[open][to]
			b = append(b, m...)
			open = to
			if m[len(m)-1] == '{' {
				without = comma
			}
		}
		b = append(b, j.keys[i][without:]...)
		without = 0
		if c.made == nil {
			b = appendNumber(b, c.kind, n, `"`)
		} else {
			b = v.appendJSON(b)
		}
	}
	b = append(b, j.moves[open][0]...)
	if j.opt.Transitions {
		b = appendTransitions(b, r)
	}
	return append(b, '}', '\n')
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
