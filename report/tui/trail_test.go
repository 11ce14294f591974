package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
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
