package report

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

func tablesOf(t *testing.T, s *Summary, h *Headline, o TableOptions) string {
	t.Helper()
	var b strings.Builder
	if err := WriteTables(&b, s, h, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// troubled is a headline with everything in it that can go wrong.
func troubled(records []*record.Record) *Headline {
	h := headlineOf(records)
	h.Files = []string{"some.pcap", "evil\x1b[31m.pcap"}
	h.Filter, h.FilterIsDefault = "tcp port 443", false
	h.Hides = []string{"ICMP errors (some failed opens look unanswered)", "fragments", "VLANs", "tunnels"}
	h.Passed = h.Packets / 2
	h.Skipped = []Count{{"not IP", 3}, {"not TCP", 1234}}
	h.KernelDrops, h.InterfaceDrops = record.Some(uint64(17)), record.Some(uint64(0))
	h.Damaged = []*capture.Damage{{File: "some.pcap", Packet: 99, Offset: 12345, Reason: "record longer than the file"}}
	h.Tracker.Evicted = 2
	h.Tracker.Anomalies = map[string]uint64{"ack-of-nothing": 4, "data-after-fin": 1}
	return h
}

func TestTables(t *testing.T) {
	all := ReportNames()[1:] // findings have golden files of their own
	for _, test := range []struct {
		name    string
		records []*record.Record
		head    func([]*record.Record) *Headline
		o       TableOptions
	}{
		{"mixture-80", recordtest.Mixture(), troubled, TableOptions{Width: 80, Reports: all}},
		{"mixture-200", recordtest.Mixture(), troubled, TableOptions{Width: 200, Reports: all}},
		{"mixture-ascii-colour", recordtest.Mixture(), headlineOf, TableOptions{Width: 100, ASCII: true, Color: true, Reports: []string{EveryReport}}},
		{"brief-80", recordtest.Mixture(), troubled, TableOptions{Width: 80}},
		{"brief-colour", recordtest.Mixture(), headlineOf, TableOptions{Width: 100, ASCII: true, Color: true}},
		{"brief-empty", nil, headlineOf, TableOptions{Width: 80}},
		{"empty-80", nil, headlineOf, TableOptions{Width: 80, Reports: all}},
		{"one-80", []*record.Record{recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443")}, headlineOf, TableOptions{Width: 80, Reports: all}},
		{"thousands-80", recordtest.Random(1, 5000, 40), headlineOf, TableOptions{Width: 80, Reports: all, Top: 3}},
		{"thousands-200", recordtest.Random(1, 5000, 40), headlineOf, TableOptions{Width: 200, Reports: all, Top: 3, Sort: "id"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tablesOf(t, summaryOf(SummaryOptions{}, test.records), test.head(test.records), test.o)
			recordtest.Golden(t, filepath.Join("testdata", test.name+".txt"), got, *update)
			if test.o.Color {
				return
			}
			for i, l := range strings.Split(got, "\n") {
				if say.Width(l) > test.o.Width {
					t.Errorf("line %d has %d columns: %s", i+1, say.Width(l), l)
				}
				if strings.TrimRight(l, " ") != l && !strings.ContainsAny(l, "▁█") {
					t.Errorf("line %d ends in blanks: %q", i+1, l)
				}
			}
		})
	}
}

// TestNothingIsCut: at any width every address is there in full, and no line
// is longer than the terminal.
func TestNothingIsCut(t *testing.T) {
	racetest.TooSlow(t)
	records := append(recordtest.Mixture(), recordtest.Random(2, 60, 8)...)
	s, h := summaryOf(SummaryOptions{}, records), troubled(records)
	for width := 60; width <= 220; width += 10 {
		got := tablesOf(t, s, h, TableOptions{Width: width, Reports: ReportNames(), Top: 1 << 20})
		for _, l := range strings.Split(got, "\n") {
			if say.Width(l) > width {
				t.Errorf("width %d: %d columns: %s", width, say.Width(l), l)
			}
		}
		for _, r := range records {
			for _, e := range []string{r.Orig.String(), r.Resp.String(), sentence.ID(r.ID)} {
				if !strings.Contains(got, e) {
					t.Fatalf("width %d: %s is not there", width, e)
				}
			}
		}
	}
}

// Every function that makes a Table is in the list, and each name is one table's.
func TestAllTablesAreListed(t *testing.T) {
	makers, err := filepath.Glob("table_*.go")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, path := range makers {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		made += len(regexp.MustCompile(`(?m)^func \w+\(\) Table \{`).FindAll(b, -1))
	}
	names := ReportNames()
	if slices.Sort(names); made != len(AllTables()) || len(slices.Compact(names)) != made {
		t.Errorf("%d tables are made, %d listed: %q", made, len(AllTables()), names)
	}
}
