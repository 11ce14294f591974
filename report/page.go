package report

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

const (
	pipedWidth = 120 // columns when the output is no terminal
	leastWidth = 40  // narrower terminals get this; their lines break
	noteIndent = 4
)

// page is the text of the tables while it is made.
type page struct {
	b     strings.Builder
	width int
	color bool
	end   int64    // when the input ended
	files []string // set when there are several
	none  []string // what was asked for and not seen
	// findings are all, in order.
	findings []diagnose.Finding
	sentence.Phrases
}

func newPage(o TableOptions, s *Summary, h *Headline) *page {
	w := o.Width
	if w <= 0 {
		w = pipedWidth
	}
	p := &page{width: max(w, leastWidth), color: o.Color, end: max(h.End, s.end), Phrases: sentence.Phrases{ASCII: o.ASCII, MSL: h.MSL}, findings: s.Findings(h)}
	if len(h.Files) > 1 {
		p.files = h.Files
	}
	return p
}

// where says which packet of which file r began with when there are several.
func (p *page) where(r *record.Record) string {
	if r.File < 0 || r.File >= len(p.files) {
		return ""
	}
	return fmt.Sprintf("; it began with packet %d of %s", r.FilePacket, say.Escape(p.files[r.File]))
}

func (p *page) paint(style, s string) string {
	if !p.color {
		return s
	}
	return say.Paint(style, s)
}

// title begins a report.
func (p *page) title(name, text string) {
	p.b.WriteByte('\n')
	for i, l := range say.WrapHard(name+": "+text, p.width-2) {
		if i == 0 && strings.HasPrefix(l, name) {
			p.b.WriteString(p.paint(say.Bold, name) + l[len(name):] + "\n")
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

// note writes text on lines of its own, indented.
func (p *page) note(indent int, style, text string) {
	for i, l := range say.WrapHard(text, p.width-indent-2) {
		p.b.WriteString(strings.Repeat(" ", indent))
		if i > 0 {
			p.b.WriteString("  ")
		}
		p.b.WriteString(p.paint(style, l) + "\n")
	}
}

// label writes a name and, in a column of its own, what there is to say.
func (p *page) label(name, text string) { p.labelled(name, say.Faint, text) }

// labelled is label with a style for the name.
func (p *page) labelled(name, style, text string) {
	const column = 13
	for i, l := range say.WrapHard(text, p.width-column) {
		head := strings.Repeat(" ", column)
		if i == 0 {
			head = name + head[len(name):]
		}
		p.b.WriteString(p.paint(style, head) + l + "\n")
	}
}
