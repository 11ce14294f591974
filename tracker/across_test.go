package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// What the first segment of a connection shows across a jump of the clock.
func TestAcross(t *testing.T) {
	const data = opened + `
		0.100 > .P 1:101(100) ack 1 | - -`
	for _, c := range []struct{ name, before, segment string }{
		{"goes on", data, `9.0 < . 1:1(0) ack 101 | - -`},
		{"goes on", data, `9.0 > .P 101:201(100) ack 1 | - -`},
		{"repeats", data, `9.0 > .P 1:101(100) ack 1 | - -`},
		{"hole", data, `9.0 > .P 5001:5101(100) ack 1 | - -`},
		{"hole", data, `9.0 < . 1:1(0) ack 5001 | - -`},
		{"none", data + `
			0.110 < . 1:1(0) ack 101 | - -`, `9.0 > .P 101:201(100) ack 1 | - -`},
		{"none", data, `9.0 < R 1:1(0) | - -`},
		{"goes on", `0.0 > S 0:0(0) | - -`, `9.0 < S. 0:0(0) ack 1 | - -`},
		{"repeats", `0.0 > S 0:0(0) | - -`, `9.0 > S 0:0(0) | - -`},
		{"hole", `0.0 > S 0:0(0) | - -`, `9.0 > .P 1:101(100) ack 1 | - -`},
		{"midstream", ``, `9.0 > .P 1:101(100) ack 1 | - -`},
		{"none", ``, `9.0 > . 1:1(0) ack 1 | - -`}, // a keepalive's answer, for all one knows
		{"none", ``, `9.0 > S 0:0(0) | - -`},
	} {
		tr := New(Options{}, &recorder{})
		packet := uint64(0)
		for _, l := range parseExchange(t, c.before) {
			packet++
			tr.Observe(plainWire.segment(l, packet))
		}
		var was, is [2]record.State
		look := func(s *[2]record.State) { tr.Snapshot(func(r *record.Record) { *s = r.States }) }
		look(&was)
		got := tr.Across(plainWire.segment(parseExchange(t, c.segment)[0], packet+1))
		names := map[Crossing]string{CrossingNone: "none", CrossingGoesOn: "goes on", CrossingRepeats: "repeats", CrossingHole: "hole", CrossingMidstream: "midstream"}
		if names[got] != c.name {
			t.Errorf("%s: %s, want %s", c.segment, names[got], c.name)
		}
		if look(&is); was != is {
			t.Errorf("%s: asking changes states from %v to %v", c.segment, was, is)
		}
	}
}

// Data under way when the clock jumps: an old one is none.
func TestUnderWay(t *testing.T) {
	for _, c := range []struct {
		lines string
		want  int
	}{
		{opened + `0.100 > .P 1:101(100) ack 1 | - -`, 1},
		{opened + `
			0.100 > .P 1:101(100) ack 1 | - -
			0.110 < . 1:1(0) ack 101 | - -`, 0},
		{`0.0 > S 0:0(0) | - -`, 0},
	} {
		_, tr := run(t, Options{}, plainWire, c.lines)
		n := 0
		tr.UnderWay(func(uint64) { n++ })
		if n != c.want {
			t.Errorf("%s: %d under way, want %d", c.lines, n, c.want)
		}
		tr.Pass(1700000000e9 + 5*second)
		tr.UnderWay(func(uint64) { t.Errorf("%s: under way for 5 s", c.lines) })
	}
}

// talkAt is an exchange of a request and its answer, as the reader marks its segments.
func talkAt(mark func(i int, s *capture.Segment)) (*recorder, *Tracker) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	var t testing.T
	for i, l := range parseExchange(&t, opened+`
		0.100 > .P 1:101(100) ack 1   | - -
		0.150 < .  1:1(0)   ack 101   | - -
		0.200 < .P 1:201(200) ack 101 | - -
		0.250 > .  101:101(0) ack 201 | - -
		0.300 > F. 101:101(0) ack 201 | - -
		0.350 < F. 201:201(0) ack 102 | - -
		0.400 > .  102:102(0) ack 202 | - -`) {
		s := plainWire.segment(l, uint64(i)+1)
		mark(i, s)
		tr.Observe(s)
	}
	tr.Finish()
	return rec, tr
}

