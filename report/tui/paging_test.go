package tui

import (
	"testing"

	"tcpwatch/report"
)

// The report goes to the pager when the whole run has been counted, once; where there is no pager
// it stays on the screen.
func TestReportInPager(t *testing.T) {
	for _, pager := range []bool{true, false} {
		m := newModel(Options{Config: DefaultConfig()})
		if pager {
			m.o.Pager = func([]byte) error { return nil }
		}
		v := seen(t, "syn-lost.pcap", report.Wanted{All: true})
		m, _ = m.update(keyOf("r"))
		if m.page != pageReport {
			t.Fatalf("on view %d", m.page)
		}
		m, cmd := m.update(viewMsg{v})
		if (cmd != nil) != pager {
			t.Errorf("with a pager: %v, told to run something: %v", pager, cmd != nil)
		}
		if _, again := m.update(viewMsg{v}); again != nil {
			t.Error("a second pager")
		}
		if m, _ = m.update(pagedMsg{}); pager && m.page == pageReport {
			t.Error("still on the report when the pager ended")
		}
	}
}
