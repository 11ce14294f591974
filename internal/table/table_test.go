package table

import (
	"strings"
	"testing"

	"tcpwatch/internal/say"
)

// TestTable: what gives way, and in which order, as the page gets narrower.
func TestTable(t *testing.T) {
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
		g := Table{
			Columns: []Column{{Title: "key", Left: true}, {Title: "count"}, {Title: "none", Quiet: true},
				{Title: "half", Narrow: GoesToNote}, {Title: "for example", Narrow: GoesToNote}},
			Rows: []Row{
				{Cells: []string{"short", "1", "0", "2 s", "#1"}},
				{Cells: []string{"[2001:db8::1]:80", "20", "-", "30 s", "#2, #3"}, Notes: []Note{{"", "told"}}},
			}}
		var b strings.Builder
		if err := g.Write(&b, Page{Width: test.width}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != strings.TrimPrefix(test.want, "\n") {
			t.Errorf("%d columns:\n%s", test.width, got)
		}
	}
}

// Cells that are too long are wrapped, words of two columns a character too; nothing is cut.
func TestWrap(t *testing.T) {
	const address = "[2001:db8:1111:2222:3333:4444:5555:6666]:50123"
	for width := 48; width < 120; width++ {
		g := Table{Columns: []Column{{Title: "who", Left: true}, {Title: "what", Left: true}, {Title: "longest"}},
			Rows: []Row{
				{Cells: []string{"漢字.test", "a client that never closes, 漢字漢字 of many words", "1 min 59 s"}},
				{Cells: []string{address, "ESTABLISHED / ESTABLISHED", "2 s"}},
			}}
		var b strings.Builder
		if err := g.Write(&b, Page{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{address, "漢字.test", "漢字漢字", "closes,", "1 min 59 s", "ESTABLISHED"} {
			if !strings.Contains(b.String(), word) {
				t.Errorf("%d columns: %s is not in\n%s", width, word, b.String())
			}
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSuffix(line, "\n"); say.Width(line) > width || strings.HasSuffix(line, " ") {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
}

// Both counts of columns agree: what is laid out by one is wrapped by the other.
func TestWidths(t *testing.T) {
	for _, s := range []string{"a", "é", "e\u0301", "µs", "漢", "한", "ひ", "ア", "ｱ", "Ａ", "，", "…", "█", "→"} {
		if a, b := say.Width(s), width(s); a != b {
			t.Errorf("%q takes %d columns in text and %d in tables", s, a, b)
		}
	}
}
