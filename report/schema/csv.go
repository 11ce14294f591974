package schema

import (
	"bytes"
	"slices"

	"tcpwatch/tracker/record"
)

// CSV writes records as lines of CSV (RFC 4180, lines ended by LF), with every field
// but the details and the arrays of objects. A value that can't be known is an empty cell. It is not
// safe for concurrent use.
type CSV struct {
	encoder
	format
	fields []Field
}

// NewCSV returns a CSV with these options. Transitions are left out.
func NewCSV(o Options) *CSV {
	flat := flatFields()
	c := &CSV{fields: flat}
	c.init(o, flat)
	for i := range flat {
		c.format.add(&c.encoder, ","[:min(i, 1)], "", "")
	}
	c.commas = bytes.Repeat([]byte{','}, len(flat))
	return c
}

// flatFields are the fields that are no arrays of objects, and no details.
func flatFields() []Field {
	return slices.DeleteFunc(Fields(), func(f Field) bool { return f.Type == Objects || f.Detail() })
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
	c.set(r)
	return append(c.appendLine(b, &c.format), '\n')
}
