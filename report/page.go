package report

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

const (
	pipedWidth = 120 // columns when the output is no terminal
	leastWidth = 40  // narrower terminals get this; their lines break
)

// page is the text of the tables while it is made.
type page struct {
	b strings.Builder
	table.Page
	start int64    // when it began
	end   int64    // when the input ended
	files []string // set when there are several
	none  []string // what was asked for and not seen
	// findings are all, in order.
	findings   []diagnose.Finding
	gone       bool                // packets came live and are kept nowhere: no connection can be drawn of them
	written    string              // the file they are kept in
	brief      bool                // no table was named: each says only what a first look needs
	sections   []Section           // where all goes instead of the text; nil: to the text
	rules      []string            // where it goes to sections: the detectors whose findings were told
	mayBeOlder func(at int64) bool // see Headline.MayBeOlder
	sentence.Phrases
}

func newPage(o TableOptions, s *Summary, h *Headline) *page {
	w := o.Width
	if w <= 0 {
		w = pipedWidth
	}
	p := &page{Page: table.Page{Width: max(w, leastWidth), Color: o.Color}, start: h.Start, end: max(h.End, s.end), Phrases: sentence.Phrases{Clock: o.Clock, ASCII: o.ASCII, MSL: h.MSL, Running: o.Running}, findings: s.Findings(h), brief: len(o.Reports) == 0, mayBeOlder: h.MayBeOlder}
	if len(h.Files) > 1 {
		p.files = h.Files
	}
	if h.Live {
		p.written, p.gone = say.Escape(o.Written), o.Written == ""
	}
	return p
}

// why is how a connection can be drawn, behind its number; "" where it cannot.
func (p *page) why(id uint64) string {
	switch {
	case p.gone, p.sections != nil:
		return ""
	case p.written != "":
		return fmt.Sprintf(" (--why %d %s)", id, p.written)
	}
	return fmt.Sprintf(" (--why %d)", id)
}

// hint is what to ask the program for besides. Whoever reads sections may have got a page by mail,
// and no program: for him it is "".
func (p *page) hint(text string) string {
	if p.sections != nil {
		return ""
	}
	return text
}

// where says which packet of which file r began with when there are several.
func (p *page) where(r *record.Record) string {
	if r.File < 0 || r.File >= len(p.files) {
		return ""
	}
	return fmt.Sprintf("; the connection begins with packet %d of %s", r.FilePacket, say.Escape(p.files[r.File]))
}

// title begins a report.
func (p *page) title(name, text string) {
	if p.sections != nil {
		p.sections = append(p.sections, Section{Name: name, Text: text})
		return
	}
	p.b.WriteByte('\n')
	for i, l := range say.WrapHard(name+": "+text, p.Width-2) {
		if i == 0 && strings.HasPrefix(l, name) {
			p.b.WriteString(p.Paint(say.Bold, name) + l[len(name):] + "\n")
			continue
		}
		p.b.WriteString("  " + l + "\n")
	}
}

// absent notes that a report has nothing to say, for notSeen.
func (p *page) absent(what string) { p.none = append(p.none, what) }

// notSeen names in one line what the reports did not find.
func (p *page) notSeen() {
	if len(p.none) > 0 {
		p.title("Not seen", strings.Join(p.none, ", ")+".")
	}
}

// counted lists numbers with what they count, but for those that are 0.
type counted []string

func (c *counted) add(n uint64, what string) {
	if n > 0 {
		*c = append(*c, say.Thousands(n)+" "+what)
	}
}

// atLast is when something is as it was seen last.
func (p *page) atLast() string {
	if p.Running {
		return "now"
	}
	return "at the end"
}

func (c counted) String() string { return strings.Join(c, ", ") }

// note writes text on lines of its own, indented.
func (p *page) note(indent int, style, text string) {
	if !p.collects(Part{Kind: kindOf(style), Style: style, Indented: indent > 0, Text: text}) {
		p.WriteNote(&p.b, indent, table.Note{Style: style, Text: text})
	}
}

// label writes a name and, in a column of its own, what there is to say.
func (p *page) label(name, text string) { p.labelled(name, say.Faint, text) }

// labelled is label with a style for the name.
func (p *page) labelled(name, style, text string) {
	if p.collects(Part{Kind: PartLabel, Style: style, Name: name, Text: text}) {
		return
	}
	const column = 13
	for i, l := range say.WrapHard(text, p.Width-column) {
		head := strings.Repeat(" ", column)
		if i == 0 {
			head = name + head[len(name):]
		}
		p.b.WriteString(p.Paint(style, head) + l + "\n")
	}
}
