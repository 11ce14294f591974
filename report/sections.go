package report

import (
	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
	"tcpwatch/tracker/diagnose"
)

// Section is a part of a report for outputs that lay it out themselves, as pages do: the
// headline or a table, in the words of WriteTables.
type Section struct {
	Name  string // of the table as WriteTables prints it; "" for the headline
	Text  string // what stands behind the name, or the first line of the headline
	Parts []Part
}

// PartKind says what a Part is.
type PartKind uint8

// Kinds of parts.
const (
	PartNote    PartKind = iota // a paragraph
	PartHeading                 // of what follows
	PartLabel                   // Text about Name
	PartFinding                 // a finding begins: Name is how severe it is, Text its title
	PartItem                    // an item of a list; Name is its number, "" for none
	PartTable
	PartDrawing // lines drawn in characters
)

// Part is a paragraph of a Section, a table, or what else stands there.
type Part struct {
	Kind       PartKind
	Style      string // of package say; "" for none
	Indented   bool   // it belongs to what stands above
	Name, Text string
	Finding    *diagnose.Finding
	Table      *table.Table
}

// Sections are the headline and the tables that o asks for, whole ones: all but those
// OnDemand where none is named.
func Sections(s *Summary, h *Headline, o TableOptions) ([]Section, error) {
	if len(o.Reports) == 0 {
		o.Reports = []string{EveryReport}
	}
	chosen, err := o.chosen()
	if err != nil {
		return nil, err
	}
	o = o.withPorts(s)
	p := newPage(o, s, h)
	p.sections = []Section{{}}
	writeHeadline(p, s, h)
	for i := range chosen {
		if t := &chosen[i]; t.sums == nil || s.sumsUp(t) {
			if err := t.write(p, s, h, o); err != nil {
				return nil, err
			}
		}
	}
	p.notSeen()
	return p.sections, nil
}

// collects reports whether what is written goes to sections, and puts a part there.
func (p *page) collects(x Part) bool {
	if p.sections == nil {
		return false
	}
	last := &p.sections[len(p.sections)-1]
	last.Parts = append(last.Parts, x)
	return true
}

// table writes a table.
func (p *page) table(g *table.Table) error {
	if p.sections == nil {
		return g.Write(&p.b, p.Page)
	}
	g.Trim()
	p.collects(Part{Kind: PartTable, Table: g})
	return nil
}

// line writes a line that is no text to be wrapped.
func (p *page) line(style, text string) {
	if !p.collects(Part{Kind: PartNote, Text: text}) {
		p.b.WriteString(p.Paint(style, text) + "\n")
	}
}

// drawn takes what was drawn in characters since the text was so long.
func (p *page) drawn(since int) {
	if p.sections != nil {
		p.collects(Part{Kind: PartDrawing, Text: p.b.String()[since:]})
	}
}

// kindOf is what a note of a style is.
func kindOf(style string) PartKind {
	if style == say.Bold {
		return PartHeading
	}
	return PartNote
}
