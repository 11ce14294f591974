package report

import (
	"strings"
	"testing"
)

// TestGrid: what gives way, and in which order, as the page gets narrower.
func TestGrid(t *testing.T) {
	for _, test := range []struct {
		width int
		want  string
	}{
		{80, `
key               count  half  for example
short                 1   2 s           #1
[2001:db8::1]:80     20  30 s       #2, #3
    told
`},
		{40, `
key               count
short                 1
    half 2 s, for example #1
[2001:db8::1]:80     20
    half 30 s, for example #2, #3
    told
`},
		{20, `
key    count
short      1
    half 2 s, for
      example #1
[2001:db8::1]:80
          20
    half 30 s, for
      example #2, #3
    told
`},
	} {
		g := grid{columns: []column{{title: "key", left: true}, {title: "count"}, {title: "none", quiet: true}, {title: "half", narrow: goesToNote}, {title: "for example", narrow: goesToNote}},
			rows: []gridRow{
				{cells: []string{"short", "1", "0", "2 s", "#1"}},
				{cells: []string{"[2001:db8::1]:80", "20", "-", "30 s", "#2, #3"}, notes: []note{{"", "told"}}},
			}}
		p := &page{width: test.width}
		if err := g.writeTo(p); err != nil {
			t.Fatal(err)
		}
		if got := p.b.String(); got != strings.TrimPrefix(test.want, "\n") {
			t.Errorf("%d columns:\n%s", test.width, got)
		}
	}
}
