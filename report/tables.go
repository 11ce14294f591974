package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// TableOptions choose what WriteTables prints, and how.
type TableOptions struct {
	Width   int            // columns of the terminal; 0 when the output is none: 120
	Color   bool           // ANSI colours
	ASCII   bool           // no character outside ASCII; as a locale without UTF-8 asks for
	Reports []string       // of ReportNames, or EveryReport; empty means the brief report, one screen of all but connections
	Top     int            // rows of a table at most; 0 means 10, 5 in the brief report, for connections all that are kept
	Sort    string         // a sort key of one of the reports; "" for each report's own
	Columns []string       // of the connections report: names of fields; none means the usual ones
	Records schema.Options // of the outputs: how those fields are read
	Clock   say.Clock      // by which times are told
	Numeric bool           // as -n: nothing is named. Names are never looked up in any case
	Written string         // the file that keeps the packets of a live capture; "" for none
	Running bool           // packets go on coming: what is open, or held, is so now and not at the end
	Ports   int            // ports that a client can choose from; 0 means Linux's default, 28,232
}

// EveryReport stands for all tables but those OnDemand, which have to be named; each whole.
const EveryReport = "all"

const (
	defaultTop = 10
	// linuxPorts is the size of Linux's default ip_local_port_range, 32768 to 60999.
	linuxPorts = 28232
)

// Table is one table of the report: a value in the list.
type Table struct {
	Name     string
	Doc      string   // what it tells, in a line
	Manual   string   // the same for the manual page, in mdoc; ends without a line's end
	Sorts    []string // keys to sort by; the first is the default
	OnDemand bool     // only when asked for
	// sums makes what the table is written from; nil for one that needs no more
	// than the Summary has anyway.
	sums  func(o SummaryOptions) sums
	write func(p *page, s *Summary, h *Headline, o TableOptions) error
}

// sums are what a table sums up of connections; see Summary.
type sums interface {
	fold.Value
	add(r *record.Record) // keeps nothing of what is borrowed
	narrow(by int)        // divides the limits, for little memory
}

// AllTables lists all tables, in the order in which they are printed. What names them
// elsewhere, --help, the manual page, README.md, is made from this list, or a test
// says what is missing.
func AllTables() []Table {
	return []Table{findingsTable(), handshakesTable(), closesTable(), timeWaitTable(), keepaliveTable(),
		connectionsTable(), transfersTable(), hostsTable(), clientsTable(), timelineTable()}
}

// ReportNames lists the tables that TableOptions.Reports may ask for.
func ReportNames() []string {
	var names []string
	for _, t := range AllTables() {
		names = append(names, t.Name)
	}
	return names
}

// SortKeys lists the sort keys of a table, its default first; nil for an unknown one.
func SortKeys(name string) []string {
	for _, t := range AllTables() {
		if t.Name == name {
			return t.Sorts
		}
	}
	return nil
}

// SetReports sets Reports from a list with commas; "" leaves them.
func (o *TableOptions) SetReports(list string) error {
	if list != "" {
		o.Reports = strings.Split(list, ",")
	}
	return nil
}

// SetColumns sets Columns from a list with commas, around which there may be blanks. Unless
// Reports are set, they become the connections report.
func (o *TableOptions) SetColumns(list string) error {
	o.Columns = strings.Split(list, ",")
	for i, name := range o.Columns {
		o.Columns[i] = strings.TrimSpace(name)
	}
	if len(o.Reports) == 0 {
		o.Reports = []string{"connections"}
	}
	return nil
}

// Keep has a Summary keep what the tables that o asks for are written from.
func (o *TableOptions) Keep(s *SummaryOptions) {
	s.Kept, s.Rows, s.Sort = max(o.Top, defaultKept), -1, o.Sort
	s.OnDemand = append([]string{}, o.Reports...)
	if slices.Contains(o.Reports, "connections") {
		s.Rows = max(o.Top, defaultRows)
	}
}

// Validate tells in one line what is wrong with the reports, the sort key or the rows.
func (o TableOptions) Validate() error {
	if o.Top < 0 {
		return fmt.Errorf("--top %d: rows are counted from 1; 0 means the default", o.Top)
	}
	_, err := o.chosen()
	return err
}

// chosen returns the reports that o asks for, in the order of the list.
func (o TableOptions) chosen() ([]Table, error) {
	for _, name := range o.Reports {
		if SortKeys(name) == nil && name != EveryReport {
			near := ""
			if n := say.Nearest(name, ReportNames()); n != "" {
				near = "near it: " + n + "; "
			}
			return nil, fmt.Errorf("unknown report %q; %sknown are %s, %s", name, near, strings.Join(ReportNames(), ", "), EveryReport)
		}
	}
	var chosen []Table
	for _, r := range AllTables() {
		if slices.Contains(o.Reports, r.Name) || (len(o.Reports) == 0 || slices.Contains(o.Reports, EveryReport)) && !r.OnDemand {
			chosen = append(chosen, r)
		}
	}
	if len(o.Columns) > 0 && !slices.ContainsFunc(chosen, isConnections) {
		return nil, errors.New("--columns is for --report connections")
	}
	for _, name := range o.Columns {
		if _, err := schema.Lookup(name); err != nil {
			return nil, fmt.Errorf("--columns: %w", err)
		}
	}
	return chosen, o.validSort(chosen)
}

// WriteTables prints the headline and the reports that o asks for. The error
// is Validate's, or that s lacks the sums of a report, before anything is written, or the writer's.
func WriteTables(w io.Writer, s *Summary, h *Headline, o TableOptions) error {
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	for i := range chosen {
		if t := &chosen[i]; t.sums != nil && !s.sumsUp(t) {
			return fmt.Errorf("report %q was not summed up: SummaryOptions.OnDemand names those that are", t.Name)
		}
	}
	o = o.withPorts(s)
	p := newPage(o, s, h)
	if p.brief {
		o.Top = cmp.Or(o.Top, briefRows)
		writeBriefHeadline(p, s, h)
	} else {
		writeHeadline(p, s, h)
		worstFirst(p, p.findings)
	}
	for _, r := range chosen {
		if err := r.write(p, s, h, o); err != nil {
			return err
		}
	}
	p.notSeen()
	if p.brief && s.conns > 0 {
		p.briefEnd()
	}
	_, err = io.WriteString(w, p.b.String())
	return err
}

// withPorts is o with the number of ports that findings count with, unless it has its own.
func (o TableOptions) withPorts(s *Summary) TableOptions {
	if o.Ports <= 0 {
		o.Ports = int(s.opt.Thresholds.Ports())
	}
	return o
}

// rowsOf is how many rows o allows.
func (o TableOptions) rowsOf(byDefault int) int {
	if o.Top > 0 {
		return o.Top
	}
	return byDefault
}

// more says how many rows are not shown.
func (p *page) more(shown int, all uint64, what string) {
	if all > uint64(shown) {
		p.note(0, say.Faint, "... and "+say.Plural(all-uint64(shown), what)+" more"+p.hint("; --top shows more")+".")
	}
}

// WriteTable prints one table alone, without the headline: what stands under its name in
// WriteTables. Of sums that lack it nothing is printed.
func WriteTable(w io.Writer, name string, s *Summary, h *Headline, o TableOptions) error {
	o.Reports = []string{name}
	o = o.withPorts(s)
	p := newPage(o, s, h)
	for _, t := range AllTables() {
		if t.Name != name || t.sums != nil && !s.sumsUp(&t) {
			continue
		}
		if err := t.write(p, s, h, o); err != nil {
			return err
		}
	}
	p.notSeen()
	_, err := io.WriteString(w, p.b.String())
	return err
}
