package diagnose

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// bundled is where the captures recorded by the lab are.
const bundled = "../../testdata/pcaps"

// records is a Sink that keeps every record.
type records struct{ all []*record.Record }

func (s *records) Conn(r *record.Record) {
	c := *r
	c.Transitions = slices.Clone(r.Transitions)
	for e := range c.Ends {
		c.Ends[e].ZeroWindowList = slices.Clone(r.Ends[e].ZeroWindowList)
	}
	s.all = append(s.all, &c)
}
func (s *records) Event(*record.Event) {}
func (s *records) Step(*record.Step)   {}

// recordsOf reads a capture file; damage ends it.
func recordsOf(t testing.TB, name string) (all []*record.Record, c *Context) {
	t.Helper()
	return recordsThrough(t, name, func(*capture.Segment) bool { return true })
}

// recordsThrough reads the segments of a capture file that a filter passes.
func recordsThrough(t testing.TB, name string, passes func(s *capture.Segment) bool) (all []*record.Record, c *Context) {
	t.Helper()
	f, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sink records
	track := tracker.New(tracker.Options{}, &sink)
	decoder := capture.NewDecoder(capture.DecoderOptions{})
	c = &Context{MSL: record.DefaultMSL}
	var p capture.Packet
	for n := 0; ; n++ {
		err := f.Next(&p)
		var d *capture.Damage
		if err == io.EOF || errors.As(err, &d) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			c.Start = p.Time
		}
		c.End = max(c.End, p.Time)
		switch decoder.Decode(&p) {
		case capture.OutcomeSegment:
			if passes(&decoder.Segment) {
				track.Observe(&decoder.Segment)
			}
		case capture.OutcomeQuote:
			track.Quoted(&decoder.Quote)
		}
		if p.Number%4096 == 0 {
			track.Tick(c.End)
		}
	}
	track.Finish()
	for _, r := range sink.all {
		c.Conns++
		if OneWay(r) {
			c.OneWay++
		}
	}
	return sink.all, c
}

// findingsOf judges records by all detectors, or by those of a list of names.
func findingsOf(t testing.TB, names string, c *Context, all ...*record.Record) []Finding {
	t.Helper()
	detectors, err := Select(names)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSet(detectors, NewOptions())
	for _, r := range all {
		s.Add(r)
	}
	if c == nil {
		c = &Context{MSL: record.DefaultMSL, Conns: uint64(len(all))}
	}
	return s.Findings(c)
}

// captures lists the bundled captures.
func captures(t testing.TB) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(bundled)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".pcap") || strings.HasSuffix(name, ".pcap.gz") {
			names = append(names, filepath.Join(bundled, name))
		}
	}
	if len(names) < 50 {
		t.Fatalf("only %d bundled captures", len(names))
	}
	return names
}

// A capture saved through a filter that leaves out all ACKs without data tells of no loss, and
// blames nobody for the ACKs; that a filter did it is told where data shows that they were due.
func TestFilteredCaptures(t *testing.T) {
	rests := map[string]bool{}
	for _, d := range Detectors() {
		rests[d.Name] = d.onACKs
	}
	told, blamed := 0, 0
	for _, name := range captures(t) {
		all, c := recordsThrough(t, name, func(s *capture.Segment) bool { return s.Len > 0 })
		lacking := false
		for _, f := range findingsOf(t, "", c, all...) {
			lacking = lacking || f.Detector == "capture-drops" && strings.Contains(f.Title, "o ACK without data is in the capture")
			if strings.Contains(f.Title, "a filter left them out") {
				blamed++
			}
			if f.Detector == "capture-drops" && strings.Contains(f.Title, "lost packets") {
				t.Errorf("%s: %s", filepath.Base(name), f.Title)
			}
			if lacking && (rests[f.Detector] || f.Group != GroupCapture && f.Confidence > Possible) {
				t.Errorf("%s: %s %s: %s", filepath.Base(name), f.Confidence, f.Detector, f.Title)
			}
		}
		if lacking {
			told++
		}
	}
	if told < 8 || blamed < 4 {
		t.Errorf("missing ACKs are told of in %d captures, a filter in %d", told, blamed)
	}
}

