package tui

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// listHead tells what is listed, in a line or two.
func (m *model) listHead() (lines []line) {
	l := &m.list
	words := say.Plural(l.of, "connection")
	if !l.looked {
		words = "looking for connections"
	} else if uint64(len(l.rows)) < l.of {
		words = fmt.Sprintf("the first %s of ", say.Thousands(uint64(len(l.rows)))) + words
	}
	which := " (open only)"
	switch {
	case l.withClosed() && m.view.Ended:
		which = " (open or ended)"
	case l.withClosed():
		which = " (open or ended within 40 s)"
	}
	r := quiet
	if l.chooser != nil {
		words += " " + l.chooser.phrase
	}
	if l.typed != "" {
		r, which = notice, which+" (/ Enter: all)"
	}
	all := say.WrapHard(m.alias(harmless(words)), m.width)
	if room := m.width - say.Width(which); len(all) > 1 && say.Width(all[1]) > room || len(all) > 2 {
		all = []string{all[0], cut(strings.Join(all[1:], " "), room, m.theme.ascii)}
	}
	for i, w := range all {
		if i == len(all)-1 && say.Width(w+which) <= m.width {
			w += which
		} else if i == len(all)-1 {
			lines = append(lines, text(r, w))
			w = strings.TrimSpace(which)
		}
		lines = append(lines, text(r, w))
	}
	return lines
}

// listWindow is how many connections are seen at once in h lines, and how many lines each takes:
// two where client and server have no room in one.
func (m *model) listWindow(h int) (window, each int) {
	l := &m.list
	each = 1
	columns := l.seen()
	client, server := columnOf(columns, "client"), columnOf(columns, "server")
	if client >= 0 && server >= 0 {
		var widths [2]int
		for i := range l.rows[min(l.first, len(l.rows)):min(l.first+h, len(l.rows))] {
			for k, c := range [...]int{client, server} {
				widths[k] = max(widths[k], say.Width(m.alias(columns[c].cell(&l.rows[l.first+i], 0))))
			}
		}
		const beside = 24 // the sign of the choice, the number, a state
		if widths[0]+widths[1]+beside > m.width {
			each = 2
		}
	}
	return max((h-len(m.listHead())-1)/each, 1), each
}

// columnOf is the place of a column; -1 where there is none of that name.
func columnOf(columns []column, name string) int {
	return slices.IndexFunc(columns, func(c column) bool { return c.name == name })
}

// listed is a list as it is laid out: some rows of it, and the columns that have room.
type listed struct {
	rows    []record.Record
	first   int // of those in the list
	each    int // lines that each takes
	cells   [][]string
	below   []string
	columns []column // with those that have no room
	widths  []int
	n       int // how many columns have room
	before  int // columns of the screen before the client's
}

// listed lays the list out in h lines.
func (m *model) listed(h int) (x listed) {
	l := &m.list
	var window int
	window, x.each = m.listWindow(h)
	x.first = max(min(l.first, l.chosen), l.chosen-window+1)
	x.rows = l.rows[min(x.first, len(l.rows)):min(x.first+window, len(l.rows))]
	x.cells, x.below = m.cells(x.rows, x.each)
	x.columns = l.seen()
	if x.each > 1 {
		k := columnOf(x.columns, "server")
		x.columns = slices.Delete(x.columns, k, k+1)
		x.columns[columnOf(x.columns, "client")].title = "client, server below"
	}
	x.widths = make([]int, len(x.columns))
	for k, c := range x.columns {
		x.widths[k] = say.Width(c.title) + 1
		for i := range x.rows {
			x.widths[k] = max(x.widths[k], min(say.Width(x.cells[i][k]), 48))
			if x.each > 1 && c.name == "client" {
				x.widths[k] = max(x.widths[k], min(say.Width(x.below[i]), 48))
			}
		}
	}
	narrow(x.widths[:min(len(x.widths), wanted+1-x.each)], x.columns, m.width-2)
	x.before = 2
	for total := 2; x.n < len(x.widths) && (total+x.widths[x.n] <= m.width || x.n == 0); x.n++ {
		if total += x.widths[x.n] + 1; x.columns[x.n].name == "id" && x.n == 0 {
			x.before = total
		}
	}
	return x
}

// revealSort scrolls to the column that sorts.
func (m *model) revealSort() {
	l := &m.list
	name := l.columns[l.sort].name
	if l.sort > 0 && l.sort <= l.shift {
		l.shift = l.sort - 1
	}
	for l.sort > l.shift+1 {
		if x := m.listed(m.bodyHeight()); name == "server" && x.each > 1 || columnOf(x.columns[:x.n], name) >= 0 {
			return
		}
		l.shift++
	}
}

