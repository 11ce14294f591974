package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// told is all that a summary tells: every report, and the stats line.
func told(t *testing.T, s *Summary, h *Headline) string {
	t.Helper()
	var b bytes.Buffer
	for _, key := range []string{"", "felt", "wait", "reused", "holder", "probes", "bytes"} {
		b.WriteString(tablesOf(t, s, h, TableOptions{Width: 150, Reports: ReportNames(), Top: 1 << 20, Sort: key}))
	}
	writeLine(&b, lineOfStats(h, s))
	return b.String()
}

// TestMergeOfAnySplit: whatever the order and however records are divided,
// the whole comes out, also of parts that were written down and read back.
func TestMergeOfAnySplit(t *testing.T) {
	racetest.TooSlow(t)
	records := append(recordtest.Random(3, 1500, 30), recordtest.Mixture()...)
	h := headlineOf(records)
	o := SummaryOptions{Kept: 20, Rows: 50, Sort: "bytes", Pictures: true, Counters: true}
	whole := summaryOf(o, records)
	want := told(t, whole, h) + pictured(whole, h) + counterText(whole)
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		shuffled := slices.Clone(records)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		parts := make([]*Summary, 1+rng.IntN(9))
		for i := range parts {
			parts[i] = NewSummary(o)
		}
		for _, r := range shuffled {
			parts[rng.IntN(len(parts))].Add(r)
		}
		for len(parts) > 1 {
			i := rng.IntN(len(parts) - 1)
			if round%2 == 1 {
				parts[i+1] = writtenAndRead(t, parts[i+1])
			}
			parts[i].Merge(parts[i+1])
			parts = slices.Delete(parts, i+1, i+2)
		}
		if got := told(t, parts[0], h) + pictured(parts[0], h) + counterText(parts[0]); got != want {
			t.Fatalf("round %d: %s", round, firstDifference(got, want))
		}
	}
}

// pictured is all that pictures are drawn from.
func pictured(s *Summary, h *Headline) string {
	var b strings.Builder
	lanes, more := s.Lanes(50)
	fmt.Fprintf(&b, "lanes %+v %d\n", lanes, more)
	quiet, of := s.Quiet(50)
	for _, r := range quiet {
		fmt.Fprintf(&b, "quiet %d of %d\n", r.ID, of)
	}
	moments, width, known := s.Moments(h, 60)
	fmt.Fprintf(&b, "moments %+v %d %t\nfelt %+v\n", moments, width, known, s.FeltTimes())
	listeners, n := s.SlowestListeners(50)
	fmt.Fprintf(&b, "listeners %+v %d\n", listeners, n)
	held, holders, from, to, ports := s.HeldOver(h, 50, 20)
	sent, of := s.FirstTransfers(50)
	fmt.Fprintf(&b, "held %+v %d %d %d %d\ntransfers %+v %d\n", held, holders, from, to, ports, sent, of)
	return b.String()
}

