package schema

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"tcpwatch/tracker/record"
)

// ReadFinding is what is read back of a "finding" line.
type ReadFinding struct {
	ID       string `json:"id"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Count    uint64 `json:"count"`
}

// ReadStats is what is read back of the "stats" line.
type ReadStats struct {
	Packets       uint64  `json:"packets"`
	Where         string  `json:"where"`
	KernelDrops   uint64  `json:"kernel_drops"`
	Evicted       uint64  `json:"evicted"`
	Span          float64 `json:"span_s"`
	Damaged       bool    `json:"damaged"`
	TimeWaitPeaks []Peak  `json:"time_wait_peak"`
}

// Peak is the most TIME-WAITs that a host held.
type Peak struct {
	Peak uint64 `json:"peak"`
}

// ReadSink takes what ReadJSONL reads.
type ReadSink interface {
	// Columns are the fields of a connection that it wants.
	Columns() []Column
	// Conn is called when they have been handed over, once for each connection: see Revisions.
	Conn()
	Finding(f *ReadFinding)
	Stats(s *ReadStats)
}

// longestLine is how long a line of JSON Lines may be: transitions can be many.
const longestLine = 64 << 20

// ReadJSONL reads back what -o jsonl wrote. Types of lines and fields that it does not know are left
// out, and all records of a connection but the one that counts: told says of how many. It is read
// twice when connections have no final record. The error names the input and the line.
func ReadJSONL(r io.ReadSeeker, name string, sink ReadSink) (told []string, err error) {
	x := newReadOnce(sink)
	if err := eachLine(r, name, x.object); err != nil {
		return nil, err
	}
	rest := x.once.GoingOn()
	if len(rest) > 0 {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := eachLine(r, name, func(n int, line []byte) error { return x.last(&rest, n, line) }); err != nil {
			return nil, err
		}
	}
	return x.once.Told(), nil
}

// eachLine calls each with the lines that are not empty, and their numbers.
func eachLine(r io.Reader, name string, each func(n int, line []byte) error) error {
	lines := NewLineReader(r)
	for {
		line, n, end := lines.Next()
		if end != nil && end != io.EOF {
			return fmt.Errorf("%s: line %d: %w", name, n, end)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := each(n, line); err != nil {
				return fmt.Errorf("%s: line %d: %w", name, n, err)
			}
		}
		if end == io.EOF {
			return nil
		}
	}
}

// LineReader reads lines, as long as JSON Lines may have them.
type LineReader struct {
	in   *bufio.Reader
	line []byte
	n    int
}

// NewLineReader returns a LineReader.
func NewLineReader(r io.Reader) *LineReader { return &LineReader{in: bufio.NewReaderSize(r, 1<<16)} }

// Next is the next line, borrowed until it is called again, and its number from 1; with io.EOF it is
// the last.
func (l *LineReader) Next() (line []byte, n int, err error) {
	l.line, err = readLine(l.in, l.line[:0])
	l.n++
	return l.line, l.n, err
}

// TypeOf is what the object on a line is, as -o jsonl writes it: its type comes first; "" where it is
// another text.
func TypeOf(line []byte) string {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte(`{"type":"`))
	name, _, ended := bytes.Cut(rest, []byte{'"'})
	if !ok || !ended {
		return ""
	}
	return string(name)
}

// IsJSONL looks for the brace with which JSON Lines begin, and takes nothing from in.
func IsJSONL(in *bufio.Reader) bool {
	for n := 1; n <= in.Size(); n++ {
		b, err := in.Peek(n)
		if err != nil {
			return false
		}
		switch b[n-1] {
		case ' ', '\t', '\r', '\n':
		default:
			return b[n-1] == '{'
		}
	}
	return false
}

// readLine appends the next line to b; io.EOF when it is the last.
func readLine(r *bufio.Reader, b []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case len(b) > longestLine:
			return b, fmt.Errorf("longer than %d bytes", longestLine)
		case err != bufio.ErrBufferFull:
			return b, err
		}
	}
}

// readOnce hands a sink what lines hold, of each connection the record that counts.
type readOnce struct {
	sink ReadSink
	conn *lineReader
	once *Revisions
	// Of the line that was read.
	uid      record.UID
	interim  bool
	revision uint32
	untimed  bool
}

func newReadOnce(sink ReadSink) *readOnce {
	x := &readOnce{sink: sink, once: NewRevisions()}
	x.conn = newLineReader(append(sink.Columns(),
		Column{"uid", func(v Value) { x.uid, _ = parseUID(v.Text()) }},
		Column{"final", func(v Value) { x.interim = v.Truth() == record.Some(false) }},
		Column{"revision", func(v Value) { x.revision = uint32(v.Count()) }},
		Column{"capture.untimed", func(v Value) { x.untimed = v.Count() > 0 }}))
	return x
}

// last hands on the last record of a connection that has no final one.
func (x *readOnce) last(rest *[]Last, n int, line []byte) error {
	if len(*rest) == 0 || (*rest)[0].Row != n {
		return nil
	}
	*rest = (*rest)[1:]
	if err := x.conn.Read(line); err != nil {
		return err
	}
	x.sink.Conn()
	return nil
}

// object hands on the object on a line.
func (x *readOnce) object(n int, line []byte) error {
	sink := x.sink
	var what struct {
		Type string `json:"type"`
	}
	if err := decode(line, &what); err != nil {
		return err
	}
	switch what.Type {
	case "":
		return errors.New("an object without a type: not what -o jsonl writes")
	case "conn":
		if err := x.conn.Read(line); err != nil {
			return err
		}
		known := x.uid != record.UID{} && !x.untimed
		if isNew := !known || x.once.take(x.uid, x.interim, x.revision, 0, n); isNew && !x.interim {
			sink.Conn()
		}
	case "finding":
		f := new(ReadFinding)
		if err := decode(line, f); err != nil {
			return err
		}
		sink.Finding(f)
	case "stats":
		s := new(ReadStats)
		if err := decode(line, s); err != nil {
			return err
		}
		sink.Stats(s)
	}
	return nil
}