// A capture saved through a filter that leaves out all but SYN, FIN and RST blames nobody for the
// ACKs that it lacks, and its connections opened.
func TestCapturesOfFlags(t *testing.T) {
	racetest.TooSlow(t)
	told := 0
	for _, name := range captures(t) {
		whole, _ := recordsThrough(t, name, func(*capture.Segment) bool { return true })
		flagged, c := recordsThrough(t, name, func(s *capture.Segment) bool { return s.Flags.Any(capture.SYN | capture.FIN | capture.RST) })
		found := findingsOf(t, "", c, flagged...)
		for _, f := range found {
			if f.Detector == "capture-drops" {
				told++
			}
		}
		opened := map[[2]capture.Endpoint]record.OpenKind{}
		for _, r := range whole {
			opened[[2]capture.Endpoint{r.Orig, r.Resp}] = r.Open.Kind
		}
		for _, r := range flagged {
			sent := r.Ends[record.Orig].Bytes.V+r.Ends[record.Resp].Bytes.V > 0
			if k := opened[[2]capture.Endpoint{r.Orig, r.Resp}]; sent && k == record.OpenHandshake && r.Open.Kind.Failed() {
				t.Errorf("%s: %d, which opened, is told as %v", filepath.Base(name), r.ID, r.Open.Kind)
			}
		}
		for _, f := range found {
			if slices.ContainsFunc(found, func(x Finding) bool { return x.Detector == "capture-drops" && x.Severity == Info }) && (f.Detector == "half-open" || f.Detector == "queue-full" || f.Group != GroupCapture && f.Confidence > Possible) {
				t.Errorf("%s: %s %s: %s", filepath.Base(name), f.Confidence, f.Detector, f.Title)
			}
		}
	}
	if told < 20 {
		t.Errorf("the filter is told of in %d captures", told)
	}
}

// Where a filter let only SYN, FIN and RST through no RST is known to answer the handshake's final ACK.
func TestRSTOfFlagsRefusesNothing(t *testing.T) {
	refused := func(r *record.Record) {
		r.Close.Kind, r.Close.ResetBy, r.Close.ResetIn, r.Close.FINs, r.Close.RSTs = record.CloseReset, record.Resp, record.SynReceived, [2]uint32{}, [2]uint32{0, 1}
		r.Ends[record.Orig].Packets, r.Ends[record.Resp].Packets = 2, 2
	}
	if !RefusedLate(made(1, refused)) {
		t.Error("the RST does not answer an ACK that was captured")
	}
	if RefusedLate(made(1, refused, func(r *record.Record) { r.Ends[record.Orig].Packets = 1 })) {
		t.Error("the RST answers an ACK that was not captured")
	}
}

// A filter is blamed from 20 segments with data on: fewer may lack their ACKs by chance, as when
// packets were picked by hand.
func TestFilterByChance(t *testing.T) {
	for segments, want := range map[uint32]string{3: "possible, it does not hold all that was sent", 19: "possible, it does not hold all that was sent", 20: "likely, a filter left them out"} {
		found := findingsOf(t, "capture-drops", nil, made(1, func(r *record.Record) {
			for e := range r.Ends {
				r.Ends[e].PureACKs, r.Ends[e].DataSegments = 0, 1
			}
			r.Ends[record.Resp].DataSegments = segments - 1
			r.Capture.MissingBytes = 100
		}))
		if len(found) != 1 || !strings.HasSuffix(found[0].Confidence.String()+", "+found[0].Title, strings.SplitN(want, ", ", 2)[1]) || found[0].Confidence.String() != strings.SplitN(want, ", ", 2)[0] {
			t.Errorf("%d segments: %v %v", segments, titles(found), found)
		}
	}
}

// A drop counter that no link could have reached is told as such, and claims no loss. A
// capture may have run for a day longer than its packets say.
func TestDropCounterBeyondAnyLink(t *testing.T) {
	const day, hour = 86_400, int64(3600e9)
	for _, c := range []struct {
		drops uint64
		span  int64
		want  string
	}{
		{1, 0, "proven"},
		{fastest * day, 0, "proven"},
		{fastest * (day + 1), 0, "possible"},
		{fastest * (day + 1), hour, "proven"},
		{fastest * (day + 3601), hour, "possible"},
		{1<<64 - 1, hour, "possible"},
	} {
		f := findingsOf(t, "capture-drops", &Context{MSL: record.DefaultMSL, Conns: 1, Drops: record.Some(c.drops), Start: 5, End: 5 + c.span}, clean(1)...)[0]
		if wrong := strings.Contains(f.Title, "drop counter"); f.Confidence.String() != c.want || wrong != (c.want == "possible") {
			t.Errorf("%d dropped in %d ns: %s: %s", c.drops, c.span, f.Confidence, f.Title)
		}
	}
}

