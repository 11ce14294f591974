package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// shownWith is the first view of a size with some findings and clients beside a capture.
func shownWith(t *testing.T, width, height int, found []diagnose.Finding, recent *report.Summary) (model, func(at int64, found []diagnose.Finding, recent *report.Summary) string) {
	t.Helper()
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	m, _ = m.update(tea.WindowSizeMsg{Width: width, Height: height})
	show := func(after int64, found []diagnose.Finding, recent *report.Summary) string {
		x := v
		x.Ended, x.Findings, x.At = false, found, v.At+after
		if recent != nil {
			x.Recent = recent
		}
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	show(0, found, recent)
	return m, show
}

// troubles are findings of which each has a cause and an advice.
func troubles(n int) (all []diagnose.Finding) {
	for i := range n {
		all = append(all, diagnose.Finding{ID: fmt.Sprint("id", i), Detector: "x", Severity: diagnose.Warning, Confidence: diagnose.Likely, Count: uint64(100 - i),
			Title: fmt.Sprintf("10.0.0.%d:443 did not do what was asked of it for a long while", i), Explanation: fmt.Sprintf("Reason %d.", i),
			Causes: []string{fmt.Sprintf("cause %d", i)}, Advice: []string{fmt.Sprintf("Try `command %d`.", i)}})
	}
	return all
}

// The first view has all its parts on 80x24, whatever is wrong; what is left out is counted, and
// never takes the line in which it would fit itself. There is more on a larger screen.
func TestNowFits(t *testing.T) {
	for n := range 8 {
		_, show := shownWith(t, 80, 24, nil, nil)
		frame := show(1e9, troubles(n), nil)
		for _, want := range []string{"\nopened ", "\nretx ", "\nstate", "\nserver", "\nTIME-WAIT ", "\ncapture "} {
			if !strings.Contains(frame, want) {
				t.Errorf("%d findings: no %q:\n%s", n, want, frame)
			}
		}
		if strings.Contains(frame, "and 1 more") {
			t.Errorf("%d findings:\n%s", n, frame)
		}
		shown := strings.Count(frame, "did not do what")
		left := 0
		if _, rest, ok := strings.Cut(frame, "\n  and "); ok {
			fmt.Sscanf(rest, "%d more: 2 shows all", &left)
		}
		if shown+left != n {
			t.Errorf("%d findings: %d are shown, %d are counted:\n%s", n, shown, left, frame)
		}
	}
	_, show := shownWith(t, 200, 50, nil, nil)
	frame := show(1e9, troubles(4), nil)
	for _, want := range []string{"cause 3.", "Try `command 3`", "Reason 2.", "\nOf connections that are open or ended within 40 s:\n", "\nHandshakes: "} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q:\n%s", want, frame)
		}
	}
}

// sufferers are sums in which the n connections of a client got no answer, beside one of another.
func sufferers(from, n int) *report.Summary {
	s := report.NewSummary(report.SummaryOptions{OnDemand: Sums(), Recent: true})
	for i := range n {
		r := recordtest.MadeUp(uint64(from+i), fmt.Sprintf("10.0.0.7:%d", 40000+i), "10.0.0.2:443")
		recordtest.NotOpened(r, record.OpenNoAnswer)
		r.Open.SYNs, r.Open.SYNAgainAt = 3, uint64(1000+from+i)
		r.Start += int64(from) * 1e9
		s.Add(r)
	}
	s.Add(recordtest.MadeUp(900, "10.0.0.8:40001", "10.0.0.2:443"))
	return s
}

