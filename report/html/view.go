package html

import (
	"html/template"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/glossary"
	"tcpwatch/report/plot"
	"tcpwatch/tracker/diagnose"
)

// view is what the template lays out.
type view struct {
	Policy     string
	Style      template.CSS
	Script     template.JS
	Headline   string
	Labels     []block
	Findings   section
	Sections   []section
	Conns      []conn
	ConnsTitle string
	ConnsText  string
	Glossary   []block
	Undrawn    string // why no connection is drawn; "" where that needs no word
}

// section is a table with its texts.
type section struct {
	ID, Name, Text string
	Blocks         []block
	Findings       []finding
}

// finding is one of them with its reasons.
type finding struct {
	ID       string
	Key      string // the finding's own ID
	Severity string // a word
	Class    string
	Title    string
	Rule     string // the part of the page that tells its rule; "" for none
	Open     bool   // its reasons are shown at once
	Blocks   []block
}

const (
	openFindings  = 3  // findings whose reasons are shown at once
	shownFindings = 10 // those whose titles are
)

// Shown are the findings whose titles are shown at once.
func (s *section) Shown() []finding { return s.Findings[:min(len(s.Findings), shownFindings)] }

// Folded are the others.
func (s *section) Folded() []finding { return s.Findings[len(s.Shown()):] }

// block is a paragraph, a list, a table.
type block struct {
	Kind  string // the template's word
	ID    string // of a heading to which links lead; "" for none
	Class string
	Name  string
	Text  []run
	Items []block
	Table *grid

	Drawing *plot.Drawing
}

// run is a piece of text.
type run struct {
	Text string
	Code bool
	Ref  string // where it leads; "" for nowhere
}

// newView lays the sections out.
func newView(sections []report.Section) *view {
	v := &view{Policy: policy(), Style: template.CSS(styleText), Script: template.JS(scriptText)}
	for i := range sections {
		s := &sections[i]
		x := section{ID: idOf(s.Name), Name: s.Name, Text: s.Text}
		x.take(s.Parts)
		switch {
		case s.Name == "":
			v.Headline, v.Labels = s.Text, x.Blocks
		case len(x.Findings) > 0 || s.Name == "Findings":
			v.Findings = x
		default:
			v.Sections = append(v.Sections, x)
		}
	}
	for _, t := range glossary.Terms() {
		addItem(&v.Glossary, "labels", block{Name: t.Name, Text: plain(t.Text)})
	}
	return v
}

// idOf is the name of a section as links have it.
func idOf(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// take lays the parts out; those that follow a finding belong to it.
func (s *section) take(parts []report.Part) {
	blocks := &s.Blocks
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case report.PartFinding:
			s.Findings = append(s.Findings, newFinding(len(s.Findings), p))
			blocks = &s.Findings[len(s.Findings)-1].Blocks
		case report.PartItem:
			kind := "bullets"
			if p.Name != "" {
				kind = "numbers"
			}
			addItem(blocks, kind, block{Text: commands(p.Text)})
		case report.PartLabel:
			addItem(blocks, "labels", block{Name: p.Name, Text: plain(p.Text)})
		case report.PartTable:
			*blocks = append(*blocks, block{Kind: "table", Table: newGrid(s.Name, p.Table)})
		case report.PartHeading:
			*blocks = append(*blocks, block{Kind: "heading", ID: s.headingID(p.Text), Text: plain(p.Text)})
		case report.PartDrawing: // a drawing shows that, with a title of its own
			if n := len(*blocks); n > 0 && (*blocks)[n-1].Kind == "heading" {
				*blocks = (*blocks)[:n-1]
			}
		default:
			*blocks = append(*blocks, block{Kind: "note", Class: classOf(p.Style, p.Indented), Text: plain(p.Text)})
		}
	}
}

// headingID is the name of a heading as links have it: of those of the rules.
func (s *section) headingID(text string) string {
	if s.Name != report.RulesName {
		return ""
	}
	return ruleID(text)
}

// ruleID is the name of the rule of a detector as links have it.
func ruleID(detector string) string { return "rule-" + detector }

// addItem adds an item to the list that stands last, or begins one.
func addItem(blocks *[]block, kind string, x block) {
	if n := len(*blocks); n == 0 || (*blocks)[n-1].Kind != kind {
		*blocks = append(*blocks, block{Kind: kind})
	}
	last := &(*blocks)[len(*blocks)-1]
	last.Items = append(last.Items, x)
}

func newFinding(i int, p *report.Part) finding {
	f := finding{ID: "finding-" + strconv.Itoa(i+1), Severity: strings.ToLower(p.Name), Title: p.Text, Class: "info", Open: i < openFindings}
	if p.Finding != nil {
		f.Key, f.Rule = p.Finding.ID, ruleID(p.Finding.Detector)
	}
	if p.Finding != nil && p.Finding.Severity >= diagnose.Notice {
		f.Class = p.Finding.Severity.String()
	} else {
		f.Open = false
	}
	return f
}

// classOf is the class of a paragraph of a style of package say.
func classOf(style string, indented bool) string {
	class := map[string]string{say.Red: "bad", say.Yellow: "weak", say.Faint: "faint"}[style]
	if indented {
		class = strings.TrimSpace(class + " in")
	}
	return class
}

func plain(text string) []run { return []run{{Text: text}} }

// commands is a sentence in which commands stand between backquotes.
func commands(text string) (runs []run) {
	parts := strings.Split(text, "`")
	for i, p := range parts {
		if p != "" {
			runs = append(runs, run{Text: p, Code: i%2 == 1 && i < len(parts)-1})
		}
	}
	return runs
}
