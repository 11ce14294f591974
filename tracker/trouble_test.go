package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// recordOf plays an exchange and returns the record of its one connection.
func recordOf(t *testing.T, lines string) *record.Record {
	t.Helper()
	_, rec, _ := play(t, plainWire, parseExchange(t, lines), -1, -1)
	if len(rec.records) != 1 {
		t.Fatalf("%d records", len(rec.records))
	}
	return &rec.records[0]
}

func TestIdleTimes(t *testing.T) {
	const talk = sackOpened + `
		0.100 > .P 1:11(10) ack 1   | - -
		0.110 < .P 1:11(10) ack 11  | - -
		0.150 > .  11:11(0) ack 11  | - -`
	for _, c := range []struct {
		name, lines string
		longest     int64 // seconds
		outcome     record.IdleOutcome
		gap         int64
		tries       uint32
	}{
		{"short", talk + `
			20.15 > .P 11:21(10) ack 11 | - -
			20.16 < .P 11:21(10) ack 21 | - -`, 0, record.IdleAnswered, 0, 0},
		{"answered", talk + `
			400.15 > .P 11:21(10) ack 11 | - -
			400.16 < .P 11:21(10) ack 21 | - -`, 400, record.IdleAnswered, 0, 0},
		{"answered once, then never again", talk + `
			100.15 > .P 11:21(10) ack 11 | - -
			100.16 < .P 11:21(10) ack 21 | - -
			100.20 > .  21:21(0)  ack 21 | - -
			500.2 > .P 21:31(10) ack 21 | - -
			500.4 > .P 21:31(10) ack 21 | - -
			500.8 > .P 21:31(10) ack 21 | - -
			600.8 > .P 21:31(10) ack 21 | - -`, 100, record.IdleUnanswered, 400, 4},
		{"answered by a RST", talk + `
			400.15 > .P 11:21(10) ack 11 | - -
			400.16 < R 11:11(0) | - -`, 0, record.IdleReset, 400, 1},
		{"ended by a RST", talk + `
			400.15 < R. 11:11(0) ack 11 | - -`, 0, record.IdleEnded, 400, 1},
		{"a stepped clock: not idle", talk + `
			4000000.15 > .P 11:21(10) ack 11 | - -
			4000000.16 < .P 11:21(10) ack 21 | - -`, 0, record.IdleAnswered, 0, 0},
		{"data was under way: not idle", sackOpened + `
			0.100 > .P 1:11(10) ack 1   | - -
			0.300 > .P 1:11(10) ack 1   | - -
			60.30 > .P 1:11(10) ack 1   | - -`, 0, record.IdleAnswered, 0, 0},
		{"the other end had closed: a leak, not idle", talk + `
			0.200 < F. 11:11(0) ack 11   | - -
			0.210 > .  11:11(0) ack 12   | - -
			60.30 > F. 11:11(0) ack 12   | - -`, 0, record.IdleAnswered, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := recordOf(t, c.lines).Idle
			if x.Longest.V/1e9 != c.longest || x.Outcome != c.outcome || (x.Gap+second/2)/second != c.gap || x.Tries != c.tries {
				t.Errorf("%+v", x)
			}
		})
	}
}

const bigOpened = `
	0.000 > S  0:0(0) sackok 1 mss 1460      | - -
	0.010 < S. 0:0(0) ack 1 sackok 1 mss 1460 | - -
	0.020 > .  1:1(0) ack 1                 | - -
	0.030 < .P 1:101(100) ack 1             | - -
	0.040 > .  1:1(0) ack 101               | - -
`

func TestStuck(t *testing.T) {
	const lost = bigOpened + `
		0.100 < .  101:1561(1460) ack 1   | - -
		0.101 < .P 1561:1661(100) ack 1   | - -
		0.110 > .  1:1(0) ack 101 sack 1561-1661 | - -
		0.320 < .  101:1561(1460) ack 1   | - -
		0.720 < .  101:1561(1460) ack 1   | - -
		0.730 > .P 1:11(10) ack 101 sack 1561-1661 | - -
		1.520 < .  101:1561(1460) ack 11  | - -`
	x := recordOf(t, lost).Path[record.Resp]
	if s := x.Stuck; s.Bytes != 1460 || s.Times != 3 || s.Shrunk != 0 || s.Passed || !s.Heard || x.Passed != 100 {
		t.Errorf("stuck for good: %+v", x)
	}
	x = recordOf(t, lost+`
		3.000 < .  101:1101(1000) ack 11  | - -
		3.010 > .  11:11(0) ack 1101      | - -
		3.020 < .  1101:1561(460) ack 11  | - -
		3.030 > .  11:11(0) ack 1661      | - -`).Path[record.Resp]
	if s := x.Stuck; s.Bytes != 1460 || s.Times != 3 || s.Shrunk != 1000 || !s.Passed {
		t.Errorf("passed when made smaller: %+v", x)
	}
	x = recordOf(t, lost+`
		3.010 > .  11:11(0) ack 1661      | - -`).Path[record.Resp]
	if x.Stuck != (record.StuckRecord{}) {
		t.Errorf("passed as it was: %+v", x)
	}
}

