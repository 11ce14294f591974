package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"tcpwatch/internal/say"
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
	phrases
}

func newPage(o TableOptions, s *Summary, h *Headline) *page {
	w := o.Width
	if w <= 0 {
		w = pipedWidth
	}
	p := &page{width: max(w, leastWidth), color: o.Color, end: max(h.End, s.end), phrases: phrases{ASCII: o.ASCII, MSL: h.MSL}, findings: s.Findings(h)}
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

// SGR sequences (ECMA-48 section 8.3.117).
const (
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

func (p *page) paint(style, s string) string {
	if !p.color || style == "" || s == "" {
		return s
	}
	return style + s + plain
}

// title begins a report.
func (p *page) title(name, text string) {
	p.b.WriteByte('\n')
	for i, l := range hard(name+": "+text, p.width-2) {
		if i == 0 && strings.HasPrefix(l, name) {
			p.b.WriteString(p.paint(bold, name) + l[len(name):] + "\n")
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
	for i, l := range hard(text, p.width-indent-2) {
		p.b.WriteString(strings.Repeat(" ", indent))
		if i > 0 {
			p.b.WriteString("  ")
		}
		p.b.WriteString(p.paint(style, l) + "\n")
	}
}

// label writes a name and, in a column of its own, what there is to say.
func (p *page) label(name, text string) { p.labelled(name, faint, text) }

// labelled is label with a style for the name.
func (p *page) labelled(name, style, text string) {
	const column = 13
	for i, l := range hard(text, p.width-column) {
		head := strings.Repeat(" ", column)
		if i == 0 {
			head = name + head[len(name):]
		}
		p.b.WriteString(p.paint(style, head) + l + "\n")
	}
}

// hard is wrap, with words longer than a line broken too.
func hard(s string, width int) []string {
	var lines []string
	for _, l := range wrap(s, width) {
		for runes(l) > width {
			cut := 0
			for range width {
				_, n := utf8.DecodeRuneInString(l[cut:])
				cut += n
			}
			lines = append(lines, l[:cut])
			l = l[cut:]
		}
		lines = append(lines, l)
	}
	return lines
}

// list joins parts: "a", "a and b", "a, b and c".
func list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
