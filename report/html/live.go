package html

import (
	"bytes"
	_ "embed"
	"hash/fnv"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"tcpwatch/report"
)

// What a page that is live has besides.
var (
	//go:embed live.tmpl
	liveText string
	//go:embed live.css
	liveStyle string
	//go:embed live.js
	liveScript string
)

// Live makes the page of a run that goes on: in pieces, so that only what changed has to be
// shown anew. It may be used by several at once.
type Live struct {
	t     *template.Template
	o     report.TableOptions
	style template.CSS
	code  template.JS
}

// Piece is a part of the page that stands for itself.
type Piece struct {
	ID   string // its name, which stays
	HTML []byte
}

// Now is what a live page tells first.
type Now struct {
	Text     string // how many connections there are
	Counts   string // what happened since the run began
	Open     []NowFinding
	Resolved []NowFinding
}

// NowFinding is what is wrong now, or was.
type NowFinding struct {
	ID       string // of the finding
	Severity string // a word
	Title    string
	When     string
}

// Shown is what a live page is made of.
type Shown struct {
	Now      Now
	Headline *report.Headline
	All      *report.Summary
	Listed   *report.Summary // has the rows of the table of connections
	Which    string          // those are
	Running  bool            // more packets may come: what is held is held now
}

// NewLive returns a Live with the tables that o asks for.
func NewLive(o report.TableOptions) (*Live, error) {
	l := &Live{o: o, style: template.CSS(styleText + liveStyle), code: template.JS(scriptText + liveScript)}
	t := template.New("page").Funcs(template.FuncMap{"refs": linked, "refsInRow": linked, "svg": svg})
	for _, text := range []string{pageText, liveText} {
		if _, err := t.Parse(text); err != nil {
			return nil, err
		}
	}
	l.t = t
	return l, nil
}

// LivePolicy is the Content Security Policy of a live page: it may ask the server that it came
// from, and nobody else.
func LivePolicy() string {
	return policyOf(styleText+liveStyle, scriptText+liveScript) + "; connect-src 'self'; frame-ancestors 'none'"
}

// connectionsReport is the table whose rows are not those of the sums.
const connectionsReport = "connections"

// Pieces lays out what is to be seen.
func (l *Live) Pieces(x *Shown) ([]Piece, error) {
	others := l.o
	others.Columns, others.Running = nil, x.Running
	others.Reports = slices.DeleteFunc(slices.Clone(l.o.Reports), func(name string) bool { return name == connectionsReport })
	sections, err := l.sections(x.All, x.Headline, others)
	if err != nil {
		return nil, err
	}
	if len(others.Reports) < len(l.o.Reports) {
		rows := l.o
		rows.Reports, rows.Running = []string{connectionsReport}, x.Running
		listed, err := l.sections(x.Listed, x.Headline, rows)
		if err != nil {
			return nil, err
		}
		for _, s := range listed {
			if idOf(s.Name) == connectionsReport {
				s.Text = x.Which
				sections = append(sections, s)
			}
		}
	}
	v := newView(sections)
	v.draw(x.All, x.Headline, l.o.Clock)
	for i := range v.Findings.Findings {
		f := &v.Findings.Findings[i]
		f.ID = FindingID(f.Key)
	}
	var all []Piece
	for _, p := range []struct {
		id, name string
		of       any
	}{{"top", "top", v}, {"nav", "nav-live", v}, {"now", "now", &x.Now}, {"findings", "wrong", &v.Findings}} {
		if all, err = l.piece(all, p.id, p.name, p.of); err != nil {
			return nil, err
		}
	}
	for i := range v.Sections {
		if all, err = l.piece(all, v.Sections[i].ID, "section", v.Sections[i]); err != nil {
			return nil, err
		}
	}
	return l.piece(all, "glossary", "glossary", v.Glossary)
}

// sections are those of some tables; a sort key that is for none of them is for others.
func (l *Live) sections(s *report.Summary, h *report.Headline, o report.TableOptions) ([]report.Section, error) {
	if len(o.Reports) == 0 {
		return nil, nil
	}
	if o.Validate() != nil {
		o.Sort = ""
	}
	return report.Sections(s, h, o)
}

// piece adds a piece that a template makes.
func (l *Live) piece(all []Piece, id, name string, of any) ([]Piece, error) {
	var b bytes.Buffer
	err := l.t.ExecuteTemplate(&b, name, of)
	return append(all, Piece{id, b.Bytes()}), err
}

// Page is the whole page that shows pieces; without any it waits for them.
func (l *Live) Page(all []Piece) ([]byte, error) {
	type piece struct {
		ID   string
		HTML template.HTML
	}
	x := struct {
		Style  template.CSS
		Script template.JS
		Pieces []piece
	}{l.style, l.code, nil}
	for i := range all {
		x.Pieces = append(x.Pieces, piece{all[i].ID, template.HTML(all[i].HTML)}) // a template of this package made it
	}
	var b bytes.Buffer
	err := l.t.ExecuteTemplate(&b, "live", &x)
	return b.Bytes(), err
}

// FindingID is the name of a finding as links have it: it stays while its place changes.
func FindingID(id string) string {
	h := fnv.New64a()
	h.Write([]byte(id))
	return "finding-" + strconv.FormatUint(h.Sum64(), 36)
}

// Ref leads to the finding.
func (f *NowFinding) Ref() string { return "#" + FindingID(f.ID) }

// Class is that of its severity.
func (f *NowFinding) Class() string { return strings.ToLower(f.Severity) }

// linked cuts a text into pieces, of which those that name a connection lead to the page that
// draws it.
func linked(text string) (runs []run) {
	from := 0
	for _, at := range named.FindAllStringIndex(text, -1) {
		runs = append(runs, run{Text: text[from:at[0]]}, run{Text: text[at[0]:at[1]], Ref: "/connection/" + text[at[0]+1:at[1]]})
		from = at[1]
	}
	return append(runs, run{Text: text[from:]})
}
