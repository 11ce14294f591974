package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// The parts of the page that are the same in each.
var (
	//go:embed page.tmpl
	pageText string
	//go:embed style.css
	styleText string
	//go:embed script.js
	scriptText string
)

// Page is the Output of a page at the end of a run.
type Page struct {
	record.Base
	w io.Writer
	o report.TableOptions
}

// New returns a Page that goes to w, with the tables that o asks for.
func New(w io.Writer, o report.TableOptions) *Page { return &Page{w: w, o: o} }

// Report writes the page; see report.Reporter.
func (p *Page) Report(h *report.Headline, s *report.Summary) error {
	sections, err := report.Sections(s, h, p.o)
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(p.w, 1<<16)
	if err := t.Execute(w, newView(sections)); err != nil {
		return err
	}
	return w.Flush()
}

// policy is the Content Security Policy of a page with that style and script alone.
func policy() string {
	return "default-src 'none'; style-src '" + hash(styleText) + "'; script-src '" + hash(scriptText) + "'; base-uri 'none'; form-action 'none'"
}

// hash names a text as Content Security Policies do (CSP Level 3 section 2.3.1).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
