package report

import (
	"cmp"
	"io"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Here is what a screen shows of a Summary besides its tables: parts of them, chosen and laid
// out by whoever draws.

// Listener is how opening goes at one server.
type Listener struct {
	capture.Endpoint
	Done    uint64 // handshakes that were completed
	Failed  uint64
	Opening uint64 // attempts that may yet succeed
	Again   uint64 // SYNs and SYN/ACKs that were retransmitted
	Felt    int64  // the 99th percentile of the felt time, ns; 0 where none is known
}

// WorstListeners are the servers at which opening goes worst, n at most: where most failed or is
// retransmitted, then where most is opened.
func (s *Summary) WorstListeners(n int) []Listener {
	var all []Listener
	for _, r := range sumsOf[*handshakes](s).listeners("") {
		x := Listener{Endpoint: capture.Endpoint(r.listener), Done: r.opened.n, Failed: r.failed.total(), Opening: r.failed.n[stillOpening],
			Again: r.opened.synAgain + r.opened.synACKAgain + r.failed.synAgain + r.failed.synACKAgain}
		if r.opened.felt.N() > 0 {
			x.Felt = r.opened.felt.Quantile(99)
		}
		all = append(all, x)
	}
	slices.SortStableFunc(all, func(a, b Listener) int {
		return cmp.Or(cmp.Compare(b.Failed+b.Again, a.Failed+a.Again), cmp.Compare(b.Done+b.Opening, a.Done+a.Opening))
	})
	return all[:min(len(all), n)]
}

// Holder is how many TIME-WAITs a client holds towards one destination, each with one of its
// ports.
type Holder struct {
	diagnose.Holding
	Ports int64   // that it chooses from
	Slope float64 // how many more entered than left in a second of late
}

// Holders are the clients that hold the most ports in TIME-WAIT, n at most.
func (s *Summary) Holders(h *Headline, n int) []Holder {
	c := s.context(h)
	var all []Holder
	for _, x := range c.TimeWaits {
		if x.Holder.Port != 0 || x.Now == 0 {
			continue
		}
		ports := s.opt.Thresholds.Ports()
		if own := h.Ports.Len(); own > 0 && h.Local != nil && h.Local(x.Holder.Addr) {
			ports = own
		}
		span := min(diagnose.GrowthSpan(cmp.Or(2*h.MSL, defaultTwoMSL)), c.End-c.Start)
		y := Holder{Holding: x, Ports: ports}
		if span >= 10*oneSecond {
			y.Slope = max(float64(x.Grew)*float64(oneSecond)/float64(span), 0)
		}
		all = append(all, y)
	}
	slices.SortFunc(all, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(b.Now, a.Now), compareEndpoints(a.Holding.Holder, b.Holding.Holder), compareEndpoints(a.Dest, b.Dest))
	})
	return all[:min(len(all), n)]
}

// WriteTable prints one table alone, without the headline: what stands under its name in
// WriteTables. Of sums that lack it nothing is printed.
func WriteTable(w io.Writer, name string, s *Summary, h *Headline, o TableOptions) error {
	o.Reports = []string{name}
	if o.Ports <= 0 {
		o.Ports = int(s.opt.Thresholds.Ports())
	}
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

// WriteFinding prints a finding as the table of findings does, with its reasons.
func WriteFinding(w io.Writer, f *diagnose.Finding, s *Summary, h *Headline, o TableOptions) error {
	p := newPage(o, s, h)
	p.finding(f)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// Cells reads some fields of records as tables show them. It is not safe for concurrent use.
type Cells struct {
	reader *schema.ColumnReader
	cells  []string
	page   page
}

// NewCells returns Cells of the fields with these names; the error says in a line which is none.
func NewCells(names []string, o TableOptions) (*Cells, error) {
	c := &Cells{}
	c.page.ASCII, c.page.Clock = o.ASCII, o.Clock
	var columns []schema.Column
	for _, name := range names {
		f, err := schema.Lookup(name)
		if err != nil {
			return nil, err
		}
		columns = append(columns, schema.Column{Name: name, Take: func(v schema.Value) { c.cells = append(c.cells, c.page.valueCell(&f, v)) }})
	}
	c.reader = schema.NewColumnReader(o.Records, columns)
	return c, nil
}

// Of are the cells of a record, one for each name; "-" where a field is absent.
func (c *Cells) Of(r *record.Record) []string {
	c.cells = make([]string, 0, cap(c.cells))
	c.reader.Read(r)
	return c.cells
}
