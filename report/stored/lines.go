package stored

import (
	"bytes"
	"fmt"
	"io"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// lines are the records of JSON Lines.
type lines struct {
	in     *schema.LineReader
	before int // lines of the file before
	ended  bool
}

func (l *lines) next(to *schema.RecordReader) (*record.Record, error) {
	for !l.ended {
		line, n, err := l.in.Next()
		n += l.before
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

// section is what a run wrote to a file of JSON Lines: its records, and the stats line behind them, nil where
// none is.
type section struct {
	from, until int64
	lines       int // before it
	stats       []byte
}

// sectionsOf are the runs that a file is of, one after the other. A run whose stats line is there twice is one.
func sectionsOf(f File) (all []section, err error) {
	if _, err := f.In.Seek(0, io.SeekStart); err != nil {
		return nil, errTwice
	}
	known := map[string]bool{}
	x := section{}
	in := schema.NewLineReader(f.In)
	for {
		line, n, end := in.Next()
		if end != nil && end != io.EOF {
			return nil, fmt.Errorf("line %d: %w", n, end)
		}
		x.until += int64(len(line))
		if schema.TypeOf(line) == "stats" && !bytes.Contains(line, []byte(`"state":"open"`)) {
			if known[string(line)] {
				all[len(all)-1].until = x.until
			} else if len(all) == maxRuns {
				return nil, fmt.Errorf("holds more than %s", say.Plural(maxRuns, "run"))
			} else {
				known[string(line)], x.stats = true, bytes.Clone(line)
				all = append(all, x)
			}
			x = section{from: x.until, until: x.until, lines: n}
		}
		if end == io.EOF {
			break
		}
	}
	if x.from < x.until || len(all) == 0 {
		all = append(all, x)
	}
	return all, nil
}
