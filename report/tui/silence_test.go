package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report"
)

// While no packet comes the screen tells for how long, and what is wrong with the interface; when
// one comes it tells so no more.
func TestSilence(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	h := *v.Headline
	h.Files, h.Live, h.Interface = nil, true, "eth\x1b0"
	v.Ended, v.Headline = false, &h
	o := options()
	link := ""
	o.Link = func(string) string { return link }
	m := newModel(o)
	m, _ = m.update(tea.WindowSizeMsg{Width: 80, Height: 24})
	began := time.Unix(1_700_000_000, 0)
	after := func(s int, packets uint64) string {
		w, x := v, h
		x.Packets, w.Headline = packets, &x
		m, _ = m.update(viewMsg{&w})
		m, _ = m.update(againMsg(began.Add(time.Duration(s) * time.Second)))
		first, _, _ := strings.Cut(bare(m.frame()), "\n")
		return first
	}
	for _, x := range []struct {
		s       int
		packets uint64
		link    string
		has     string
	}{
		{0, 15, "", "1 tracked"},
		{4, 15, "", "1 tracked"},
		{12, 15, "", "no packet for 12 s"},
		{14, 15, "is down", `eth\x1b0 is down: no packet for 14 s`},
		{15, 16, "is down", "1 tracked"},
		{21, 16, "", "no packet for 6 s"},
	} {
		if link = x.link; !strings.Contains(after(x.s, x.packets), x.has) {
			t.Errorf("after %d s: %q", x.s, after(x.s, x.packets))
		}
	}
	m, _ = m.update(keyOf("space"))
	after(30, 16)
	if head := after(31, 16); !strings.Contains(head, "PAUSED  no packet for 16 s") {
		t.Error(head)
	}
	m, _ = m.update(keyOf("space"))
	h.Filter = "port 9"
	after(40, 0)
	after(60, 0)
	for _, want := range []string{"waiting for the first packets", "  no packet for 20 s", "the filter are taken: port 9"} {
		if frame := bare(m.frame()); !strings.Contains(frame, want) {
			t.Errorf("no %q:\n%s", want, frame)
		}
	}
}
