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
