package plot

import (
	"bufio"
	_ "embed"
	"encoding/xml"
	"io"
	"strings"

	"tcpwatch/internal/say"
)

// Style says what the classes of marks look like, in light and in dark.
//
//go:embed plot.css
var Style string

// SVG is the drawing as an element that stands in a page with Style.
func (d *Drawing) SVG() string {
	var b strings.Builder
	e := element{w: &b}
	e.open("svg", "role", "img", "viewBox", "0 0 "+number(d.Width)+" "+number(d.Height), "width", number(d.Width), "height", number(d.Height),
		"aria-labelledby", d.ID+"-t "+d.ID+"-d")
	if d.Zoom != "" {
		e.attribute("data-zoom", d.Zoom)
	}
	e.within()
	e.text("title", d.Title, "id", d.ID+"-t")
	e.text("desc", d.Desc, "id", d.ID+"-d")
	b.WriteByte('\n')
	e.marks(d.Marks)
	b.WriteString("</svg>")
	return b.String()
}

// Sheet is a file of its own with drawings, one below the other.
type Sheet struct {
	Title, Desc string
	Drawings    []*Drawing
}

// Places on a Sheet.
const (
	sheetMargin = 12
	sheetLine   = 17  // from a line of text to the next
	titleWide   = 118 // characters of a line of the title
	descWide    = 150
)

// Write writes the sheet as an SVG file that needs nothing else.
func (s *Sheet) Write(w io.Writer) error {
	width, height := float64(sheet), float64(sheetMargin)
	var inside strings.Builder
	e := element{w: &inside}
	line := func(class, text string, wide int) {
		if text == "" {
			return
		}
		for _, l := range say.WrapHard(text, wide) {
			height += sheetLine
			e.marks([]Mark{{Shape: Text, Class: class, X: sheetMargin, Y: at(height - 4), Text: l}})
			inside.WriteByte('\n')
		}
	}
	line("start sheet-title", s.Title, titleWide)
	line("start sheet-note", s.Desc, descWide)
	for _, d := range s.Drawings {
		width = max(width, d.Width)
		height += sheetLine / 2
		if len(s.Drawings) > 1 || !strings.HasPrefix(s.Title, d.Title) {
			line("start name", d.Title, titleWide)
		}
		height += 4
		e.open("g", "transform", "translate(0 "+number(height)+")")
		e.within()
		e.marks(d.Marks)
		inside.WriteString("</g>\n")
		height += d.Height
		line("start sheet-note", d.Desc, descWide)
	}
	width, height = width+sheetMargin, height+sheetMargin
	b := bufio.NewWriter(w)
	out := element{w: b}
	out.open("svg", "xmlns", "http://www.w3.org/2000/svg", "role", "img", "viewBox", "0 0 "+number(width)+" "+number(height), "width", number(width),
		"height", number(height), "aria-labelledby", "t d")
	out.within()
	out.text("title", s.Title, "id", "t")
	out.text("desc", s.about(), "id", "d")
	b.WriteString("<style>" + Style + "</style>\n")
	out.marks([]Mark{{Shape: Rect, Class: "paper", W: width, H: height}})
	b.WriteByte('\n')
	b.WriteString(inside.String())
	b.WriteString("</svg>\n")
	return b.Flush()
}

// about describes all of a sheet.
func (s *Sheet) about() string {
	var all []string
	if s.Desc != "" {
		all = append(all, strings.TrimSuffix(s.Desc, ".")+".")
	}
	for _, d := range s.Drawings {
		all = append(all, d.Title+". "+d.Desc)
	}
	return strings.Join(all, " ")
}

// texts takes what SVG is written to.
type texts interface {
	io.Writer
	io.StringWriter
}

// element writes elements of SVG. What is no letter that XML may have becomes U+FFFD.
type element struct{ w texts }

// open begins a start tag with attributes, name after name.
func (e element) open(name string, attributes ...string) {
	e.w.WriteString("<" + name)
	for i := 0; i < len(attributes); i += 2 {
		e.attribute(attributes[i], attributes[i+1])
	}
}

func (e element) attribute(name, value string) {
	e.w.WriteString(" " + name + `="`)
	e.escape(value)
	e.w.WriteString(`"`)
}

// escape writes a text: what it was handed ends up as text, whatever it holds.
func (e element) escape(text string) { xml.EscapeText(e.w, []byte(text)) }

// within ends a start tag.
func (e element) within() { e.w.WriteString(">") }

// text is an element that holds a text.
func (e element) text(name, text string, attributes ...string) {
	e.open(name, attributes...)
	e.within()
	e.escape(text)
	e.w.WriteString("</" + name + ">")
}

// marks writes marks, one after the other.
func (e element) marks(all []Mark) {
	for i := range all {
		m := &all[i]
		name := string(m.Shape)
		e.open(name, "class", m.Class)
		switch m.Shape {
		case Rect:
			e.places("x", m.X, "y", m.Y, "width", m.W, "height", m.H)
		case Path:
			e.attribute("d", m.Data)
		case Circle:
			e.places("cx", m.X, "cy", m.Y, "r", m.W)
		case Text:
			e.places("x", m.X, "y", m.Y)
		}
		if m.Text == "" && m.Tip == "" {
			e.w.WriteString("/>")
			continue
		}
		e.within()
		e.escape(m.Text)
		if m.Tip != "" {
			e.text("title", m.Tip)
		}
		e.w.WriteString("</" + name + ">")
	}
}

// places writes attributes that are numbers, name after name.
func (e element) places(all ...any) {
	for i := 0; i < len(all); i += 2 {
		e.attribute(all[i].(string), number(all[i+1].(float64)))
	}
}
