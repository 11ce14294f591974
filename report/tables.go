package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwatch/internal/say"
)

// TableOptions choose what WriteTables prints, and how.
type TableOptions struct {
	Width   int      // columns of the terminal; 0 when the output is none: 120
	Color   bool     // ANSI colours
	ASCII   bool     // no character outside ASCII; see UTF8Locale
	Reports []string // of ReportNames; empty means all but connections
	Top     int      // rows of a table at most; 0 means 10, for connections all that are kept
	Sort    string   // a sort key of one of the reports; "" for each report's own
	Numeric bool     // as -n: nothing is named. Names are never looked up in any case
	Ports   int      // ports that a client can choose from; 0 means Linux's default, 28,232
}

const (
	defaultTop = 10
	// linuxPorts is the size of Linux's default ip_local_port_range, 32768 to 60999.
	linuxPorts = 28232
)

// tableReport is one report: a value in the list of reports.
type tableReport struct {
	name     string
	doc      string
	sorts    []string // the first is the default
	onDemand bool     // only when asked for
	write    func(p *page, s *Summary, h *Headline, o TableOptions) error
}

// reports is the list of all reports, in the order in which they are printed.
func reports() []tableReport {
	return []tableReport{
		{"findings", "what is wrong, how sure that is, and what to do", findingSorts(), false, writeFindings},
		{"handshakes", "how long handshakes take, and why they fail", handshakeSorts(), false, writeHandshakes},
		{"closes", "which connections did not close properly, and at which step", closeSorts(), false, writeCloses},
		{"timewait", "who holds TIME-WAIT, how many, until when", timeWaitSorts(), false, writeTimeWaits},
		{"keepalive", "who sends keepalive probes, and whether they are answered", keepaliveSorts(), false, writeKeepalives},
		{"connections", "a line for each connection", connectionSorts(), true, writeConnections},
	}
}

// ReportNames lists the reports that TableOptions.Reports may ask for.
func ReportNames() []string {
	var names []string
	for _, r := range reports() {
		names = append(names, r.name)
	}
	return names
}

// SortKeys lists the sort keys of a report, its default first; nil for an
// unknown report.
func SortKeys(report string) []string {
	for _, r := range reports() {
		if r.name == report {
			return r.sorts
		}
	}
	return nil
}

// Validate tells in one line what is wrong with the reports or the sort key.
func (o TableOptions) Validate() error {
	_, err := o.chosen()
	return err
}

// chosen returns the reports that o asks for, in the order of the list.
func (o TableOptions) chosen() ([]tableReport, error) {
	for _, name := range o.Reports {
		if SortKeys(name) == nil {
			return nil, fmt.Errorf("unknown report %q; known are %s", name, strings.Join(ReportNames(), ", "))
		}
	}
	var chosen []tableReport
	var keys []string
	for _, r := range reports() {
		if slices.Contains(o.Reports, r.name) || len(o.Reports) == 0 && !r.onDemand {
			chosen = append(chosen, r)
			keys = append(keys, r.name+": "+strings.Join(r.sorts, ", "))
		}
	}
	if o.Sort == "" {
		return chosen, nil
	}
	for _, r := range chosen {
		if slices.Contains(r.sorts, o.Sort) {
			return chosen, nil
		}
	}
	for _, r := range reports() {
		if slices.Contains(r.sorts, o.Sort) {
			return nil, fmt.Errorf("sort key %q is for --report %s", o.Sort, r.name)
		}
	}
	return nil, fmt.Errorf("unknown sort key %q; known are %s", o.Sort, strings.Join(keys, "; "))
}

// WriteTables prints the headline and the reports that o asks for. The error
// is Validate's, before anything is written, or the writer's.
func WriteTables(w io.Writer, s *Summary, h *Headline, o TableOptions) error {
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	if o.Ports <= 0 {
		o.Ports = int(s.opt.Thresholds.Ports())
	}
	p := newPage(o, s, h)
	writeHeadline(p, s, h)
	worstFirst(p, p.findings)
	for _, r := range chosen {
		if err := r.write(p, s, h, o); err != nil {
			return err
		}
	}
	p.notSeen()
	_, err = io.WriteString(w, p.b.String())
	return err
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
		p.note(0, say.Faint, fmt.Sprintf("... and %s more; --top shows more.", say.Plural(all-uint64(shown), what)))
	}
}

// UTF8Locale tells whether the locale that the environment names can show
// more than ASCII; getenv is os.Getenv. The first of LC_ALL, LC_CTYPE and LANG
// that is set decides (POSIX, Base Definitions, section 8.2).
func UTF8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
