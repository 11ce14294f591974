package watch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// Live, JSON Lines have findings as they come and go, and stats at each interval.
func TestJSONL(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(100, 0)
	l := NewJSONL(&b, schema.Options{}, 4*time.Second, func() time.Time { return now })
	f := diagnose.Finding{ID: "a", Count: 1, Severity: diagnose.Warning, Title: "x"}
	for i := range 10 {
		if !l.Wanted().Due || !l.Wanted().All {
			t.Fatal("no view is wanted")
		}
		v := &report.View{At: 1_700_000_000e9 + int64(i)*1e9, Headline: &report.Headline{}, All: report.NewSummary(report.SummaryOptions{}), Findings: []diagnose.Finding{f}}
		if i > 2 {
			v.Findings = nil
		}
		if err := l.View(v); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		var x struct{ Type, ID, State, At, Title string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(x.Type, " ", x.ID, " ", x.State, " ", x.At))
	}
	want := []string{"finding a open 2023-11-14T22:13:20.000000000Z", "stats  open 2023-11-14T22:13:24.000000000Z",
		"finding a resolved 2023-11-14T22:13:28.000000000Z", "stats  open 2023-11-14T22:13:28.000000000Z"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
