package report

import (
	"fmt"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// grid is a table that fits the page without cutting anything. Where one line
// a row is too long, the columns go to two lines, the second from the first
// column with below set; where that is too long still, to as many as needed.
type grid struct {
	columns []column
	rows    []gridRow
}

type column struct {
	title string
	left  bool // aligned left; numbers are aligned right
	below bool // begins the second line where there are two
}

type gridRow struct {
	cells []string
	notes []note // on lines of their own, under the row
}

type note struct{ style, text string }

const columnGap = 2

// arrow separates the two ends in a cell that names both; a row breaks there.
const arrow = " -> "

// writeTo renders the grid onto the page.
func (g *grid) writeTo(p *page) error {
	chunks := g.chunks(p.width)
	blocks := make([][]string, len(chunks)) // a line for the header lines and each row
	heads := make([]int, len(chunks))
	for i, c := range chunks {
		var err error
		if blocks[i], err = g.render(c); err != nil {
			return err
		}
		heads[i] = len(blocks[i]) - len(g.rows)
	}
	for i, block := range blocks {
		for _, l := range block[:heads[i]] {
			g.line(p, i, faint, l)
		}
	}
	for r := range g.rows {
		for i, block := range blocks {
			g.line(p, i, "", block[heads[i]+r])
		}
		for _, n := range g.rows[r].notes {
			p.note(noteIndent, n.style, n.text)
		}
	}
	return nil
}

// line writes one line of chunk i; two ends that do not fit go to two lines.
func (g *grid) line(p *page, i int, style, l string) {
	indent := ""
	if i > 0 {
		indent = strings.Repeat(" ", noteIndent)
	}
	if a, b, ok := strings.Cut(l, arrow); ok && len(indent)+runes(l) > p.width {
		p.b.WriteString(indent + a + "\n")
		l = "   " + arrow[1:] + b
	}
	for _, part := range hard(l, p.width-len(indent)) {
		p.b.WriteString(p.paint(style, indent+part) + "\n")
	}
}

// chunks divides the columns into lines, each a range of columns: broken where
// the columns ask for it, unless plain filling takes fewer lines.
func (g *grid) chunks(width int) [][2]int {
	sizes := g.sizes()
	if total(sizes) <= width {
		return [][2]int{{0, len(sizes)}}
	}
	asked, filled := g.fill(sizes, width, true), g.fill(sizes, width, false)
	if len(filled) < len(asked) {
		return filled
	}
	return asked
}

// fill puts as many columns on a line as fit.
func (g *grid) fill(sizes []int, width int, asked bool) [][2]int {
	var chunks [][2]int
	from, used := 0, 0
	for i, c := range g.columns {
		room := width
		if len(chunks) > 0 {
			room -= noteIndent
		}
		if i > from && (asked && c.below || used+columnGap+sizes[i] > room) {
			chunks = append(chunks, [2]int{from, i})
			from, used = i, 0
		}
		if i > from {
			used += columnGap
		}
		used += sizes[i]
	}
	return append(chunks, [2]int{from, len(sizes)})
}

func (g *grid) sizes() []int {
	sizes := make([]int, len(g.columns))
	for i, c := range g.columns {
		for _, l := range strings.Split(c.title, "\n") {
			sizes[i] = max(sizes[i], runes(l))
		}
		for _, r := range g.rows {
			sizes[i] = max(sizes[i], runes(r.cells[i]))
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

// render lays out the columns of one chunk: header lines, then a line a row.
func (g *grid) render(chunk [2]int) ([]string, error) {
	columns := g.columns[chunk[0]:chunk[1]]
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
		if err := t.Append(r.cells[chunk[0]:chunk[1]]); err != nil {
			return nil, fmt.Errorf("laying out a table: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return nil, fmt.Errorf("laying out a table: %w", err)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines, nil
}