func TestTooBig(t *testing.T) {
	lines := parseExchange(t, bigOpened+`
		0.100 < .  101:1561(1460) ack 1   | - -`)
	rec := &recorder{}
	tr := New(Options{}, rec)
	for i, l := range lines {
		tr.Observe(plainWire.segment(l, uint64(i+1)))
	}
	for i, q := range []capture.Quote{{Type: 3, Code: 4, MTU: 1400}, {Type: 3, Code: 4}, {Type: 3, Code: 4, MTU: 1200}, {Type: 3, Code: 1}} {
		q.Packet, q.Time = uint64(len(lines)+1+i), 1700000001e9
		q.Src, q.Dst, q.Seq, q.From = plainWire.ends[record.Resp], plainWire.ends[record.Orig], 101+plainWire.isn[record.Resp], endpointAt(77, 0).Addr
		tr.Quoted(&q)
	}
	tr.Finish()
	if x := rec.records[0].Path[record.Resp].TooBig; x != (record.TooBigRecord{N: 3, MTU: 1200, Packet: uint64(len(lines) + 1), From: endpointAt(77, 0).Addr}) {
		t.Errorf("%+v", x)
	}
}

func TestStalls(t *testing.T) {
	// A request in two small writes: the second waits for the ACK of the first.
	const first = bigOpened + `
		0.100 > .P 1:11(10) ack 101    | - -
		0.150 < .  101:101(0) ack 11   | - -`
	x := recordOf(t, first+`
		0.151 > .P 11:21(10) ack 101   | - -
		0.161 < .P 101:201(100) ack 21 | - -`).Path[record.Orig].Nagle
	if x.N != 1 || x.Min != 40e6 || x.Max != 40e6 || x.Total != 40e6 || x.Packet != 8 {
		t.Errorf("held back: %+v", x)
	}
	// Linux counts the 40 ms in ticks of 4 ms, the first of which may be nearly over.
	if x := recordOf(t, bigOpened+`
		0.100 > .P 1:11(10) ack 101    | - -
		0.1465 < .  101:101(0) ack 11  | - -
		0.147 > .P 11:21(10) ack 101   | - -`).Path[record.Orig].Nagle; x.N != 1 || x.Min != 36.5e6 {
		t.Errorf("held back for less than 40 ms: %+v", x)
	}
	for name, lines := range map[string]string{
		"a pause of the application": `
			0.350 > .P 11:21(10) ack 101   | - -`,
		"the answer came with the ACK": `
			0.150 < .P 101:111(10) ack 11  | - -
			0.151 > .P 11:21(10) ack 111   | - -`,
		"a full segment is not held back by it": `
			0.151 > .P 11:1471(1460) ack 101   | - -`,
	} {
		if x := recordOf(t, first+lines).Path[record.Orig].Nagle; x.N != 0 {
			t.Errorf("%s: %+v", name, x)
		}
	}
	// A full segment that waited likewise shows a sender without Nagle's algorithm.
	x = recordOf(t, first+`
		0.151 > .P 11:21(10) ack 101   | - -
		0.201 < .  101:101(0) ack 21   | - -
		0.202 > .  21:1481(1460) ack 101 | - -`).Path[record.Orig].Nagle
	if x.N != 1 || x.Full != 1 || x.Total != 40e6 {
		t.Errorf("a full one too: %+v", x)
	}
}

