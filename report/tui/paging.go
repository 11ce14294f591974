package tui

import (
	"bytes"
	"io"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report"
)

// paging is the report on its way to the user's pager.
type paging struct {
	text []byte
	show func(text []byte) error
}

// Run hands the terminal to the pager until that ends; see tea.ExecCommand.
func (p *paging) Run() error { return p.show(p.text) }

// SetStdin is for commands that have no terminal of their own; see tea.ExecCommand.
func (p *paging) SetStdin(io.Reader) {}

// SetStdout is for commands that have no terminal of their own; see tea.ExecCommand.
func (p *paging) SetStdout(io.Writer) {}

// SetStderr is for commands that have no terminal of their own; see tea.ExecCommand.
func (p *paging) SetStderr(io.Writer) {}

// pagedMsg says that the pager ended, or that there was none that could be started.
type pagedMsg struct{ err error }

// pages hands the report to the pager as soon as there is one; nil while there is none.
func (m *model) pages() tea.Cmd {
	if !m.paging || m.page != pageReport || m.view == nil || m.view.All == nil {
		return nil
	}
	m.paging = false
	text, err := m.reportText()
	if err != nil {
		m.note = err.Error()
		return nil
	}
	return tea.Exec(&paging{text, m.o.Pager}, func(err error) tea.Msg { return pagedMsg{err} })
}

// paged goes back to where one was before the pager; where that could not be started, the report
// stays on the screen.
func (m *model) paged(x pagedMsg) {
	if x.err != nil {
		m.note = "the pager cannot be started: " + x.err.Error()
		return
	}
	if m.page == pageReport {
		m.leave()
	}
}

// reportText is all that would be printed if the run ended now.
func (m *model) reportText() ([]byte, error) {
	var b bytes.Buffer
	o := m.tables()
	o.Reports = []string{report.EveryReport}
	err := report.WriteTables(&b, m.view.All, m.view.Headline, o)
	return b.Bytes(), err
}
