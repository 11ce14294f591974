package tracker

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

func exchangesOf(t *testing.T, w wire, text string) record.ExchangesRecord {
	t.Helper()
	rec, tr := run(t, Options{}, w, text)
	tr.Finish()
	if len(rec.records) != 1 {
		t.Fatalf("%d records", len(rec.records))
	}
	return rec.records[0].Exchanges
}

func TestTurnarounds(t *testing.T) {
	const ms = int64(1e6)
	one := func(ns int64) record.ExchangesRecord {
		return record.ExchangesRecord{N: 1, Timed: 1, First: ns, Min: ns, P50: ns, P95: ns, Max: ns, Sum: ns}
	}
	for _, tt := range []struct {
		name, lines string
		want        record.ExchangesRecord
		server      float64 // ms, -1 unknown
	}{
		{"request and answer", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.250 < .P 1:1001(1000) ack 101 | - -
			1.260 > .  101:101(0) ack 1001 | - -
		`, one(250 * ms), 240},
		{"a request in two segments counts from its end", opened + `
			1.000 > .  1:101(100) ack 1 | - -
			1.100 > .P 101:201(100) ack 1 | - -
			1.250 < .P 1:1001(1000) ack 201 | - -
		`, one(150 * ms), 140},
		{"an answer in two segments counts to its beginning", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.250 < .  1:1001(1000) ack 101 | - -
			1.400 < .P 1001:2001(1000) ack 101 | - -
		`, one(250 * ms), 240},
		{"the server speaks first", opened + `
			0.500 < .P 1:101(100) ack 1 | - -
			1.000 > .P 1:11(10) ack 101 | - -
			1.030 < .P 101:111(10) ack 11 | - -
		`, func() record.ExchangesRecord { x := one(30 * ms); x.Think = 500 * ms; return x }(), 20},
		{"the opener closes and the answer comes behind", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.500 > F. 101:101(0) ack 1 | - -
			1.510 < .  1:1(0) ack 102 | - -
			1.800 < .P 1:1001(1000) ack 102 | - -
		`, func() record.ExchangesRecord { x := one(800 * ms); x.Left = record.Some(500 * ms); return x }(), 790},
		{"the opener closes behind the answer", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.250 < .P 1:1001(1000) ack 101 | - -
			1.500 > F. 101:101(0) ack 1001 | - -
			1.510 < .  1001:1001(0) ack 102 | - -
		`, one(250 * ms), 240},
		{"the opener aborts while it waits", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
			1.700 > R. 101:101(0) ack 1 | - -
		`, record.ExchangesRecord{Left: record.Some(700 * ms)}, -1},
		{"no answer", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.010 < .  1:1(0) ack 101 | - -
		`, record.ExchangesRecord{}, -1},
		{"the request was lost: waiting for its repeat is waiting, not the server's time", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.300 > .P 1:101(100) ack 1 | - -
			1.320 < .P 1:1001(1000) ack 101 | - -
		`, func() record.ExchangesRecord { x := one(320 * ms); x.Repeated = 1; return x }(), -1},
		{"the answer was repeated", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.250 < .P 1:1001(1000) ack 101 | - -
			1.500 < .P 1:1001(1000) ack 101 | - -
		`, one(250 * ms), 240},
		{"data that crossed the request is no answer", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.001 < .P 1:51(50) ack 1 | - -
			1.250 < .P 51:101(50) ack 101 | - -
		`, record.ExchangesRecord{N: 1}, -1},
		{"the capture missed the beginning of the answer", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.250 < .P 1001:2001(1000) ack 101 | - -
		`, record.ExchangesRecord{N: 1}, -1},
		{"the capture missed the end of the request", opened + `
			1.000 > .P 1:101(100) ack 1 | - -
			1.250 < .P 1:1001(1000) ack 201 | - -
		`, record.ExchangesRecord{N: 1}, -1},
		{"fast open: the request rides on the SYN", `
			0.000 > S  0:100(100)   | - -
			0.010 < S. 0:0(0) ack 101 | - -
			0.011 < .P 1:51(50) ack 101 | - -
			0.020 > .  101:101(0) ack 51 | - -
		`, one(11 * ms), 1},
		{"three", opened + `
			1.000 > .P 1:11(10) ack 1 | - -
			1.100 < .P 1:11(10) ack 11 | - -
			2.000 > .P 11:21(10) ack 11 | - -
			2.020 < .P 11:21(10) ack 21 | - -
			3.000 > .P 21:31(10) ack 21 | - -
			3.200 < .P 21:31(10) ack 31 | - -
		`, record.ExchangesRecord{N: 3, Timed: 3, First: 100 * ms, Min: 20 * ms, P50: 100 * ms, P95: 200 * ms, Max: 200 * ms,
			Sum: 320 * ms, Think: 1880 * ms}, 90},
	} {
		for _, w := range []wire{plainWire, mirroredWire} {
			got := exchangesOf(t, w, tt.lines)
			server := got.Server
			got.Server = record.Opt[int64]{}
			for _, q := range []*int64{&got.P50, &got.P95} {
				for _, want := range []int64{tt.want.P50, tt.want.P95} {
					if tt.want.N > 1 && math.Abs(float64(*q-want)) <= 0.063*float64(want) {
						*q = want
					}
				}
			}
			if got != tt.want {
				t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
			}
			if want := tt.server * 1e6; server.OK != (want >= 0) || server.OK && math.Abs(float64(server.V)-want) > 0.07*float64(tt.want.P50) {
				t.Errorf("%s: server %+v, want %v", tt.name, server, want)
			}
		}
	}
}

