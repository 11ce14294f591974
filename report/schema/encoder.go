package schema

import (
	"strconv"

	"tcpwatch/tracker/record"
)

// encoder reads all fields of records for those who write them down. It has a copy of
// the record that is written, in which its cells lie. It is not safe for concurrent use.
type encoder struct {
	copied record.Record
	row    row
	opt    Options
	cells  []encoded
	// Cells of which the raw group may have something, where all packets have a time, and
	// where some have none.
	raws, untimed []int
}

// encoded is a field of the encoder's copy.
type encoded struct {
	cell
	hidden hidden
	made   func(w *row) Value // nil for a number of the record
	raw    func(w *row, told Value) Value
	other  bool
}

// init finds the fields; e is not moved after it.
func (e *encoder) init(o Options, fields []Field) {
	e.opt = o
	e.row.opt = &e.opt
	for i := range fields {
		f := &fields[i]
		c := encoded{hidden: f.hidden, made: f.source.made, raw: f.source.raw, other: f.source.other}
		if c.made == nil {
			c.cell = f.cell(&e.copied)
		}
		if s := &f.source; s.at != nil || s.raw != nil {
			if s.other || c.hidden.without != 0 || c.hidden.by&^untimed != 0 {
				e.raws = append(e.raws, i)
			}
			e.untimed = append(e.untimed, i)
		}
		e.cells = append(e.cells, c)
	}
}

// set takes the record that is to be written.
func (e *encoder) set(r *record.Record) {
	e.copied = *r
	e.row.set(&e.copied)
}

// read is the field's number or, of one that is made, its value in v; false where there
// is none.
func (e *encoder) read(c *encoded, v *Value) (n int64, ok bool) {
	if c.hidden.from(&e.row) {
		return 0, false
	}
	if c.made == nil {
		return c.number()
	}
	*v = c.made(&e.row)
	return 0, v.kind != absent
}

// appendNumber appends a number; quote surrounds a time.
func appendNumber(b []byte, k kind, n int64, quote string) []byte {
	switch k {
	case counted:
		return strconv.AppendUint(b, uint64(n), 10)
	case seconds:
		return AppendSeconds(b, n)
	case truth:
		return strconv.AppendBool(b, n != 0)
	}
	return append(AppendTime(append(b, quote...), n), quote...)
}
