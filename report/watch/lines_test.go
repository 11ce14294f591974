package watch

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// What goes wrong is told once a second in each way and place, with a count; opens and closes
// are not told.
func TestLines(t *testing.T) {
	const start = int64(1_700_000_000e9)
	failed := func(at int64, port uint16, kind record.OpenKind) *record.Event {
		r := *recordtest.Opened()
		r.Resp.Port = port
		r.Open = record.OpenRecord{Kind: kind, SYNs: 1, Waited: record.Some(int64(1e6))}
		return &record.Event{Kind: record.EventFailed, Time: start + at, Record: &r}
	}
	opened := &record.Event{Kind: record.EventOpened, Time: start, Record: recordtest.Opened()}
	var b bytes.Buffer
	l := NewLines(&b, sentence.LiveLineOptions{}, time.Now)
	part := l.Part()
	tell := func(all ...*record.Event) {
		var lines []byte
		for _, e := range all {
			lines = part.AppendEvent(lines, e)
		}
		if err := l.Lines(lines); err != nil {
			t.Fatal(err)
		}
	}
	tell(opened, failed(1, 80, record.OpenRefused), failed(2, 80, record.OpenRefused), failed(3, 80, record.OpenRefused), failed(4, 80, record.OpenNoAnswer))
	for port := range uint16(12) {
		tell(failed(int64(100+port), 1000+port, record.OpenRefused))
	}
	tell(failed(1e9, 80, record.OpenRefused))
	l.Tick(&record.Tick{Time: start + 3e9, Show: true})
	got := strings.Split(strings.TrimSpace(b.String()), "\n")
	var heads []string
	for _, line := range got {
		heads = append(heads, strings.Join(strings.Fields(line)[:2], " "))
	}
	if len(got) != secondLines+3 { // a count, the others, and the second after
		t.Errorf("%d lines: %s", len(got), b.String())
	}
	for _, want := range []string{
		"22:13:21.000 failed 2 more within the second: 10.0.0.2:80, refused",
		"22:13:21.000 others of the second, elsewhere: 9 failed",
	} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("no line %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), " open ") || heads[len(heads)-1] != "22:13:21.000 failed" {
		t.Error(b.String())
	}
}

// Findings are told when they appear and when they are resolved.
func TestLinesOfFindings(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	l := NewLines(&b, sentence.LiveLineOptions{Width: 60}, func() time.Time { return now })
	f := diagnose.Finding{ID: "a", Severity: diagnose.Warning, Confidence: diagnose.Likely, Title: "10.0.0.2:80 does not answer SYNs from 10.0.0.1", Causes: []string{"a firewall drops them"},
		Detector: "no-answer", Since: 1_700_000_000e9 - 5e9, Conns: []uint64{20, 30}}
	if l.Wanted().Due {
		now = now.Add(time.Second)
	}
	for i := range 8 {
		v := &report.View{At: 1_700_000_000e9 + int64(i)*1e9, Headline: &report.Headline{Live: true, Start: f.Since - 1e9}, Findings: []diagnose.Finding{f, {ID: "b", Title: "an info"}}}
		if i > 1 {
			v.Findings = nil
		}
		if err := l.View(v); err != nil {
			t.Fatal(err)
		}
		if l.Wanted().Due {
			t.Error("two views within a second")
		}
		now = now.Add(time.Second)
		if !l.Wanted().Due {
			t.Error("no view is wanted after a second")
		}
	}
	want := `22:13:20.000 WARNING 10.0.0.2:80 does not answer SYNs from
             10.0.0.1 (likely, since 22:13:15 or before,
             such as #20, --explain no-answer). Likely
             cause: a firewall drops them
22:13:27.000 resolved 10.0.0.2:80 does not answer SYNs from
             10.0.0.1: not any more since 22:13:22
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// Trouble at hundreds of servers takes few lines a second: the first of each kind, what is worst, and how
// much else there was.
func TestLinesOfManyServers(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	l := NewLines(&b, sentence.LiveLineOptions{}, func() time.Time { return now })
	part := l.Part()
	const start = int64(1_700_000_000e9)
	event := func(at int64, port int, cause record.ResetCause) []byte {
		r := *recordtest.Opened()
		r.Resp.Port = uint16(port)
		r.Close.Kind, r.Close.ResetBy, r.Close.ResetCause = record.CloseReset, record.Resp, cause
		return part.AppendEvent(nil, &record.Event{Kind: record.EventReset, Time: start + at, Record: &r})
	}
	found := func(port int, detector string, s diagnose.Severity) diagnose.Finding {
		return diagnose.Finding{ID: fmt.Sprint(detector, port), Detector: detector, Severity: s, Title: fmt.Sprintf("10.0.0.2:%d %s", port, detector), Count: 1}
	}
	second := func(n int64, found []diagnose.Finding) []string {
		b.Reset()
		for port := range 350 {
			for k := range int64(3 + port%2) {
				l.Lines(event(n*1e9+k, 1000+port, record.ResetAbort))
			}
		}
		for range 100 {
			l.Lines(event(n*1e9+500, 1200, record.ResetAbort))
		}
		l.Lines(event(n*1e9+600, 1300, record.ResetUnreadData)) // the only one of its kind, behind all others
		l.Tick(&record.Tick{Time: start + (n+1)*1e9})
		now = now.Add(time.Second)
		if err := l.View(&report.View{At: start + (n+1)*1e9, Headline: &report.Headline{}, Findings: found}); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(b.String()), "\n")
	}
	var all []diagnose.Finding
	for port := range 350 {
		all = append(all, found(1000+port, "reset-abort", diagnose.Warning))
	}
	all = append(all, found(80, "refused", diagnose.Notice))
	for n := range int64(3) {
		lines := second(n, all)
		if len(lines) > secondLines+1+countLines+1+findingLines+1+1 {
			t.Errorf("%d lines in second %d:\n%s", len(lines), n, b.String())
		}
		for _, want := range []string{"10.0.0.2:1200, ", "others of the second, elsewhere: 1,"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("second %d: no %q:\n%s", n, want, b.String())
			}
		}
		if n > 0 {
			continue
		}
		for _, want := range []string{"NOTICE 10.0.0.2:80 refused\n", "more findings: 346 WARNING; the report has all of them\n", ":1300  by server, in answer to data"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q:\n%s", want, b.String())
			}
		}
	}
	resolved := 0
	for n := range int64(7) { // all are: those that had a line get one
		second(3+n, nil)
		resolved += strings.Count(b.String(), " resolved 10.0.0.2:")
	}
	if resolved < findingLines || resolved > findingLines+1 { // each that had a line, and the first of its detector
		t.Errorf("%d are told to be resolved:\n%s", resolved, b.String())
	}
	if len(l.told) != 0 {
		t.Errorf("%d are still told", len(l.told))
	}
}
