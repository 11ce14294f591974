package schema

import (
	"encoding/binary"
	"math/bits"

	"tcpwatch/internal/say"
)

// format is a line that has all fields, with 0 for each number. Of fields that follow each other only
// what differs is written, and what stands before it is copied at once.
type format struct {
	text   [24 << 10]byte // to the end of the last span and at least a block
	spans  []span         // of each field
	commas []byte         // of CSV, as many as there are fields
	// Of JSON, nil of CSV: which group each field is in, what closes one and opens another, and
	// the same with the comma that may follow.
	groups       []int
	moves, leaps [][][]byte
}

// span is where a field stands in the text of a format.
type span struct {
	lead  int // where what stands between it and the field before begins
	key   int // where its name begins
	value int // where its value begins
	rest  int // what follows a value that was written instead
	end   int // where it ends
	kind  kind
	made  *Value // of a field whose value is made
	words []word // of a kind
}

// word is a word of a kind.
type word struct {
	text [block]byte
	n    int
}

// add adds a field to the text: what stands before its name, the name, and what stands around its value.
func (f *format) add(e *encoder, lead, name, quote string) {
	c := &e.cells[len(f.spans)]
	s := span{kind: c.kind}
	if n := len(f.spans); n > 0 {
		s.lead = f.spans[n-1].end
	}
	s.key = s.lead + len(lead)
	s.value = s.key + len(name) + len(quote)
	zero := ""
	if c.kind != absent {
		zero = string(Value{kind: c.kind}.appendPlain(nil))
	}
	s.rest = s.value + len(zero)
	s.end = s.rest + len(quote)
	copy(f.text[s.lead:s.end:len(f.text)-block], lead+name+quote+zero+quote)
	texts := c.words
	if c.kind == truth {
		texts = []string{"false", "true"}
	}
	for _, t := range texts {
		w := word{n: len(t)}
		copy(w.text[:w.n], t) // no word is longer than a block
		s.kind, s.words = text, append(s.words, w)
	}
	if c.make != nil {
		s.made = &e.made[c.nth]
	}
	f.spans = append(f.spans, s)
}

// line is what is written of a record. It goes into room of its own before it is appended: a slice
// that grows with each piece takes twice as many instructions.
type line struct {
	b    []byte
	room [8 << 10]byte
	used int // of the room
	from int // in the text of the format, where what is to come begins
	last int // field that was written; -1 for none
}

// slack is how much of the room is free before a field: for its name, its value and the quote.
const slack = 4 * block

// flush appends what is in the room.
func (l *line) flush() {
	l.b = append(l.b, l.room[:l.used]...)
	l.used = 0
}

// put writes text, and leaves slack.
func (l *line) put(text []byte) {
	if l.used+len(text) > len(l.room)-slack {
		l.flush()
		l.b = append(l.b, text...)
		return
	}
	l.used += copy(l.room[l.used:], text)
}

// putBlock copies a block: four numbers, without a call.
func putBlock(x, y *[block]byte) {
	binary.LittleEndian.PutUint64(x[:], binary.LittleEndian.Uint64(y[:]))
	binary.LittleEndian.PutUint64(x[8:], binary.LittleEndian.Uint64(y[8:]))
	binary.LittleEndian.PutUint64(x[16:], binary.LittleEndian.Uint64(y[16:]))
	binary.LittleEndian.PutUint64(x[24:], binary.LittleEndian.Uint64(y[24:]))
}

// appendLine appends all fields that are told. It stops at those of which more is to be written than
// stands in the text: those that have a value but 0, and where a run of fields that follow each other
// begins and ends.
func (e *encoder) appendLine(b []byte, f *format) []byte {
	e.b, e.from, e.last = b, 0, -1
	var before uint64 // whether the last field of the word before is told
	for w := range e.told {
		told, filled, after := e.told[w], e.filled[w], uint64(0)
		if w+1 < len(e.told) {
			after = e.told[w+1] << 63
		}
		begins, ends := told&^(told<<1|before), told&^(told>>1|after)
		before = told >> 63
		for set := told&filled | begins | ends; set != 0; set &= set - 1 {
			i, bit := w<<6+bits.TrailingZeros64(set), set&-set
			if begins&bit != 0 {
				e.skip(f, i)
			}
			if filled&bit != 0 {
				e.putField(f, i)
			}
			if ends&bit != 0 {
				e.last = i
				if end := f.spans[i].end; e.from < end {
					e.put(f.text[e.from:end])
				}
			}
		}
	}
	e.skip(f, len(f.spans))
	e.flush()
	return e.b
}

// skip writes what stands between the field that was written last and another, where those between
// have no value.
func (l *line) skip(f *format, i int) {
	if f.groups == nil {
		if l.put(f.commas[:i-l.last-1]); i < len(f.spans) {
			l.from = f.spans[i].lead
		}
		return
	}
	here := f.groups[max(l.last, 0)]
	switch {
	case i == 0:
	case i == len(f.spans):
		l.put(f.moves[here][0])
	case f.groups[i] == here:
		l.from = f.spans[i].key - 1 // which is a comma: it is not the first of the group
	default:
		l.put(f.leaps[here][f.groups[i]])
		l.from = f.spans[i].key
	}
}

// putField writes what stands before a field that is not 0, and its value.
func (e *encoder) putField(f *format, i int) {
	l, s := &e.line, &f.spans[i]
	from, n := l.from, l.used
	l.from = s.rest
	if size := s.value - from; size <= block && n <= len(l.room)-slack {
		putBlock((*[block]byte)(l.room[n:n+block]), (*[block]byte)(f.text[from:from+block]))
		n += size
	} else {
		l.put(f.text[from:s.value])
		n = l.used
	}
	k, v := s.kind, e.n[i]
	if s.made != nil {
		k, v = s.made.kind, s.made.n
	}
	switch p := (*[block]byte)(l.room[n : n+block]); {
	case k == counted && uint64(v) < 10:
		p[0] = '0' + byte(v)
		n++
	case k == counted:
		n += putCount(p, uint64(v))
	case k == seconds:
		n += putSeconds(p, v)
	case k == moment:
		n += e.clock.put(p, v)
	case s.made != nil:
		n = l.putMade(n, s.made, f.groups != nil)
	default:
		w := &s.words[v]
		putBlock(p, &w.text)
		n += w.n
	}
	l.used = n
}

// putMade writes a value that was made and is no number behind n bytes, and tells how many there are then.
func (l *line) putMade(n int, v *Value, json bool) int {
	b := l.room[:n]
	switch {
	case json:
		b = v.appendJSON(b)
	case v.kind == text:
		b = say.AppendCell(b, v.s)
	default:
		b = v.appendPlain(b)
	}
	if len(b) <= len(l.room)-slack {
		return len(b)
	}
	l.b = append(l.b, b...) // it may have grown out of the room
	return 0
}