// The client for whom it goes wrong is told with what, since when, and what shows it: what showed
// it first, for as long as it goes wrong.
func TestNowNamesTheClient(t *testing.T) {
	_, show := shownWith(t, 80, 24, nil, nil)
	frame := show(1e9, troubles(1), sufferers(1, 3))
	first := ", packet 1001"
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.Contains(frame, "\nclient 10.0.0.7: 3 connections: no answer, since ") || !strings.Contains(words(frame), first) || strings.Contains(frame, "client 10.0.0.8") {
		t.Error(frame)
	}
	if frame = show(60e9, troubles(1), sufferers(50, 2)); !strings.Contains(frame, "client 10.0.0.7: 2 conn") || !strings.Contains(words(frame), first) {
		t.Error(frame)
	}
	if frame = show(120e9, troubles(1), sufferers(100, 0)); strings.Contains(frame, "client 10.0.0.7") {
		t.Error(frame)
	}
	if frame = show(180e9, troubles(1), sufferers(150, 1)); !strings.Contains(words(frame), ", packet 1150") {
		t.Error(frame)
	}
}

// Findings that are as grave and as sure as each other keep their places while their counts waver;
// one that is twice as frequent, surer or graver goes before.
func TestOrderStays(t *testing.T) {
	all := troubles(2)
	order := func(a, b uint64) []diagnose.Finding {
		x := []diagnose.Finding{all[0], all[1]}
		x[0].Count, x[1].Count = a, b
		if b > a {
			x[0], x[1] = x[1], x[0]
		}
		return x
	}
	_, show := shownWith(t, 80, 24, order(90, 80), nil)
	first := func(frame string) string { return strings.Split(frame, "\n")[2] }
	for _, x := range []struct {
		a, b uint64
		want string
	}{{90, 95, "10.0.0.0:443"}, {90, 179, "10.0.0.0:443"}, {90, 180, "10.0.0.1:443"}, {100, 90, "10.0.0.1:443"}} {
		if got := first(show(1e9, order(x.a, x.b), nil)); !strings.Contains(got, x.want) {
			t.Errorf("%d and %d: %s", x.a, x.b, got)
		}
	}
	worse := order(90, 80)
	worse[0].Severity = diagnose.Critical
	if got := first(show(2e9, worse, nil)); !strings.Contains(got, "10.0.0.0:443") {
		t.Error(got)
	}
	surer := order(90, 80)
	surer[0].Severity, surer[1].Severity = diagnose.Warning, diagnose.Warning
	surer[1].Confidence = diagnose.Proven
	if got := first(show(3e9, []diagnose.Finding{surer[1], surer[0]}, nil)); !strings.Contains(got, "10.0.0.1:443") {
		t.Error(got)
	}
	other := troubles(3)[2:]
	other[0].Count = 85 // comes in before what stood behind it, as it is not shown yet
	if frame := show(4e9, append(order(90, 80)[:1:1], other[0], order(90, 80)[1]), nil); strings.Index(frame, "10.0.0.2:443") < strings.Index(frame, "10.0.0.1:443") {
		t.Error(frame)
	}
}

// Of an input that has ended, what was wrong at any time is told, and all its connections are listed.
func TestEndedIsWhole(t *testing.T) {
	m := screenOf(t, options(), "idle-forgotten.pcap", 80, 24)
	all := m.view.All.Findings(m.view.Headline)
	if len(m.open) != len(all) || len(all) == 0 || m.open[0].Count != all[0].Count {
		t.Errorf("%d findings, %d of the whole", len(m.open), len(all))
	}
	if frame := bare(m.frame()); strings.Contains(frame, "last 40 s") {
		t.Error(frame)
	}
	m, _ = m.update(keyOf("3"))
	m, _ = m.update(viewMsg{seen(t, "idle-forgotten.pcap", m.wanted())})
	if n := m.view.Headline.Tracker.Conns; m.list.of != n {
		t.Errorf("%d of %d connections are listed", m.list.of, n)
	}
}

// Bars of several lines have the same values as those of one.
func TestSpark(t *testing.T) {
	for _, x := range []struct {
		tall int
		want string
	}{{1, "█ ▄▁"}, {2, "█   /█ █▁"}} {
		if got := strings.Join(spark([]float64{8, 0, 3.9, 0.1}, x.tall, false), "/"); got != x.want {
			t.Errorf("%d lines: %q, want %q", x.tall, got, x.want)
		}
	}
}

