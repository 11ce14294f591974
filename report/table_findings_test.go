package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// judging are options with the detectors of failed opens, whose texts the
// golden files show.
func judging(t testing.TB) SummaryOptions {
	t.Helper()
	d, err := diagnose.Select("refused,unreachable,no-answer")
	if err != nil {
		t.Fatal(err)
	}
	return SummaryOptions{Detectors: d}
}

// failing are attempts that fail, IPv6 included, and some that work.
func failing() (all []*record.Record) {
	for i := range uint64(40) {
		r := recordtest.MadeUp(i*10+1, "10.0.0.1:"+strconv.Itoa(40000+int(i)), "10.0.0.2:443")
		switch i % 4 {
		case 0:
			r = recordtest.NotOpened(r, record.OpenRefused)
		case 1:
			r.Orig, r.Resp = recordtest.Endpoint(recordtest.Six1), recordtest.Endpoint(recordtest.Six2)
			r = recordtest.NotOpened(r, record.OpenUnreachable)
		case 2:
			r.Resp = recordtest.Endpoint("10.0.0.3:80")
			r = recordtest.NotOpened(r, record.OpenNoAnswer)
			r.Silent = 100 * oneSecond
		}
		all = append(all, r)
	}
	return all
}

func TestFindingsTable(t *testing.T) {
	records := failing()
	s := summaryOf(judging(t), records)
	for _, x := range []struct {
		name string
		h    *Headline
		o    TableOptions
	}{
		{"findings-80", headlineOf(records), TableOptions{Width: 80, Reports: []string{"findings"}}},
		{"findings-200", headlineOf(records), TableOptions{Width: 200, Reports: []string{"findings"}}},
		{"findings-weak-colour", troubled(records), TableOptions{Width: 80, Reports: []string{"findings"}, Top: 1, Color: true, ASCII: true, Sort: "count"}},
	} {
		got := tablesOf(t, s, x.h, x.o)
		recordtest.Golden(t, filepath.Join("testdata", x.name+".txt"), got, *update)
		for _, l := range strings.Split(got, "\n") {
			if !x.o.Color && (say.Width(l) > x.o.Width || strings.TrimRight(l, " ") != l || strings.Contains(l, "\x1b")) {
				t.Errorf("%s: %q", x.name, l)
			}
		}
	}
	for width := 40; width < 220; width += 7 {
		for _, l := range strings.Split(tablesOf(t, s, headlineOf(records), TableOptions{Width: width, Reports: []string{"findings"}}), "\n") {
			if say.Width(l) > width {
				t.Errorf("width %d: %q", width, l)
			}
		}
	}
}

