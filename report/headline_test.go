package report

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// TestNoTCP: a capture without TCP says what its packets are, and blames a filter
// only where there was one.
func TestNoTCP(t *testing.T) {
	counts := func(reasons ...string) (all []Count) {
		for i, r := range reasons {
			all = append(all, Count{r, uint64(i + 5)})
		}
		return all
	}
	for _, c := range []struct {
		filter string
		passed uint64
		counts []Count
		want   string
	}{
		{"", 5, counts("not TCP"), "TCP: all packets are IP of other protocols"},
		{"", 5, counts("not IP"), "TCP: no packet is IP"},
		{"", 5, counts("unknown link type"), "TCP: the link type of the packets cannot be read"},
		{"", 5, counts("cut before the TCP header"), "TCP: every packet is cut before its TCP header; a larger snaplen (-s) helps"},
		{"", 5, counts("encrypted"), "TCP: the packets are encrypted"},
		{"", 5, counts("malformed"), "TCP: no packet holds any: 5 malformed"},
		{"", 18, counts("not IP", "not TCP", "fragment"), "TCP: no packet holds any: 5 not IP, 6 not TCP and 7 fragment"},
		{"", 5, nil, "TCP: no packet holds any"},
		{"udp", 5, counts("not TCP"), "TCP: none is among the packets that passed the filter"},
		{"udp", 0, nil, ""},
	} {
		out := tablesOf(t, NewSummary(SummaryOptions{}), &Headline{Packets: 18, Passed: c.passed, Skipped: c.counts, Filter: c.filter},
			TableOptions{Width: 200, Reports: []string{"handshakes"}})
		m := regexp.MustCompile(`(?m)^not seen +(.*)$`).FindStringSubmatch(out)
		if c.want == "" && m != nil || c.want != "" && (m == nil || m[1] != c.want) {
			t.Errorf("filter %q, %v: want %q in\n%s", c.filter, c.counts, c.want, out)
		}
		if c.filter == "" && strings.Contains(out, "filter") {
			t.Errorf("no filter was given, but\n%s", out)
		}
	}
}

// The share of packets dropped is at most all of them, however many are counted.
func TestDroppedShare(t *testing.T) {
	for drops, want := range map[uint64]string{0: "", 1: " (0.10 %)", 999: " (50.00 %)", math.MaxUint64: " (100.00 %)", math.MaxUint64 - 998: " (100.00 %)", 1 << 63: " (100.00 %)"} {
		if got := droppedShare(&Headline{Live: true, Packets: 999, KernelDrops: record.Opt[uint64]{V: drops, OK: true}}); got != want {
			t.Errorf("%d of 999: %q, want %q", drops, got, want)
		}
	}
	if got := droppedShare(&Headline{Packets: 10, KernelDrops: record.Opt[uint64]{V: 757, OK: true}}); got != "" {
		t.Errorf("of a file that may be an extract: %q", got)
	}
}

// Both headlines tell how many connections are of damaged packets only; not where the
// checksums of those that were answered are wrong too.
func TestDamagedHeadline(t *testing.T) {
	for _, edited := range []bool{false, true} {
		s := NewSummary(SummaryOptions{})
		for i := range 3 {
			r := recordtest.MadeUp(uint64(i+1), "10.0.0.1:40000", "10.0.0.2:80")
			if r.Capture.WrongIP = edited || i > 0; i > 0 {
				r.Ends[record.Resp] = record.EndRecord{}
			}
			s.Add(r)
		}
		for name, reports := range map[string][]string{"brief": nil, "tables": {"closes"}} {
			out := tablesOf(t, s, &Headline{Packets: 30, Segments: 30}, TableOptions{Width: 200, Reports: reports})
			if strings.Contains(out, "2 connections of damaged packets only (IP header checksum wrong)") == edited {
				t.Errorf("%s, edited %v:\n%s", name, edited, out)
			}
		}
	}
}

func TestUnknownHeadline(t *testing.T) {
	s := NewSummary(SummaryOptions{})
	for i, flaw := range []func(c *record.CaptureRecord){
		func(*record.CaptureRecord) {},
		func(c *record.CaptureRecord) { c.Truncated = true },
		func(c *record.CaptureRecord) {
			c.Midstream, c.SYNUnseen, c.ScaleUnknown = true, [2]bool{true, true}, true
		},
		func(c *record.CaptureRecord) { c.Duplicates = 1 },
	} {
		r := recordtest.MadeUp(uint64(i+1), "10.0.0.1:40000", "10.0.0.2:80")
		flaw(&r.Capture)
		s.Add(r)
	}
	out := tablesOf(t, s, &Headline{Packets: 30, Segments: 30}, TableOptions{Width: 200, Reports: []string{"closes"}})
	for _, want := range []string{
		"midstream    1 connection; left out: connect times, which end opened it, windows in bytes, the options of the SYNs\n",
		"cut short    1 connection: the snaplen cut packets short; left out: names and payload after the cut\n",
		"duplicates   1 connection: packets were captured twice; left out: how many packets were sent, without copies\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, not := range []string{"one way", "no scale", "no SYN", "gaps", "clock", "offload"} {
		if strings.Contains(out, not+" ") {
			t.Errorf("%q in\n%s", not, out)
		}
	}
}