// A segment that is full but for its options is no small write, and where more
// is under way behind a segment its ACK was not held back: the round trip grew.
func TestQueueingIsNoStall(t *testing.T) {
	const stamped = `
		0.000 > S  0:0(0) mss 1460 val 1000            | - -
		0.010 < S. 0:0(0) ack 1 mss 1460 val 5000 ecr 1000 | - -
		0.010 > .  1:1(0) ack 1 val 1011 ecr 5000      | - -`
	for name, lines := range map[string]string{
		"one full segment at a time": `
			0.100 > .  1:1449(1448) ack 1 val 1100 ecr 5000    | - -
			0.150 < .  1:1(0) ack 1449 val 5150 ecr 1100       | - -
			0.150 > .  1449:2897(1448) ack 1 val 1150 ecr 5150 | - -`,
		"a deep queue": `
			0.100 > .  1:1449(1448) ack 1 val 1100 ecr 5000    | - -
			0.100 > .  1449:2897(1448) ack 1 val 1100 ecr 5000 | - -
			0.100 > .  2897:4345(1448) ack 1 val 1100 ecr 5000 | - -
			0.160 < .  1:1(0) ack 1449 val 5160 ecr 1100       | - -
			0.160 > P. 4345:4445(100) ack 1 val 1160 ecr 5160  | - -`,
		"a small one behind a full one": `
			0.100 > .  1:1449(1448) ack 1 val 1100 ecr 5000    | - -
			0.100 > P. 1449:1549(100) ack 1 val 1100 ecr 5000  | - -
			0.160 < .  1:1(0) ack 1449 val 5160 ecr 1100       | - -
			0.160 > P. 1549:1649(100) ack 1 val 1160 ecr 5160  | - -`,
	} {
		r := recordOf(t, stamped+lines)
		if x := r.Path[record.Orig].Nagle; x.N != 0 {
			t.Errorf("%s: %+v", name, x)
		}
		if x := r.Ends[record.Orig].RTT; name == "a deep queue" && (x.Delayed != 0 || x.Max != 60e6) {
			t.Errorf("%s: %+v", name, x)
		}
	}
}

// A repeat within less than a round trip answers no loss.
func TestHasty(t *testing.T) {
	const sent = bigOpened + `
		0.100 < .  101:1561(1460) ack 1   | - -
		0.101 < .P 1561:1661(100) ack 1   | - -`
	for lines, want := range map[string]uint32{`
		0.108 < .  101:1561(1460) ack 1   | - -
		0.109 < .P 1561:1661(100) ack 1   | - -`: 2, `
		0.130 < .  101:1561(1460) ack 1   | - -`: 0} {
		if x := recordOf(t, sent+lines).Path[record.Resp]; x.Doubled != want {
			t.Errorf("%+v, want %d", x, want)
		}
	}
}

// What an end's data carries in the IP header's ECN field.
func TestCodepoints(t *testing.T) {
	lines := parseExchange(t, bigOpened)
	for ecn, want := range [][2]bool{{}, {true, false}, {true, false}, {true, true}} {
		rec := &recorder{}
		tr := New(Options{}, rec)
		for i, l := range lines {
			s := plainWire.segment(l, uint64(i+1))
			s.ECN = uint8(ecn)
			tr.Observe(s)
		}
		tr.Finish()
		x, y := &rec.records[0].Path[record.Resp], &rec.records[0].Path[record.Orig]
		if [2]bool{x.ECT, x.CE} != want || y.ECT || y.CE {
			t.Errorf("codepoint %d: %+v, %+v", ecn, x, y)
		}
	}
}

// A hole counts as missed by the capture once it is acknowledged, not before.
func TestMissing(t *testing.T) {
	const hole = bigOpened + `
		0.100 < .P 1561:1661(100) ack 1   | - -
		0.110 > .  1:1(0) ack 101 sack 1561-1661 | - -`
	for lines, want := range map[string]uint64{"": 0, `
		0.300 > .  1:1(0) ack 1661        | - -`: 1460} {
		if got := recordOf(t, hole+lines).Ends[record.Resp].MissingBytes; got != want {
			t.Errorf("%d bytes missing, want %d", got, want)
		}
	}
	for lines, want := range map[string]uint32{`
		2.100 < .P 1661:1671(10) ack 1    | - -`: 1460, `
		2.100 < .  101:1561(1460) ack 1   | - -`: 0, `
		2.100 > .  1:1(0) ack 1661        | - -`: 0} {
		if x := recordOf(t, hole+lines).Path[record.Resp]; x.Hole != want || want > 0 && x.Waited != 2*second {
			t.Errorf("%+v, want a hole of %d bytes", x, want)
		}
	}
}
