package tui

import (
	tea "charm.land/bubbletea/v2"

	"tcpwatch/internal/say"
)

// wheelLines is how far a turn of the wheel moves.
const wheelLines = 3

// wheel scrolls, or moves the choice.
func (m *model) wheel(b tea.MouseButton) {
	do := doDown
	if b == tea.MouseWheelUp {
		do = doUp
	}
	if m.help || b != tea.MouseWheelUp && b != tea.MouseWheelDown {
		return
	}
	for range wheelLines {
		m.move(do)
	}
}

// click shows the view whose tab is clicked, and chooses what stands in the line that is; what is
// chosen already is gone into.
func (m *model) click(x, y int) {
	switch {
	case m.help:
		m.help = false
	case m.view == nil:
	case y == 1:
		at := 0
		for i, s := range m.tabs() {
			if w := say.Width(s.text); x >= at && x < at+w && i%2 == 0 && page(i/2) < nTabs { // blanks stand between
				m.visit(page(i / 2))
			}
			at += say.Width(s.text)
		}
	case y > 1 && y < m.height-1:
		m.clickLine(y - 2)
	}
}

// clickLine chooses what stands in a line of the view, or goes into it.
func (m *model) clickLine(y int) {
	m.targets = nil
	m.body(m.bodyHeight()) // which tells what stands where
	i, ok := m.targets[y]
	if !ok {
		return
	}
	was := -1
	switch m.page {
	case pageFindings:
		was = m.chosen
		m.moveFinding(i - was)
	case pageConnections:
		was = m.list.chosen
		window, _ := m.listWindow(m.bodyHeight())
		m.list.move(i-was, window)
	case pageHosts:
		was = m.hosts.chosen
		m.hosts.move(i - was)
	}
	if m.page == pageNow || i == was {
		m.enter()
	}
}

// target notes that a line of the view stands for one of its list.
func (m *model) target(line, i int) {
	if m.targets == nil {
		m.targets = make(map[int]int)
	}
	m.targets[line] = i
}
