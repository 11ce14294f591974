package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Data that a SYN carried and its SYN/ACK did not take goes out again behind the handshake:
// it is no repeat, and shows no loss. What is sent a second time after that is one.
func TestSYNDataNotTaken(t *testing.T) {
	for _, x := range []struct {
		name, lines string
		retx        uint32
	}{
		{"refused at once", `
			0.000 > S  0:100(100)     | - -
			0.010 < S. 0:0(0) ack 1   | - -
			0.020 > .P 1:101(100) ack 1 | - -
			0.030 < .  1:1(0) ack 101 | - -
		`, 0},
		{"the SYN was lost, its repeat carries none", `
			0.000 > S  0:100(100)     | - -
			1.000 > S  0:0(0)         | - -
			1.010 < S. 0:0(0) ack 1   | - -
			1.020 > .P 1:101(100) ack 1 | - -
			1.030 < .  1:1(0) ack 101 | - -
		`, 0},
		{"and then lost", `
			0.000 > S  0:100(100)     | - -
			0.010 < S. 0:0(0) ack 1   | - -
			0.020 > .P 1:101(100) ack 1 | - -
			0.320 > .P 1:101(100) ack 1 | - -
			0.330 < .  1:1(0) ack 101 | - -
		`, 1},
	} {
		rec, tr := run(t, Options{}, wire{}, x.lines)
		tr.Finish()
		r := &rec.records[0]
		if e := &r.Ends[record.Orig]; e.Retx != x.retx || e.SeenBytes != 100 || !r.Open.SYNData {
			t.Errorf("%s: %d repeats, %d bytes, data on the SYN %t; want %d, 100, true", x.name, e.Retx, e.SeenBytes, r.Open.SYNData, x.retx)
		}
	}
}

// A SYN that repeats the first carries what that does, or less of it; one with other data or more
// options is an attempt of its own, and so is one with another number, which replaces the first.
func TestSYNsThatAreNoRepeats(t *testing.T) {
	const syn = `
		0.000 > S 0:0(0) mss 1000 sackok 1 wscale 7 | - -`
	for _, c := range []struct {
		name, lines string
		other       uint8
	}{
		{"the same", syn + `
			1.000 > S 0:0(0) mss 1000 sackok 1 wscale 7 | - -`, 0},
		{"options left out, as systems do after some repeats", syn + `
			1.000 > S 0:0(0) mss 1000 | - -`, 0},
		{"data left out, as fast open does", `
			0.000 > S 0:40(40) mss 1000 | - -
			1.000 > S 0:0(0) mss 1000 | - -`, 0},
		{"other data", `
			0.000 > S 0:40(40) | - -
			0.001 > S 0:22(22) | - -
			0.002 > S 0:40(40) | - -`, 1},
		{"more options", `
			0.000 > S 0:0(0) mss 1000 | - -
			1.000 > S 0:0(0) mss 1000 sackok 1 | - -`, 1},
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		tr.Finish()
		if r := &rec.records[0]; r.Open.SYNsOther != c.other || r.Open.NextConn != 0 {
			t.Errorf("%s: %d SYNs are no repeats, want %d; replaced by %d", c.name, r.Open.SYNsOther, c.other, r.Open.NextConn)
		}
	}
	rec, tr := run(t, Options{}, plainWire, `
		0.000 > S  0:0(0)             | - -
		0.010 < R  77:77(0)           | - -
		0.012 > S  9000:9000(0)       | - -
		0.020 < S. 0:0(0) ack 9001    | - -
		0.030 > .  9001:9001(0) ack 1 | - -`)
	tr.Finish()
	for _, r := range rec.records {
		next, after := uint64(3), int64(2e6)
		if r.ID == 3 {
			next, after = 0, 0
		}
		if len(rec.records) != 2 || r.Open.NextConn != next || r.Open.NextAfter != after {
			t.Errorf("of %d, #%d was replaced by #%d after %d ns", len(rec.records), r.ID, r.Open.NextConn, r.Open.NextAfter)
		}
	}
}

// A SYN/ACK that echoes the timestamp of a SYN before the last answers that: it had arrived.
func TestSYNThatHadArrived(t *testing.T) {
	for _, c := range []struct {
		echo  string
		heard bool
	}{{"100", true}, {"1100", true}, {"2100", false}, {"0", false}, {"99", false}} {
		rec, tr := run(t, Options{}, plainWire, `
			0.000 > S  0:0(0) val 100 ecr 0  | - -
			1.000 > S  0:0(0) val 1100 ecr 0 | - -
			2.000 > S  0:0(0) val 2100 ecr 0 | - -
			2.100 < S. 0:0(0) ack 1 val 7 ecr `+c.echo+` | - -
			2.101 > .  1:1(0) ack 1 val 2200 ecr 7       | - -`)
		tr.Finish()
		if got := rec.records[0].Open.SYNHeard; got != c.heard {
			t.Errorf("echo of %s: an earlier SYN had arrived: %t", c.echo, got)
		}
	}
}
