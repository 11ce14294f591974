package parquet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tcpwatch/internal/store"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// What the tables in the files are called.
const (
	connectionsName = "connections"
	findingsName    = "findings"
	statsName       = "stats"
)

// partRows is how many rows a file of connections has at the most.
const partRows = 1 << 20

// Output is the Output of an archive: connections by place and date, findings, what is known of the run,
// and its sums.
type Output struct {
	record.Base
	sending
	to      store.Store
	o       Options
	memory  int64
	leaves  []schema.Leaf // of connections
	at      [2]int        // place and start among those of a record
	run     string        // its name; "" before the first row
	start   int64         // when its first packet came
	first   string        // the place in the names of findings, stats and sums
	stats   store.File    // begun first and ended last: while it is there, nobody else writes the run
	was     []Part        // what an earlier run of that name wrote
	writing []*writing    // the one that had a row last first
	aside   aside         // rows of other files
	numbers int           // of files of connections that were begun
	rows    uint64
	parts   []Part // those that are whole
	failed  bool
	halted  bool // see Halted
}

// Options are those of an Output.
type Options struct {
	Records schema.Options // how records are read
	Version string         // of the program
	Called  string         // the archive, in what is told
	Memory  int64          // what may be held, about, in bytes: MostHeld at most; that where 0
	// Partition is the place in the names of files, of a record or, where it is nil, of a run without one;
	// nil for Unnamed.
	Partition func(*record.Record) string
	// Read is what was read, as the run is named after it. Run is the name where it is known already.
	Read []string
	Run  string
	// Start is when the first packet came, ns since 1970, where it is known before the first record.
	Start int64
	// PartRows is how many rows a file of connections has at the most; 1 << 20 where 0.
	PartRows uint64
	// Temporary makes the file that connections wait in which belong to more files than are written at the
	// same time; nil where none waits: then there are more files, each with fewer connections.
	Temporary func() (Temporary, error)
}

// New returns an Output to an archive.
func New(to store.Store, o Options) *Output {
	x := &Output{to: to, o: o, memory: cmp.Or(o.Memory, MostHeld)}
	x.o.PartRows = cmp.Or(o.PartRows, partRows)
	x.aside.most, x.aside.file = x.memory/asideShare, o.Temporary
	x.leaves, x.at = leavesOfConnections()
	x.later, _ = to.(store.Later)
	return x
}

// leavesOfConnections are the columns of connections, and where place and start are among those of a
// record: the place is that of the file.
func leavesOfConnections() (all []schema.Leaf, at [2]int) {
	all = schema.Leaves()
	at = [2]int{leafNamed(all, "place"), leafNamed(all, "start")}
	return slices.Delete(all, at[0], at[0]+1), at
}

// leafNamed is the number of a leaf.
func leafNamed(all []schema.Leaf, name string) int {
	return slices.IndexFunc(all, func(l schema.Leaf) bool { return len(l.Path) == 1 && l.Path[0] == name })
}

// Needs is records; see record.Output.
func (o *Output) Needs() record.Needs { return record.Needs{Conns: true, Digests: true} }

// part is a worker's maker of rows.
type part struct {
	o       *Output
	columns *schema.Columns
	rows    rowMaker
	key     rowMaker
	place   []byte
	day     int64
}

// Part is a worker's; see record.Parallel.
func (o *Output) Part() record.Part {
	return &part{o: o, columns: schema.NewColumns(o.o.Records), rows: rowMaker{leaves: o.leaves}}
}

// AppendConn appends the row of a connection, behind the file that it goes to; see record.Part.
func (p *part) AppendConn(b []byte, r *record.Record) []byte {
	p.rows.b, p.place, p.day = p.rows.b[:0], p.place[:0], unknownDay
	p.columns.Each(r, p.take)
	p.rows.end()
	start := int64(0)
	if r.Input != nil {
		start = r.Input.Start
	}
	p.key.b = b
	p.key.number(p.day)
	p.key.number(start)
	p.key.bytes([]byte(p.o.partition(r)))
	p.key.bytes(p.place)
	p.key.bytes(p.rows.b)
	return p.key.b
}

// partition is the place in the names of files.
func (o *Output) partition(r *record.Record) string {
	if o.o.Partition == nil {
		return Unnamed
	}
	return o.o.Partition(r)
}

// take takes a value of the row, or of what its file is named after.
func (p *part) take(leaf, nth int, v schema.Value) {
	switch place, start := p.o.at[0], p.o.at[1]; {
	case leaf == place:
		p.place = valid(v.AppendText(p.place))
		return
	case leaf == start:
		p.day = dayOf(v.Number())
		fallthrough
	default:
		if leaf > place {
			leaf--
		}
		p.rows.take(leaf, nth, v)
	}
}

