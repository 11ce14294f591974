package report

import (
	"bufio"
	"io"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// CSV writes a header line with every field of the record but the arrays of
// objects, and one line a connection (RFC 4180, lines ended by LF). A value that can't be known is an
// empty cell. It is not safe for concurrent use.
type CSV struct {
	w      *bufio.Writer
	row    row
	opt    JSONOptions
	fields []field
	headed bool
	buf    []byte
}

// NewCSV returns a CSV that writes to w. Transitions are left out.
func NewCSV(w io.Writer, o JSONOptions) *CSV {
	flat := slices.DeleteFunc(recordFields(), func(f field) bool { return f.nested() })
	c := &CSV{w: bufio.NewWriterSize(w, 1<<16), opt: o, fields: flat}
	c.row.opt = &c.opt
	return c
}

func (c *CSV) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	for i := range c.fields {
		if i > 0 {
			c.w.WriteByte(',')
		}
		c.w.WriteString(c.fields[i].name)
	}
	return c.w.WriteByte('\n')
}

// Conn writes the line of one connection; the error is the writer's.
func (c *CSV) Conn(r *record.Record) error {
	c.buf = c.AppendConn(c.buf[:0], r)
	return c.Lines(c.buf)
}

// Lines writes lines that AppendConn made, of this CSV or of another with the
// same options; the error is the writer's.
func (c *CSV) Lines(b []byte) error {
	if err := c.head(); err != nil {
		return err
	}
	_, err := c.w.Write(b)
	return err
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

// Stats does nothing: CSV holds connections only.
func (c *CSV) Stats(h *Headline, s *Summary) error { return nil }

// Flush writes out what is buffered; the header line too when there was no
// connection.
func (c *CSV) Flush() error {
	if err := c.head(); err != nil {
		return err
	}
	return c.w.Flush()
}
