package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// The view of hosts has the rates of each server, and the client for which all fails first: why,
// since when, and by Enter its connections, of which the first that failed is chosen.
func TestHosts(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(tea.WindowSizeMsg{Width: 80, Height: 24})
	id := uint64(0)
	sum := report.NewSummary(report.SummaryOptions{})
	add := func(client, server string, change func(r *record.Record)) {
		id++
		r := recordtest.MadeUp(id, client+":40000", server)
		change(r)
		sum.Add(r)
	}
	show := func(after int64) string {
		x := v
		x.All = report.NewSummary(report.SummaryOptions{})
		x.All.Merge(sum)
		x.Ended, x.At = false, v.At+after
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	right := func(r *record.Record) {}
	m, _ = m.update(keyOf("5"))
	if !m.wanted().All {
		t.Error("the sums are not asked for")
	}
	for range 20 {
		add("10.0.0.1", "10.0.0.9:443", right)
	}
	add("10.0.0.1", "10.0.0.8:443", right)
	show(0)
	for range 50 {
		add("10.0.0.1", "10.0.0.9:443", right)
	}
	for range 10 {
		add("10.0.0.2", "10.0.0.9:443", func(r *record.Record) {
			recordtest.NotOpened(r, record.OpenRefused)
			r.Open.AnswerPacket = r.ID + 100
		})
		add("10.0.0.1", "10.0.0.9:443", func(r *record.Record) { r.Close.Kind, r.Open.SYNs = record.CloseReset, 2 })
	}
	frame := show(5e9)
	for _, want := range []string{
		"> 10.0.0.9:443              12    2.0        2.0     2.0       0      80      10\n",
		"  10.0.0.8:443               0      0          0       0       0       1       0\n",
		"  10.0.0.2                   10      10  22:13:27    refused",
		"  10.0.0.1                   81       0  \n",
	} {
		if !strings.Contains(frame, strings.TrimRight(want, " \n")+"\n") && !strings.Contains(frame, want) {
			t.Errorf("no %q:\n%s", want, frame)
		}
	}
	if words := strings.Join(strings.Fields(frame), " "); !strings.Contains(words, "10.0.0.9:443: 80 connections opened; 10 refused; 10 retransmissions of SYN or SYN/ACK; 99 % opened within 12.3 ms.") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("right"))
	frame = bare(m.frame())
	if !strings.Contains(frame, "> 10.0.0.2 ") || !strings.Contains(frame, "refused; the\n  first of them is #72 to 10.0.0.9:443: packet 172") {
		t.Error(frame)
	}
	for range 30 { // another client fails more: the one that is chosen stays so
		add("10.0.0.3", "10.0.0.9:443", func(r *record.Record) { recordtest.NotOpened(r, record.OpenRefused) })
	}
	if frame = show(6e9); !strings.Contains(frame, "> 10.0.0.2 ") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("enter"))
	w := m.wanted()
	if m.page != pageConnections || w.Where == nil || w.Where.String() != "in trouble of 10.0.0.2" {
		t.Fatalf("%+v", w)
	}
	match := w.Where.Matcher()
	bad := recordtest.NotOpened(recordtest.MadeUp(72, "10.0.0.2:40000", "10.0.0.9:443"), record.OpenRefused)
	if !match(bad) || match(recordtest.MadeUp(1, "10.0.0.2:40000", "10.0.0.9:443")) || match(recordtest.NotOpened(recordtest.MadeUp(1, "10.0.0.3:1", "10.0.0.9:443"), record.OpenRefused)) {
		t.Error("other connections are listed")
	}
	x := v
	x.Wanted, x.Matching, x.Listed = w, 2, []record.Record{*recordtest.MadeUp(80, "10.0.0.2:1", "10.0.0.9:443"), *bad}
	m, _ = m.update(viewMsg{&x})
	if m.list.at().ID != 72 {
		t.Error("the first that failed is not chosen")
	}
	m, _ = m.update(keyOf("esc"))
	m, _ = m.update(keyOf("g"))
	m, _ = m.update(keyOf("enter"))
	match = m.wanted().Where.Matcher()
	if !match(recordtest.MadeUp(1, "10.0.0.7:1", "10.0.0.9:443")) || match(recordtest.MadeUp(1, "10.0.0.7:1", "10.0.0.9:444")) {
		t.Error("connections of another server are listed")
	}
}
