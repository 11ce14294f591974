package plot

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// parsed is what a parser of XML finds in a text: elements, and all text in them.
func parsed(t *testing.T, text string) (elements []string, words string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var b strings.Builder
	for {
		token, err := d.Token()
		if err == io.EOF {
			return elements, b.String()
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch x := token.(type) {
		case xml.StartElement:
			elements = append(elements, x.Name.Local)
			for _, a := range x.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
					t.Errorf("an attribute %s", a.Name.Local)
				}
			}
		case xml.CharData:
			b.Write(x)
		}
	}
}

// Whatever names hold, it stays text: in a page and in a file of its own.
func FuzzSVG(f *testing.F) {
	f.Add("a title", "plain")
	f.Add("a title", "")
	f.Add("", "")
	f.Add(`</title><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>&lt;`)
	f.Add("a\x00b\x1b[31m\xff￾", "]]>\n\r\t</svg>")
	f.Fuzz(func(t *testing.T, title, word string) {
		d := &Drawing{ID: "x", Title: title, Desc: word, Width: 100, Height: 50, Marks: []Mark{{Shape: Text, Class: word, Text: title}, {Shape: Rect, Class: "seg", Tip: word}}}
		elements, words := parsed(t, d.SVG())
		want := []string{"svg", "title", "desc", "text", "rect"}
		if word != "" { // the title of a mark
			want = append(want, "title")
		}
		if !slices.Equal(elements, want) {
			t.Errorf("elements %v", elements)
		}
		if plain := func(s string) bool {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > 0xd000 })
		}; plain(title) && plain(word) && words != title+word+"\n"+title+word {
			t.Errorf("the text is %q", words)
		}
		var b strings.Builder
		if err := (&Sheet{Title: title, Desc: word, Drawings: []*Drawing{d, d}}).Write(&b); err != nil {
			t.Fatal(err)
		}
		elements, _ = parsed(t, b.String())
		slices.Sort(elements)
		if got := slices.Compact(elements); !slices.Equal(got, []string{"desc", "g", "rect", "style", "svg", "text", "title"}) {
			t.Errorf("elements %v", got)
		}
	})
}

// A sheet says what it shows, is as high as what stands in it, and repeats no title.
func TestSheet(t *testing.T) {
	d := &Drawing{ID: "x", Title: "Bars", Desc: "How to read them.", Width: 960, Height: 100, Marks: []Mark{{Shape: Circle, Class: "p50", X: 1, Y: 2, W: 3}, {Shape: Path, Class: "grid", Data: "M0 0H9"}}}
	var b strings.Builder
	if err := (&Sheet{Title: "Bars: #3", Desc: "The most troubled", Drawings: []*Drawing{d}}).Write(&b); err != nil {
		t.Fatal(err)
	}
	// 12 at both sides; 17 for each of three lines, 8 and 4 about the drawing.
	for _, want := range []string{`viewBox="0 0 972 187" width="972" height="187"`, `role="img"`, `aria-labelledby="t d"`, `<title id="t">Bars: #3</title>`,
		`<desc id="d">The most troubled. Bars. How to read them.</desc>`, `<circle class="p50" cx="1" cy="2" r="3"/>`, `<path class="grid" d="M0 0H9"/>`,
		`<rect class="paper" x="0" y="0" width="972" height="187"/>`, `prefers-color-scheme:dark`, `<g transform="translate(0 58)">`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is missing in\n%s", want, strings.ReplaceAll(b.String(), Style, ""))
		}
	}
	if n := strings.Count(b.String(), ">Bars<"); n != 0 {
		t.Errorf("the title is repeated %d times", n)
	}
	if strings.Contains(b.String(), "url(") || strings.Count(b.String(), "://") != 1 {
		t.Error("it asks for something")
	}
}
