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
	format
	keys []string // of each field, with comma, quotes and colon
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
		var to, with [][]byte
		for _, path := range paths {
			m := move(open, path)
			to = append(to, []byte(m))
			if !strings.HasSuffix(m, "{") {
				m += ","
			}
			with = append(with, []byte(m))
		}
		j.moves, j.leaps = append(j.moves, to), append(j.leaps, with)
	}
	in := nest{fresh: true}
	for i := range fields {
		lead, name, quote := string(j.appendKey(nil, &in, i)), j.keys[i][1:], ""
		if fields[i].Type == Time || j.cells[i].words != nil {
			quote = `"`
		}
		j.format.add(&j.encoder, strings.TrimSuffix(lead, name), name, quote)
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
	b = j.appendLine(append(b, '{'), &j.format)
	b = j.appendRaw(b)
	if j.opt.Transitions {
		b = appendTransitions(b, r)
	}
	return append(b, '}', '\n')
}
