package report

import (
	"math"
	"regexp"
	"strings"
	"testing"

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
		{"", 5, counts("not TCP"), "TCP: the packets are of IP, and all of other protocols"},
		{"", 5, counts("not IP"), "TCP: no packet is of IP"},
		{"", 5, counts("unknown link type"), "TCP: the packets are of a link type that cannot be read"},
		{"", 5, counts("cut before the TCP header"), "TCP: every packet is cut before its TCP header, a larger snaplen (-s) helps"},
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

// A counter that no host can have reached is no number.
func TestAbsurdDrops(t *testing.T) {
	h := &Headline{Packets: 999, KernelDrops: record.Some[uint64](math.MaxUint64), InterfaceDrops: record.Some[uint64](math.MaxUint64 - 9)}
	out := tablesOf(t, NewSummary(SummaryOptions{}), h, TableOptions{Width: 200, Reports: []string{"handshakes"}})
	if want := "more than can be counted by the kernel (100.00 %), more than can be counted by the interface"; !strings.Contains(out, want) || strings.Contains(out, "18,446") {
		t.Errorf("want %q in\n%s", want, out)
	}
}

// The share of packets dropped is at most all of them, however many are counted.
func TestDroppedShare(t *testing.T) {
	for drops, want := range map[uint64]string{0: "", 1: " (0.10 %)", 999: " (50.00 %)", math.MaxUint64: " (100.00 %)", math.MaxUint64 - 998: " (100.00 %)", 1 << 63: " (100.00 %)"} {
		if got := droppedShare(&Headline{Packets: 999, KernelDrops: record.Opt[uint64]{V: drops, OK: true}}); got != want {
			t.Errorf("%d of 999: %q, want %q", drops, got, want)
		}
	}
}
