package parquet

import (
	"cmp"
	"io"
	"strconv"

	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Names of the files, in the order in which New takes them.
const (
	Connections = "connections.parquet"
	Findings    = "findings.parquet"
	Stats       = "stats.parquet"
)

// What the tables in them are called.
const (
	connectionsName = "connections"
	findingsName    = "findings"
	statsName       = "stats"
)

// Keys of what the file of connections says of itself besides.
const (
	schemaKey = "tcpwatch.schema" // schema.Version
	statsKey  = "tcpwatch.stats"  // the stats line of JSON Lines
)

// File is a file that is written whole or not at all.
type File interface {
	io.Writer
	// Whole says that all of it was written.
	Whole()
}

// Output is the Output of three files: of connections, of findings, and of what is known of the run.
type Output struct {
	record.Base
	files   [3]File
	records schema.Options
	conns   *table
	others  [2]*table
	about   [][2]string // what the files say of themselves; nil before Report
	failed  bool
}

// Options are those of an Output.
type Options struct {
	Records schema.Options // how records are read
	Version string         // of the program
	Memory  int64          // what may be held, about, in bytes: MostHeld at most; that where 0
}

// New returns an Output to files with the names above.
func New(files [3]File, o Options) *Output {
	memory := cmp.Or(o.Memory, MostHeld)
	return &Output{files: files, records: o.Records, conns: newTable(files[0], connectionsName, o.Version, schema.Leaves(), memory),
		others: [2]*table{newTable(files[1], findingsName, o.Version, report.FindingRows().Leaves(), memory),
			newTable(files[2], statsName, o.Version, report.StatsRows().Leaves(), memory)}}
}

// Needs is records; see record.Output.
func (o *Output) Needs() record.Needs { return record.Needs{Conns: true, Digests: true} }

// part is a worker's maker of rows.
type part struct {
	columns *schema.Columns
	rows    rowMaker
}

// Part is a worker's; see record.Parallel.
func (o *Output) Part() record.Part {
	return &part{schema.NewColumns(o.records), rowMaker{leaves: schema.Leaves()}}
}

// AppendConn appends the row of a connection; see record.Part.
func (p *part) AppendConn(b []byte, r *record.Record) []byte {
	p.rows.b = b
	p.columns.Each(r, p.rows.take)
	p.rows.end()
	return p.rows.b
}

// AppendEvent appends nothing; see record.Part.
func (p *part) AppendEvent(b []byte, _ *record.Event) []byte { return b }

// Lines takes rows that Parts made; see record.Parallel.
func (o *Output) Lines(b []byte) error { return o.noted(o.conns.add(b)) }

// noted remembers that something failed: then no file is whole.
func (o *Output) noted(err error) error {
	o.failed = o.failed || err != nil
	return err
}

// Report writes findings and stats; see report.Reporter.
func (o *Output) Report(h *report.Headline, s *report.Summary) error {
	line, err := report.StatsJSON(h, s)
	if err != nil {
		return o.noted(err)
	}
	o.about = [][2]string{{schemaKey, strconv.Itoa(schema.Version)}, {statsKey, string(line)}}
	findings, stats := report.FindingRows(), report.StatsRows()
	rows := rowMaker{leaves: findings.Leaves()}
	for _, f := range s.Findings(h) {
		findings.Finding(&f, rows.take)
		rows.end()
	}
	if err := o.others[0].add(rows.b); err != nil {
		return o.noted(err)
	}
	rows = rowMaker{leaves: stats.Leaves()}
	stats.Stats(h, s, rows.take)
	rows.end()
	return o.noted(o.others[1].add(rows.b))
}

// Finish ends the files; see record.Output. They are whole when the run came to its end and nothing
// failed.
func (o *Output) Finish() error {
	if o.failed || o.about == nil {
		return nil
	}
	for _, t := range []*table{o.conns, o.others[0], o.others[1]} {
		if err := t.close(o.about); err != nil {
			return o.noted(err)
		}
	}
	for _, f := range o.files {
		f.Whole()
	}
	return nil
}
