package tui

import (
	"slices"

	"tcpwatch/report/ladder"
	"tcpwatch/report/watch"
)

// place is where one was: a view, and of the list what it was of.
type place struct {
	page    page
	chooser *chooser
	typed   string
}

// visit shows a view.
func (m *model) visit(p page) {
	if p == m.page {
		return
	}
	m.remember()
	m.page, m.due = p, true
	if p == pageFindings {
		m.pin()
	}
}

// remember keeps where one is, to come back to it.
func (m *model) remember() {
	m.back = append(m.back[:len(m.back):len(m.back)], place{m.page, m.list.chooser, m.list.typed})
	if len(m.back) > 20 {
		m.back = slices.Clone(m.back[1:])
	}
}

// leave goes back to where one came from.
func (m *model) leave() {
	n := len(m.back)
	if n == 0 {
		m.page = pageNow
		return
	}
	to := m.back[n-1]
	m.page, m.back, m.due = to.page, m.back[:n-1], true
	if to.chooser != m.list.chooser {
		m.list.choose(to.chooser, to.typed)
	}
}

// chooseFinding chooses the finding that is pinned, else that in a place.
func (m *model) chooseFinding(i int) {
	for k := range len(m.open) + len(m.resolved) {
		if f := m.findingAt(k); m.pinned != "" && f.ID == m.pinned {
			i = k
			f.Finding = f.Recall(&m.read)
			m.read = f.Finding
		}
	}
	m.chosen = max(min(i, len(m.open)+len(m.resolved)-1), 0)
}

// moveFinding chooses another, and keeps it chosen.
func (m *model) moveFinding(by int) {
	m.pinned = ""
	m.chooseFinding(m.chosen + by)
	m.pin()
	m.top[pageFindings] = 0
}

// pin keeps the finding chosen that is.
func (m *model) pin() {
	if f := m.finding(); f != nil {
		m.pinned, m.read = f.ID, f.Finding
	}
}

// move moves what is chosen, or the text.
func (m *model) move(do action) {
	h := max(m.bodyHeight(), 1)
	by := map[action]int{doDown: 1, doUp: -1, doPageDown: h - 1, doPageUp: 1 - h, doTop: -1 << 30, doBottom: 1 << 30}[do]
	switch {
	case m.page == pageConnections:
		window, _ := m.listWindow(h)
		switch do {
		case doPageDown:
			by = window
		case doPageUp:
			by = -window
		}
		m.list.move(by, window)
		m.list.end = do == doBottom
		m.due = true
	case m.page == pageFindings && (do == doPageDown || do == doPageUp):
		m.top[pageFindings] = max(m.top[pageFindings]+by/2, 0)
	case m.page == pageFindings:
		m.moveFinding(by)
	case m.page == pageNow:
	case m.page == pageHosts:
		m.hosts.move(by)
	case m.page == pageConnection:
		m.scrollConnection(by, h)
	default:
		m.top[m.page] = max(m.top[m.page]+by, 0)
		m.top[m.page] = max(min(m.top[m.page], len(m.body(1<<20))-h), 0)
	}
}

// enter goes into what is chosen.
func (m *model) enter() {
	switch m.page {
	case pageNow:
		m.pinned, m.chosen = "", 0
		m.visit(pageFindings)
	case pageFindings:
		if f := m.finding(); f != nil {
			m.visit(pageConnections)
			m.list.choose(examplesOf(f), "")
			if len(f.Conns) > 0 { // the first shows it best
				m.list.id, m.list.seek = f.Conns[0], true
			}
		}
	case pageHosts:
		m.enterHost()
	case pageConnections:
		if r := m.list.at(); r != nil {
			m.conn.follow(r, ladder.Options{ASCII: m.theme.ascii, MSL: m.o.MSL, Clock: m.o.Tables.Clock})
			m.visit(pageConnection)
		}
	}
}

// finding is the one that is chosen; nil without any.
func (m *model) finding() *watch.Trailed { return m.findingAt(m.chosen) }

// findingAt is the one in a place: those that are resolved come last.
func (m *model) findingAt(i int) *watch.Trailed {
	switch {
	case i < len(m.open):
		return &m.open[i]
	case i-len(m.open) < len(m.resolved):
		return &m.resolved[i-len(m.open)]
	}
	return nil
}
