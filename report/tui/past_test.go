package tui

import (
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// Of evidence only the packet's number is remembered: about when it came is told, as far as the
// packets before and behind it and the Views around it say.
func TestAboutWhen(t *testing.T) {
	const start = int64(1_700_000_000e9)
	r := recordtest.MadeUp(100, "10.0.0.1:40000", "10.0.0.2:80")
	r.Start, r.End, r.LastPacket = start, start+60e9, 900
	r.Transitions = []record.Transition{{Packet: 100, Time: start, To: record.SynSent}, {Packet: 200, Time: start + 2e9, To: record.Established, End: record.Resp}}
	for _, x := range []struct {
		packet  uint64
		samples []sample
		want    string
	}{
		{150, nil, "~0.0-2.0"},
		{300, nil, "~2.0-60.0"},
		{901, nil, "~2.0-60.0"},
		{300, []sample{{at: start + 10e9, packets: 250}, {at: start + 11e9, packets: 310}}, "~10.0-11.0"},
		{300, []sample{{at: start + 10e9, packets: 250}, {at: start + 10.1e9, packets: 300}}, "~10.1"},
		{300, []sample{{at: start + 10e9, packets: 299}, {at: start + 10e9, packets: 300}}, "~10.000000"},
		{150, []sample{{at: start - 5e9, packets: 90}, {at: start + 1e9, packets: 200}}, "~0.0-1.0"},
		{300, []sample{{at: start + 10e9, packets: 310}, {at: start + 12e9, packets: 320}}, "~2.0-10.0"},
		{300, []sample{{at: start + 70e9, packets: 250}, {at: start + 71e9, packets: 310}}, ""},
	} {
		m := newModel(options())
		m.view = &report.View{Headline: &report.Headline{}}
		m.rates.samples = x.samples
		m.conn.first = 0
		all := m.phrases.Past(r, map[uint64][]string{x.packet: {"evidence of x"}})
		for i := range all {
			if all[i].Packet == x.packet {
				if got := m.aboutWhen(r, all, i); got != x.want {
					t.Errorf("packet %d with %v: %q, want %q", x.packet, x.samples, got, x.want)
				}
			}
		}
	}
	m := newModel(options())
	m.view = &report.View{Headline: &report.Headline{}}
	r.Evidence.Ends[0].Repeat = 150
	words := ""
	for _, l := range m.past(r, nil) {
		words += l[0].text + "\n"
	}
	if !strings.Contains(words, "   150  ~0.0-2.0") || !strings.Contains(words, "\n~: about;") {
		t.Error(words)
	}
}
