package report

import "io"

// TableOptions choose what WriteTables prints, and how.
type TableOptions struct {
	Width   int      // columns of the terminal; 0 when the output is none
	Color   bool     // ANSI colours
	ASCII   bool     // no character outside ASCII
	Reports []string // of ReportNames; empty means the default ones
	Top     int      // rows of a table at most; 0 means 10
	Sort    string   // a sort key of the reports asked for; "" for each report's own
	Numeric bool     // addresses and ports are not named
}

// ReportNames lists the reports that TableOptions.Reports may ask for.
func ReportNames() []string {
	return []string{"handshakes", "closes", "timewait", "keepalive", "connections"}
}

// Validate tells in one line what is wrong with o's reports or sort key.
func (o TableOptions) Validate() error { return nil }

// WriteTables prints the headline and the reports that o asks for.
func WriteTables(w io.Writer, s *Summary, h *Headline, o TableOptions) error { return o.Validate() }
