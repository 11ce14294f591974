package stored

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// maxRuns is how many runs a file of a Collector may be of.
const maxRuns = 1 << 16

// export is what a file tells that an OpenTelemetry Collector wrote: the events of several runs, one
// among the other. Each run numbers its packets from 1; here they are numbered on, run by run.
type export struct {
	runs    map[string]*exportedRun
	order   []*exportedRun
	leftOut uint64
	unnamed int // the number of the first input that has no name: that of its second run
}

// exportedRun is one of the runs.
type exportedRun struct {
	number int    // among the runs, from 0
	before uint64 // packets of those before it
	last   uint64 // its last packet
	head   *report.Headline
}

// exportOf looks through a file for its runs.
func exportOf(f File) (*export, error) {
	if _, err := f.In.Seek(0, io.SeekStart); err != nil {
		return nil, errTwice
	}
	x := &export{runs: map[string]*exportedRun{}}
	in := schema.NewLineReader(f.In)
	for {
		line, n, end := in.Next()
		if end != nil && end != io.EOF {
			return nil, fmt.Errorf("line %d: %w", n, end)
		}
		var refused error
		schema.Events(line, func(e *schema.Event) error { // what cannot be understood is told of when it is read
			refused = x.note(e)
			return refused
		})
		if refused != nil {
			return nil, refused
		}
		if end == io.EOF {
			break
		}
	}
	before := uint64(0)
	for _, run := range x.order {
		run.before = before
		if run.head != nil {
			run.last = max(run.last, run.head.Packets)
		}
		before += run.last
	}
	return x, nil
}

// note takes from an event what tells of its run. Its error says that the file is not to be read.
func (x *export) note(e *schema.Event) (err error) {
	if e.Name != schema.ConnEvent && e.Name != schema.RunEvent {
		return nil
	}
	run := x.runs[runOf(e)]
	if run == nil {
		if len(x.order) == maxRuns {
			return fmt.Errorf("holds more than %s", say.Plural(maxRuns, "run"))
		}
		run = &exportedRun{number: len(x.order)}
		x.runs[runOf(e)], x.order = run, append(x.order, run)
	}
	if e.Name == schema.ConnEvent {
		last, _ := strconv.ParseUint(schema.TextOf(e.Attributes, "tcpwatch.last_packet"), 10, 64)
		run.last = max(run.last, last)
		return nil
	}
	if run.head == nil { // else it came again
		var left uint64
		run.head, left, err = report.ReadStats([]byte(schema.TextOf(e.Attributes, schema.StatsAttribute)))
		x.leftOut += left
	}
	return err
}

// runOf names the run that an event is of.
func runOf(e *schema.Event) string {
	if id := schema.TextOf(e.Resource, "service.instance.id"); id != "" {
		return id
	}
	return "place " + schema.TextOf(e.Attributes, "tcpwatch.place")
}

// headline is that of all runs; nil where one has not ended, or the file lacks its end.
func (x *export) headline(name string) *report.Headline {
	var all *report.Headline
	for _, run := range x.order {
		switch {
		case run.head == nil:
			return nil
		case all == nil:
			c := *run.head
			all = &c
		default:
			all.Join(run.head)
		}
	}
	if all != nil {
		all.Files = []string{name}
	}
	return all
}

// events are the connections of such a file.
type events struct {
	*export
	in     *schema.LineReader
	before uint64 // packets of the files before
	files  int
	n      int // of the line
	ended  bool
	waits  []event // of that line
}

// event is an event of a connection.
type event struct {
	run        *exportedRun
	attributes []byte
}

func (x *events) next(to *schema.RecordReader) (*record.Record, error) {
	for len(x.waits) == 0 {
		if x.ended {
			return nil, io.EOF
		}
		if err := x.line(); err != nil {
			return nil, err
		}
	}
	e := x.waits[0]
	x.waits = x.waits[1:]
	files := x.files
	if e.run.number > 0 { // else connections that two runs saw would be those of one
		files = x.unnamed + e.run.number - 1
	}
	to.Before(x.before+e.run.before, files)
	r, err := to.ReadAttributes(e.attributes)
	if err != nil {
		return nil, misreading{fmt.Errorf("line %d: %w", x.n, err)}
	}
	return r, nil
}

// line reads the events on the next line.
func (x *events) line() error {
	line, n, end := x.in.Next()
	if end != nil && end != io.EOF {
		return fmt.Errorf("line %d: %w", n, end)
	}
	x.n, x.ended, x.waits = n, end == io.EOF, x.waits[:0]
	if x.ended && len(line) == 0 {
		return nil
	}
	err := schema.Events(line, func(e *schema.Event) error {
		if run := x.runs[runOf(e)]; e.Name == schema.ConnEvent && run != nil {
			x.waits = append(x.waits, event{run, e.Attributes})
		}
		return nil
	})
	if err != nil {
		return misreading{fmt.Errorf("line %d: %w", n, err)}
	}
	return nil
}

func (x *events) called() (row, why string) {
	missing := uint64(0)
	for _, run := range x.order {
		if run.head == nil {
			missing++
		}
	}
	return "event", fmt.Sprintf("%s without an end: still going on, or it is in another file", say.Plural(missing, "run"))
}

func (x *events) close() {}

// errTwice is that a file cannot be read twice.
var errTwice = errors.New("a report needs a file that can be read twice: write the records to one")
