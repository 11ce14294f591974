package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/internal/recordtest"
	"tcpwatch/reassembly"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// What is not found any more is told as resolved, as it was when it was worst, and stays.
func TestResolved(t *testing.T) {
	v := seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(tea.WindowSizeMsg{Width: 100, Height: 30})
	at := v.At
	show := func(after int64, found ...diagnose.Finding) string {
		x := *v
		x.Ended, x.Findings, x.At = false, found, at+after
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	some := diagnose.Finding{ID: "x", Detector: "x", Severity: diagnose.Critical, Title: "All 28 failed", Count: 28, Causes: []string{"a cause"}}
	few := some
	few.Severity, few.Title, few.Count = diagnose.Notice, "Both failed", 2
	other := diagnose.Finding{ID: "y", Detector: "y", Severity: diagnose.Warning, Title: "Another trouble", Count: 1}
	for _, x := range []struct {
		after int64
		found []diagnose.Finding
		has   []string
	}{
		{1e9, nil, []string{"Nothing is wrong so far"}},
		{2e9, []diagnose.Finding{some, other}, []string{"CRITICAL  All 28 failed; so far", "ause: a cause.", "WARNING   Another trouble; so far"}},
		{3e9, []diagnose.Finding{few}, []string{"NOTICE  Both failed; so far", "WARNING   Another trouble; not seen for 0 "}},
		{10e9, nil, []string{"NOTICE  Both failed; not seen for 0 ", "WARNING   Another trouble; resolved 7 s ago"}},
		{20e9, nil, []string{"Nothing is wrong so far", "CRITICAL  All 28 failed; resolved 10 s ago", "WARNING   Another trouble; resolved 17 s ago"}},
		{900e9, nil, []string{"CRITICAL  All 28 failed; resolved 14 min"}},
	} {
		frame := show(x.after, x.found...)
		for _, want := range x.has {
			if !strings.Contains(frame, want) {
				t.Errorf("after %d s there is no %q:\n%s", x.after/1e9, want, frame)
			}
		}
	}
}

// Live, what began when one began to look may have begun before, and of the first seconds little
// can be told.
func TestBeginningOfALook(t *testing.T) {
	v := seen(t, "syn-lost.pcap", report.Wanted{})
	h := *v.Headline
	h.Live = true
	for _, x := range []struct {
		after, since int64 // from the beginning; since 0: nothing is found
		want, not    string
	}{
		{3e9, 0, "Nothing is wrong in the first 3 s", "so far"},
		{30e9, 0, "Nothing is wrong so far", "in the first"},
		{30e9, 1e9, " or before", ""},
		{30e9, 9e9, "since ", " or before"},
	} {
		y := *v
		y.Headline, y.Ended, y.Findings, y.At = &h, false, nil, h.Start+x.after
		if x.since > 0 {
			y.Findings = []diagnose.Finding{{ID: "x", Detector: "x", Severity: diagnose.Warning, Title: "All failed", Since: h.Start + x.since}}
		}
		m := newModel(options())
		m, _ = m.update(tea.WindowSizeMsg{Width: 100, Height: 30})
		m, _ = m.update(viewMsg{&y})
		if frame := bare(m.frame()); !strings.Contains(frame, x.want) || x.not != "" && strings.Contains(frame, x.not) {
			t.Errorf("after %d s:\n%s", x.after/1e9, frame)
		}
	}
}

// A count that falls because what is recent is forgotten in parts stays for a while; what is new of a
// finding is told at once.
func TestCountsAreSteady(t *testing.T) {
	v := seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	show := func(after int64, n uint64, cause string) string {
		x := *v
		x.Ended, x.At = false, v.At+after*1e9
		x.Findings = []diagnose.Finding{{ID: "x", Detector: "x", Severity: diagnose.Warning, Title: fmt.Sprintf("All %d failed", n), Count: n, Causes: []string{cause}}}
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	for _, x := range []struct {
		after int64
		n     uint64
		cause string
		want  string
	}{
		{1, 40, "one", "All 40 failed"}, {2, 50, "one", "All 50 failed"}, {3, 41, "one", "All 50 failed"}, {11, 49, "one", "All 50 failed"},
		{12, 42, "one", "All 42 failed"}, {13, 50, "one", "All 50 failed"}, {14, 45, "two", "All 45 failed"},
	} {
		if frame := show(x.after, x.n, x.cause); !strings.Contains(frame, x.want) {
			t.Errorf("after %d s: no %q:\n%s", x.after, x.want, frame)
		}
	}
}

// States keep their places while counts waver.
func TestStatesStay(t *testing.T) {
	v := seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	for _, x := range []struct{ a, b uint64 }{{10, 9}, {9, 10}, {9, 17}} {
		y := *v
		y.Ended, y.At, y.Standing = false, y.At+1e9, report.Standing{}
		y.Standing.Ends[0][record.CloseWait], y.Standing.Ends[1][record.Established] = x.a, x.b
		m, _ = m.update(viewMsg{&y})
		if m.states[0] != record.CloseWait {
			t.Errorf("%d and %d: %v", x.a, x.b, m.states)
		}
	}
	y := *v
	y.Ended, y.At = false, y.At+2e9
	y.Standing.Ends[1][record.Established] = 20
	m, _ = m.update(viewMsg{&y})
	if m.states[0] != record.Established {
		t.Errorf("%v", m.states)
	}
}

// The packet that shows what goes wrong for a client has its time, and stays the first, whatever the
// connection comes to; of how many connections it is is told.
func TestClientsPacketStays(t *testing.T) {
	_, show := shownWith(t, 80, 24, nil, nil)
	sums := func(kind record.OpenKind, others int) *report.Summary {
		s := report.NewSummary(report.SummaryOptions{OnDemand: Sums(), Recent: true})
		r := recordtest.MadeUp(7, "10.0.0.7:40000", "10.0.0.2:443")
		recordtest.NotOpened(r, kind)
		r.Open.SYNs, r.Open.SYNAgainAt, r.Open.NSYNsAgain, r.Open.SYNsAgain = 3, 1007, 1, [record.MaxSYNsAgain]uint32{1004}
		if kind == record.OpenRefused {
			r.Open.AnswerPacket = 1020
		}
		s.Add(r)
		for i := range others {
			s.Add(recordtest.MadeUp(uint64(100+i), fmt.Sprintf("10.0.0.7:%d", 50000+i), "10.0.0.2:443"))
		}
		return s
	}
	for i, kind := range []record.OpenKind{record.OpenNoAnswer, record.OpenRefused} {
		frame := strings.Join(strings.Fields(show(int64(i+1)*1e9, nil, sums(kind, 3))), " ")
		if !strings.Contains(frame, "client 10.0.0.7: 1 of 4 connections: ") || !strings.Contains(frame, "#7 to 10.0.0.2:443, packet 1007 at 22:13:2") {
			t.Error(frame)
		}
	}
}

// How long servers took to answer is drawn over time, where an answer was seen.
func TestAnswersOverTime(t *testing.T) {
	v := seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	totals := v.Totals
	totals.Answers = reassembly.Histogram{}
	show := func(after int64, took ...int64) string {
		for _, ns := range took {
			totals.Answers.Add(ns)
		}
		x := *v
		x.Ended, x.At, x.Totals = false, v.At+after*1e9, totals
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	if frame := show(1); strings.Contains(frame, "\nanswers") {
		t.Error(frame)
	}
	if frame := show(2, 12e6, 12e6); !strings.Contains(frame, "  p99 12 ms  2 in all\n") {
		t.Error(frame)
	}
	for i := range int64(20) {
		show(3+i, 12e6)
	}
	frame := show(23, 900e6)
	line := ""
	for l := range strings.SplitSeq(frame, "\n") {
		if strings.HasPrefix(l, "answers") {
			line = l
		}
	}
	if !strings.Contains(line, "p99 900 ms") || !strings.Contains(line, "▁▁▁▁▁▁▁▁█") {
		t.Error(line)
	}
}
