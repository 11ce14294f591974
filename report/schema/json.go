package schema

import (
	"slices"
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

// nest is where in an object keys are appended.
type nest struct {
	open  int  // the group that is open, as in groups
	fresh bool // nothing stands in it yet
}

// appendKey appends the key of a field, with what closes and opens groups before it.
func (j *JSON) appendKey(b []byte, in *nest, i int) []byte {
	if to := j.groups[i]; to != in.open {
		m := j.moves[in.open][to]
		if in.fresh && m[0] == ',' {
			m = m[1:]
		}
		b = append(b, m...)
		in.open, in.fresh = to, m[len(m)-1] == '{'
	}
	key := j.keys[i]
	if in.fresh {
		key = key[1:]
	}
	in.fresh = false
	return append(b, key...)
}

// AppendConn appends the line of one connection to b.
func (j *JSON) AppendConn(b []byte, r *record.Record) []byte {
	j.set(r)
	b = append(b, '{')
	in := nest{fresh: true}
	for i := range j.cells {
		c := &j.cells[i]
		var v Value
		n, ok := j.read(c, &v)
		if !ok {
			continue
		}
		b = j.appendKey(b, &in, i)
		if c.made == nil {
			b = appendNumber(b, c.kind, n, `"`)
		} else {
			b = v.appendJSON(b)
		}
	}
	b = append(b, j.moves[in.open][0]...)
	b = j.appendRaw(b)
	if j.opt.Transitions {
		b = appendTransitions(b, r)
	}
	return append(b, '}', '\n')
}
