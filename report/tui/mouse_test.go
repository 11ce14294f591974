package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// clicked is the model after a click on the first place of a text on the screen.
func clicked(t *testing.T, m model, text string) model {
	t.Helper()
	for y, l := range strings.Split(bare(m.frame()), "\n") {
		if x := strings.Index(l, text); x >= 0 {
			m, _ = m.update(tea.MouseClickMsg{X: len([]rune(l[:x])), Y: y, Button: tea.MouseLeft})
			if m.due {
				m, _ = m.update(viewMsg{seen(t, "accept-queue-full.pcap", m.wanted())})
			}
			return m
		}
	}
	t.Fatalf("no %q:\n%s", text, bare(m.frame()))
	return m
}

// A click shows a view, chooses what is clicked, and goes into what is chosen; the wheel moves.
func TestMouse(t *testing.T) {
	m := screenOf(t, options(), "accept-queue-full.pcap", 80, 24)
	if m = clicked(t, m, "NOTICE"); m.page != pageFindings {
		t.Fatalf("page %d", m.page)
	}
	if m = clicked(t, m, "> NOTICE"); m.page != pageConnections || m.list.chooser == nil {
		t.Fatalf("page %d", m.page)
	}
	m, _ = m.update(keyOf("esc"))
	if m = clicked(t, m, "Connections"); m.page != pageConnections || m.list.chosen != 0 {
		t.Fatalf("page %d", m.page)
	}
	if m = clicked(t, m, "10.77.9.1:40000"); m.page != pageConnections || m.list.chosen != 1 {
		t.Fatalf("page %d, %d is chosen", m.page, m.list.chosen)
	}
	m, _ = m.update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	if m.list.chosen != 0 {
		t.Error("the wheel does not move")
	}
	m, _ = m.update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if m = clicked(t, m, "10.77.9.1:40000"); m.page != pageConnection || m.conn.id != 3 {
		t.Fatalf("page %d, #%d", m.page, m.conn.id)
	}
	if m = clicked(t, m, "Hosts"); m.page != pageHosts {
		t.Fatalf("page %d", m.page)
	}
	if m = clicked(t, m, "10.77.9.1 "); m.page != pageHosts || m.hosts.chosen != 1 {
		t.Fatalf("page %d, %d is chosen", m.page, m.hosts.chosen)
	}
	if m = clicked(t, m, "10.77.9.1 "); m.page != pageConnections || m.list.chooser.phrase != "of 10.77.9.1" {
		t.Fatalf("page %d", m.page)
	}
	m, _ = m.update(keyOf("?"))
	if m = clicked(t, m, "Keys"); m.help {
		t.Error("a click does not leave the help")
	}
	for y := range 30 { // nothing of this chooses what is not there
		m, _ = m.update(tea.MouseClickMsg{X: 3, Y: y, Button: tea.MouseLeft})
		m, _ = m.update(tea.MouseClickMsg{X: 79, Y: y, Button: tea.MouseRight})
	}
	if v := (shown{m, New(options())}).View(); v.MouseMode == tea.MouseModeNone {
		t.Error("the terminal is not asked for the mouse")
	}
	m.o.Config.Mouse = false
	if v := (shown{m, New(options())}).View(); v.MouseMode != tea.MouseModeNone {
		t.Error("the terminal is asked for the mouse")
	}
}
