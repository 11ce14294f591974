package pair

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/table"
)

//go:embed page.tmpl
var pageText string

//go:embed page.css
var pageStyle string

// pageData is what the page is made of.
type pageData struct {
	Title string
	Style template.CSS
	Parts []pagePart
}

// pagePart is the comparison of two places.
type pagePart struct {
	Name     string // of the two, where there are more
	N        int    // from 0, in the names of its parts
	Head     []string
	Findings []pageFinding
	Tables   []pageTable
	Verdicts []pageVerdict
	Notes    []string
	Drawings []*figure
}

type pageFinding struct {
	Severity, Title, Explanation, Confidence, Rule string
	Causes, Advice                                 []string
	Conn                                           uint64
}

type pageTable struct {
	Title   string
	Columns []string
	Rows    [][]string // of a row of one cell, a note
}

type pageVerdict struct{ Place, Severity, Title, Text string }

// part is the comparison as the page has it.
func (r *Result) part(o TableOptions) pagePart {
	d := pagePart{Name: fmt.Sprintf("%s and %s", say.Escape(r.A.Name()), say.Escape(r.B.Name())), Head: r.head(false), Notes: r.notes()}
	for _, f := range r.Findings() {
		x := pageFinding{Severity: f.Severity.String(), Title: f.Title, Explanation: f.Explanation, Confidence: f.Confidence.String(), Rule: f.Detector, Causes: f.Causes, Advice: f.Advice}
		if len(f.Conns) > 0 && !r.stored() {
			x.Conn = f.Conns[0]
		}
		d.Findings = append(d.Findings, x)
	}
	for title, t := range map[string]*table.Table{flowTitle: r.flowTable(false), countTitle: r.countTable(), pathTitle: r.pathTable(o.Top, false)} {
		if t != nil {
			d.Tables = append(d.Tables, tableOf(title, t))
		}
	}
	slices.SortFunc(d.Tables, func(x, y pageTable) int { return len(y.Title) - len(x.Title) })
	for _, v := range r.Verdicts() {
		d.Verdicts = append(d.Verdicts, pageVerdict{v.Place.Name(), v.Finding.Severity.String(), v.Finding.Title, v.Text})
	}
	for _, x := range r.Drawn {
		d.Drawings = append(d.Drawings, r.figure(x))
	}
	return d
}

// writePage writes comparisons as one file of HTML, which asks for nothing from elsewhere.
func writePage(w io.Writer, parts []pagePart) error {
	var names []string
	for i := range parts {
		parts[i].N = i
		names = append(names, parts[i].Name)
	}
	d := pageData{Title: "tcpwatch pair: " + strings.Join(names, ", "), Style: template.CSS(pageStyle), Parts: parts}
	if len(parts) == 1 {
		parts[0].Name = "" // the title has it
	}
	t, err := template.New("page").Funcs(template.FuncMap{"parts": func(s string) []string { return strings.Split(s, "`") }}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, &d)
}

// tableOf is a table without its empty columns.
func tableOf(title string, t *table.Table) pageTable {
	t.Trim()
	x := pageTable{Title: title}
	for _, c := range t.Columns {
		x.Columns = append(x.Columns, c.Title)
	}
	for _, row := range t.Rows {
		if len(row.Cells) > 0 {
			x.Rows = append(x.Rows, row.Cells)
		}
		for _, n := range row.Notes {
			x.Rows = append(x.Rows, []string{n.Text})
		}
	}
	return x
}

// figure is a Drawing with its places in a picture.
type figure struct {
	Title, A, B   string
	Width, Height int
	Left, Right   int // of the rails
	Foot          int
	Arrows        []arrow
}

// arrow is a segment in a picture.
type arrow struct {
	X1, X2, Y   int
	Head        string // points of its head; "" where it did not come
	Cross       int    // where it died, or was made; 0 for neither
	Label       string
	LabelX      int
	Left, Right string // packet and time at the places
	Class       string
	TextY       int
}

// Sizes of a picture.
const (
	figureWidth = 860
	railAt      = 180
	rowHeight   = 24
	topHeight   = 46
)

// figure places the segments of a drawing.
func (r *Result) figure(w *Drawing) *figure {
	f := &figure{Title: fmt.Sprintf("#%d at %s, #%d at %s: %s -> %s", w.A.ID, r.A.Name(), w.B.ID, r.B.Name(), w.A.Orig, w.A.Resp), A: r.A.Name(), B: r.B.Name(),
		Width: figureWidth, Left: railAt, Right: figureWidth - railAt}
	c := columns{first: w.Rows[0].at()}
	middle := figureWidth / 2
	for i := range w.Rows {
		row := &w.Rows[i]
		y := topHeight + rowHeight*i
		from, to := f.Left, f.Right
		if row.Skipped > 0 {
			f.Arrows = append(f.Arrows, arrow{X1: middle, X2: middle, Y: y, TextY: y, LabelX: middle, Label: fmt.Sprintf("%s that arrived", say.Plural(uint64(row.Skipped), "segment"))})
			continue
		}
		a := arrow{Y: y, TextY: y + 4, Label: row.label(), LabelX: middle, Left: c.place(row.Sent, row.SentNo), Right: c.place(row.Got, row.GotNo), Class: "came"}
		if row.Dir == Back {
			from, to, a.Left, a.Right = to, from, a.Right, a.Left
		}
		switch {
		case row.Made:
			a.Class, from, a.Cross = "made", middle, middle
		case row.Doubled:
			a.Class, from, a.Cross = "doubled", middle, middle
		case !row.Got.OK:
			a.Class, to, a.Cross = "lost", middle, middle
		case row.Lost > 0:
			a.Class = "lost"
		}
		if a.X1, a.X2 = from, to; row.Got.OK {
			back := 7
			if to < from {
				back = -7
			}
			a.Head = fmt.Sprintf("%d,%d %d,%d %d,%d", to, y, to-back, y-4, to-back, y+4)
		}
		if a.Cross != 0 {
			a.LabelX = (from + to) / 2
		}
		f.Arrows = append(f.Arrows, a)
	}
	f.Foot = topHeight + rowHeight*len(w.Rows)
	f.Height = f.Foot + 8
	return f
}
