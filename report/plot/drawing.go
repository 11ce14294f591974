// Package plot makes drawings of what a report tells: from the values of package report to
// shapes with places, which a page shows as SVG.
//
// A drawing says in its title and its description what it shows, and each of its marks may say
// what it stands for. Colours are classes, which a style sheet fills in.
package plot

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Drawing is a picture: shapes on a sheet of that size, in pixels of a screen.
type Drawing struct {
	ID            string // of its own on a page
	Title         string // what it shows
	Desc          string // how to read it
	Width, Height float64
	Marks         []Mark
	Zoom          string // what its axes show, for a page that zooms: see Drawing.zooms; "" where nothing does
}

// Shape is what a Mark is.
type Shape string

// Shapes, by what SVG calls them.
const (
	Rect   Shape = "rect"
	Path   Shape = "path"
	Text   Shape = "text"
	Circle Shape = "circle"
)

// Mark is a shape in a drawing.
type Mark struct {
	Shape Shape
	Class string  // what it stands for
	X, Y  float64 // its upper left corner, the middle of a circle, the base of a text
	W, H  float64 // a circle's radius is W
	Data  string  // of a path
	Text  string
	Tip   string // what it stands for, in words
}

const (
	sheet = 960 // width of drawings
	left  = 70  // margin for numbers
	right = 20
	below = 46 // for the numbers of an axis, and what it counts

	charWidth = 7.2 // of a text, about
)

// at rounds a place to a tenth of a pixel.
func at(v float64) float64 { return math.Round(v*10) / 10 }

// number is a place as paths have it.
func number(v float64) string { return strconv.FormatFloat(at(v), 'f', -1, 64) }

func (d *Drawing) rect(class string, x, y, w, h float64, tip string) {
	d.Marks = append(d.Marks, Mark{Shape: Rect, Class: class, X: at(x), Y: at(y), W: at(w), H: at(h), Tip: tip})
}

func (d *Drawing) circle(class string, x, y, r float64, tip string) {
	d.Marks = append(d.Marks, Mark{Shape: Circle, Class: class, X: at(x), Y: at(y), W: at(r), Tip: tip})
}

func (d *Drawing) path(class, data, tip string) {
	d.Marks = append(d.Marks, Mark{Shape: Path, Class: class, Data: data, Tip: tip})
}

// line is a straight one.
func (d *Drawing) line(class string, x1, y1, x2, y2 float64, tip string) {
	d.path(class, "M"+number(x1)+" "+number(y1)+"L"+number(x2)+" "+number(y2), tip)
}

// text writes a text: class "start", "middle" or "end" says where it lies.
func (d *Drawing) text(class string, x, y float64, text string) {
	d.Marks = append(d.Marks, Mark{Shape: Text, Class: class, X: at(x), Y: at(y), Text: text})
}

// textWidth is how wide a text is, about.
func textWidth(s string) float64 { return float64(utf8.RuneCountInString(s)) * charWidth }

// key is an entry of a legend.
type key struct{ class, text string }

// legend writes what the classes stand for from a height on, and returns where it ends.
func (d *Drawing) legend(y float64, keys ...key) float64 {
	x := float64(left)
	for _, k := range keys {
		w := 22 + textWidth(k.text) + 14
		if x+w > d.Width-right && x > left {
			x, y = left, y+20
		}
		d.rect(k.class, x, y, 14, 12, "")
		d.text("start", x+20, y+11, k.text)
		x += w
	}
	return y + 24
}
