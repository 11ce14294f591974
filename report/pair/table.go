package pair

import (
	"fmt"
	"io"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
)

// TableOptions choose how WriteTable writes. The zero value is usable.
type TableOptions struct {
	Width int  // columns of the terminal; 0 for no limit
	ASCII bool // no character outside ASCII
	Color bool
	Top   int // paths; 0 for 10
}

// defaultTop is how many paths are listed.
const defaultTop = 10

// lines writes lines that fit a page.
type lines struct {
	strings.Builder
	o     TableOptions
	style string // of the next label
}

// unlimited is how wide text is written where the width does not matter.
const unlimited = 100

// par writes a paragraph behind a label; its lines after the first are indented by so much.
func (l *lines) par(indent int, label, text string) {
	width := l.o.Width
	if width <= 0 {
		width = unlimited
	}
	first := max(say.Width(label)-indent, 0) // columns that only the first line lacks
	for i, s := range say.Wrap(strings.Repeat("x", first)+text, width-max(indent, say.Width(label)-first)) {
		if i > 0 {
			l.WriteString(strings.Repeat(" ", indent) + s + "\n")
			continue
		}
		l.WriteString(table.Page{Color: l.o.Color}.Paint(l.style, label) + s[first:] + "\n")
	}
	l.style = ""
}

// WriteTable writes the comparison for people.
func (r *Result) WriteTable(w io.Writer, o TableOptions) error {
	l := &lines{o: o}
	if r.Drawing != nil {
		r.writeDrawing(l)
		_, err := io.WriteString(w, l.String())
		return err
	}
	for _, s := range r.head(o.ASCII) {
		l.par(2, "", s)
	}
	if r.copied() {
		_, err := io.WriteString(w, l.String())
		return err
	}
	l.WriteByte('\n')
	for _, f := range r.Findings() {
		l.finding(&f, !r.stored())
	}
	if err := l.table(flowTitle, r.flowTable(o.ASCII)); err != nil {
		return err
	}
	if err := l.table(countTitle, r.countTable()); err != nil {
		return err
	}
	if err := l.table("\n"+pathTitle, r.pathTable(o.Top, o.ASCII)); err != nil {
		return err
	}
	r.confirm(l)
	if all := r.notes(); len(all) > 0 {
		l.WriteString("\nNot compared\n")
		for _, s := range all {
			l.par(4, "  ", say.Escape(s)+".")
		}
	}
	_, err := io.WriteString(w, l.String())
	return err
}

// finding prints one.
func (l *lines) finding(f *diagnose.Finding, drawn bool) {
	l.style = report.SeverityStyle(f.Severity)
	l.par(2, strings.ToUpper(f.Severity.String())+"  ", say.Escape(f.Title)+".")
	l.par(4, "  ", say.Escape(f.Explanation))
	switch len(f.Causes) {
	case 0:
	case 1:
		l.par(4, "  ", "Cause: "+say.Escape(f.Causes[0])+".")
	default:
		l.par(4, "  ", "Possible causes, in no order: "+say.Escape(strings.Join(f.Causes, "; or "))+".")
	}
	if len(f.Advice) > 0 {
		l.par(4, "  ", "Do: "+say.Escape(strings.Join(f.Advice, " ")))
	}
	sure := f.Confidence.String()
	text := strings.ToUpper(sure[:1]) + sure[1:]
	if len(f.Conns) > 0 {
		text += fmt.Sprintf("; for example #%d", f.Conns[0])
		if drawn {
			text += fmt.Sprintf(" (--why %d)", f.Conns[0])
		}
	}
	l.par(4, "  ", text+". The rule: --explain "+f.Detector)
	l.WriteByte('\n')
}

// Titles of the tables.
const (
	flowTitle = "What passed between"
	pathTitle = "Paths"
)

// table writes one under its title; nil is none.
func (l *lines) table(title string, t *table.Table) error {
	if t == nil {
		return nil
	}
	l.WriteString(title + "\n")
	return t.Write(l, table.Page{Width: l.o.Width, Color: l.o.Color})
}

// flowTable is what passed, by direction and kind; nil where no segments are known.
func (r *Result) flowTable(ascii bool) *table.Table {
	if All(r.Flows[Forth].Sent)+All(r.Flows[Back].Sent) == 0 {
		return nil
	}
	t := &table.Table{Columns: []table.Column{{Title: "from -> to", Left: true}, {Title: "segments", Left: true}, {Title: "sent"}, {Title: "arrived"}, {Title: "lost"},
		{Title: "repeats lost", Quiet: true}, {Title: "not captured", Quiet: true}, {Title: "not watched", Quiet: true}, {Title: "doubled", Quiet: true}, {Title: "only there", Quiet: true}}}
	n := func(v uint64) string {
		if v == 0 {
			return ""
		}
		return say.Thousands(v)
	}
	for d := range NDirections {
		f := &r.Flows[d]
		from, to := r.names(d)
		for c := range NClasses {
			if f.Sent[c]+f.Extra[c]+f.Doubled[c] == 0 {
				continue
			}
			lost := say.Thousands(f.Lost[c])
			if f.Lost[c] > 0 {
				lost += " (" + percent(f.Lost[c], f.Lost[c]+f.Arrived[c]) + ")"
			}
			t.Rows = append(t.Rows, table.Row{Cells: []string{say.Escape(from) + table.Between + say.Escape(to), c.String(), say.Thousands(f.Sent[c]),
				say.Thousands(f.Arrived[c]), lost, n(f.LostAgain[c]), n(f.Missed[c]), n(f.Unwatched[c]), n(f.Doubled[c]), n(f.Extra[c])}})
		}
		if text := r.taken(d, ascii); text != "" {
			t.Rows = append(t.Rows, table.Row{Notes: []table.Note{{Text: text}}})
		}
	}
	return t
}