// AppendEvent appends nothing; see record.Part.
func (p *part) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// begin begins the run, whose first packet came at a time.
func (o *Output) begin(start int64, partition string) (err error) {
	if o.run != "" {
		return nil
	}
	o.start, o.first = cmp.Or(o.o.Start, start), partition
	o.run = cmp.Or(o.o.Run, runOf(o.o.Read, o.start))
	if o.stats, err = o.beginTable(Stats); err == nil && o.later == nil { // no live capture is made again
		o.was = partsIn(o.to, o.nameOf(Stats))
	}
	return err
}

// beginTable begins the run's file in a table that has one.
func (o *Output) beginTable(table string) (store.File, error) {
	return o.sending.begin(o.to, o.nameOf(table), func() uint64 { return 0 })
}

// nameOf is the name of the run's file in a table that has one.
func (o *Output) nameOf(table string) string {
	return Name{Table: table, Place: o.first, Date: dateOf(o.start), Run: o.run}.String()
}

// noted remembers that something failed: then the run did not come to its end.
func (o *Output) noted(err error) error {
	o.failed = o.failed || err != nil
	return err
}

// Report ends the files of connections, and writes findings, sums and stats; see report.Reporter.
func (o *Output) Report(h *report.Headline, s *report.Summary) error {
	switch {
	case o.failed:
		return nil
	case o.halted:
		return o.noted(errHalted)
	}
	return o.noted(o.report(h, s))
}

// errHalted is that a run over files did not come to their end.
var errHalted = errors.New("the run ended before its input did: it is no run of the archive; run it again")

// Halted tells that files were not read to their end: what was written of them is no run.
func (o *Output) Halted() { o.halted = true }

func (o *Output) report(h *report.Headline, s *report.Summary) error {
	if err := o.begin(cmp.Or(h.First.V, h.Start), o.partition(nil)); err != nil {
		return err
	}
	if o.rows == 0 { // a table without rows has columns all the same
		day := int64(unknownDay)
		if o.start != 0 {
			day = dayOf(o.start)
		}
		if _, err := o.writingOf(day, 0, []byte(o.first), nil); err != nil {
			return err
		}
	}
	before := o.Unsent()
	if err := o.endAll(); err != nil {
		return err
	}
	o.settle()
	o.parts = slices.DeleteFunc(o.parts, func(p Part) bool { return o.isGone(p.Name) })
	all := *h
	all.Unsent += o.Unsent() - before
	h = &all
	line, err := report.StatsJSON(h, s)
	if err != nil {
		return err
	}
	about := [][2]string{{schemaKey, strconv.Itoa(schema.Version)}, {runKey, o.run}}
	rows := report.FindingRows()
	findings, err := o.beginTable(Findings)
	if err == nil {
		err = o.table(findings, Findings, findingsName, rows, about, func(m *rowMaker) {
			for _, f := range s.Findings(h) {
				rows.Finding(&f, m.take)
				m.end()
			}
		})
	}
	if err == nil {
		err = o.fold(s, h, line)
	}
	if err == nil && o.later == nil {
		err = o.removeOld()
	}
	if err != nil {
		return err
	}
	o.settle()
	slices.SortFunc(o.parts, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	parts, err := json.Marshal(o.parts)
	if err != nil {
		return err
	}
	rows = report.StatsRows()
	stats := o.stats
	o.stats = nil
	defer o.settle()
	return o.table(stats, Stats, statsName, rows, append(about, [2]string{statsKey, string(line)}, [2]string{partsKey, string(parts)}), func(m *rowMaker) {
		rows.Stats(h, s, m.take)
		m.end()
	})
}

// table writes a file of the rows that each makes.
func (o *Output) table(f store.File, table, called string, rows *report.Rows, about [][2]string, each func(m *rowMaker)) error {
	m := rowMaker{leaves: rows.Leaves()}
	each(&m)
	name := o.nameOf(table)
	t := newTable(f, called, o.o.Version, m.leaves, o.memory)
	err := t.add(m.b)
	if err == nil {
		err = t.close(about)
	}
	if err != nil {
		f.Undo()
		return fmt.Errorf("%s: %w", name, err)
	}
	return whole(f, name)
}

// fold writes the sums, with the stats line beside which they stand.
func (o *Output) fold(s *report.Summary, h *report.Headline, line []byte) error {
	b := s.AppendFold(nil, h, line)
	name := o.nameOf(Folds)
	f, err := o.beginTable(Folds)
	if err != nil {
		return err
	}
	if _, err := bytes.NewReader(b).WriteTo(f); err != nil {
		f.Undo()
		return fmt.Errorf("%s: %w", name, err)
	}
	return whole(f, name)
}

// Told says what was not sent.
func (o *Output) Told() []string { return o.told(o.o.Called) }

// Finish ends the Output; see record.Output. What is not whole is taken back where the run did not come
// to its report.
func (o *Output) Finish() error {
	for _, w := range o.writing {
		w.file.Undo()
	}
	o.writing = nil
	o.aside.close()
	if o.stats != nil {
		o.stats.Undo()
		o.stats = nil
	}
	return nil
}
