package plot

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/tracker/record"
)

// summaryOf sums up records, with all that drawings need.
func summaryOf(all ...*record.Record) (*report.Summary, *report.Headline) {
	s := report.NewSummary(report.SummaryOptions{Pictures: true})
	h := &report.Headline{Packets: 1, MSL: 30e9, Start: recordtest.Start, End: recordtest.Start}
	for _, r := range all {
		s.Add(r)
		h.End = max(h.End, r.End)
	}
	return s, h
}

// of are the marks of a shape and a class, a line each: x y w h, or the path or the text.
func of(d *Drawing, shape Shape, class string) (lines []string) {
	for _, m := range d.Marks {
		if m.Shape != shape || m.Class != class {
			continue
		}
		switch shape {
		case Path:
			lines = append(lines, m.Data)
		case Text:
			lines = append(lines, m.Text)
		default:
			lines = append(lines, fmt.Sprint(m.X, m.Y, m.W, m.H))
		}
	}
	return lines
}

func check(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestScales(t *testing.T) {
	s := scale{from: 10, to: 20, low: 100, high: 0}
	if s.at(10) != 100 || s.at(15) != 50 || s.at(20) != 0 {
		t.Error(s.at(10), s.at(15), s.at(20))
	}
	l := scale{from: 1, to: 1000, low: 0, high: 300, log: true, underneath: 1}
	if at(l.at(10)) != 100 || at(l.at(100)) != 200 || l.at(0) != 0 {
		t.Error(l.at(10), l.at(100), l.at(0))
	}
	for v, want := range map[float64]float64{0.3: 0.5, 1: 1, 1.1: 2, 4: 5, 7: 10, 23: 50, 1000: 1000} {
		if got := roundUp(v); got != want {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
	if got := fmt.Sprint(steps(7, 4), steps(0, 4), steps(400, 4)); got != "[0 2 4 6 8] [0 1] [0 100 200 300 400]" {
		t.Error(got)
	}
}

// An axis of time counts from its start, a long one tells times of day.
func TestTimes(t *testing.T) {
	d := &Drawing{Width: sheet}
	x := d.times(recordtest.Start, recordtest.Start+2e9, 100, say.Clock{}, firstPacket)
	check(t, "short", of(d, Text, "middle tick"), "0", "500 ms", "1 s", "1.5 s", "2 s")
	if got := x.at(float64(recordtest.Start) + 1e9); at(got) != 505 {
		t.Errorf("the middle is at %v", got)
	}
	d = &Drawing{Width: sheet}
	d.times(recordtest.Start, recordtest.Start+600e9, 100, say.Clock{}, firstPacket)
	check(t, "long", of(d, Text, "middle tick"), "22:14:00", "22:16:00", "22:18:00", "22:20:00", "22:22:00")
	check(t, "what a long one tells", of(d, Text, "end unit"), "time of day (UTC)")
	d = &Drawing{Width: sheet}
	d.times(0, 600e9, 100, say.Clock{}, "the transfer began")
	check(t, "spans", append(of(d, Text, "middle tick"), of(d, Text, "end unit")...), "0", "2 min", "4 min", "6 min", "8 min", "10 min", "time since the transfer began")
}

// handshakes are n connections that took so long to open.
func handshakes(n int, felt int64, syns uint32) (all []*record.Record) {
	for i := range n {
		r := recordtest.MadeUp(uint64(1+i), fmt.Sprintf("10.0.0.1:%d", 40000+i), "10.0.0.2:80")
		r.Open.Felt, r.Open.SYNs = record.Some(felt), syns
		all = append(all, r)
	}
	return all
}

func TestFeltTimes(t *testing.T) {
	s, _ := summaryOf(append(handshakes(3, 15e6, 1), handshakes(1, 25e6, 2)...)...)
	d := FeltTimes(s)
	// From 28+10 at the top to 270: 3 handshakes are 232 high. Bars are 80 wide at most.
	check(t, "bars", of(d, Rect, "opens"), "70 4 14 12", "71 38 78 232")
	check(t, "bars with a retransmission", of(d, Rect, "again"), "228.4 4 14 12", "151 192.7 78 77.3")
	check(t, "bounds", of(d, Text, "middle tick"), "10 ms", "20 ms", "50 ms")
	s, _ = summaryOf(append(handshakes(3, 15e6, 1), handshakes(1, 15e6, 2)...)...)
	check(t, "on top of the others", of(FeltTimes(s), Rect, "again")[1:], "71 38 78 58")
	if s, _ := summaryOf(handshakes(2, 15e6, 1)...); FeltTimes(s) != nil || Listeners(s) != nil {
		t.Error("two handshakes are drawn")
	}
}

func TestListeners(t *testing.T) {
	s, _ := summaryOf(append(handshakes(9, 10e6, 1), handshakes(1, 100e6, 2)...)...)
	d := Listeners(s)
	// From 10 ms at 350 to 100 ms at 940; the median is known as 10.09 ms.
	check(t, "line", of(d, Rect, "longest")[1:], "352.4 43.5 587.6 3")
	check(t, "median", of(d, Circle, "p50"), "352.4 45 5 0")
	check(t, "99th percentile", of(d, Circle, "p99"), "940 45 5 0")
	check(t, "names", of(d, Text, "end"), "10.0.0.2:80")
}

func TestStairs(t *testing.T) {
	x, y := scale{from: 0, to: 40, low: 0, high: 400}, scale{from: 0, to: 10, low: 100, high: 0}
	if got := stairs([]uint64{0, 5, 5, 10}, 0, 40, x, y); got != "M0 100H100V50H300V0H400" {
		t.Error(got)
	}
	x = scale{from: 5, to: 35, low: 0, high: 300}
	if got := stairs([]uint64{0, 5, 5, 10}, 0, 40, x, y); got != "M0 100H50V50H250V0H300" {
		t.Error(got)
	}
}

func TestTimeWaits(t *testing.T) {
	s, h := summaryOf(handshakes(3, 15e6, 1)...)
	d := TimeWaits(s, h, say.Clock{})
	if d == nil || len(of(d, Path, "curve c1")) != 1 || !strings.Contains(d.Desc, "28,232 ports") {
		t.Fatalf("%+v", d)
	}
	// The axis is that of the input; the line is cut at its ends.
	r := handshakes(1, 15e6, 1)
	r[0].TimeWait.Since, r[0].TimeWait.Until = recordtest.Start+23e8, recordtest.Start+60e9
	s, h = summaryOf(r...)
	h.Start, h.End = recordtest.Start+6e8, recordtest.Start+35e8
	d = TimeWaits(s, h, say.Clock{})
	check(t, "axis", append(of(d, Text, "middle tick"), of(d, Text, "end unit")...), "0", "500 ms", "1 s", "1.5 s", "2 s", "2.5 s", "time since the first packet")
	if line := strings.Join(of(d, Path, "curve c1"), " "); !strings.HasPrefix(line, "M70 270H490V") || !strings.HasSuffix(line, "H940") {
		t.Errorf("the line is %s", line)
	}
}

// Of more holders than are drawn it is said how many there are.
func TestManyHolders(t *testing.T) {
	var all []*record.Record
	for i := range 8 {
		all = append(all, recordtest.MadeUp(uint64(10*i+1), fmt.Sprintf("10.0.1.%d:40000", i+1), "10.0.0.2:80"))
	}
	s, h := summaryOf(all...)
	if d := TimeWaits(s, h, say.Clock{}); !strings.HasPrefix(d.Desc, "The 5 holders with the highest peaks, of 8. A line") {
		t.Error(d.Desc)
	}
	s, h = summaryOf(all[:5]...)
	if d := TimeWaits(s, h, say.Clock{}); !strings.HasPrefix(d.Desc, "A line") {
		t.Error(d.Desc)
	}
}

func TestFailures(t *testing.T) {
	a := recordtest.NotOpened(recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:80"), record.OpenRefused)
	b := recordtest.NotOpened(recordtest.MadeUp(2, "10.0.0.1:2", "10.0.0.2:80"), record.OpenNoAnswer)
	s, h := summaryOf(a, b)
	h.End = h.Start + 10e9 - 1
	d := Failures(s, h, say.Clock{})
	if d == nil {
		t.Fatal("nothing is drawn")
	}
	// Ten steps of a second: 87 wide each, a pixel less.
	refused, silent := of(d, Rect, "c1"), of(d, Rect, "c3")
	if len(refused) != 2 || len(silent) != 2 || !strings.Contains(refused[1], " 86 ") || !strings.HasSuffix(silent[1], " 212") {
		t.Errorf("refused %v, no answer %v", refused, silent)
	}
	if s, h := summaryOf(handshakes(5, 1e6, 1)...); Failures(s, h, say.Clock{}) != nil {
		t.Error("there are no failures")
	}
}

func TestTrips(t *testing.T) {
	s, h := summaryOf(handshakes(1, 1e6, 1)...)
	h.End = h.Start + 10e9 - 1
	s.Sent(h.Start+1e9, 100, 2, 0)
	s.Sent(h.Start+3e9, 0, 0, 40e6)
	s.Sent(h.Start+3e9, 0, 0, 20e6)
	d := Trips(s, h, say.Clock{})
	if d == nil {
		t.Fatal("nothing is drawn")
	}
	check(t, "retransmissions", of(d, Rect, "again")[1:], "157 38 86 130")
	// The mean is 30 ms; up to 40 ms it goes from 360 up to 204.
	check(t, "mean", of(d, Circle, "trip"), "374.5 243 1.5 0", "374.5 243 2.5 0")
}

// A line does not go on over a long time in which nothing was measured.
func TestTripsFarApart(t *testing.T) {
	s, h := summaryOf(handshakes(1, 1e6, 1)...)
	h.End = h.Start + 20e9 - 1
	for _, at := range []int64{1, 3, 15, 16} {
		s.Sent(h.Start+at*1e9, 100, 0, 20e6)
	}
	line := strings.Join(of(Trips(s, h, say.Clock{}), Path, "curve trip"), " ")
	if strings.Count(line, "M") != 2 || strings.Count(line, "L") != 2 {
		t.Error(line)
	}
}

// Steps are of the clock, and stand where their time is since the first packet; the axis ends with
// the input.
func TestOverTime(t *testing.T) {
	s, h := summaryOf(handshakes(1, 1e6, 1)...)
	first := h.Start + 6e8
	h.Start, h.End = first, first+29e8
	s.Sent(first+2e8, 100, 1, 20e6)
	s.Sent(first+15e8, 100, 1, 20e6)
	s.Sent(first+29e8, 100, 1, 20e6)
	d := Trips(s, h, say.Clock{})
	// 2.9 s are 870 wide: steps begin at 0, 0.4, 1.4 and 2.4 s.
	check(t, "retransmissions", of(d, Rect, "again")[1:], "70 38 119 130", "490 38 299 130", "790 38 149 130")
	check(t, "mean", of(d, Circle, "trip"), "130 204 1.5 0", "130 204 2.5 0", "640 204 2.5 0", "865 204 2.5 0")
	check(t, "axis", of(d, Text, "middle tick"), "0", "500 ms", "1 s", "1.5 s", "2 s", "2.5 s")
	h.End = first + 24e8 // with the first moment of a step
	if o := overInput([]report.Moment{{At: recordtest.Start}, {At: recordtest.Start + 3e9}}, 1e9, h); o.from != h.Start || o.to != h.End {
		t.Errorf("%+v", o)
	}
	h.Start, h.End = 0, 0 // no packet has a time
	if o := overInput([]report.Moment{{At: 5e9}, {At: 7e9}}, 1e9, h); o.from != 5e9 || o.to != 8e9 {
		t.Errorf("%+v", o)
	}
}

// story is a connection that went through the states.
func story() *record.Record {
	r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:80")
	r.Start, r.End, r.TimeWait.Holder = recordtest.Start, recordtest.Start+1e9, record.NoEnd
	edge := func(after int64, e record.End, from, to record.State) record.Transition {
		return record.Transition{Time: r.Start + after, Packet: 1, End: e, From: from, To: to}
	}
	r.Transitions = []record.Transition{edge(0, record.Orig, record.Closed, record.SynSent), edge(1e6, record.Orig, record.SynSent, record.Established),
		edge(1e6, record.Resp, record.Listen, record.SynReceived), edge(1e7, record.Resp, record.SynReceived, record.Established),
		edge(1e8, record.Orig, record.Established, record.Closed), edge(60e9, record.Resp, record.Established, record.Closed)}
	return r
}

func TestLanes(t *testing.T) {
	s, _ := summaryOf(story())
	d := Lanes(s)
	// From 1 ms at 70 to 1 s at 940: 290 for each power of ten.
	check(t, "SYN-SENT", of(d, Rect, "s-syn-sent")[1:], "70 56 1.5 16")
	check(t, "SYN-RECEIVED", of(d, Rect, "s-syn-received")[1:], "70 73 290 16")
	check(t, "ESTABLISHED", of(d, Rect, "s-established")[1:], "70 56 580 16", "360 73 580 16")
	check(t, "name", of(d, Text, "start name"), "#1 10.0.0.1:40000 -> 10.0.0.2:80")
	// Trouble is first: here data that is repeated into silence, of a connection left as a healthy one is.
	open := func(id uint64) *record.Record {
		r := story()
		r.ID, r.Unfinished, r.Silent, r.Open.Kind = id, true, 5e9, record.OpenHandshake
		r.Close = record.CloseRecord{Kind: record.CloseOpen, First: record.NoEnd, ResetBy: record.NoEnd}
		return r
	}
	stuck := open(3)
	stuck.Path[record.Orig].Unacked, stuck.Path[record.Orig].UnackedTimes = stuck.Start+1e9, 9
	stuck.Ends[record.Resp].Packets, stuck.Ends[record.Resp].SeenBytes = 5, 100
	stuck.Ends[record.Resp].DataSegments = 1
	s, _ = summaryOf(open(1), open(2), stuck)
	check(t, "trouble first", of(Lanes(s), Text, "start name"), "#3 10.0.0.1:40000 -> 10.0.0.2:80", "#1 10.0.0.1:40000 -> 10.0.0.2:80, and 1 that opened and closed alike")
	one := OwnLanes("x", story(), say.Clock{})
	// One second: 870 wide.
	check(t, "ESTABLISHED of one", of(one, Rect, "s-established")[1:], "70.9 32 86.1 16", "78.7 49 861.3 16")
}

// What follows the last segment of an end is drawn otherwise than what the end showed, as is what no
// packet of it proves; the legend says so, and where there is none of it, it does not.
func TestLanesSayWhatIsNotSeen(t *testing.T) {
	r := story()
	edge := func(after int64, e record.End, from, to record.State, b record.Basis) record.Transition {
		return record.Transition{Time: r.Start + after, Packet: 1, End: e, From: from, To: to, Basis: b}
	}
	r.End, r.States = r.Start+10e9, [2]record.State{record.TimeWait, record.Established}
	r.Transitions = []record.Transition{edge(0, record.Orig, record.Closed, record.SynSent, record.Seen), edge(1e9, record.Orig, record.SynSent, record.Established, record.Seen),
		edge(5e9, record.Orig, record.Established, record.TimeWait, record.Seen),
		edge(1e9, record.Resp, record.Listen, record.SynReceived, record.Seen), edge(2e9, record.Resp, record.SynReceived, record.Established, record.Expected)}
	r.Ends[record.Orig].LastSent, r.Ends[record.Resp].LastSent = r.Start+5e9, r.Start+4e9
	one := OwnLanes("x", r, say.Clock{})
	// Ten seconds: 870 wide.
	check(t, "ESTABLISHED of the client", of(one, Rect, "s-established")[1:], "157 32 348 16")
	check(t, "TIME-WAIT is concluded", of(one, Rect, "s-time-wait unseen"), "505 32 435 16")
	check(t, "the server's ESTABLISHED is expected", of(one, Rect, "s-established unproven"), "244 49 174 16")
	check(t, "and then nothing is heard of it", of(one, Rect, "s-established unseen"), "418 49 522 16")
	check(t, "legend", append(of(one, Rect, "longest unproven"), of(one, Rect, "longest unseen")...), "502 4 14 12", "653.2 4 14 12")
	for _, m := range one.Marks {
		if m.Class == "s-time-wait unseen" && m.Tip != "TIME-WAIT of the client for 5 s (seen, packet 1; it sent nothing more)" {
			t.Error(m.Tip)
		}
	}
	r.TimeWait.Holder, r.TimeWait.Until = record.Orig, r.Start+65e9
	s, _ := summaryOf(r)
	if d := Lanes(s); len(of(d, Rect, "s-time-wait unseen")) != 1 || len(of(d, Rect, "longest unseen")) != 1 || len(of(d, Rect, "s-time-wait")) != 1 {
		t.Errorf("the forecast of TIME-WAIT looks seen: %+v", d.Marks)
	}
	if d := OwnLanes("x", story(), say.Clock{}); len(of(d, Rect, "longest unseen"))+len(of(d, Rect, "longest unproven")) != 0 {
		t.Error("the legend names what is not drawn")
	}
	never := story()
	never.Ends[record.Resp] = record.EndRecord{}
	if got := report.Heard(never); got != [2]int64{never.End, never.Start} {
		t.Errorf("heard until %v", got)
	}
}

// A name that is too long for the sheet goes on in another line, and what is below makes room; no
// number of an axis is cut either.
func TestLongNames(t *testing.T) {
	const a, b = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65443", "[2001:db8:1111:2222:3333:4444:5555:6666]:50123"
	var all []*record.Record
	for i := range uint64(3) {
		r := recordtest.MadeUp(1_000_000+10*i, a, b)
		r.End = r.Start + 7e12
		r.Ends[record.Orig].SenderLimited, r.Ends[record.Orig].Sending = 1e9, 1e9
		recordtest.Probes(r, record.Orig, 7200e9, 75e9, 9, 9, record.KeepaliveDead)
		recordtest.Probes(r, record.Resp, 7200e9, 75e9, 9, 9, record.KeepaliveDead)
		all = append(all, r)
	}
	s, _ := summaryOf(all...)
	for _, d := range []*Drawing{Lanes(s), Quiet(s, phrases)} {
		var below float64
		names := 0
		for _, m := range d.Marks {
			wide := textWidth(m.Text)
			switch {
			case m.Shape == Text && m.Class == "start name":
				names++
				if m.X+wide*1.08 > d.Width { // bold
					t.Errorf("%s: %q is cut", d.ID, m.Text)
				}
				below = max(below, m.Y)
			case m.Shape == Text && m.Class == "middle tick" && (m.X+wide/2 > d.Width || m.X < wide/2):
				t.Errorf("%s: %q is cut", d.ID, m.Text)
			case m.Y+m.H > d.Height:
				t.Errorf("%s: %+v lies below the sheet", d.ID, m)
			}
		}
		if names < 2 || d.Height < below+laneHeight {
			t.Errorf("%s: %d lines of names down to %v, of %v", d.ID, names, below, d.Height)
		}
	}
}

func TestQuiet(t *testing.T) {
	r := story()
	r.End = r.Start + 100e9
	r.Idle = record.IdleRecord{Gap: 40e9, Woke: r.Start + 50e9, Packet: 9, Outcome: record.IdleReset}
	recordtest.Probes(r, record.Orig, 20e9, 1e9, 3, 1, record.KeepaliveAlive)
	r.Keepalive[record.Orig].Last = r.Start + 30e9
	s, _ := summaryOf(r)
	d := Quiet(s, phrases)
	// 100 s are 870 wide.
	check(t, "life", of(d, Rect, "open")[1:], "70 70 870 16")
	check(t, "idle", of(d, Rect, "again")[1:], "157 70 348 16")
	check(t, "probe", of(d, Rect, "probe")[1:], "329.5 68 3 20")
}

// Linux's own times, as articles tell them: idle for 2 h, then nine probes 75 s apart, of which each
// is drawn with the idle time before them.
func TestQuietProbes(t *testing.T) {
	r := story()
	r.Transitions = nil
	r.End = r.Start + (7200+9*75)*1e9
	recordtest.Probes(r, record.Orig, 7200e9, 75e9, 9, 9, record.KeepaliveDead)
	r.Keepalive[record.Orig].Last = r.Start + (7200+8*75)*1e9
	s, _ := summaryOf(r)
	d := Quiet(s, phrases)
	// 7,875 s are 870 wide: 2 h are 795.4, 75 s are 8.3.
	check(t, "idle", of(d, Rect, "idle")[1:], "70 70 795.4 16")
	if got := of(d, Rect, "probe")[1:]; len(got) != 9 || got[0] != "863.9 68 3 20" || got[1] != "872.2 68 3 20" || got[8] != "930.2 68 3 20" {
		t.Errorf("probes: %v", got)
	}
	if names := strings.Join(of(d, Text, "start name"), " "); !strings.Contains(names, "9 probes from the client, 9 unanswered, the first after 2 h, then every 75 s: dead") {
		t.Error(names)
	}
}

func TestTransfers(t *testing.T) {
	r := story()
	r.Ends[record.Orig] = record.EndRecord{Packets: 1000, Bytes: record.Some(uint64(1e6)), SeenBytes: 1e6, WireBytes: 1e6,
		WindowUsed: 64000, SenderLimited: 1e9, WindowLimited: 7e9, NetworkLimited: 2e9, Sending: 10e9, RTT: record.RTTRecord{N: 100, Min: 60e6, P95: 75e6}}
	r.Ends[record.Resp] = record.EndRecord{}
	s, _ := summaryOf(r)
	d := Transfers(s)
	// 10 s are 870 wide.
	check(t, "sender", of(d, Rect, "c3")[1:], "70 54 87 16")
	check(t, "window", of(d, Rect, "c2")[1:], "157 54 609 16")
	check(t, "network", of(d, Rect, "c1")[1:], "766 54 174 16")
	if strings.Contains(d.Desc, " of ") && strings.Contains(d.Desc, "transfers, those") {
		t.Error(d.Desc)
	}
	all := make([]*record.Record, 0, 30)
	for i := range uint64(30) {
		x := *r
		x.ID = i + 1
		all = append(all, &x)
	}
	s, _ = summaryOf(all...)
	if d := Transfers(s); len(of(d, Text, "start name")) != maxTransfers || !strings.HasPrefix(d.Desc, "20 of 30 transfers, those that the table has first. A bar") {
		t.Errorf("%d are drawn: %s", len(of(d, Text, "start name")), d.Desc)
	}
}

func TestLadder(t *testing.T) {
	f := &ladder.Figure{Orig: recordtest.Endpoint("10.0.0.1:40000"), Resp: recordtest.Endpoint("10.0.0.2:80"), Before: [2]string{"CLOSED", "LISTEN"}, Rows: []ladder.Row{
		{Packet: 7, Time: "0.000000", States: [2]string{"SYN-SENT", ""}, Arrow: true, From: record.Orig, Label: "SYN seq=0"},
		{Packet: 8, Time: "0.000100", States: [2]string{"", "SYN-RECEIVED"}, Arrow: true, From: record.Resp, Label: "SYN,ACK seq=0 ack=1"},
		{Gap: "... 5 packets ..."},
		{Packet: 14, Time: "0.100000", Arrow: true, From: record.Resp, Reset: true, Label: "RST seq=1", Words: []string{"reset by the server"}}}}
	d := Ladder("x", f)[0]
	check(t, "arrows", of(d, Path, "arrow"), "M263 63H835M827 59L835 63L827 67", "M835 88H263M271 84L263 88L271 92")
	check(t, "RST", of(d, Path, "arrow reset"), "M835 137H263M271 133L263 137L271 141")
	check(t, "labels", of(d, Text, "middle label"), "SYN seq=0", "SYN,ACK seq=0 ack=1", "RST seq=1")
	check(t, "numbers and times", of(d, Text, "end tick"), "packet", "seconds", "CLOSED", "7", "0.000000", "8", "0.000100", "14", "0.100000")
	check(t, "states", append(of(d, Text, "end state"), of(d, Text, "start state")...), "SYN-SENT", "SYN-RECEIVED")
	check(t, "words", append(of(d, Text, "start told bad"), of(d, Text, "start left-out")...), "reset by the server", "... 5 packets ...")
}

// Addresses that are too long for the line of the heads have one of their own, and are not cut.
func TestLadderOfLongAddresses(t *testing.T) {
	f := &ladder.Figure{Orig: recordtest.Endpoint("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65443"), Resp: recordtest.Endpoint("[2001:db8:1111:2222:3333:4444:5555:6666]:50123"),
		Before: [2]string{"CLOSED", "LISTEN"}, Rows: []ladder.Row{{Packet: 7, Time: "0.000000", Arrow: true, Label: "SYN seq=0"}}}
	d := Ladder("x", f)[0]
	check(t, "heads", of(d, Text, "middle name"), "client", f.Orig.String(), "server", f.Resp.String())
	check(t, "arrow", of(d, Path, "arrow"), "M263 79H835M827 75L835 79L827 83")
	for _, m := range d.Marks {
		if half := textWidth(m.Text) * 0.55; m.Class == "middle name" && (m.X < half || m.X+half > d.Width) {
			t.Errorf("%q is cut at %v", m.Text, m.X)
		}
	}
}

// A long ladder goes on in other drawings, and no row is lost.
func TestLongLadder(t *testing.T) {
	f := &ladder.Figure{Rows: make([]ladder.Row, 100)}
	for i := range f.Rows {
		f.Rows[i] = ladder.Row{Packet: uint64(i + 1), Arrow: true}
	}
	var n int
	ids := map[string]bool{}
	for _, d := range Ladder("x", f) {
		if d.Height > ladderHeight+100 || ids[d.ID] {
			t.Errorf("%s is %v high", d.ID, d.Height)
		}
		ids[d.ID] = true
		n += len(of(d, Path, "arrow"))
	}
	if n != 100 || len(ids) != 5 {
		t.Errorf("%d arrows in %d drawings", n, len(ids))
	}
}
