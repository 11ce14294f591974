package schema

import (
	"math/bits"

	"tcpwatch/tracker/record"
)

// encoder reads all fields of records for those who write them down. It has a copy of
// the record that is written, in which the places of its sheet lie. It is not safe for
// concurrent use.
type encoder struct {
	copied record.Record
	row    row
	opt    Options
	cells  []encoded // of each field
	sheet
	line
	made  []Value // of this record, by encoded.nth
	clock clock

	always fieldSet // numbers that are told when they are 0 too
	makers fieldSet // fields whose value is made
	told   fieldSet // of this record, the fields that have a value
	hides  fieldSet // of this record, what something hides
	flaws  flaw     // for which that is so
	lacks  lack
	// Fields that a flaw hides, and those that go without what is lacking, by bit.
	by, without [bits.UintSize]fieldSet
	// Fields of which the raw group may have something: where they are told, where they are not,
	// where something hides them, and there only where their number is not 0.
	rawTold, rawNot, rawHidden, rawNumber fieldSet
	bare                                  fieldSet // of this record, of which it has nothing
}

// encoded is a field of the encoder.
type encoded struct {
	kind  kind               // of a number
	words []string           // of a kind
	make  func(w *row) Value // of any other, of which it is the nth
	nth   int
	raw   func(w *row, told Value) Value
}

// init finds the fields; e is not moved after it.
func (e *encoder) init(o Options, fields []Field) {
	e.opt = o
	e.row.opt = &e.opt
	for i := range fields {
		f := &fields[i]
		s := &f.source
		c := encoded{kind: f.Type.kind(), raw: s.raw}
		switch {
		case s.at != nil:
			e.rawNumber.add(i)
			switch optional := e.add(i, s.at(&e.copied)); {
			case s.notZero:
				e.ifAny.add(i)
			case !optional:
				e.always.add(i)
			}
		case s.number != nil:
			e.add(i, s.number(&e.copied))
			e.always.add(i)
		case s.kind != nil:
			c.words = s.words
			e.addKind(i, s.kind(&e.copied), s.words)
			e.rawHidden.add(i)
		default:
			c.make, c.nth = s.made, len(e.made)
			e.made = append(e.made, Value{})
			e.makers.add(i)
			if s.raw != nil {
				e.rawNot.add(i)
			}
			if s.other {
				e.rawTold.add(i)
			}
		}
		e.cells = append(e.cells, c)
		for bit := range bits.UintSize {
			if f.hidden.by>>bit&1 != 0 {
				e.by[bit].add(i)
			}
			if f.hidden.without>>bit&1 != 0 {
				e.without[bit].add(i)
			}
		}
	}
}

// set takes the record that is to be written.
func (e *encoder) set(r *record.Record) {
	e.copied = *r
	e.row.set(&e.copied)
	e.read()
	if e.flaws != e.row.flaws || e.lacks != e.row.lacks {
		e.hide()
	}
	for w := range e.told {
		for set := e.makers[w] &^ e.hides[w]; set != 0; set &= set - 1 {
			i := w<<6 + bits.TrailingZeros64(set)
			c := &e.cells[i]
			v := &e.made[c.nth]
			if *v = c.make(&e.row); v.kind != absent {
				e.filled.add(i)
			}
		}
		e.told[w] = (e.always[w] | e.filled[w] | e.known[w]) &^ e.hides[w]
	}
}

// hide finds out what is hidden of a record with other flaws than the one before.
func (e *encoder) hide() {
	e.flaws, e.lacks, e.hides, e.bare = e.row.flaws, e.row.lacks, fieldSet{}, fieldSet{}
	for f := e.flaws; f != 0; f &= f - 1 {
		e.hides.join(&e.by[bits.TrailingZeros32(uint32(f))])
	}
	for l := e.lacks; l != 0; l &= l - 1 {
		without := &e.without[bits.TrailingZeros64(uint64(l))]
		e.hides.join(without)
		if l&-l&bare != 0 {
			e.bare.join(without)
		}
	}
}

// value is that of a field of told.
func (e *encoder) value(i int) Value {
	switch c := &e.cells[i]; {
	case c.make != nil:
		return e.made[c.nth]
	case c.words != nil:
		return Value{kind: text, s: c.words[e.n[i]]}
	default:
		return Value{kind: c.kind, n: e.number(i)}
	}
}
