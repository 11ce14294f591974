package watch

import (
	"bytes"
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
	if len(got) != secondLines+3 {
		t.Errorf("%d lines: %s", len(got), b.String())
	}
	for _, want := range []string{
		"22:13:21.000 failed 2 more within the second: 10.0.0.2:80, refused",
		"22:13:21.000 others of the second, elsewhere: 4 failed",
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
		v := &report.View{At: 1_700_000_000e9 + int64(i)*1e9, Findings: []diagnose.Finding{f, {ID: "b", Title: "an info"}}}
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
             10.0.0.1 (likely, since 22:13:15, such as #20,
             --explain no-answer). Likely cause: a firewall
             drops them
22:13:27.000 resolved 10.0.0.2:80 does not answer SYNs from
             10.0.0.1: not any more since 22:13:22
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}