// What a capture lost is not lost in a file that holds few of its packets, and weakens nothing there.
func TestDropsOfALargerCapture(t *testing.T) {
	for _, x := range []struct {
		name              string
		packets, received uint64
		want              string
	}{
		{"the whole capture", 9361, 9361, "proven: the capture lost packets"},
		{"nothing tells how many there were", 250, 0, "proven: the capture lost packets"},
		{"half of it", 4302, 9361, "proven: the capture lost packets"},
		{"some packets of it", 250, 9361, "possible: the input holds 250 of 9,361 packets of a capture that lost 757"},
	} {
		c := &Context{MSL: record.DefaultMSL, Conns: 1, Drops: record.Some[uint64](757), Packets: x.packets, Received: x.received}
		found := findingsOf(t, "capture-drops", c, clean(1)...)
		if len(found) != 1 || !strings.HasPrefix(strings.ToLower(found[0].Confidence.String()+": "+found[0].Title), x.want) {
			t.Errorf("%s: %q", x.name, titles(found))
		}
		if weak := strings.HasPrefix(x.want, "proven"); c.weak() != weak {
			t.Errorf("%s: weak %v", x.name, c.weak())
		}
		if found := findingsOf(t, "capture-drops", c, clean(1, func(r *record.Record) { r.Capture.MissingBytes = 1460 })...); len(found) != 1 || found[0].Severity < Warning {
			t.Errorf("%s, bytes are missing: %v", x.name, found)
		}
	}
}

// Bytes that are missing beside as many connections of damaged packets, or that data of the same end under other
// numbers may hold, are not proven lost.
func TestMissingBesideDamage(t *testing.T) {
	missed := func(astray uint64) []*record.Record {
		return clean(4, func(r *record.Record) { r.Capture.MissingBytes, r.Capture.AstrayBytes = 100, astray })
	}
	ofDamage := func(n int) []*record.Record {
		return many(n, func(i int) *record.Record {
			return made(uint64(100+i), from(numbered(i, 1024)), func(r *record.Record) {
				r.Capture.WrongIP, r.Ends[record.Resp].Packets = true, 0
			})
		})
	}
	for _, x := range []struct {
		name string
		all  []*record.Record
		want string
	}{
		{"neither", missed(0), "proven packets were taken out of the file"},
		{"little under other numbers", missed(49), "proven packets were taken out of the file"},
		{"half under other numbers", missed(50), "possible sequence numbers that were damaged"},
		{"a few connections of damaged packets", append(missed(0), ofDamage(3)...), "proven packets were taken out of the file"},
		{"as many connections of damaged packets", append(missed(0), ofDamage(4)...), "possible packets were damaged or edited"},
	} {
		found := findingsOf(t, "capture-drops", nil, x.all...)
		if len(found) != 1 || !strings.HasPrefix(found[0].Confidence.String()+" "+found[0].Causes[0], x.want) {
			t.Errorf("%s: %v %q", x.name, titles(found), found[0].Causes)
		}
	}
	c := &Context{MSL: record.DefaultMSL, Conns: 8, Undecoded: 5}
	if found := findingsOf(t, "capture-drops", c, append(missed(0), ofDamage(4)...)...); !strings.HasPrefix(found[0].Causes[0], "packets were damaged") {
		t.Errorf("some packets were not decoded, either: %q", found[0].Causes)
	}
}