// Times of a connection across a step of the clock, forwards and back, and across a time that
// nobody captured: start and end are as stamped, spans are without.
func TestSpansLeaveOutSteps(t *testing.T) {
	const hour = 3600 * second
	for _, c := range []struct {
		name               string
		from               int // the first segment behind it
		stepped, uncovered int64
		lasted             int64
	}{
		{"forwards", 4, hour, 0, 400e6},
		{"backwards", 4, -hour, 0, 400e6},
		{"not covered", 4, 0, hour, hour + 400e6},
		{"between data and its ACK", 6, hour, 0, 400e6},
		{"in TIME-WAIT", 9, hour, 0, 400e6},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, _ := talkAt(func(i int, s *capture.Segment) {
				if i >= c.from {
					s.Stepped, s.Uncovered = c.stepped, c.uncovered
					s.Time += c.stepped + c.uncovered
				}
			})
			r := &rec.records[0]
			if len(rec.records) != 1 || r.Close.Kind != record.CloseNormal || r.Capture.TimeWentBack != 0 {
				t.Fatalf("%d records, %v, time went back %d times", len(rec.records), r.Close.Kind, r.Capture.TimeWentBack)
			}
			if got := r.Lasted(); got != record.Some(c.lasted) || r.Began() != record.Some(int64(1700000000e9)) || r.LastAt() != record.Some(1700000000e9+400e6+c.stepped+c.uncovered) {
				t.Errorf("lasted %v, from %v to %v", got, r.Began(), r.LastAt())
			}
			for e := record.Orig; e <= record.Resp; e++ {
				if x := &r.Ends[e].RTT; x.Max > second {
					t.Errorf("%v: round trip of %d ns", e, x.Max)
				}
				for s, in := range r.Ends[e].TimeIn {
					if in.V > second {
						t.Errorf("%v: %d ns in %v", e, in.V, record.State(s))
					}
				}
			}
			if r.TimeWait.Until-r.TimeWait.Since != 60*second+50e6 {
				t.Errorf("TIME-WAIT of %d ns", r.TimeWait.Until-r.TimeWait.Since)
			}
		})
	}
	// In the handshake: how long it took is not known.
	rec, _ := talkAt(func(i int, s *capture.Segment) {
		if i >= 1 {
			s.Stepped, s.Time = hour, s.Time+hour
		}
	})
	if o := &rec.records[0].Open; o.Kind != record.OpenHandshake || o.Felt.OK || o.Resp.OK || o.Orig.OK {
		t.Errorf("%+v", o)
	}
}

// Packets without a time: the order alone counts, and no span is known.
func TestUntimedPackets(t *testing.T) {
	for _, c := range []struct {
		name       string
		untimed    func(i int) bool
		start, end bool
		lasted     bool
	}{
		{"all", func(int) bool { return true }, false, false, false},
		{"the first", func(i int) bool { return i == 0 }, false, true, false},
		{"the last", func(i int) bool { return i == 9 }, true, false, false},
		{"one between", func(i int) bool { return i == 5 }, true, true, true},
		{"one direction", func(i int) bool { return i%2 == 1 }, true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var latest int64
			rec, _ := talkAt(func(i int, s *capture.Segment) {
				if s.Untimed = c.untimed(i); s.Untimed {
					s.Time = latest
				}
				latest = s.Time
			})
			r := &rec.records[0]
			if len(rec.records) != 1 || r.Close.Kind != record.CloseNormal || r.Capture.TimeWentBack != 0 || r.Capture.Duplicates != 0 {
				t.Fatalf("%d records, %+v", len(rec.records), r.Capture)
			}
			if r.Began().OK != c.start || r.LastAt().OK != c.end || r.Lasted().OK != c.lasted {
				t.Errorf("start %v end %v lasted %v", r.Began(), r.LastAt(), r.Lasted())
			}
			if c.lasted && r.Lasted().V != 400e6 {
				t.Errorf("lasted %d", r.Lasted().V)
			}
			if r.Open.Felt.OK || r.Ends[record.Orig].RTT.N+r.Ends[record.Resp].RTT.N > 0 || r.Close.HalfClose.OK || r.Silent != 0 {
				t.Errorf("spans: %+v %+v", r.Open, r.Ends)
			}
		})
	}
}