// What a finding cites stays while it is read, though the connections are no longer recent.
func TestExamplesStay(t *testing.T) {
	early, late := *seen(t, "accept-queue-full.pcap", report.Wanted{}), *seen(t, "syn-lost.pcap", report.Wanted{})
	if len(early.Findings[0].Conns) == 0 || len(late.Findings[0].Conns) == 0 || early.Findings[0].Conns[0] == late.Findings[0].Conns[0] {
		t.Fatal("the captures cite the same")
	}
	id := early.Findings[0].Conns[0]
	m := newModel(options())
	show := func(v report.View, after int64) {
		v.Ended, v.At = false, early.At+after
		v.Findings = v.Findings[:1:1]
		v.Findings[0].ID = "same"
		m, _ = m.update(viewMsg{&v})
	}
	show(early, 0)
	m, _ = m.update(keyOf("2"))
	for n := range int64(3) {
		show(late, n*1e9)
		if f := m.finding(); f.Conns[0] != late.Findings[0].Conns[0] && f.Conns[0] != id || len(f.Conns) != 2 || len(f.PacketsOf(id)) == 0 {
			t.Errorf("%d s on it cites %v", n, f.Conns)
		}
	}
}

// Where the host itself is watched, nobody is asked to capture there what the screen is made of.
func TestNoCaptureAsked(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	f := diagnose.Finding{ID: "x", Detector: "x", Severity: diagnose.Warning, Title: "A trouble", Causes: []string{"a cause"},
		Advice: []string{"On 10.0.0.9: `tcpdump -ni any 'tcp port 80'` shows it.", "On 10.0.0.9: `nft list ruleset` shows it."}}
	for _, x := range []struct{ live, here, asks bool }{{true, true, false}, {true, false, true}, {false, true, true}} {
		h := *v.Headline
		h.Live, h.Local = x.live, func(a capture.Addr) bool { return x.here && a.String() == "10.0.0.9" }
		w := v
		w.Headline, w.Ended, w.Findings = &h, false, []diagnose.Finding{f}
		m := newModel(options())
		m, _ = m.update(viewMsg{&w})
		first := bare(m.frame())
		m, _ = m.update(keyOf("2"))
		for _, frame := range []string{first, bare(m.frame()), m.commandOf(m.finding())} {
			if strings.Contains(frame, "tcpdump") != x.asks || !x.asks && !strings.Contains(frame, "nft list ruleset") {
				t.Errorf("%+v: %s", x, frame)
			}
		}
	}
}

// What an advice goes on to say of what tcpdump shows is told without it, or left out with it.
func TestAdviceWithoutCapture(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	h := *v.Headline
	h.Live, h.Local = true, func(a capture.Addr) bool { return a.String() == "10.0.0.9" }
	v.Headline, v.Ended = &h, false
	m := newModel(options())
	m, _ = m.update(viewMsg{&v})
	for _, x := range []struct{ given, want []string }{
		{[]string{"On 10.0.0.9: `tcpdump -ni any 'host 10.0.0.1'` shows whether the data arrives there; if it does, `nft list ruleset` shows what drops it.", "If it does not arrive: send small data first.", "Ask."},
			[]string{"On 10.0.0.9: `nft list ruleset` shows what drops it.", "Ask."}},
		{[]string{"On 10.0.0.9: `tcpdump -ni any` shows whether the SYNs arrive.", "If they arrive and nothing leaves: `ss -ltn`.", "If not, look elsewhere."}, []string{"On 10.0.0.9: `ss -ltn`."}},
		{[]string{"Is it there?", "On 10.0.0.9, where it runs: `tcpdump -ni any` shows whether they arrive.", "If it does, mend it."}, []string{"Is it there?", "On 10.0.0.9: mend it."}},
		{[]string{"On 10.0.0.9: `tcpdump -ni any` shows it.", "On 10.0.0.9: `ss -ltn` shows it.", "If it does not, start it."}, []string{"On 10.0.0.9: `ss -ltn` shows it.", "If it does not, start it."}},
		{[]string{"On 10.0.0.1: `tcpdump -ni any` shows it; if it does, wait.", "If it does not arrive: send."}, []string{"On 10.0.0.1: `tcpdump -ni any` shows it; if it does, wait.", "If it does not arrive: send."}},
	} {
		var f watch.Trailed
		if f.Advice = x.given; !slices.Equal(m.advice(&f), x.want) {
			t.Errorf("%q: %q", x.given, m.advice(&f))
		}
	}
}