// writtenAndRead is a Summary that was written down and read back.
func writtenAndRead(t testing.TB, s *Summary) *Summary {
	t.Helper()
	b, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := NewSummary(s.opt)
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	return back
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is\n%s\nwant\n%s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

func TestMergeSharesNothing(t *testing.T) {
	records := recordtest.Mixture()
	h := headlineOf(records)
	s := summaryOf(SummaryOptions{}, records)
	c := NewSummary(SummaryOptions{})
	c.Merge(s)
	want := told(t, s, h)
	if got := told(t, c, h); got != want {
		t.Fatalf("merged into an empty one it tells something else: %s", firstDifference(got, want))
	}
	for _, r := range recordtest.Random(9, 300, 5) {
		c.Add(r)
	}
	if got := told(t, s, h); got != want {
		t.Errorf("what the other took in shows: %s", firstDifference(got, want))
	}
}

func TestAddKeepsNothingBorrowed(t *testing.T) {
	s := NewSummary(SummaryOptions{})
	r := recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2")
	s.Add(r)
	want := tablesOf(t, s, &Headline{}, TableOptions{Reports: []string{"connections"}})
	*r = *recordtest.MadeUp(99, "10.9.9.9:9", "10.9.9.8:8")
	if got := tablesOf(t, s, &Headline{}, TableOptions{Reports: []string{"connections"}}); got != want {
		t.Errorf("the summary changed with the record: %s", firstDifference(got, want))
	}
	if s.rows.Sorted()[0].Transitions != nil {
		t.Error("transitions are kept, which are borrowed")
	}
}

// TestLimitsAreCounted is a scan: more listeners than are kept, all refused, and one
// that works.
func TestLimitsAreCounted(t *testing.T) {
	const n = 2*maxListeners + 5000
	forward, backward := NewSummary(SummaryOptions{Rows: -1}), NewSummary(SummaryOptions{Rows: -1})
	r := recordtest.NotOpened(recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2"), record.OpenRefused)
	aim := func(i int) *record.Record {
		r.ID = uint64(i + 1)
		r.Resp.Addr = capture.AddrFrom4([]byte{10, 1, byte(i >> 8), byte(i)})
		r.Resp.Port = uint16(1 + i>>16)
		return r
	}
	for i := range n {
		forward.Add(aim(i))
		backward.Add(aim(n - 1 - i))
	}
	works := recordtest.MadeUp(n+1, "10.0.0.1:1", "10.0.0.9:80")
	forward.Add(works)
	backward.Merge(summaryOf(SummaryOptions{Rows: -1}, []*record.Record{works}))
	f, b := sumsOf[*handshakes](forward).listeners(""), sumsOf[*handshakes](backward).listeners("")
	if len(f) != maxListeners+1 || len(b) != len(f) {
		t.Fatalf("%d and %d servers kept, want %d that fail and 1 that works", len(f), len(b), maxListeners)
	}
	for i := range f {
		if f[i].listener != b[i].listener {
			t.Fatalf("the order of input decides which servers are kept")
		}
	}
	if lost := sumsOf[*handshakes](forward).failed.Rest().total(); lost != n-maxListeners {
		t.Errorf("%d counted as lost, want %d", lost, n-maxListeners)
	}
	out := tablesOf(t, forward, &Headline{}, TableOptions{Width: 80, Reports: []string{"handshakes"}, Sort: "felt"})
	for _, want := range []string{"10.0.0.9:80", "21,384 handshakes with servers beyond", "37,769 attempts"} {
		if !strings.Contains(strings.ReplaceAll(out, "\n  ", " "), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// What consists of packets of one end with a wrong IPv4 header checksum is no attempt and no close,
// unless the capture was edited, as connections of both ends show that have such too.
func TestDamagedIsNoAttempt(t *testing.T) {
	wrong := func(id uint64, both bool) *record.Record {
		r := recordtest.MadeUp(id, fmt.Sprintf("10.0.0.1:%d", id), "10.0.0.2:80")
		if !both {
			r = recordtest.NotOpened(r, record.OpenNoAnswer)
			r.Ends[record.Resp] = record.EndRecord{}
		}
		r.Capture.WrongIP = true
		return r
	}
	for _, x := range []struct {
		name         string
		edited       bool
		opened, fail uint64
	}{{"damaged on the way", false, 3, 0}, {"edited", true, 4, 2}} {
		all := []*record.Record{wrong(1, false), wrong(2, false)}
		for id := range uint64(3) {
			all = append(all, recordtest.MadeUp(10+id, fmt.Sprintf("10.0.0.1:%d", 10+id), "10.0.0.2:80"))
		}
		if x.edited {
			all = append(all, wrong(3, true))
		}
		half := summaryOf(SummaryOptions{}, all[:1])
		half.Merge(writtenAndRead(t, summaryOf(SummaryOptions{}, all[1:])))
		for _, s := range []*Summary{summaryOf(SummaryOptions{}, all), half} {
			h := undamaged[*handshakes](s)
			done, bad := h.totals()
			if got, failed := done.n, bad.total(); got != x.opened || failed != x.fail {
				t.Errorf("%s: %d opened and %d failed, want %d and %d", x.name, got, failed, x.opened, x.fail)
			}
			if n := undamaged[*closes](s).kinds[record.CloseNeverOpened]; n != x.fail {
				t.Errorf("%s: %d never opened, want %d", x.name, n, x.fail)
			}
			if n := undamaged[*handshakes](s).failed.Total().total(); n != x.fail {
				t.Errorf("%s: asked again, %d failed", x.name, n)
			}
		}
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	s := NewSummary(SummaryOptions{Rows: 100})
	records := recordtest.Random(5, 2000, 10)
	for _, r := range records {
		s.Add(r)
	}
	i := 0
	if n := testing.AllocsPerRun(len(records), func() { s.Add(records[i%len(records)]); i++ }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestJudge(t *testing.T) {
	base := func() *record.Record { return recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2") }
	since := base().Start + 2*oneSecond
	for _, test := range []struct {
		name string
		r    *record.Record
		want diagnose.Verdict
	}{
		{"normal", base(), diagnose.Verdict{Culprit: record.NoEnd}},
		{"half-closed", recordtest.BadlyClosed(base(), record.CloseHalfClosed, oneSecond), diagnose.Verdict{Fault: diagnose.FaultHalfClosed, Culprit: record.Resp, Since: since}},
		{"unacked FIN", recordtest.BadlyClosed(base(), record.CloseUnackedFIN, oneSecond), diagnose.Verdict{Fault: diagnose.FaultUnackedFIN, Culprit: record.Resp, Since: since}},
		{"timed out", recordtest.BadlyClosed(base(), record.CloseTimedOut, oneSecond), diagnose.Verdict{Fault: diagnose.FaultTimedOut, Culprit: record.Resp, Since: since + oneSecond}},
		{"reset", recordtest.BadlyClosed(base(), record.CloseReset, 0), diagnose.Verdict{Fault: diagnose.FaultReset, Culprit: record.Orig, Cause: record.ResetAbort.String()}},
		{"still open", recordtest.BadlyClosed(base(), record.CloseOpen, 0), diagnose.Verdict{Culprit: record.NoEnd}},
	} {
		if got := diagnose.JudgeClose(test.r); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
	if got, want := diagnose.JudgeClose(recordtest.LastACKMissing(base())), (diagnose.Verdict{Fault: diagnose.FaultLastACK, Culprit: record.Orig, Since: since - oneSecond + 2*millisecond}); got != want {
		t.Errorf("last ACK missing: %+v, want %+v", got, want)
	}
	silent := recordtest.BadlyClosed(base(), record.CloseHalfClosed, oneSecond)
	silent.Silent = 5 * oneSecond // then it was handed out, whatever the input held after that
	if got := diagnose.JudgeClose(silent).Waited(silent); got != 6*oneSecond {
		t.Errorf("half-closed, silent for 5 s: waited for %d ns", got)
	}
	if got := diagnose.JudgeClose(recordtest.RefusedAfterACK(base())); got.Cause != diagnose.CauseRefusedLate {
		t.Errorf("refused after the handshake's final ACK: %+v", got)
	}
}

// TestCutShort: what the end of the input cut short is no fault, what was
// asked for again or waited for long enough is.
func TestCutShort(t *testing.T) {
	base := func() *record.Record { return recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2") }
	tries := func(kind record.OpenKind, n uint32) *record.Record {
		r := recordtest.NotOpened(base(), kind)
		r.Open.SYNs, r.Open.SYNACKs = n, n
		return r
	}
	// After its FIN the responder answers so many bytes by a RST.
	parting := func(bytes uint64) *record.Record {
		r := recordtest.BadlyClosed(base(), record.CloseReset, 0)
		c := &r.Close
		c.ResetBy, c.ResetCause, c.ResetIn, c.Unheard = record.Resp, record.ResetLateData, record.FinWait2, bytes
		c.FINTime[record.Resp], c.ResetTime = record.Some(r.Start+oneSecond), record.Some(r.Start+oneSecond+millisecond)
		return r
	}
	again := recordtest.LastACKMissing(base())
	again.Close.FINs[record.Resp] = 2
	oneWay := recordtest.LastACKMissing(base())
	oneWay.Capture.OneWay = true
	const half = oneSecond / 2
	for _, test := range []struct {
		name string
		r    *record.Record
		want string // in the titles of handshakes or closes
	}{
		{"one SYN", recordtest.CutShort(tries(record.OpenNoAnswer, 1), half), "1 attempt, 0 completed, 0 failed, 1 still opening when the capture ended."},
		{"one SYN, long ago", recordtest.CutShort(tries(record.OpenNoAnswer, 1), 2*oneSecond), "0 completed, 1 failed (1 no answer)."},
		{"one SYN, forgotten", tries(record.OpenNoAnswer, 1), "0 completed, 1 failed (1 no answer)."},
		{"many SYNs", recordtest.CutShort(tries(record.OpenNoAnswer, 6), half), "0 completed, 1 failed (1 no answer)."},
		{"one SYN/ACK", recordtest.CutShort(tries(record.OpenHalfOpen, 1), half), "0 failed, 1 still opening"},
		{"many SYN/ACKs", recordtest.CutShort(tries(record.OpenHalfOpen, 3), half), "1 failed (1 half-open)."},
		{"last ACK", recordtest.CutShort(recordtest.LastACKMissing(base()), half), "0 incomplete, 1 closing at the end."},
		{"last ACK, long ago", recordtest.CutShort(recordtest.LastACKMissing(base()), 2*oneSecond), "0 complete, 1 incomplete."},
		{"last ACK, FIN again", recordtest.CutShort(again, half), "0 complete, 1 incomplete."},
		{"second FIN", recordtest.CutShort(recordtest.BadlyClosed(base(), record.CloseHalfClosed, 0), half), "0 incomplete, 1 closing at the end."},
		{"ACK of the FIN", recordtest.CutShort(recordtest.BadlyClosed(base(), record.CloseUnackedFIN, 0), half), "0 incomplete, 1 closing at the end."},
		{"a parting word met a closed socket", parting(31), "0 incomplete, 1 ended by a harmless RST."},
		{"data met a closed socket", parting(3000), "0 complete, 1 incomplete."},
		{"one direction", recordtest.CutShort(oneWay, 2*oneSecond), "0 incomplete, 1 unknown (only one direction captured)."},
	} {
		records := []*record.Record{test.r}
		got := tablesOf(t, summaryOf(SummaryOptions{}, records), headlineOf(records), TableOptions{Width: 200})
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %q is not in\n%s", test.name, test.want, got)
		}
		if test.want[len(test.want)-3:] == "ed." && strings.Contains(got, "The worst") {
			t.Errorf("%s: blamed in\n%s", test.name, got)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		o    TableOptions
		want string
	}{
		{TableOptions{}, ""},
		{TableOptions{Reports: []string{"connections"}, Sort: "bytes"}, ""},
		{TableOptions{Sort: "peak"}, ""},
		{TableOptions{Reports: []string{"closes", "nonsense\x1b"}}, `unknown report "nonsense\x1b"; known are findings, handshakes, closes, timewait, keepalive, connections, transfers, hosts, clients, timeline, all`},
		{TableOptions{Reports: []string{"keepalive"}, Sort: "bytes"}, `sort key "bytes" is for --report connections, transfers, hosts, timeline`},
		{TableOptions{Reports: []string{"keepalive"}, Sort: "size"}, `unknown sort key "size"; known are keepalive: unanswered, probes, id`},
	} {
		got := ""
		if err := test.o.Validate(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%v: %q, want %q", test.o, got, test.want)
		}
		var b strings.Builder
		if err := WriteTables(&b, NewSummary(SummaryOptions{}), &Headline{}, test.o); (err != nil) != (test.want != "") || err != nil && b.Len() > 0 {
			t.Errorf("%v: WriteTables says %v after writing %q", test.o, err, b.String())
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	s := NewSummary(SummaryOptions{})
	records := recordtest.Random(5, 20000, 50)
	for _, r := range records {
		s.Add(r)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.Add(records[i%len(records)])
		i++
	}
}

// BenchmarkSummaryAdd adds short connections, as a busy service has them, with
// every detector looking. It fills in one record again and again, as a Tracker does.
func BenchmarkSummaryAdd(b *testing.B) {
	s := NewSummary(SummaryOptions{Rows: -1, Detectors: diagnose.Detectors()})
	r, changes := recordtest.Ordinary(5000)
	for b.Loop() {
		for i := range changes {
			changes[i](r)
			s.Add(r)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(changes)), "ns/conn")
}

func BenchmarkMerge(b *testing.B) {
	s := summaryOf(SummaryOptions{}, recordtest.Random(5, 20000, 50))
	for b.Loop() {
		NewSummary(SummaryOptions{}).Merge(s)
	}
}

func BenchmarkTables(b *testing.B) {
	records := recordtest.Random(5, 20000, 50)
	s := summaryOf(SummaryOptions{}, records)
	h := headlineOf(records)
	b.ReportAllocs()
	for b.Loop() {
		_ = WriteTables(new(strings.Builder), s, h, TableOptions{Width: 80})
	}
}
