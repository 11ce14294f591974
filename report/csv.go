package report

import (
	"bufio"
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// CSV writes a header line and one line a connection, as docs/record.md describes
// them. It is not safe for concurrent use.
type CSV struct {
	record.Base
	*schema.CSV
	opt    schema.Options
	w      *bufio.Writer
	headed bool
	buf    []byte
}

// NewCSV returns a CSV that writes to w.
func NewCSV(w io.Writer, o schema.Options) *CSV {
	return &CSV{CSV: schema.NewCSV(o), w: bufio.NewWriterSize(w, 1<<16), opt: o}
}

func (c *CSV) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	_, err := c.w.Write(c.AppendHead(nil))
	return err
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
