package table

import (
	"iter"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// keep leaves out the columns that f does not want; the key stays.
func (t *Table) keep(f func(i int, c Column) bool) {
	var kept []int
	for i, c := range t.Columns {
		if i == 0 || f(i, c) {
			kept = append(kept, i)
		}
	}
	t.Columns = pick(t.Columns, kept)
	for r := range t.Rows {
		if len(t.Rows[r].Cells) > 0 {
			t.Rows[r].Cells = pick(t.Rows[r].Cells, kept)
		}
	}
}

func pick[T any](all []T, which []int) []T {
	out := make([]T, len(which))
	for i, w := range which {
		out[i] = all[w]
	}
	return out
}

// says tells whether any row has something to tell in a column.
func (t *Table) says(i int) bool {
	for cell := range t.column(i) {
		switch cell {
		case "", "0", "-":
		default:
			return true
		}
	}
	return false
}

// column are the cells of a column.
func (t *Table) column(i int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range t.Rows {
			if len(r.Cells) > 0 && !yield(r.Cells[i]) {
				return
			}
		}
	}
}

// giveWay takes columns out until all fit: those that may go away one by one, the
// last first, then those that go to a note, which belong together.
func (t *Table) giveWay(room int) {
	for i := len(t.Columns) - 1; i > 0 && total(t.sizes()) > room; i-- {
		if t.Columns[i].Narrow == GoesAway {
			t.keep(func(k int, _ Column) bool { return k != i })
		}
	}
	if total(t.sizes()) > room {
		t.moveToNotes()
		t.keep(func(_ int, c Column) bool { return c.Narrow != GoesToNote })
	}
}

// moveToNotes makes a note of the cells that go there.
func (t *Table) moveToNotes() {
	for r := range t.Rows {
		row := &t.Rows[r]
		var parts []string
		for i, c := range t.Columns {
			if c.Narrow == GoesToNote && len(row.Cells) > 0 && row.Cells[i] != "" {
				parts = append(parts, c.Title+" "+row.Cells[i])
			}
		}
		if len(parts) > 0 {
			row.Notes = append([]Note{{"", strings.Join(parts, ", ")}}, row.Notes...)
		}
	}
}

// keyWidth is that of the longest key, or title, for which there is room.
func (t *Table) keyWidth(room int) int {
	widest := Indent
	fit := func(s string) {
		if n := width(s); n <= room {
			widest = max(widest, n)
		}
	}
	fit(t.Columns[0].Title)
	for key := range t.column(0) {
		fit(key)
	}
	return widest
}

// sizes are the widths of the columns with nothing wrapped.
func (t *Table) sizes() []int {
	sizes := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		sizes[i] = width(c.Title)
		for cell := range t.column(i) {
			sizes[i] = max(sizes[i], width(cell))
		}
	}
	return sizes
}

// total is the width of columns and the gaps between them.
func total(sizes []int) int {
	n := gap * (len(sizes) - 1)
	for _, s := range sizes {
		n += s
	}
	return n
}

// shrink takes from the widths of all columns but the key, the widest first, until they
// fit: first where words are wrapped, then numbers too, which part from their units. No
// column becomes narrower than its longest word.
func (t *Table) shrink(sizes []int, room int) {
	for _, numbers := range []bool{false, true} {
		least := make([]int, len(sizes))
		for i := range sizes {
			c := t.Columns[i+1]
			least[i] = longestWord(c.Title)
			for cell := range t.column(i + 1) {
				if c.Left || numbers {
					least[i] = max(least[i], longestWord(cell))
				} else {
					least[i] = max(least[i], width(cell))
				}
			}
		}
		for total(sizes) > room {
			widest := -1
			for i, s := range sizes {
				if s > least[i] && (widest < 0 || s > sizes[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			sizes[widest]--
		}
	}
}

func longestWord(s string) (n int) {
	for w := range strings.FieldsSeq(s) {
		n = max(n, width(w))
	}
	return n
}

// width is how many columns of a terminal s takes, as the library counts them.
func width(s string) int { return twwidth.Width(s) }