// That no ACK without data is in a capture shows a filter only where one was due.
func TestACKsThatWereDue(t *testing.T) {
	lossy := func(asked, pure uint32) []*record.Record {
		return same(10, func(r *record.Record) {
			for e := range r.Ends {
				r.Ends[e].PureACKs = pure
			}
			x := &r.Ends[record.Resp]
			r.Ends[record.Orig].DataSegments, r.Ends[record.Orig].DupAcks = asked, 120
			x.DataSegments, x.WireBytes, x.Retx, x.RetxFast, x.LostAfterTap, x.RetxBytes = 1000, 1_000_000, 40, 40, 40, 40_000
		})
	}
	for _, c := range []struct {
		name        string
		asked, pure uint32
		want        string
	}{
		{"a bulk transfer, its ACKs left out", 50, 0, "capture-drops"},
		{"the same with one ACK left", 50, 1, "loss"},
		{"questions and answers, each of which carries the ACK", 900, 0, "loss"},
	} {
		var got []string
		for _, f := range findingsOf(t, "loss,capture-drops", nil, lossy(c.asked, c.pure)...) {
			got = append(got, f.Detector)
		}
		if !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q, want %s", c.name, got, c.want)
		}
	}
}

// That a SYN met no answer is proven only where the capture holds packets of both ends of any
// connection: it may hold one direction of each.
func TestNoConnectionBothWays(t *testing.T) {
	ask := func(n int) []*record.Record {
		return many(n, func(i int) *record.Record {
			return made(uint64(i+1), failed(record.OpenNoAnswer, 3), from(numbered(i%2, 1024)), to(numbered(1-i%2, uint16(80+i))))
		})
	}
	for _, c := range []struct {
		name string
		all  []*record.Record
		want Confidence
	}{
		{"SYNs of both, none answered", ask(6), Possible},
		{"and one connection both ways", append(ask(6), made(100, from(numbered(0, 999)))), Proven},
	} {
		for _, f := range findingsOf(t, "no-answer", nil, c.all...) {
			if f.Confidence != c.want {
				t.Errorf("%s: %s is %s", c.name, f.Subject.String(), f.Confidence)
			}
		}
	}
}

// Where all connections that lack bytes have segments longer than the wire allows, what copies the packets
// may leave out those that are longer still.
func TestLongSegmentsLeftOut(t *testing.T) {
	lacking := func(offload bool, missed [2]uint64) []*record.Record {
		return append(clean(2, func(r *record.Record) {
			r.Capture.MissingBytes, r.Capture.Offload = missed[0]+missed[1], offload
			r.Ends[record.Orig].MissingBytes, r.Ends[record.Resp].MissingBytes = missed[0], missed[1]
		}), clean(3)...)
	}
	for _, x := range []struct {
		name    string
		offload bool
		missed  [2]uint64
		long    bool
	}{
		{"what is missing is longer than a segment on the wire", true, [2]uint64{50_000, 0}, true},
		{"no segment is longer", false, [2]uint64{50_000, 0}, false},
		{"what is missing of one end is no longer", true, [2]uint64{50_000, 95}, false},
	} {
		found := findingsOf(t, "capture-drops", nil, lacking(x.offload, x.missed)...)
		if len(found) != 1 || strings.Contains(strings.Join(found[0].Causes, " "), "long segments") != x.long || (found[0].Order != "") != !x.long {
			t.Errorf("%s: %q, %q", x.name, found[0].Causes, found[0].Order)
		}
	}
}

// Of bytes that may be in packets that were not decoded, fragments tell what those are.
func TestUnreadFragments(t *testing.T) {
	for fragments, want := range map[uint64]string{9: "came in fragments", 3: "a tunnel"} {
		c := &Context{MSL: record.DefaultMSL, Conns: 3, Undecoded: 10, Fragments: fragments}
		found := findingsOf(t, "capture-drops", c, clean(3, func(r *record.Record) { r.Capture.MissingBytes = 1460 })...)
		if len(found) != 1 || !strings.Contains(found[0].Causes[0], want) {
			t.Errorf("%d fragments: %q", fragments, found[0].Causes)
		}
	}
}

// What is found in packets without a time has none: theirs is that of other packets.
func TestFoundWithoutTime(t *testing.T) {
	refused := failed(record.OpenRefused, 1)
	timed := findingsOf(t, "refused", nil, made(1, refused))
	untimed := findingsOf(t, "refused", nil, made(1, refused, func(r *record.Record) { r.Capture.Untimed = 2 }))
	if len(timed) != 1 || timed[0].Since == 0 || len(untimed) != 1 || untimed[0].Since != 0 || untimed[0].Until != 0 {
		t.Errorf("%+v, %+v", timed, untimed)
	}
}
