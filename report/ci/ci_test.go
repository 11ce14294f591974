package ci

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// mixture are the sums of records of every kind.
func mixture() (*report.Headline, *report.Summary) {
	all := diagnose.Detectors()
	s := report.NewSummary(report.SummaryOptions{Detectors: all})
	for _, r := range recordtest.Mixture() {
		s.Add(r)
	}
	return &report.Headline{Files: []string{"a b#1.pcap"}, Packets: 330, Start: recordtest.Start, End: recordtest.Start + 1e12, MSL: 30e9}, s
}

// What SARIF 2.1.0 requires is there, and what it refers to exists.
func TestSARIF(t *testing.T) {
	h, s := mixture()
	found := s.Findings(h)
	if len(found) < 3 {
		t.Fatalf("%d findings", len(found))
	}
	base, err := ReadBaseline(strings.NewReader("# known\n"+found[0].ID+"\n"), "known")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := NewSARIF(&b, Options{Version: "1.2.3", Detectors: diagnose.Detectors(), Baseline: base}).Report(h, s); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || !strings.HasPrefix(log.Schema, "https://") || run.Tool.Driver.Name != "tcpwatch" || run.Tool.Driver.Version != "1.2.3" {
		t.Errorf("%+v", run.Tool.Driver)
	}
	if len(run.Results) != len(found) || run.Artifacts[0].Location.URI != "a%20b%231.pcap" {
		t.Errorf("%d results, %+v", len(run.Results), run.Artifacts)
	}
	for i, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.Index]
		want := "new"
		if i == 0 {
			want = "unchanged"
		}
		switch {
		case rule.ID != r.Rule, rule.Short.Text == "", rule.Full.Text == "":
			t.Errorf("rule of %+v is %+v", r, rule)
		case r.Level != "error" && r.Level != "warning" && r.Level != "note":
			t.Errorf("level %s", r.Level)
		case r.Message.Text == "" || r.Fingerprints["tcpwatch/v1"] != found[i].ID || r.State != want:
			t.Errorf("%+v", r)
		case r.Properties.Since != string(schema.AppendTime(nil, found[i].Since)), r.Properties.Until != string(schema.AppendTime(nil, found[i].Until)):
			t.Errorf("from %s to %s", r.Properties.Since, r.Properties.Until)
		case r.Locations[0].Physical.Artifact.Index == nil || *r.Locations[0].Physical.Artifact.Index >= len(run.Artifacts) || r.Locations[0].Logical[0].Name == "":
			t.Errorf("%+v", r.Locations)
		}
	}
}

// A JUnit file has a case for each finding and each detector without one, and counts that fit.
func TestJUnit(t *testing.T) {
	h, s := mixture()
	found := s.Findings(h)
	base, err := ReadBaseline(strings.NewReader(`{"type":"finding","id":"`+found[0].ID+`"}`+"\n"+`{"type":"stats"}`), "known")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := NewJUnit(&b, Options{Detectors: diagnose.Detectors(), Baseline: base, Fails: diagnose.Notice}).Report(h, s); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	failed, skipped, quiet := 0, 0, 0
	names := map[string]bool{}
	for _, c := range got.Suite.Cases {
		if names[c.Class+c.Name] {
			t.Errorf("two cases %s %s", c.Class, c.Name)
		}
		names[c.Class+c.Name] = true
		switch {
		case c.Failure != nil && c.Failure.Message != "" && c.Failure.Type != "" && c.Failure.Text != "":
			failed++
		case c.Skipped != nil && c.Skipped.Message != "":
			skipped++
		case c.Out == "":
			quiet++
		}
	}
	worse := 0
	for i := range found[1:] {
		if found[i+1].Severity >= diagnose.Notice {
			worse++
		}
	}
	if x := got.Suite; failed != worse || failed == 0 || skipped != 1 || x.Failures != failed || x.Skipped != 1 || x.Tests != len(x.Cases) || quiet == 0 {
		t.Errorf("%d failed of %d, %d skipped, %d quiet: %+v", failed, worse, skipped, quiet, x.Tests)
	}
}

func TestBaseline(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"a:b", "a:b", true}, {"a:b", "a:bc", false}, {"a*", "a:bc", true}, {"*", "", true}, {"a*c", "a:bc", true}, {"a*c", "a:bd", false},
		{"a*b*c", "a1b2b3c", true}, {"a*bc", "abc", true}, {"a*bc*d", "abcd", true}, {"ab*ba", "aba", false},
	} {
		if got := fits(c.pattern, c.text); got != c.want {
			t.Errorf("%s fits %s: %v", c.pattern, c.text, got)
		}
	}
	if _, err := ReadBaseline(strings.NewReader(`{"type":"finding","id":7}`), "f"); err == nil || !strings.HasPrefix(err.Error(), "f: line 1: no finding: ") {
		t.Error(err)
	}
	var none *Baseline
	if none.Accepts(&diagnose.Finding{ID: "a"}) {
		t.Error("no baseline accepts")
	}
}