// Quantiles of many exchanges are within what is promised, and the storage of
// one connection does not show in the next.
func TestManyTurnarounds(t *testing.T) {
	var b strings.Builder
	b.WriteString(opened)
	at := 1.0
	for i := range 200 {
		fmt.Fprintf(&b, "%.6f > .P %d:%d(10) ack %d | - -\n", at, 1+10*i, 11+10*i, 1+10*i)
		at += float64(i+1) / 1000
		fmt.Fprintf(&b, "%.6f < .P %d:%d(10) ack %d | - -\n", at, 1+10*i, 11+10*i, 11+10*i)
		at += 0.001
	}
	x := exchangesOf(t, plainWire, b.String())
	if x.N != 200 || x.Timed != 200 || !near63(x.P50, 100e6) || !near63(x.P95, 190e6) {
		t.Errorf("%+v", x)
	}
	used := turnarounds{}
	used.add(1e9)
	used.add(2e9)
	again := used.cleared()
	again.add(1e6)
	again.add(3e6)
	if again.spread != used.spread || again.spread.N() != 2 || again.spread.Quantile(1) > 4e6 {
		t.Errorf("storage not cleared: %d spans", again.spread.N())
	}
}

func near63(got int64, want float64) bool { return math.Abs(float64(got)-want) <= 0.063*want }

func TestPlacement(t *testing.T) {
	tr := New(Options{}, &recorder{})
	mark := uint32(0)
	observe := func(text string) record.Placement {
		l := parseExchange(t, text)[0]
		s := plainWire.segment(l, 7)
		return *tr.Observe(s)
	}
	for _, tt := range []struct {
		line   string
		from   record.End
		isNew  bool
		offset int64
	}{
		{"0.000 > S  0:0(0)       | - -", record.Orig, false, 0},
		{"0.010 < S. 0:0(0) ack 1 | - -", record.Resp, false, 0},
		{"0.020 > .P 1:101(100) ack 1 | - -", record.Orig, true, 0},
		{"0.030 < .P 1001:1101(100) ack 101 | - -", record.Resp, true, 1000},
		{"0.040 < .P 1:1001(1000) ack 101 | - -", record.Resp, true, 0},
		{"0.050 < .P 1:1001(1000) ack 101 | - -", record.Resp, false, 0},
		{"0.060 < .P 901:1201(300) ack 101 | - -", record.Resp, true, 900},
		{"0.070 > .  101:101(0) ack 1201 | - -", record.Orig, false, 0},
	} {
		before := mark
		p := observe(tt.line)
		if p.Conn != 7 || p.From != tt.from || p.New != tt.isNew || p.New && p.Offset != tt.offset || p.Mark == nil {
			t.Errorf("%s: %+v", tt.line, p)
		}
		if *p.Mark != before {
			t.Errorf("%s: mark %d, want %d", tt.line, *p.Mark, before)
		}
		*p.Mark++
		mark = *p.Mark
	}
	if mark != 8 {
		t.Errorf("mark %d after 8 segments", mark)
	}
}

// Turn-arounds cost no memory a packet.
func TestTurnaroundAllocations(t *testing.T) {
	tr := New(Options{}, &recorder{})
	seq := [2]uint32{}
	from, now, packet := record.Orig, int64(1700000000e9), uint64(0)
	step := func() {
		packet++
		now += 1e6
		s := plainWire.segment(line{from: from, flags: capture.ACK | capture.PSH, seq: seq[from], ack: seq[from.Peer()], n: 10, win: 1000, ttl: 64}, packet)
		s.Time = now
		seq[from] += 10
		tr.Observe(s)
		from = from.Peer()
	}
	for range 100 {
		step()
	}
	// The segment itself is one.
	if n := testing.AllocsPerRun(1000, step); n > 1 {
		t.Errorf("%v allocations a packet", n)
	}
}
