package tui

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
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
	case l.closed && m.view.Ended:
		which = " (open or ended)"
	case l.closed:
		which = " (open or ended within 40 s)"
	}
	if l.chooser != nil {
		words += " " + l.chooser.phrase
	}
	all := say.WrapHard(m.alias(harmless(words)), m.width)
	if room := m.width - say.Width(which); len(all) > 1 && say.Width(all[1]) > room || len(all) > 2 {
		all = []string{all[0], cut(strings.Join(all[1:], " "), room, m.theme.ascii)}
	}
	for i, w := range all {
		if i == len(all)-1 && say.Width(w+which) <= m.width {
			w += which
		} else if i == len(all)-1 {
			lines = append(lines, text(quiet, w))
			w = strings.TrimSpace(which)
		}
		lines = append(lines, text(quiet, w))
	}
	return lines
}

// listWindow is how many connections are seen at once in h lines, and how many lines each takes:
// two where client and server have no room in one.
func (m *model) listWindow(h int) (window, each int) {
	l := &m.list
	each = 1
	client, server := l.column("client"), l.column("server")
	if client >= 0 && server >= 0 {
		var widths [2]int
		for i := range l.rows[min(l.first, len(l.rows)):min(l.first+h, len(l.rows))] {
			for k, c := range [...]int{client, server} {
				widths[k] = max(widths[k], say.Width(m.alias(l.columns[c].cell(&l.rows[l.first+i], 0))))
			}
		}
		const beside = 24 // the sign of the choice, the number, a state
		if widths[0]+widths[1]+beside > m.width {
			each = 2
		}
	}
	return max((h-len(m.listHead())-1)/each, 1), each
}

// column is the place of a column; -1 for one that is not shown.
func (l *list) column(name string) int {
	return slices.IndexFunc(l.columns, func(c column) bool { return c.name == name })
}

// connections draws the list.
func (m *model) connections(h int) []line {
	l := &m.list
	lines := m.listHead()
	window, each := m.listWindow(h)
	first := max(min(l.first, l.chosen), l.chosen-window+1)
	rows := l.rows[min(first, len(l.rows)):min(first+window, len(l.rows))]
	cells, below := m.cells(rows, each)
	shown := slices.Clone(l.columns)
	sorts := l.sort
	if each > 1 {
		k := l.column("server")
		shown = slices.Delete(shown, k, k+1)
		c := &shown[slices.IndexFunc(shown, func(c column) bool { return c.name == "client" })]
		if c.title = "client, server below"; sorts == k {
			sorts = -1
		} else if sorts > k {
			sorts--
		}
	}
	widths := make([]int, len(shown))
	for k, c := range shown {
		widths[k] = say.Width(c.title) + 1
		for i := range rows {
			widths[k] = max(widths[k], min(say.Width(cells[i][k]), 48))
			if each > 1 && c.name == "client" {
				widths[k] = max(widths[k], min(say.Width(below[i]), 48))
			}
		}
	}
	narrow(widths[:min(len(widths), wanted+1-each)], shown, m.width-2)
	n, before := 0, 2
	for total := 2; n < len(widths) && (total+widths[n] <= m.width || n == 0); n++ {
		if total += widths[n] + 1; shown[n].name == "id" && n == 0 {
			before = total
		}
	}
	lines = append(lines, l.heads(shown[:n], widths, sorts, m.theme.ascii))
	for i := range rows {
		var row line
		for k, s := range cells[i][:n] {
			row = append(row, text(plain, fit(s, widths[k], shown[k].left, m.theme.ascii)+" ")...)
		}
		all := []line{row}
		if each > 1 {
			all = append(all, text(plain, strings.Repeat(" ", before-2)+below[i]))
		}
		for _, row := range all {
			if r := &rows[i]; r.Close.Kind == record.CloseReset || r.Close.Kind == record.CloseNeverOpened {
				row = recoloured(row, warning)
			}
			m.target(len(lines), first+i)
			lines = append(lines, marked(row, first+i == l.chosen, m.width))
		}
	}
	if len(rows) == 0 && l.looked {
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
		for _, c := range m.list.columns {
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

// heads are the names of the columns, with a sign at the one that sorts.
func (l *list) heads(columns []column, widths []int, sorts int, ascii bool) line {
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
	return row
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
