package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"tcpwatch/tracker/diagnose"
	"time"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
)

func timeWaitTable() Table {
	return Table{
		Name: "timewait",
		Doc:  "who holds TIME-WAIT, how many, until when",
		Manual: "Who holds TIME-WAIT and towards which destination: how many now and at the peak, when\n" +
			"they end, and which share of the ports they take.",
		Sorts: []string{"peak", "now", "entered", "reused", "holder"},
		sums:  newTimeWaits,
		write: writeTimeWaits,
	}
}

// defaultTwoMSL is used where the headline names no MSL: Linux's 60 s.
const defaultTwoMSL = 60 * oneSecond

// holdingRow is a row of the TIME-WAIT report with its peak.
type holdingRow struct {
	held
	*holding
	peak uint64
	at   int64 // second since 1970
	lack fold.Lack
}

func (t *timeWaits) list(key string) []holdingRow {
	rows := make([]holdingRow, 0, t.rows.Len())
	for k, h := range t.rows.All() {
		n, at := h.pop.Peak()
		rows = append(rows, holdingRow{k, h, max(n, h.now), at, t.rows.Lacks(k)}) // the peak is told to a second: what leaves in that one is not in it
	}
	slices.SortFunc(rows, func(a, b holdingRow) int {
		holder := cmp.Or(compareEndpoints(a.Holder, b.Holder), compareEndpoints(a.Dest, b.Dest))
		var first int
		switch key {
		case "now":
			first = cmp.Compare(b.now, a.now)
		case "entered":
			first = cmp.Compare(b.total(), a.total())
		case "reused":
			first = cmp.Compare(b.reused, a.reused)
		case "holder":
			first = holder
		default:
			first = cmp.Compare(b.peak, a.peak)
		}
		return cmp.Or(first, holder)
	})
	return rows
}

func writeTimeWaits(p *page, s *Summary, h *Headline, o TableOptions) error {
	t := sumsOf[*timeWaits](s)
	if t.all.total() == 0 {
		p.absent("TIME-WAIT")
		return nil
	}
	n, at := t.all.pop.Peak()
	text := fmt.Sprintf("%s entered, %s held %s", say.Thousands(t.all.total()), say.Thousands(t.all.now), p.atLast())
	if n > 0 {
		text += fmt.Sprintf(", at most %s at once (%s %s)", say.Thousands(n), p.clockIn(h, at*oneSecond), p.Zone(at*oneSecond))
	}
	if t.all.untimed > 0 {
		text += fmt.Sprintf(", %s at unknown times", say.Thousands(t.all.untimed))
	}
	if t.all.reused > 0 {
		text += fmt.Sprintf(", %s ended early by reuse", say.Thousands(t.all.reused))
	}
	if t.all.reset > 0 {
		text += fmt.Sprintf(", %s by RST", say.Thousands(t.all.reset))
	}
	if t.all.restarts > 0 {
		text += fmt.Sprintf(", 2MSL restarted %s", say.Plural(t.all.restarts, "time"))
	}
	twoMSL := cmp.Or(2*h.MSL, defaultTwoMSL)
	if p.brief {
		text += fmt.Sprintf("; 2MSL = %s (--msl)", p.Span(twoMSL))
	}
	p.title("TIME-WAIT", text+".")
	p.advise("", fmt.Sprintf("Counted with 2MSL = %s (RFC 9293: 4 min; Linux: 60 s%s).", p.Span(twoMSL), p.hint("; --msl sets it")))
	rows := t.list(o.Sort)
	shown := rows[:min(len(rows), o.rowsOf(defaultTop))]
	g := table.Table{Columns: []table.Column{{Title: "holder -> destination", Left: true}, {Title: "now"}, {Title: "peak"}, {Title: "peak at", Narrow: table.GoesToNote},
		{Title: "entered"}, {Title: "entered/s", Quiet: true, Narrow: table.GoesToNote}, {Title: "reused", Quiet: true}, {Title: "ends in", Quiet: true},
		{Title: "ports", Quiet: true}, {Title: "for example", Left: true, Narrow: table.GoesToNote}}}
	if p.brief {
		for i := range g.Columns {
			if g.Columns[i].Narrow == table.GoesToNote {
				g.Columns[i].Narrow = table.GoesAway
			}
		}
	}
	for _, r := range shown {
		g.Rows = append(g.Rows, p.holdingRow(&r, h, o.Ports))
	}
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), uint64(len(rows)), "row")
	p.lostRows(t.rows.Rest().total(), "TIME-WAIT", "holders", uint64(t.rows.Limit()))
	if !p.brief {
		p.timeWaitAdvice(rows, o.Ports, twoMSL)
	}
	p.population(t, h)
	return nil
}

// clockIn is a time of day, with the date when the input is longer than a day.
func (p *page) clockIn(h *Headline, ns int64) string {
	if h.Span() > int64(24*time.Hour) || h.Clock.Steps > 0 {
		return p.Day(ns) + " " + p.TimeOfDay(ns)
	}
	return p.TimeOfDay(ns)
}

