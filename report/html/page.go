package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"tcpwatch/report"
	"tcpwatch/report/plot"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// The parts of the page that are the same in each.
var (
	//go:embed page.tmpl
	pageText string
	//go:embed style.css
	ownStyle string
	//go:embed script.js
	scriptText string

	styleText = plot.Style + ownStyle
)

// Page is the Output of a page at the end of a run.
type Page struct {
	record.Base
	w     io.Writer
	o     report.TableOptions
	twice bool // the findings of a run before are known
	again bool // it is made of records
	cited cited
}

// New returns a Page that goes to w, with the tables that o asks for.
func New(w io.Writer, o report.TableOptions) *Page { return &Page{w: w, o: o} }

// OfRecords says that the page is made of records, without the packets.
func (p *Page) OfRecords() { p.again = true }

// First is the Output of a run over the same files before, in which the Page learns which
// connections findings cite: it draws these then, or others where they cite none.
func (p *Page) First() record.Output {
	p.twice, p.cited.Most = true, maxCited
	return &p.cited.Choice
}

// Needs is the packets of the connections that are cited; see record.Output.
func (p *Page) Needs() record.Needs {
	if len(p.cited.IDs) == 0 {
		return record.Needs{}
	}
	p.cited.begin(p.o.Clock)
	return p.cited.ladder.Needs()
}

// Step takes a packet of a connection that is cited; see record.Output.
func (p *Page) Step(s *record.Step) error { return p.cited.ladder.Step(s) }

// Conn takes its record; see record.Output.
func (p *Page) Conn(r *record.Record) error { return p.cited.ladder.Conn(r) }

// Findings takes what was found; see diagnose.Judged.
func (p *Page) Findings(found []diagnose.Finding) error {
	if p.cited.ladder == nil {
		return nil
	}
	return p.cited.ladder.Findings(found)
}

// Report writes the page; see report.Reporter.
func (p *Page) Report(h *report.Headline, s *report.Summary) error {
	sections, err := report.Sections(s, h, p.o)
	if err != nil {
		return err
	}
	t, err := template.New("page").Funcs(template.FuncMap{"refs": p.cited.refs, "refsInRow": p.cited.refsInRow, "svg": svg}).Parse(pageText)
	if err != nil {
		return err
	}
	v := newView(sections)
	p.cited.tabled(v.Sections)
	v.draw(s, h, p.o.Clock)
	p.cited.draw(v, p.o.Clock)
	switch {
	case p.again:
		v.Undrawn = "No connection is drawn here: this page was made of records, which hold no packets. One made of the capture draws those that findings cite."
	case !p.twice:
		v.Undrawn = "No connection is drawn here: the packets could be read only once, and which connections matter shows at the end. Write them to a file with -w, then read that."
	}
	w := bufio.NewWriterSize(p.w, 1<<16)
	if err := t.Execute(w, v); err != nil {
		return err
	}
	return w.Flush()
}

// policy is the Content Security Policy of a page that stands alone.
func policy() string { return policyOf(styleText, scriptText) }

// policyOf is that of a page with a style and a script, and nothing else.
func policyOf(style, script string) string {
	return "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'; base-uri 'none'; form-action 'none'"
}

// hash names a text as Content Security Policies do (CSP Level 3 section 2.3.1).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
