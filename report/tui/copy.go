package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
)

// copied copies what one would type elsewhere: both ends of a connection, or the command of an
// advice; with other addresses where those are not shown.
func (m model) copied() (model, tea.Cmd) {
	what := ""
	switch {
	case m.page == pageConnections && m.list.at() != nil:
		r := m.list.at()
		what = r.Orig.String() + "-" + r.Resp.String()
	case m.page == pageConnection && m.conn.record != nil:
		what = m.conn.record.Orig.String() + "-" + m.conn.record.Resp.String()
	case m.page == pageHosts && len(m.hosts.servers)+len(m.hosts.clients) > 0:
		what = m.hosts.name(m.hosts.chosen)
	case m.page == pageNow && m.findingAt(0) != nil:
		what = m.commandOf(m.findingAt(0))
	case m.page == pageFindings && m.finding() != nil:
		what = m.commandOf(m.finding())
	}
	if what == "" {
		m.note = "nothing here to copy"
		return m, nil
	}
	what = m.alias(what)
	m.note = "handed to the terminal's clipboard: " + what
	if strings.Contains(what, anyInterface) {
		m.note += " (" + anyInterface + " stands for the interface's own name)"
	}
	return m, tea.SetClipboard(what)
}

// anyInterface stands in advices for an interface of which the name is not known.
const anyInterface = "eth0"

// commandOf is the first command that a finding advises, for the interface that is watched where
// the finding is about the capture; "" for none.
func (m *model) commandOf(f *watch.Trailed) string {
	for _, a := range m.advice(f) {
		parts := strings.Split(a, "`")
		if len(parts) < 2 {
			continue
		}
		if name := m.view.Headline.Interface; f.Group == diagnose.GroupCapture && name != "" && harmless(name) == name {
			return strings.ReplaceAll(parts[1], anyInterface, name)
		}
		return parts[1]
	}
	return ""
}
