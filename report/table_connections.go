package report

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

func connectionsTable() Table {
	return Table{
		Name:     "connections",
		Doc:      "a line for each connection",
		Manual:   "A line for each connection.\n.Fl -columns\nchooses its columns.",
		Sorts:    []string{"id", "start", "end", "duration", "bytes", "packets", "felt"},
		OnDemand: true,
		write:    writeConnections,
	}
}

func writeConnections(p *page, s *Summary, _ *Headline, o TableOptions) error {
	if s.conns == 0 {
		p.absent("connections")
		return nil
	}
	rows := s.rows.Sorted()
	key := o.Sort
	if order, err := connectionOrder(key, o.Records); err == nil {
		slices.SortFunc(rows, order)
	} else {
		key = s.opt.Sort
	}
	p.title("Connections", say.Thousands(s.conns)+".")
	shown := rows[:min(len(rows), o.rowsOf(len(rows)))]
	g, err := p.columnsOf(shown, o)
	if err != nil {
		return err
	}
	if len(o.Columns) == 0 {
		g = p.usualColumns(shown)
	}
	if len(shown) > 0 {
		if err := p.table(&g); err != nil {
			return err
		}
	}
	if len(o.Columns) == 0 && slices.ContainsFunc(shown, func(r *record.Record) bool {
		return sentence.Supposed(r, record.Orig) || sentence.Supposed(r, record.Resp)
	}) {
		p.note(0, say.Faint, "In parentheses: an expected state; nothing that this end sent proves it.")
	}
	p.more(len(shown), s.conns, "connection")
	if lost := s.conns - uint64(len(rows)); lost > 0 {
		p.note(0, say.Yellow, fmt.Sprintf("Only the first %s by %s are kept%s.", say.Thousands(uint64(len(rows))), key, p.hint("; -o jsonl writes all")))
	}
	return nil
}

// usualColumns is the table of connections with the columns of a report that chooses none.
func (p *page) usualColumns(shown []*record.Record) table.Table {
	g := table.Table{Columns: []table.Column{{Title: "connection", Left: true}, {Title: "duration"}, {Title: "sent", Narrow: table.GoesAway}, {Title: "received", Narrow: table.GoesAway},
		{Title: "open", Left: true}, {Title: "felt", Narrow: table.GoesAway}, {Title: "close", Left: true}, {Title: "states", Left: true},
		{Title: "Zeek", Left: true, Narrow: table.GoesAway}, {Title: "history", Left: true, Narrow: table.GoesAway},
		{Title: "answer", Quiet: true, Narrow: table.GoesAway}, {Title: "about", Left: true, Quiet: true, Narrow: table.GoesToNote}}}
	width := 0
	for _, r := range shown {
		width = max(width, len(sentence.ID(r.ID)))
	}
	for _, r := range shown {
		g.Rows = append(g.Rows, table.Row{Cells: []string{
			fmt.Sprintf("%*s %s%s%s", width, sentence.ID(r.ID), r.Orig, sentence.Arrow, r.Resp),
			p.optSpan(r.Lasted()), optBytes(r.Ends[record.Orig].Bytes), optBytes(r.Ends[record.Resp].Bytes),
			r.Open.Kind.String(), p.optSpan(r.Open.Felt), closeWords(r), states(r), say.Escape(r.ConnState), say.Escape(r.History), p.answer(r), p.aboutCell(r.Names)}})
	}
	return g
}

// answer is how long the first byte of an answer took, the median.
func (p *page) answer(r *record.Record) string {
	if r.Exchanges.Timed == 0 {
		return ""
	}
	return p.Span(r.Exchanges.P50)
}

// closeWords is the close kind, with the cause of a reset.
func closeWords(r *record.Record) string {
	if r.Close.Kind == record.CloseReset && r.Close.ResetCause != record.ResetNone {
		return "reset: " + r.Close.ResetCause.String()
	}
	return r.Close.Kind.String()
}

// states are those of both ends, "?" for what is not known, in brackets what
// nothing proves.
func states(r *record.Record) string {
	var parts [2]string
	for e, s := range r.States {
		switch {
		case s == record.Unknown:
			parts[e] = "?"
		case sentence.Supposed(r, record.End(e)):
			parts[e] = "(" + s.String() + ")"
		default:
			parts[e] = s.String()
		}
	}
	return strings.Join(parts[:], " / ")
}

func optBytes(o record.Opt[uint64]) string {
	if !o.OK {
		return ""
	}
	return say.Bytes(o.V)
}

// widestName bounds what a table shows of a name; -o jsonl has all of it.
const widestName = 40

// aboutCell is about, cut to what a column has room for.
func (p *page) aboutCell(n *record.NamesRecord) string { return p.cut(sentence.About(n)) }

// cut cuts a text to what a column has room for.
func (p *page) cut(s string) string {
	if say.Width(s) <= widestName {
		return s
	}
	more := "…"
	if p.ASCII {
		more = "..."
	}
	return string([]rune(s)[:widestName-say.Width(more)]) + more
}
