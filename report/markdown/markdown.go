// Package markdown writes a report as Markdown (GitHub Flavored Markdown), to be pasted into
// a ticket: the tables of package report, in their words.
package markdown

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// Report is the Output of a report in Markdown at the end of a run.
type Report struct {
	record.Base
	w io.Writer
	o report.TableOptions
}

// New returns a Report that writes to w the tables that o asks for.
func New(w io.Writer, o report.TableOptions) *Report { return &Report{w: w, o: o} }

// Report writes it; see report.Reporter.
func (r *Report) Report(h *report.Headline, s *report.Summary) error {
	sections, err := report.Sections(s, h, r.o)
	if err != nil {
		return err
	}
	return write(r.w, sections)
}

func write(to io.Writer, sections []report.Section) error {
	w := writer{Writer: bufio.NewWriter(to)}
	for i := range sections {
		w.section(&sections[i])
	}
	return w.Flush()
}

// writer writes blocks, a blank line between two of them but within a list.
type writer struct {
	*bufio.Writer
	last block
}

// block says what was written last, which decides on the blank line.
type block uint8

const (
	nothing block = iota
	paragraph
	item
)

func (w *writer) put(b block, text string) {
	if w.last != nothing && (b != item || w.last != item) {
		w.WriteByte('\n')
	}
	w.WriteString(text + "\n")
	w.last = b
}

func (w *writer) section(s *report.Section) {
	if s.Name == "" {
		w.put(paragraph, "# "+escape(s.Text))
	} else {
		w.put(paragraph, "## "+s.Name)
		w.put(paragraph, escape(s.Text))
	}
	for i := range s.Parts {
		w.part(&s.Parts[i])
	}
}

func (w *writer) part(p *report.Part) {
	switch p.Kind {
	case report.PartHeading:
		w.put(paragraph, "**"+escape(p.Text)+"**")
	case report.PartLabel:
		if p.Name == "" {
			w.put(item, "- "+escape(p.Text))
			return
		}
		w.put(item, "- **"+escape(p.Name)+"**: "+escape(p.Text))
	case report.PartFinding:
		w.put(paragraph, "### "+p.Name+": "+escape(p.Text))
	case report.PartItem:
		mark := "-"
		if p.Name != "" {
			mark = p.Name + "."
		}
		w.put(item, mark+" "+commands(p.Text))
	case report.PartTable:
		w.table(p)
	case report.PartDrawing:
		w.put(paragraph, "```text\n"+strings.Trim(p.Text, "\n")+"\n```")
	default:
		w.put(paragraph, escape(p.Text))
	}
}

// table writes a table; what stands under a row follows below, with the row's key.
func (w *writer) table(p *report.Part) {
	g := p.Table
	var b, notes strings.Builder
	b.WriteString("|")
	for _, c := range g.Columns {
		b.WriteString(" " + escape(c.Title) + " |")
	}
	b.WriteString("\n|")
	for _, c := range g.Columns {
		if c.Left {
			b.WriteString(" :--- |")
		} else {
			b.WriteString(" ---: |")
		}
	}
	key := ""
	for _, r := range g.Rows {
		if len(r.Cells) > 0 {
			key = r.Cells[0]
			b.WriteString("\n|")
			for _, c := range r.Cells {
				b.WriteString(" " + escape(strings.TrimSpace(c)) + " |")
			}
		}
		for _, n := range r.Notes {
			fmt.Fprintf(&notes, "- %s: %s\n", escape(strings.TrimSpace(key)), escape(n.Text))
		}
	}
	w.put(paragraph, b.String())
	if notes.Len() > 0 {
		w.put(paragraph, strings.TrimSuffix(notes.String(), "\n"))
	}
}

// commands is a sentence in which commands stand between backquotes.
func commands(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 || i == len(parts)-1 {
			parts[i] = escape(parts[i])
		}
	}
	return strings.Join(parts, "`")
}

// escape is a text that Markdown shows as it is: nothing in it marks anything up, and no name
// or number in it becomes a link, neither to a page nor to a ticket or a user of that number.
func escape(text string) string {
	var b strings.Builder
	runes := []rune(say.Escape(text))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '#' && i+1 < len(runes) && digit(runes[i+1]):
			end := i + 1
			for end < len(runes) && digit(runes[end]) {
				end++
			}
			b.WriteString("`" + string(runes[i:end]) + "`")
			i = end - 1
		case r == '@':
			b.WriteString("`@`")
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*[]|~#", r), r == '_' && !within(runes, i), r == ':' && i+1 < len(runes) && runes[i+1] == '/',
			r == '.' && i >= 3 && strings.EqualFold(string(runes[i-3:i]), "www"), i == 0 && len(runes) > 1 && strings.ContainsRune("+-=>", r):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// within tells that a rune stands within a word, where an underscore marks nothing.
func within(text []rune, i int) bool {
	return i > 0 && i+1 < len(text) && wordRune(text[i-1]) && wordRune(text[i+1])
}

func wordRune(r rune) bool {
	return digit(r) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func digit(r rune) bool { return r >= '0' && r <= '9' }
