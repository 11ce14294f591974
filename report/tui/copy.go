package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report/watch"
)

// copied copies what one would type elsewhere: both ends of a connection, or the command of an
// advice.
func (m model) copied() (model, tea.Cmd) {
	what := ""
	switch {
	case m.page == pageConnections && m.list.at() != nil:
		r := m.list.at()
		what = r.Orig.String() + "-" + r.Resp.String()
	case m.page == pageConnection && m.conn.record != nil:
		what = m.conn.record.Orig.String() + "-" + m.conn.record.Resp.String()
	case m.page == pageNow && m.findingAt(0) != nil:
		what = commandOf(m.findingAt(0))
	case m.page == pageFindings && m.finding() != nil:
		what = commandOf(m.finding())
	}
	if what == "" {
		m.note = "nothing here to copy"
		return m, nil
	}
	m.note = "copied: " + what
	return m, tea.SetClipboard(what)
}

// commandOf is the first command that a finding advises; "" for none.
func commandOf(f *watch.Trailed) string {
	for _, a := range f.Advice {
		if parts := strings.Split(a, "`"); len(parts) > 1 {
			return parts[1]
		}
	}
	return ""
}
