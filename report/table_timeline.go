package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
)

func timelineTable() Table {
	return Table{
		Name: "timeline",
		Doc:  "opens, failures, resets, retransmissions and bytes over time",
		Manual: "What happened when, in at most 60 steps of a second, a minute, an hour or a span between\n" +
			"these: connections that began, attempts that failed, connections that a RST ended, data\n" +
			"segments retransmitted, and bytes of payload, each at the time when it happened.\n" +
			"Three steps or more in which nothing happened are one line.\n" +
			"With --where files are read twice.",
		Sorts:    []string{"time", "opens", "failed", "resets", "retx", "bytes"},
		OnDemand: true,
		sums:     newTimeline,
		write:    writeTimeline,
	}
}

const (
	mostSteps = 60 // rows, and marks of a line
	// besideMarks are the columns that the name of a line and its greatest value take.
	besideMarks = 34
)

// shownWidths are how many seconds a row may last, where it can be made of whole steps.
var shownWidths = [...]int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000,
	1728000, 4320000, 8640000, 17280000, 43200000, 86400000, 864000000, 8640000000}

// beatColumn is a column: the sum of some beats, one after the other.
type beatColumn struct {
	name     string
	from, to beat
}

// beatColumns are all columns.
var beatColumns = [...]beatColumn{{"opens", beatOpens, beatFailed}, {"failed", beatFailed, beatResets}, {"resets", beatResets, beatRepeats},
	{"retx", beatRepeats, beatBytes}, {"bytes", beatBytes, beatTrips}}

// beatRow is a step as it is shown.
type beatRow struct {
	from int64 // seconds since 1970
	n    [nBeats]uint64
	trip int64 // see step
}

// in is what a row has in a column.
func (r *beatRow) in(c *beatColumn) (sum uint64) {
	for _, n := range r.n[c.from:c.to] {
		sum += n
	}
	return sum
}

// span is the first and the last second of the steps and of the input.
func (t *timeline) span(h *Headline) (from, to int64) {
	least := stepWidths[t.steps.width]
	from, to = t.steps.all[0].At*least, (t.steps.all[len(t.steps.all)-1].At+1)*least-1
	if h.Start != 0 {
		from, to = min(from, fold.Second(h.Start)), max(to, fold.Second(h.End))
	}
	return from, to
}

// idle reports whether there is nothing in any column.
func (r *beatRow) idle() bool {
	for _, n := range r.n[:beatTrips] {
		if n > 0 {
			return false
		}
	}
	return true
}

// rows are the steps from one second to another, both included, in at most most rows of
// equal width.
func (t *timeline) rows(from, to int64, most int) (width int64, rows []beatRow) {
	least := stepWidths[t.steps.width]
	width = shownWidths[len(shownWidths)-1]
	for _, w := range shownWidths {
		if w >= least && w%least == 0 && floored(to, w)-floored(from, w) < int64(most) {
			width = w
			break
		}
	}
	first := floored(from, width)
	for at := first; at <= floored(to, width); at++ {
		rows = append(rows, beatRow{from: at * width})
	}
	for i := range t.steps.all {
		p := &t.steps.all[i]
		row := &rows[floored(p.At*least, width)-first]
		for k := range p.N {
			row.n[k] += p.N[k]
		}
		row.trip = max(row.trip, p.Trip)
	}
	return width, rows
}

// known tells that bytes and repeats are: somebody told of segments, or there were none.
func (t *timeline) known() bool { return t.told > 0 || t.carried == 0 }

func writeTimeline(p *page, s *Summary, h *Headline, o TableOptions) error {
	t := s.timeline
	if len(t.steps.all) == 0 {
		p.absent("times of connections")
		return nil
	}
	from, to := t.span(h)
	most := min(mostSteps, p.Width-besideMarks)
	byTime := o.Sort == "" || o.Sort == "time"
	if byTime && o.Top > 0 {
		most = min(most, o.Top)
	}
	width, rows := t.rows(from, to, most)
	p.title("Timeline", fmt.Sprintf("steps of %s from %s.", p.Span(width*oneSecond), p.Date(rows[0].from*oneSecond)))
	p.beatLines(t, rows)
	for i := range beatColumns {
		if c := &beatColumns[i]; c.name == o.Sort {
			slices.SortStableFunc(rows, func(a, b beatRow) int { return cmp.Compare(b.in(c), a.in(c)) })
		}
	}
	shown := rows[:min(len(rows), o.rowsOf(len(rows)))]
	g := table.Table{Columns: []table.Column{{Title: "from", Left: true}}}
	for _, c := range beatColumns {
		g.Columns = append(g.Columns, table.Column{Title: c.name})
	}
	g.Columns = append(g.Columns, table.Column{Title: "rate", Narrow: table.GoesAway})
	for i := 0; i < len(shown); i++ {
		r := &shown[i]
		if n := idleRun(shown[i:]); byTime && t.known() && i > 0 && n >= leastIdle {
			last := &g.Rows[len(g.Rows)-1]
			last.Notes = append(last.Notes, table.Note{Style: say.Faint, Text: "then idle for " + p.Span(int64(n)*width*oneSecond)})
			i += n - 1
			continue
		}
		cells := []string{p.clockIn(h, r.from*oneSecond)}
		for k := range beatColumns {
			cells = append(cells, t.beatWords(&beatColumns[k], r.in(&beatColumns[k])))
		}
		rate := "-"
		if t.known() {
			rate = say.Rate(uint64(float64(r.n[beatBytes])*8/float64(width) + 0.5))
		}
		g.Rows = append(g.Rows, table.Row{Cells: append(cells, rate)})
	}
	p.b.WriteByte('\n')
	if err := p.table(&g); err != nil {
		return err
	}
	p.more(len(shown), uint64(len(rows)), "step")
	p.note(0, "", "Opens: connections that began with a SYN; failed: attempts, when they failed; resets: connections that a RST ended; retx: data segments retransmitted; bytes: payload, retransmissions included.")
	if t.untimed > 0 {
		p.note(0, say.Yellow, say.Plural(t.untimed, "connection")+" with untimed packets left out.")
	}
	return nil
}

// leastIdle is how many steps without anything are told as one.
const leastIdle = 3

// idleRun is how many steps without anything rows begin with.
func idleRun(rows []beatRow) int {
	if i := slices.IndexFunc(rows, func(r beatRow) bool { return !r.idle() }); i >= 0 {
		return i
	}
	return len(rows)
}

// beatWords is a count, "-" where it is not known.
func (t *timeline) beatWords(c *beatColumn, n uint64) string {
	if c.from >= beatRepeats && !t.known() {
		return "-"
	}
	return say.Thousands(n)
}

// beatLines draws a line for each column that has something, with its greatest value.
func (p *page) beatLines(t *timeline, rows []beatRow) {
	since := p.b.Len()
	defer func() { p.drawn(since) }()
	for k := range beatColumns {
		c := &beatColumns[k]
		values := make([]uint64, len(rows))
		for i := range rows {
			values[i] = rows[i].in(c)
		}
		if most := slices.Max(values); most > 0 {
			p.b.WriteString(p.Paint(say.Bold, c.name) + strings.Repeat(" ", 9-len(c.name)) + sparkline(values, p.ASCII) + "  at most " + t.beatWords(c, most) + "\n")
		}
	}
}
