package stored

import (
	"bytes"
	"fmt"
	"io"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// lines are the records of JSON Lines.
type lines struct {
	in    *schema.LineReader
	ended bool
}

func (l *lines) next(to *schema.RecordReader) (*record.Record, error) {
	for !l.ended {
		line, n, err := l.in.Next()
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		l.ended = err == io.EOF
		if bytes.HasPrefix(line, []byte(`{`)) && bytes.Contains(line, []byte(`"type":"pairs"`)) {
			return nil, fmt.Errorf("line %d: what pair found, not records: they are what tcpwatch -o jsonl writes", n)
		}
		if kind := schema.TypeOf(line); kind == "conn" || kind == "" && len(bytes.TrimSpace(line)) > 0 {
			r, err := to.Read(line)
			if err != nil {
				return nil, misreading{fmt.Errorf("line %d: %w", n, err)}
			}
			return r, nil
		}
	}
	return nil, io.EOF
}

func (l *lines) called() (row, why string) {
	return "line", "no stats line at its end: it was cut short, or is still written"
}

func (l *lines) close() {}

// tail is how much of the end of a file is looked at for its stats line.
const tail = 4 << 20

// statsOfLines is the stats line of a file of JSON Lines; nil where it has none.
func statsOfLines(f File) ([]byte, error) {
	size, err := f.In.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, errTwice
	}
	from := max(0, size-tail)
	end := make([]byte, size-from)
	if _, err := f.In.ReadAt(end, from); err != nil && err != io.EOF {
		return nil, err
	}
	if _, err := f.In.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	lines := bytes.Split(end, []byte{'\n'})
	for i := len(lines) - 1; i >= 0; i-- {
		if schema.TypeOf(lines[i]) == "stats" {
			return lines[i], nil
		}
	}
	return nil, nil
}