// While a run goes on nothing is said of its end, and what went on when it began may be older.
func TestRunningWords(t *testing.T) {
	v := *seen(t, "accept-queue-full.pcap", report.Wanted{All: true})
	open := recordtest.MadeUp(2, "10.0.0.1:40002", "10.0.0.2:443")
	open.Interim, open.States, open.Close = true, [2]record.State{record.Established, record.Established}, record.CloseRecord{Kind: record.CloseOpen, ResetBy: record.NoEnd}
	h := *v.Headline
	for _, x := range []struct {
		live, ended bool
		held, state string
	}{{true, false, "2 held now", "not yet: it is open\n"}, {true, true, "2 held at the end", "not yet: still open at the end\n"}} {
		w := v
		h.Live = x.live
		w.Headline, w.Ended = &h, x.ended
		m := newModel(options())
		m, _ = m.update(tea.WindowSizeMsg{Width: 80, Height: 50})
		m, _ = m.update(viewMsg{&w})
		m.page = pageTimeWait
		if frame := bare(m.frame()); !strings.Contains(frame, x.held) {
			t.Error(frame)
		}
		m.conn.follow(open, ladder.Options{})
		m.page = pageConnection
		if frame := bare(m.frame()); !strings.Contains(frame, x.state) {
			t.Error(frame)
		}
	}
	s := sufferers(1, 3)
	s.Add(recordtest.MadeUp(900, "10.0.0.7:50000", "10.0.0.2:443"))
	for _, older := range []bool{true, false} {
		all, _ := s.WorstClients(1)
		h := *v.Headline
		if h.Live, h.Start = true, all[0].Since-1e9; !older {
			h.Start -= 3e9
		}
		w := v
		w.Headline, w.Ended, w.All, w.Recent = &h, false, s, s
		m := newModel(options())
		m, _ = m.update(viewMsg{&w})
		for p, words := range map[page]string{pageNow: "no answer, since 22:13:21 or before: #1", pageHosts: "3 in trouble since 22:13:21 or before: no answer; the first"} {
			if m.page = p; !older {
				words = strings.Replace(words, " or before", "", 1)
			}
			m.hosts.across(true)
			frame := bare(m.frame())
			if !strings.Contains(strings.Join(strings.Fields(frame), " "), words) || p == pageHosts && strings.Contains(frame, " <=22:13:21  no answer") != older {
				t.Errorf("%t: no %q: %s", older, words, frame)
			}
		}
	}
}

// Of a finding that names fewer connections than it counts, those are called a sample.
func TestSample(t *testing.T) {
	f := watch.Trailed{Finding: diagnose.Finding{Title: "Trouble", Count: 68, Conns: make([]uint64, 20)}}
	if got := examplesOf(&f).String(); got != "as a sample of the 68 of the finding: Trouble" {
		t.Error(got)
	}
	if f.Count = 20; examplesOf(&f).String() != "of the finding: Trouble" {
		t.Error(examplesOf(&f))
	}
}