func (p *page) holdingRow(r *holdingRow, h *Headline, ports int) table.Row {
	key, share := r.Holder.Addr.String()+sentence.Arrow+r.Dest.String(), "< 0.1 %"
	if r.peak*1000 >= uint64(ports) {
		share = fmt.Sprintf("%.1f %%", 100*float64(r.peak)/float64(ports))
	}
	if r.Server {
		key, share = r.Holder.String()+" (server, any client)", "-"
	}
	peak, at := say.Thousands(r.peak), p.clockIn(h, r.at*oneSecond)
	if r.n == 0 {
		peak, at, share = "-", "-", "-"
	}
	return table.Row{Cells: []string{key, say.Thousands(r.now), peak, at, say.Thousands(r.total()),
		r.perSecond(), say.Thousands(r.reused), p.releases(r.holding), share, r.ids.String()}, Notes: lackNotes(r.lack)}
}

// releases is when the first and the last of those still held end.
func (p *page) releases(h *holding) string {
	if h.now == 0 || !h.releases.Some {
		return ""
	}
	first, last := p.Span(h.releases.Least-p.end), p.Span(h.releases.Most-p.end)
	if first == last {
		return last
	}
	// 46.3-46.7 s, but 800 ms - 1.2 s.
	a, unitA, _ := strings.Cut(first, " ")
	b, unitB, _ := strings.Cut(last, " ")
	if unitA == unitB && !strings.Contains(unitA, " ") {
		return a + "-" + b + " " + unitA
	}
	return first + " - " + last
}

// perSecond is the rate over the time in which entries came, at least a
// second; empty for a single one, and where they are seldom.
func (h *holding) perSecond() string {
	rate := float64(h.n) / (float64(max(h.entries.Most-h.entries.Least, oneSecond)) / 1e9)
	if h.n < 2 || h.untimed > 0 || rate < 0.1 {
		return ""
	}
	if rate >= 100 {
		return say.Thousands(uint64(rate + 0.5))
	}
	return say.Digits(rate, 1)
}

// timeWaitAdvice explains what the rows cost, and what to do.
func (p *page) timeWaitAdvice(rows []holdingRow, ports int, twoMSL int64) {
	var server, client bool
	var worst *holdingRow
	for i := range rows {
		r := &rows[i]
		if r.Server {
			server = true
			continue
		}
		client = true
		if worst == nil || r.peak > worst.peak {
			worst = r
		}
	}
	if client {
		from := ""
		if ports == linuxPorts {
			from = " of Linux's default range"
		}
		p.note(0, "", fmt.Sprintf("Ports: the share of the %s ports%s that TIME-WAIT holds at the peak. A client needs one port for each connection to a destination: %s new connections a second use all of them up.",
			say.Thousands(uint64(ports)), from, say.Thousands(uint64(int64(ports)*oneSecond/twoMSL))))
	}
	if worst != nil && worst.peak*2 >= uint64(ports) {
		p.note(0, say.Red, fmt.Sprintf("%s is running out of ports towards %s. Keep connections open, let the server close first, use more addresses, a wider ip_local_port_range, or tcp_tw_reuse.",
			worst.Holder.Addr, worst.Dest))
	}
	if server {
		p.note(0, "", "On a server, TIME-WAIT costs memory, not ports. The end that closes first holds it.")
	}
}

// population draws how many were held, over time.
func (p *page) population(t *timeWaits, h *Headline) {
	from, to := fold.Second(t.all.entries.Least), fold.Second(p.end)
	if to <= from || t.all.n == 0 {
		return
	}
	width := min(60, p.Width-2, int(to-from+1))
	n, _ := t.all.pop.Peak()
	marks := sparkline(t.all.pop.Sample(from, to, width), p.ASCII)
	if p.brief {
		if n > 1 {
			p.note(0, "", "Held over time: "+marks)
		}
		return
	}
	p.b.WriteByte('\n')
	p.note(0, say.Bold, fmt.Sprintf("Held over time, all holders, %s to %s %s, at most %s", p.clockIn(h, t.all.entries.Least), p.clockIn(h, p.end), p.Zone(p.end), say.Thousands(n)))
	since := p.b.Len()
	p.b.WriteString("  " + marks + "\n")
	p.drawn(since)
	if w := t.all.pop.Width(); w > 1 {
		p.note(0, say.Faint, fmt.Sprintf("Counted in steps of %d s.", w))
	}
}

// Holder is how many TIME-WAITs a client holds towards one destination, each with one of its
// ports.
type Holder struct {
	diagnose.Holding
	Ports int64   // that it chooses from
	Slope float64 // how many more entered than left in a second of late
	Level int64   // how many it holds when it levels off, should it go on growing so
}

// Holders are the clients that hold the most ports in TIME-WAIT, n at most.
func (s *Summary) Holders(h *Headline, n int) []Holder {
	c := s.context(h)
	var all []Holder
	for _, x := range c.TimeWaits {
		if x.Holder.Port != 0 || x.Now == 0 {
			continue
		}
		y := Holder{Holding: x}
		y.Ports, _ = c.PortsOf(&x, s.opt.Thresholds.Ports())
		y.Slope, y.Level = c.Forecast(&x)
		all = append(all, y)
	}
	slices.SortFunc(all, func(a, b Holder) int {
		return cmp.Or(cmp.Compare(b.Now, a.Now), compareEndpoints(a.Holding.Holder, b.Holding.Holder), compareEndpoints(a.Dest, b.Dest))
	})
	return all[:min(len(all), n)]
}