// taken is how long the segments of a direction took, and what else happened to them.
func (r *Result) taken(d int, ascii bool) string {
	f := &r.Flows[d]
	var parts []string
	if f.Delay.N() > 0 {
		parts = append(parts, fmt.Sprintf("took %s (p50), %s (p95), at most %s", say.Duration(f.Delay.Quantile(50), ascii), say.Duration(f.Delay.Quantile(95), ascii), say.Duration(f.Delay.Quantile(100), ascii)))
	}
	if f.Reordered > 0 {
		parts = append(parts, say.Thousands(f.Reordered)+" overtaken by later ones")
	}
	if hops, ok := f.MostHops(); ok && hops > 0 {
		parts = append(parts, say.Plural(uint64(hops), "hop")+" (TTL)")
	}
	return strings.Join(parts, "; ")
}

// pathTable is what passed to each server, as each place calls it; nil where the table of flows says it all.
func (r *Result) pathTable(top int, ascii bool) *table.Table {
	if r.stored() { // its sums are those of segments
		return nil
	}
	if len(r.Paths) < 2 && (len(r.Paths) == 0 || r.Paths[0].A == r.Paths[0].B) {
		return nil
	}
	if top == 0 {
		top = defaultTop
	}
	shown := r.Paths[:min(len(r.Paths), top)]
	t := &table.Table{Columns: []table.Column{{Title: "server" + table.Between + "at " + say.Escape(r.B.Name()), Left: true}, {Title: "connections"},
		{Title: "sent"}, {Title: "lost"}, {Title: "p50"}, {Title: "p95"}, {Title: "sent back"}, {Title: "lost"}, {Title: "p50"}, {Title: "p95"}}}
	for _, p := range shown {
		cells := []string{p.Name(table.Between), say.Thousands(p.Conns)}
		for d := range NDirections {
			f := &p.Flows[d]
			p50, p95, sent, lost := "-", "-", "-", "-"
			if All(f.Sent) > 0 {
				sent, lost = say.Thousands(All(f.Sent)), say.Thousands(All(f.Lost))
			}
			if f.Delay.N() > 0 {
				p50, p95 = say.Duration(f.Delay.Quantile(50), ascii), say.Duration(f.Delay.Quantile(95), ascii)
			}
			cells = append(cells, sent, lost, p50, p95)
		}
		t.Rows = append(t.Rows, table.Row{Cells: cells})
	}
	if n := len(r.Paths) - len(shown); n > 0 {
		t.Rows = append(t.Rows, table.Row{Notes: []table.Note{{Text: fmt.Sprintf("and %s more; --top shows them", say.Plural(uint64(n), "path"))}}})
	}
	return t
}

// stored reports whether a place's input is records.
func (r *Result) stored() bool { return r.A.opt.Stored || r.B.opt.Stored }

// unheld says of which connections no segments are compared, and why.
func (r *Result) unheld() string {
	why := "the table was full at one of the places, see --max-conns"
	if r.stored() {
		why = "records hold none, only counts"
	}
	return "The segments of " + say.Plural(r.Unheld, "connection") + ": " + why
}

// notes say what was not compared, and why.
func (r *Result) notes() (all []string) {
	for d := range NDirections {
		from, to := r.names(d)
		for side, unseen := range r.Unseen[d] {
			if unseen && !r.Unseen[d][1-side] {
				all = append(all, fmt.Sprintf("%s captured no segments of the direction from %s to %s: nothing is said of it", [...]string{from, to}[side], from, to))
			}
		}
		var kinds []string
		outside := uint64(0)
		for c := range NClasses {
			switch n := r.Flows[d].Unwatched[c]; {
			case n > 0 && !r.Classes[d][c] && !r.Unseen[d][1]:
				kinds = append(kinds, c.String())
			case r.Classes[d][c]:
				outside += n
			}
		}
		if outside > 0 {
			all = append(all, fmt.Sprintf("Not watched: %s of %s, sent before the first packet that %s captured or after the last. Lost between, or %s did not capture then; if it surely did, --watched %s says so", say.Plural(outside, "segment"), from, to, to, to))
		}
		if len(kinds) > 0 {
			all = append(all, fmt.Sprintf("Not watched: %s captured no segments of the kind %s from %s. Lost between, or %s does not capture them", to, strings.Join(kinds, ", "), from, to))
		}
		if n := All(r.Flows[d].Missed); n > 0 {
			all = append(all, fmt.Sprintf("Not captured at %s, though its ACKs show that they came: %s from %s", to, say.Plural(n, "segment"), from))
		}
		if n := r.Flows[d].Early; n > 0 && r.Clock.Known() && r.Flows[d].Delay.N() > 0 {
			all = append(all, fmt.Sprintf("Stamps of %s from %s are off by more than the path takes: by them it came before it was sent", say.Plural(n, "segment"), from))
		}
	}
	if r.Apart > 0 {
		all = append(all, "Of "+say.Plural(r.Apart, "connection")+" no segment is the same at the two places: the numbers are rewritten, and the start was not captured")
	}
	if r.Unheld > 0 {
		all = append(all, r.unheld())
	}
	return all
}
