package report

import (
	"bufio"
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// JSONL writes one JSON object a line, as docs/record.md describes them. It
// is not safe for concurrent use.
type JSONL struct {
	record.Base
	*schema.JSON
	w   *bufio.Writer
	opt schema.Options
	buf []byte
}

// NewJSONL returns a JSONL that writes to w.
func NewJSONL(w io.Writer, o schema.Options) *JSONL {
	return &JSONL{JSON: schema.NewJSON(o), w: bufio.NewWriterSize(w, 1<<16), opt: o}
}

// Conn writes the line of one connection; the error is the writer's.
func (j *JSONL) Conn(r *record.Record) error {
	j.buf = j.AppendConn(j.buf[:0], r)
	return j.Lines(j.buf)
}

// Lines writes lines that AppendConn made, of this JSONL or of another with
// the same options; the error is the writer's.
func (j *JSONL) Lines(b []byte) error {
	_, err := j.w.Write(b)
	return err
}

// Stats writes a line for each finding, and the stats line, which is the last
// one. s may be nil when connections were not summed up.
func (j *JSONL) Stats(h *Headline, s *Summary) error {
	j.buf = j.buf[:0]
	if s != nil {
		found := s.Findings(h)
		for i := range found {
			j.buf = append(appendFinding(j.buf, &found[i]), '\n')
		}
	}
	j.buf = append(appendStats(j.buf, h, s), '\n')
	_, err := j.w.Write(j.buf)
	return err
}

// Flush writes out what is buffered.
func (j *JSONL) Flush() error { return j.w.Flush() }
