package table

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"tcpwatch/internal/say"
)

// Table is a table while it is made.
type Table struct {
	Columns []Column
	Rows    []Row
}

// Column is a column of a table; the first is the key.
type Column struct {
	Title  string
	Left   bool // aligned left; numbers are aligned right
	Quiet  bool // left out where it says nothing in any row
	Narrow Narrowing
}

// Narrowing is what becomes of a column where not all fit on a line.
type Narrowing uint8

// Narrowings.
const (
	Stays Narrowing = iota
	GoesToNote
	GoesAway
)

// Row is a row; without cells it is its notes alone.
type Row struct {
	Cells []string
	Notes []Note // under the row
}

// Between is what may be broken in a key that names two ends: the second goes on a line
// of its own.
const Between = " -> "

// Indent is that of notes, and of rows under a key that is alone on its line.
const Indent = 4

const gap = 2 // between columns

// Trim leaves out the quiet columns that say nothing.
func (t *Table) Trim() { t.keep(func(i int, c Column) bool { return !c.Quiet || t.says(i) }) }

// Write writes the table onto a page. The error is the writer's.
func (t *Table) Write(w io.Writer, p Page) error {
	t.Trim()
	if p.Width > 0 {
		t.giveWay(p.Width)
	}
	sizes := t.sizes()
	if p.Width > 0 && total(sizes) > p.Width {
		rest := sizes[1:]
		t.shrink(rest, p.Width-Indent-gap)
		sizes[0] = t.keyWidth(p.Width - gap - total(rest))
	}
	out := &ending{to: w, page: p, style: say.Faint}
	lines := t.layout(out, sizes)
	if err := lines.Start(); err != nil {
		return fmt.Errorf("laying out a table: %w", err)
	}
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	if err := p.writeKey(out, titles, sizes[0]); err != nil {
		return err
	}
	lines.Header(titles)
	out.style = ""
	for i, r := range t.Rows {
		if len(r.Cells) > 0 {
			if err := p.writeKey(out, r.Cells, sizes[0]); err != nil {
				return err
			}
			if err := lines.Append(r.Cells); err != nil {
				return fmt.Errorf("laying out a table: row %d: %w", i+1, err)
			}
		}
		for _, n := range r.Notes {
			p.WriteNote(w, Indent, n)
		}
	}
	return lines.Close()
}

// layout is the library's table, which writes each row when it is handed over.
func (t *Table) layout(w io.Writer, sizes []int) *tablewriter.Table {
	aligns, widths := make([]tw.Align, len(sizes)), tw.NewMapper[int, int]()
	for i, c := range t.Columns {
		aligns[i] = tw.AlignRight
		if c.Left {
			aligns[i] = tw.AlignLeft
		}
		widths.Set(i, sizes[i]+gap)
	}
	return tablewriter.NewTable(w,
		tablewriter.WithStreaming(tw.StreamConfig{Enable: true}),
		tablewriter.WithWidths(tw.CellWidth{PerColumn: widths}),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Settings: tw.Settings{
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.Off, ShowFooterLine: tw.Off},
			},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNormal),
		tablewriter.WithRowAutoWrap(tw.WrapNormal),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}),
		tablewriter.WithAlignment(aligns),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
	)
}

// writeKey writes a key that is longer than its column on a line of its own, and takes
// it out of the cells.
func (p Page) writeKey(w *ending, cells []string, room int) error {
	key := cells[0]
	if width(key) <= room {
		return nil
	}
	cells[0] = ""
	a, b, two := strings.Cut(key, Between)
	if !two || width(key) <= p.Width {
		return p.writeLine(w.to, w.style, key)
	}
	if err := p.writeLine(w.to, w.style, a); err != nil {
		return err
	}
	return p.writeLine(w.to, w.style, "   "+Between[1:]+b)
}
