package report

import (
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/capture"
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

// What two runs told is joined: nothing that one of them told is lost, and what differs is told of both.
func TestJoin(t *testing.T) {
	local := func(last byte) func(capture.Addr) bool {
		return func(a capture.Addr) bool { return a == capture.AddrFrom4([]byte{192, 0, 2, last}) }
	}
	a, b := fullHeadline(), fullHeadline()
	b.Where, b.Filter, b.FilterIsDefault, b.Interface = "id > 2", "port 443", false, "eth1"
	b.From, b.To, b.First, b.Last = record.Some(int64(10)), record.Some(int64(13)), record.Opt[int64]{}, record.Some(int64(14))
	a.Local, b.Local = local(1), local(2)
	a.Join(b)
	v := reflect.ValueOf(*a)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "First" && name != "FilterIsDefault" {
			t.Errorf("%s is lost", name)
		}
	}
	if a.Where != "id > 1; id > 2" || a.Filter != "port 80; port 443" || a.FilterIsDefault || a.Interface != "eth0; eth1" {
		t.Errorf("%q, %q, default %v, on %q", a.Where, a.Filter, a.FilterIsDefault, a.Interface)
	}
	if a.From.V != 10 || a.To.V != 13 || a.First.OK || a.Last.V != 15 || a.Packets != 32 || len(a.Files) != 4 {
		t.Errorf("from %v to %v, first %v, last %v, %d packets, %v", a.From, a.To, a.First, a.Last, a.Packets, a.Files)
	}
	for last, want := range []bool{false, true, true, false} {
		if got := a.Local(capture.AddrFrom4([]byte{192, 0, 2, byte(last)})); got != want {
			t.Errorf("192.0.2.%d is the host's: %v", last, got)
		}
	}
	third := &Headline{Filter: "port 443"}
	third.Join(&Headline{Filter: "port 443", Local: local(3)})
	third.Join(&Headline{})
	if third.Filter != "port 443; none" || third.Where != "" || !third.Local(capture.AddrFrom4([]byte{192, 0, 2, 3})) {
		t.Errorf("%q, %q", third.Filter, third.Where)
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

// Of packets that were not decoded, judgement is told how many are fragments.
func TestFragmentsAreTold(t *testing.T) {
	h := &Headline{Skipped: []Count{{capture.SkipFragment.String(), 19}, {capture.SkipNotTCP.String(), 3}}, Undecoded: 19}
	if c := NewSummary(SummaryOptions{}).context(h); c.Fragments != 19 || c.Undecoded != 19 {
		t.Errorf("%d fragments of %d", c.Fragments, c.Undecoded)
	}
}

// Drops of a capture of which the input holds few packets are told as that capture's.
func TestDropsOfALargerCaptureInTheHeadline(t *testing.T) {
	for received, want := range map[uint64]string{0: "a larger buffer", 1000: "a larger buffer", 9361: "250 of 9,361 packets of a capture that lost 757"} {
		for _, o := range []TableOptions{{Width: 200}, {Width: 200, Reports: []string{"all"}}} {
			var b strings.Builder
			h := &Headline{Packets: 250, Received: received, KernelDrops: record.Some[uint64](757)}
			if err := WriteTables(&b, NewSummary(SummaryOptions{}), h, o); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("%d received: no %q in\n%s", received, want, &b)
			}
		}
	}
}

// What files of records lack is told in the headline, of the brief report too.
func TestLostIsToldInTheHeadline(t *testing.T) {
	for _, x := range []struct {
		lost Lost
		want []string
	}{
		{Lost{}, nil},
		{Lost{Doubled: 3}, nil},
		{Lost{Parts: 2, Conns: 1500}, []string{"2 files of records with 1,500 connections: missing or damaged, and not in this report"}},
		{Lost{Parts: 1, Runs: 1}, []string{"1 file of records, nobody knows with how many connections: missing", "1 run that did not come to an end"}},
	} {
		for _, reports := range [][]string{nil, {"all"}} {
			var b strings.Builder
			o := TableOptions{Width: 200}
			if reports != nil {
				if err := o.SetReports(reports[0]); err != nil {
					t.Fatal(err)
				}
			}
			if err := WriteTables(&b, NewSummary(SummaryOptions{}), &Headline{Lost: x.lost}, o); err != nil {
				t.Fatal(err)
			}
			for _, want := range x.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%+v, reports %v: no %q in\n%s", x.lost, reports, want, &b)
				}
			}
			if x.want == nil && strings.Contains(b.String(), "of records") {
				t.Errorf("%+v: told in\n%s", x.lost, &b)
			}
			s := new(Strict)
			if got := s.Refuses(&Headline{Lost: x.lost}, NewSummary(SummaryOptions{})); got != (x.lost != Lost{}) {
				t.Errorf("%+v: refused: %v", x.lost, got)
			}
		}
	}
}