// While many connections are looked at for another list or view, what was seen last stays: nothing
// is said to be gone, or none, because it was not counted yet.
func TestPartialKeeps(t *testing.T) {
	v := *seen(t, "syn-lost.pcap", report.Wanted{})
	m := newModel(options())
	step := func(partial bool, found []diagnose.Finding, recent *report.Summary, rows []record.Record) string {
		x := v
		x.Ended, x.Partial, x.Findings, x.Recent, x.Wanted, x.Listed, x.Matching = false, partial, found, recent, m.wanted(), rows, uint64(len(rows))
		x.At += 1e9
		if partial {
			x.Standing = report.Standing{Held: v.Standing.Held, TimeWait: v.Standing.TimeWait}
		}
		m, _ = m.update(viewMsg{&x})
		return bare(m.frame())
	}
	none := report.NewSummary(report.SummaryOptions{OnDemand: Sums(), Recent: true})
	step(false, troubles(2), sufferers(1, 3), nil)
	for range 8 { // longer than it takes until a finding is resolved
		v.At += 1e9
		if frame := step(true, troubles(1), none, nil); !strings.Contains(frame, "client 10.0.0.7: 3 conn") || !strings.Contains(frame, "10.0.0.1:443 did not do") || strings.Contains(frame, "not seen") || !strings.Contains(frame, "1 TIME-WAIT") && !strings.Contains(frame, "TIME-WAIT     ██") {
			t.Fatal(frame)
		}
	}
	m, _ = m.update(keyOf("3"))
	if frame := step(true, nil, none, nil); !strings.Contains(frame, "looking for connections") || strings.Contains(frame, "  none") {
		t.Error(frame)
	}
	rows := []record.Record{*recordtest.MadeUp(1, "10.0.0.1:40001", "10.0.0.2:443")}
	step(false, nil, none, rows)
	if frame := step(true, nil, none, nil); !strings.Contains(frame, "10.0.0.1:40001") || !strings.Contains(frame, "\n1 connection (") {
		t.Error(frame)
	}
	if frame := step(false, nil, none, nil); !strings.Contains(frame, "  none") {
		t.Error(frame)
	}
}

// The parts of the first view keep their lines while a finding's words grow and shrink, as long as all
// have room; what a new finding needs it gets.
func TestPartsStay(t *testing.T) {
	found := troubles(2)
	_, show := shownWith(t, 80, 24, found, nil)
	rows := func(frame string) int { return strings.Count(frame[strings.Index(frame, "\nstate"):], "██") }
	before := rows(show(1e9, found, nil))
	found[1].Title += " and then some"
	if got := rows(show(2e9, found, nil)); got != before {
		t.Errorf("%d states, then %d", before, got)
	}
	if frame := show(3e9, troubles(7), nil); !strings.Contains(frame, "10.0.0.2:443 did not") {
		t.Error(frame)
	}
}

// BenchmarkNow draws the first view of a View that was not drawn before: of many servers, and of many
// clients in trouble.
func BenchmarkNow(b *testing.B) {
	s := report.NewSummary(report.SummaryOptions{OnDemand: Sums(), Recent: true, Rows: -1})
	for i := range 100000 {
		r := recordtest.MadeUp(uint64(i+1), fmt.Sprintf("10.%d.%d.7:%d", i>>8&63, i&255, 40000+i%20000), fmt.Sprintf("10.200.%d.%d:443", i>>4&15, i&255))
		if i%10 == 0 {
			recordtest.NotOpened(r, record.OpenNoAnswer)
		}
		s.Add(r)
	}
	s.Judge(&report.Headline{Packets: 1, Start: 1_600_000_000e9, Live: true})
	for _, size := range [][2]int{{80, 24}, {200, 50}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			m := newModel(options())
			m, _ = m.update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			at := int64(1_700_000_000e9)
			for b.Loop() {
				at += 1e9
				h := &report.Headline{Packets: 1, Start: 1_600_000_000e9, Live: true}
				v := &report.View{At: at, Headline: h, Recent: s, Findings: troubles(12)}
				m, _ = m.update(viewMsg{v})
				if m.frame() == "" {
					b.Fatal("nothing")
				}
			}
		})
	}
}
