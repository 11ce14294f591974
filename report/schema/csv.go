package schema

import (
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// CSV writes records as lines of CSV (RFC 4180, lines ended by LF), with every field
// but the arrays of objects. A value that can't be known is an empty cell. It is not
// safe for concurrent use.
type CSV struct {
	row    row
	opt    Options
	fields []Field
}

// NewCSV returns a CSV with these options. Transitions are left out.
func NewCSV(o Options) *CSV {
	flat := slices.DeleteFunc(Fields(), func(f Field) bool { return f.Type == Objects })
	c := &CSV{opt: o, fields: flat}
	c.row.opt = &c.opt
	return c
}

// AppendHead appends the line of names to b.
func (c *CSV) AppendHead(b []byte) []byte {
	for i := range c.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c.fields[i].Name...)
	}
	return append(b, '\n')
}

// AppendConn appends the line of one connection to b.
func (c *CSV) AppendConn(b []byte, r *record.Record) []byte {
	c.row.set(r)
	for i := range c.fields {
		if i > 0 {
			b = append(b, ',')
		}
		v := c.fields[i].read(&c.row)
		if v.kind == text {
			b = say.AppendCell(b, v.s)
		} else {
			b = v.appendPlain(b)
		}
	}
	return append(b, '\n')
}
