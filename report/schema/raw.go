package schema

import (
	"strconv"

	"tcpwatch/tracker/record"
)

// rawGroup begins the names of what a record holds where the field of that name tells
// another value, or none because it means nothing there: raw.orig.retx of an end whose
// segments were not captured. It is for what reads records back, and in no other list.
const rawGroup = "raw."

// rawOf is what the raw group has of a field; absent where what is told is what the record
// holds.
func (e *encoder) rawOf(c *encoded) Value {
	var told Value
	if c.made == nil {
		if !c.hidden.from(&e.row) {
			return told
		}
		n, ok := c.number()
		if !ok || n == 0 && !c.optional() {
			return told
		}
		return Value{kind: c.kind, n: n}
	}
	if !c.hidden.from(&e.row) {
		told = c.made(&e.row)
	}
	return c.raw(&e.row, told)
}

// optional reports whether the number may be unknown.
func (c *cell) optional() bool {
	switch c.place.(type) {
	case *record.Opt[uint8], *record.Opt[uint16], *record.Opt[uint32], *record.Opt[uint64], *record.Opt[int64], *record.Opt[bool]:
		return true
	}
	return false
}

// appendRaw appends the raw group.
func (j *JSON) appendRaw(b []byte) []byte {
	var in nest
	begun := false
	raws := j.raws
	if j.row.flaws&untimed != 0 {
		raws = j.untimed
	}
	for _, i := range raws {
		c := &j.cells[i]
		if !c.other && !c.hidden.from(&j.row) {
			continue
		}
		v := j.rawOf(c)
		if v.kind == absent {
			continue
		}
		if !begun {
			b = append(b, `,"`...)
			b = append(b, rawGroup[:len(rawGroup)-1]...)
			b = append(b, `":{`...)
			begun, in.fresh = true, true
		}
		b = j.appendKey(b, &in, i)
		switch v.kind {
		case counted, seconds, truth:
			b = appendNumber(b, v.kind, v.n, `"`)
		case moment: // where it means no time nobody shall take it for one
			b = strconv.AppendInt(b, v.n, 10)
		default:
			b = v.appendJSON(b)
		}
	}
	if begun {
		b = append(append(b, j.moves[in.open][0]...), '}')
	}
	return b
}
