package report

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
)

// grid is a table that fits the page without cutting anything. Its first
// column is the key. Where a row is too long for a line, columns that allow it
// give way, then keys that are too long go alone on a line and the rest stays
// under its titles; only where the rest alone is too long it takes more lines.
type grid struct {
	columns []column
	rows    []gridRow
}

type column struct {
	title  string
	left   bool // aligned left; numbers are aligned right
	quiet  bool // left out where it says nothing in any row
	narrow narrowing
}

// narrowing is what becomes of a column where not all fit on a line.
type narrowing uint8

const (
	stays narrowing = iota
	goesToNote
	goesAway
)

type gridRow struct {
	cells []string
	notes []note // on lines of their own, under the row
}

type note struct{ style, text string }

const columnGap = 2

// writeTo renders the grid onto the page.
func (g *grid) writeTo(p *page) error {
	g.keep(func(i int, c column) bool { return !c.quiet || g.says(i) })
	g.giveWay(p.width)
	sizes := g.sizes()[1:]
	key := noteIndent
	chunks := fill(sizes, p.width-noteIndent-columnGap)
	if len(chunks) == 1 {
		key = g.keyWidth(p.width - columnGap - total(sizes))
	}
	blocks := make([][]string, len(chunks)) // the header's line and one for each row
	for i, c := range chunks {
		var err error
		if blocks[i], err = g.render(c[0]+1, c[1]+1); err != nil {
			return err
		}
	}
	g.line(p, say.Faint, g.columns[0].title, key, blocks, 0)
	for i, r := range g.rows {
		g.line(p, "", r.cells[0], key, blocks, i+1)
		for _, n := range r.notes {
			p.note(noteIndent, n.style, n.text)
		}
	}
	return nil
}

// line writes line n of each block, the first behind the key.
func (g *grid) line(p *page, style, key string, width int, blocks [][]string, n int) {
	if say.Width(key) > width {
		a, b, ok := strings.Cut(key, sentence.Arrow)
		if !ok || say.Width(key) <= p.width {
			a, b, ok = key, "", false
		}
		p.hardLine(style, a)
		if ok {
			p.hardLine(style, "   "+sentence.Arrow[1:]+b)
		}
		key = ""
	}
	for _, b := range blocks {
		p.hardLine(style, p.pad(key, width)+strings.Repeat(" ", columnGap)+b[n])
		key = ""
	}
}

// hardLine writes a line, broken where it is longer than the page.
func (p *page) hardLine(style, l string) {
	l = strings.TrimRight(l, " ")
	if say.Width(l) <= p.width {
		p.b.WriteString(p.paint(style, l) + "\n")
		return
	}
	for _, part := range say.WrapHard(l, p.width) {
		p.b.WriteString(p.paint(style, part) + "\n")
	}
}

// keep leaves out the columns that f does not want; the key stays.
func (g *grid) keep(f func(i int, c column) bool) {
	var kept []int
	for i, c := range g.columns {
		if i == 0 || f(i, c) {
			kept = append(kept, i)
		}
	}
	g.columns = pickFrom(g.columns, kept)
	for r := range g.rows {
		g.rows[r].cells = pickFrom(g.rows[r].cells, kept)
	}
}

func pickFrom[T any](all []T, which []int) []T {
	out := make([]T, len(which))
	for i, w := range which {
		out[i] = all[w]
	}
	return out
}

// says tells whether any row has something to tell in a column.
func (g *grid) says(i int) bool {
	for _, r := range g.rows {
		switch r.cells[i] {
		case "", "0", "-":
		default:
			return true
		}
	}
	return false
}

// giveWay takes columns out until all fit: those that may go away one by one,
// the last first, then those that go to a note, which belong together.
func (g *grid) giveWay(width int) {
	for i := len(g.columns) - 1; i > 0 && total(g.sizes()) > width; i-- {
		if g.columns[i].narrow == goesAway {
			g.keep(func(k int, _ column) bool { return k != i })
		}
	}
	if total(g.sizes()) > width {
		g.moveToNotes()
		g.keep(func(_ int, c column) bool { return c.narrow != goesToNote })
	}
}

// moveToNotes makes a note of the cells that go there.
func (g *grid) moveToNotes() {
	for r := range g.rows {
		var parts []string
		for i, c := range g.columns {
			if cell := g.rows[r].cells[i]; c.narrow == goesToNote && cell != "" {
				parts = append(parts, c.title+" "+cell)
			}
		}
		if len(parts) > 0 {
			g.rows[r].notes = append([]note{{"", strings.Join(parts, ", ")}}, g.rows[r].notes...)
		}
	}
}

// keyWidth is that of the longest key, or title, for which there is room.
func (g *grid) keyWidth(room int) int {
	width := noteIndent
	fit := func(s string) {
		if n := say.Width(s); n <= room {
			width = max(width, n)
		}
	}
	fit(g.columns[0].title)
	for _, r := range g.rows {
		fit(r.cells[0])
	}
	return width
}

// fill puts as many columns on a line as fit.
func fill(sizes []int, width int) [][2]int {
	var chunks [][2]int
	from, used := 0, 0
	for i, size := range sizes {
		if i > from && used+columnGap+size > width {
			chunks = append(chunks, [2]int{from, i})
			from, used = i, 0
		}
		if i > from {
			used += columnGap
		}
		used += size
	}
	return append(chunks, [2]int{from, len(sizes)})
}

func (g *grid) sizes() []int {
	sizes := make([]int, len(g.columns))
	for i, c := range g.columns {
		sizes[i] = say.Width(c.title)
		for _, r := range g.rows {
			sizes[i] = max(sizes[i], say.Width(r.cells[i]))
		}
	}
	return sizes
}

func total(sizes []int) int {
	n := columnGap * (len(sizes) - 1)
	for _, s := range sizes {
		n += s
	}
	return n
}

// render lays out some columns: the header's line, then a line a row.
func (g *grid) render(from, to int) ([]string, error) {
	columns := g.columns[from:to]
	aligns := make([]tw.Align, len(columns))
	titles := make([]string, len(columns))
	for i, c := range columns {
		aligns[i], titles[i] = tw.AlignRight, c.title
		if c.left {
			aligns[i] = tw.AlignLeft
		}
	}
	var b strings.Builder
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Settings: tw.Settings{
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.Off, ShowFooterLine: tw.Off},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", columnGap), Overwrite: true}),
		tablewriter.WithAlignment(aligns),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
	)
	t.Header(titles)
	for _, r := range g.rows {
		if err := t.Append(r.cells[from:to]); err != nil {
			return nil, fmt.Errorf("laying out a table: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return nil, fmt.Errorf("laying out a table: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(g.rows)+1 {
		return nil, fmt.Errorf("laying out a table: %d lines for %d rows and a header", len(lines), len(g.rows))
	}
	return lines, nil
}
