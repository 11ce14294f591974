package report

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// fullHeadline has another value in each of its fields.
func fullHeadline() *Headline {
	return &Headline{Files: []string{"a b", "c\x1b"}, Interface: "eth0", Filter: "port 80", FilterIsDefault: true, Anonymous: true, Where: "id > 1",
		Hides: []string{"ICMP"}, From: record.Some(int64(11)), To: record.Some(int64(12)), Outside: 13, First: record.Some(int64(14)), Last: record.Some(int64(15)),
		Packets: 16, Passed: 17, Bytes: 18, Segments: 19, Start: 20, End: 1e18 + 21,
		RanFrom: record.Some(int64(52)), RanUntil: record.Some(int64(53)),
		Clock:   Clock{Untimed: 22, Misstamped: 23, Steps: 24, At: 25, Stepped: -26, Gaps: 27, Uncovered: 28},
		Skipped: []Count{{"no TCP", 29}, {"ARP", 30}}, Undecoded: 31, Received: 55, KernelDrops: record.Some(uint64(32)), InterfaceDrops: record.Some(uint64(0)),
		Damaged: []*capture.Damage{{File: "f", Packet: 33, Offset: 34, Reason: "cut"}},
		Tracker: record.Stats{Segments: 35, Conns: 36, Emitted: 37, Evicted: 41, EvictedBy: map[string]uint64{"x": 42}, Quotes: 43, Unmatched: 44,
			Anomalies: map[string]uint64{"y": 45}, Limits: map[string]uint64{"z": 46}},
		Lost: Lost{Parts: 54, Conns: 52, Runs: 53}, Unnamed: 47, Unsent: 51, MSL: 48, Live: true, Ports: diagnose.PortRange{Low: 49, High: 50}}
}

// A stats line holds the whole headline, but for how many connections are held when the run ends:
// none are.
func TestStatsAreReadBack(t *testing.T) {
	want := fullHeadline()
	v := reflect.ValueOf(*want)
	for i := range v.NumField() {
		if v.Field(i).IsZero() && v.Type().Field(i).Name != "Local" {
			t.Errorf("%s is not filled", v.Type().Field(i).Name)
		}
	}
	line, err := StatsJSON(want, NewSummary(SummaryOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := ReadStats(line)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n%+v, want\n%+v", got, want)
	}
	var b bytes.Buffer
	j := NewJSONL(&b, schema.Options{})
	if err := errors.Join(j.SoFar(want, NewSummary(SummaryOptions{}), 1), j.Finish()); err != nil {
		t.Fatal(err)
	}
	if got, _, err := ReadStats(b.Bytes()); got != nil || err != nil {
		t.Errorf("stats so far are those of a run: %+v, %v", got, err)
	}
	for _, c := range []struct{ line, want string }{
		{`{"type":"stats","packets":7}`, "an older version wrote it: its records lack what findings are made of"},
		{`{"type":"stats","schema":2}`, "schema 2 is newer than this program, which knows 1"},
	} {
		if _, _, err := ReadStats([]byte(c.line)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.line, err)
		}
	}
}
