package tui

import (
	"bytes"

	"tcpwatch/report"
)

// table is a table of the report, of the whole run.
func (m *model) table(name string) []line {
	s := m.view.All
	if s == nil {
		return []line{text(quiet, "  Counting the whole run.")}
	}
	var b bytes.Buffer
	o := m.tables()
	o.Top = 100
	if err := report.WriteTable(&b, name, s, m.view.Headline, o); err != nil {
		return []line{text(warning, err.Error())}
	}
	return m.printed(b.String())
}

// report is the report on the screen.
func (m *model) report() []line {
	if m.view.All == nil {
		return []line{text(quiet, "  Counting the whole run.")}
	}
	b, err := m.reportText()
	if err != nil {
		return []line{text(warning, err.Error())}
	}
	return m.printed(string(b))
}
