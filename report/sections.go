package report

import (
	"slices"
	"strings"

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
	p.explainNumbers(s)
	for i := range chosen {
		if t := &chosen[i]; t.sums == nil || s.sumsUp(t) {
			if err := t.write(p, s, h, o); err != nil {
				return nil, err
			}
		}
	}
	p.notSeen()
	p.writeRules(s)
	return p.sections, nil
}

// RulesName is the name of the Section that holds the rules of the findings, each under the name of
// its detector.
const RulesName = "Rules"

// ruled takes note of the detector of a finding that was told.
func (p *page) ruled(f *diagnose.Finding) {
	if p.sections != nil && !slices.Contains(p.rules, f.Detector) {
		p.rules = append(p.rules, f.Detector)
	}
}

// writeRules writes what the program would tell of the detectors: who reads this may not have it.
func (p *page) writeRules(s *Summary) {
	if len(p.rules) == 0 {
		return
	}
	p.title(RulesName, "What each finding rests on, and what it can be mistaken for.")
	for _, name := range p.rules {
		i := slices.IndexFunc(s.opt.Detectors, func(d diagnose.Detector) bool { return d.Name == name })
		if i < 0 {
			continue
		}
		p.note(0, say.Bold, name)
		for text := range strings.SplitSeq(s.opt.Detectors[i].Doc, "\n\n") {
			p.note(0, "", strings.Join(strings.Fields(text), " "))
		}
	}
}

// explainNumbers says what #N and packet N are, where there is any.
func (p *page) explainNumbers(s *Summary) {
	if s.conns > 0 {
		p.label("numbers", "#N is the connection that begins with packet N; packets are numbered as Wireshark numbers them, those of several files as one.")
	}
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