// connections draws the list.
func (m *model) connections(h int) []line {
	l := &m.list
	lines := m.listHead()
	x := m.listed(h)
	lines = append(lines, l.heads(x.columns[:x.n], x.widths, columnOf(x.columns, l.columns[l.sort].name), len(x.columns)-x.n, m.width, m.theme.ascii))
	for i := range x.rows {
		r := &x.rows[i]
		var row line
		for k, s := range x.cells[i][:x.n] {
			row = append(row, text(plain, fit(s, x.widths[k], x.columns[k].left, m.theme.ascii)+" ")...)
		}
		all := []line{row}
		if x.each > 1 {
			all = append(all, text(plain, strings.Repeat(" ", x.before-2)+x.below[i]))
		}
		for _, row := range all {
			switch {
			case r.Close.Kind == record.CloseReset, r.Close.Kind == record.CloseNeverOpened:
				row = recoloured(row, warning)
			case givenUp(r), !diagnose.GoesOn(r):
				row = recoloured(row, quiet)
			}
			m.target(len(lines), x.first+i)
			lines = append(lines, marked(row, x.first+i == l.chosen, m.width))
		}
	}
	if len(x.rows) == 0 && l.looked {
		lines = append(lines, text(quiet, "  none"))
	}
	return lines
}

// cells are the texts of some connections, and what stands in a line of its own below each: the
// server, where two are taken.
func (m *model) cells(rows []record.Record, each int) (cells [][]string, below []string) {
	now := m.at()
	if m.view.Ended {
		now = 0
	}
	cells, below = make([][]string, len(rows)), make([]string, len(rows))
	for i := range rows {
		for _, c := range m.list.seen() {
			s := m.alias(harmless(c.cell(&rows[i], now)))
			if m.private != nil && (c.name == "about" || strings.HasPrefix(c.name, "names.")) {
				s = ""
			}
			if each > 1 && c.name == "server" {
				below[i] = s
				continue
			}
			cells[i] = append(cells[i], s)
		}
	}
	return cells, below
}

// wanted is how many of the first columns are shown on any screen of 80 columns: id, client, server
// and states by default.
const wanted = 4

// narrow takes from the widest of some columns of text until they fit, each with a blank behind: from
// those of client and server only what the others cannot give.
func narrow(widths []int, columns []column, room int) {
	const least = 12
	for _, ends := range [...]bool{false, true} {
		for {
			total, widest := 0, -1
			for k, w := range widths {
				total += w + 1
				name := columns[k].name
				if columns[k].left && w > least && (ends || name != "client" && name != "server") && (widest < 0 || w > widths[widest]) {
					widest = k
				}
			}
			if total <= room {
				return
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
}

// heads are the names of the columns, with a sign at the one that sorts, and how many more there are to
// either side where that has room.
func (l *list) heads(columns []column, widths []int, sorts, right, room int, ascii bool) line {
	row := text(plain, "  ")
	for k := range columns {
		c, w := &columns[k], widths[k]
		title, r := c.title, quiet
		if k == sorts {
			sign := "↑"
			if l.down {
				sign = "↓"
			}
			if ascii {
				sign = map[bool]string{true: "-", false: "+"}[l.down]
			}
			title, r = title+sign, strong
			if l.sorting {
				r = chosen
			}
		}
		row = row.more(r, fit(title, w, c.left, ascii)).more(plain, " ")
	}
	if words := l.aside(right); row.width()+len(words) <= room {
		row = row.more(quiet, words)
	}
	return row
}

// aside is how many columns are left out to the left and to the right; "" for none.
func (l *list) aside(right int) string {
	switch {
	case l.shift > 0 && right > 0:
		return fmt.Sprintf("<%d %d>", l.shift, right)
	case l.shift > 0:
		return fmt.Sprintf("<%d", l.shift)
	case right > 0:
		return fmt.Sprintf("%d>", right)
	}
	return ""
}

func recoloured(l line, r role) line {
	for i := range l {
		l[i].role = r
	}
	return l
}

// fit is a text in a column of a width.
func fit(s string, width int, left, ascii bool) string {
	s = shorten(s, width, ascii)
	blanks := strings.Repeat(" ", max(width-say.Width(s), 0))
	if left {
		return s + blanks
	}
	return blanks + s
}