// A finding is a line of JSON, between the connections and the stats.
func TestFindingsJSON(t *testing.T) {
	records := failing()
	s, h := summaryOf(judging(t), records), headlineOf(records)
	var b bytes.Buffer
	j := NewJSONL(&b, schema.Options{})
	if err := j.Report(h, s); err != nil {
		t.Fatal(err)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	found := s.Findings(h)
	var types []string
	for lines := bufio.NewScanner(&b); lines.Scan(); {
		var x struct {
			Type, ID, Detector, Severity, Confidence, Title, Explanation, Advice, Subject, Since, Until string
			Count                                                                                       uint64
			Conns, Packets                                                                              []uint64
			Causes                                                                                      []string
		}
		err := json.Unmarshal(lines.Bytes(), &x)
		if n := len(types); x.Type == "finding" {
			if err != nil {
				t.Fatalf("%v: %s", err, lines.Text())
			}
			f := found[n]
			if x.ID != f.ID || x.Detector != f.Detector || x.Severity != f.Severity.String() || x.Confidence != f.Confidence.String() ||
				x.Title != f.Title || x.Explanation != f.Explanation || x.Subject != f.Subject.String() || x.Count != f.Count ||
				len(x.Conns) != len(f.Conns) || len(x.Packets) != len(f.Packets) || len(x.Causes) != len(f.Causes) || x.Advice == "" || x.Since == "" || x.Until == "" {
				t.Errorf("%s\nis not\n%+v", lines.Text(), f)
			}
		}
		types = append(types, x.Type)
	}
	if got := strings.Join(types, " "); got != "finding finding finding stats" {
		t.Errorf("lines of %s", got)
	}
}

// Where the capture lost so much that no finding is more than possible, the table
// says so, whatever it was that told of the loss.
func TestWeakCaptureIsSaid(t *testing.T) {
	const said = "a finding about the network is at most possible"
	d, err := diagnose.Select("refused,capture-drops")
	if err != nil {
		t.Fatal(err)
	}
	lossy := failing()
	for _, r := range lossy {
		r.Ends[record.Orig].Bytes = record.Some(uint64(1000))
		r.Ends[record.Orig].MissingBytes, r.Capture.MissingBytes = 500, 500
	}
	for _, x := range []struct {
		name    string
		records []*record.Record
		h       *Headline
		want    bool
	}{
		{"whole", failing(), headlineOf(failing()), false},
		{"bytes acknowledged and never captured", lossy, headlineOf(lossy), true},
		{"the kernel dropped", failing(), &Headline{KernelDrops: record.Some(uint64(1))}, true},
	} {
		s := summaryOf(SummaryOptions{Detectors: d}, x.records)
		for _, f := range s.Findings(x.h) {
			if f.Group != diagnose.GroupCapture && (f.Confidence == diagnose.Possible) != x.want {
				t.Errorf("%s: %s is %s", x.name, f.Title, f.Confidence)
			}
		}
		text := tablesOf(t, s, x.h, TableOptions{Reports: []string{"findings"}, Top: 100})
		if strings.Contains(strings.Join(strings.Fields(text), " "), said) != x.want {
			t.Errorf("%s:\n%s", x.name, text)
		}
	}
}

// counting is a Fold that counts how often it is asked.
type counting struct{ asked *int }

func (counting) Add(*record.Record) {}
func (counting) Fields(*fold.Walk)  {}
func (c counting) Findings(*diagnose.Context) []diagnose.Finding {
	*c.asked++
	return nil
}

// All outputs of a run have the findings from one judgement.
func TestFindingsAreWorkedOutOnce(t *testing.T) {
	asked := 0
	count := diagnose.Detector{Name: "counting", New: func(*diagnose.Options) diagnose.Fold { return counting{&asked} }}
	s := summaryOf(SummaryOptions{Detectors: []diagnose.Detector{count}}, failing())
	h := headlineOf(failing())
	s.Findings(h)
	tablesOf(t, s, h, TableOptions{})
	if err := NewJSONL(io.Discard, schema.Options{}).Report(h, s); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	for i, more := range []func(){func() { s.Add(failing()[0]) }, func() { s.Merge(NewSummary(s.opt)) }, func() { h = headlineOf(failing()) }} {
		more()
		if s.Findings(h); asked != i+2 {
			t.Errorf("asked %d times after change %d", asked, i+1)
		}
	}
}

// The ledger of TIME-WAITs, from which some detectors read, merges too.
func TestLedgerMerges(t *testing.T) {
	records := recordtest.Random(5, 2000, 20)
	d, err := diagnose.Select("port-exhaustion,time-wait-many,time-wait-reuse")
	if err != nil {
		t.Fatal(err)
	}
	th := diagnose.NewOptions()
	for _, x := range []string{"ports=8", "time-wait-many=20"} {
		if err := th.Set(x); err != nil {
			t.Fatal(err)
		}
	}
	o := SummaryOptions{Detectors: d, Thresholds: th}
	h := headlineOf(records)
	whole := summaryOf(o, records)
	parts := NewSummary(o)
	for from := 0; from < len(records); from += 333 {
		parts.Merge(summaryOf(o, records[from:min(from+333, len(records))]))
	}
	want := tablesOf(t, whole, h, TableOptions{Reports: []string{"findings"}, Top: 1000})
	if got := tablesOf(t, parts, h, TableOptions{Reports: []string{"findings"}, Top: 1000}); got != want {
		t.Error(firstDifference(got, want))
	}
	if !strings.Contains(want, "ports in TIME-WAIT") || !strings.Contains(want, "gave way") {
		t.Errorf("no finding of the ledger:\n%s", want)
	}
}

// A finding names the first packets that show it, each with its connection; of how many these are, is
// said where there are more.
func TestExamplesAreNamed(t *testing.T) {
	p := newPage(TableOptions{}, NewSummary(SummaryOptions{}), &Headline{})
	for _, x := range []struct {
		count    uint64
		most     int
		examples []diagnose.Example
		want     string
	}{
		{3, 5, []diagnose.Example{{Conn: 9, Packet: 90}, {Conn: 7, Packet: 95}, {Conn: 8, Packet: 99}}, "Look at packet 90 of #9 (--why 9), 95 of #7, 99 of #8"},
		{1200, 2, []diagnose.Example{{Conn: 9, Packet: 90}, {Conn: 7, Packet: 95}, {Conn: 8, Packet: 99}}, "Look at the first 2 of 1,200: packet 90 of #9 (--why 9), 95 of #7"},
		{2, 1, []diagnose.Example{{Conn: 9, Packet: 90}, {Conn: 7, Packet: 95}}, "Look at the first of 2: packet 90 of #9 (--why 9)"},
		{1, 5, []diagnose.Example{{Conn: 9, Packet: 90}, {Conn: 9, Packet: 95}}, "Look at packet 90 of #9 (--why 9), 95 of #9"},
		{2, 5, []diagnose.Example{{Conn: 9}, {Conn: 10, Packet: 12}}, "Look at #9 (--why 9), packet 12 of #10"},
		{0, 5, []diagnose.Example{{Packet: 4}, {Packet: 6}}, "Look at packet 4, 6"},
		{5, 5, nil, ""},
	} {
		f := diagnose.Finding{Count: x.count}
		f.Cite(x.examples)
		if got := p.examplesOf(&f, x.most); got != x.want {
			t.Errorf("%+v: %s, want %s", x.examples, got, x.want)
		}
	}
}

// A connection is drawn of packets: a live report says so only where they are kept.
func TestWhyLive(t *testing.T) {
	f := diagnose.Finding{Title: "x"}
	f.Cite([]diagnose.Example{{Conn: 7, Packet: 9}})
	for _, x := range []struct {
		live    bool
		written string
		want    string
		more    string
	}{
		{false, "", "Look at packet 9 of #7 (--why 7)", "--why ID draws"},
		{true, "", "Look at packet 9 of #7", "with -w FILE packets are kept"},
		{true, "a b.pcap", "Look at packet 9 of #7 (--why 7 a b.pcap)", "--why ID draws"},
	} {
		p := newPage(TableOptions{Written: x.written}, NewSummary(SummaryOptions{}), &Headline{Live: x.live})
		if got := p.examplesOf(&f, 5); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
		p.briefEnd()
		if got := strings.Join(strings.Fields(p.b.String()), " "); !strings.Contains(got, x.more) {
			t.Error(got)
		}
	}
}
