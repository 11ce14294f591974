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

// report is all that would be printed if the run ended now.
func (m *model) report() []line {
	s := m.view.All
	if s == nil {
		return []line{text(quiet, "  Counting the whole run.")}
	}
	var b bytes.Buffer
	o := m.tables()
	o.Reports = []string{report.EveryReport}
	if err := report.WriteTables(&b, s, m.view.Headline, o); err != nil {
		return []line{text(warning, err.Error())}
	}
	return m.printed(b.String())
}
