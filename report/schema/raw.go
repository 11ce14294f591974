package schema

import (
	"math/bits"
	"strconv"
)

// rawGroup begins the names of what a record holds where the field of that name tells
// another value, or none because it means nothing there: raw.orig.retx of an end whose
// segments were not captured. It is for what reads records back, and in no other list.
const rawGroup = "raw."

// rawOf is what the raw group has of a field; absent where what is told is what the record
// holds.
func (e *encoder) rawOf(i int) Value {
	switch c := &e.cells[i]; {
	case c.raw == nil:
		return Value{kind: c.kind, n: e.number(i)}
	case e.told.has(i):
		return c.raw(&e.row, e.made[c.nth])
	default:
		return c.raw(&e.row, Value{})
	}
}

// appendRaw appends the raw group.
func (j *JSON) appendRaw(b []byte) []byte {
	var in nest
	begun := false
	for word := range j.hides {
		set := j.rawTold[word]&j.told[word] | (j.rawNot[word]|j.rawHidden[word]&j.hides[word]|j.rawNumber[word]&(j.filled[word]|j.known[word]))&^(j.told[word]|j.bare[word])
		for ; set != 0; set &= set - 1 {
			i := word<<6 + bits.TrailingZeros64(set)
			v := j.rawOf(i)
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
			if v.kind == moment { // where it means no time nobody shall take it for one
				b = strconv.AppendInt(b, v.n, 10)
			} else {
				b = v.appendJSON(b)
			}
		}
	}
	if begun {
		b = append(append(b, j.moves[in.open][0]...), '}')
	}
	return b
}
