package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A SYN/ACK that is sent again was lost, or came late: what the opener answers tells.
func TestSYNACKLate(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		late        int64 // ms
	}{
		{"the third ACK echoes the first SYN/ACK", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 100 | - -
			1.300 > .  1:1(0) ack 1 val 1400 ecr 700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 700 | - -`, 1299},
		{"it echoes the second: the first was lost", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.000 > S  0:0(0) val 1100            | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 1100 | - -
			1.010 > .  1:1(0) ack 1 val 1110 ecr 1700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 1700 | - -`, 0},
		{"its ACK was lost before the tap: the SYN does not come again", `
			0.000 > S  0:0(0) val 100             | - -
			0.001 < S. 0:0(0) ack 1 val 700 ecr 100 | - -
			1.001 < S. 0:0(0) ack 1 val 1700 ecr 100 | - -
			1.010 > .  1:1(0) ack 1 val 1110 ecr 700 | - -
			1.400 > .P 1:11(10) ack 1 val 1500 ecr 700 | - -`, 0},
		{"the third ACK comes before another SYN/ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			2.000 > S  0:0(0) | - -
			2.002 > .  1:1(0) ack 1 | - -
			2.003 > .P 1:11(10) ack 1 | - -
			2.010 < S. 0:0(0) ack 1 id 77 | - -`, 1992},
		{"each SYN/ACK draws its ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.000 > S  0:0(0) id 21 | - -
			1.010 < S. 0:0(0) ack 1 id 22 | - -
			1.020 > .  1:1(0) ack 1 id 23 | - -
			1.021 > .P 1:11(10) ack 1 id 24 | - -
			1.031 < .  1:1(0) ack 11 | - -
			2.000 > .  11:11(0) ack 1 id 25 | - -`, 1010},
		{"only the last one draws an ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.000 > S  0:0(0) id 21 | - -
			1.010 < S. 0:0(0) ack 1 id 22 | - -
			1.020 > .  1:1(0) ack 1 id 23 | - -
			1.021 > .P 1:11(10) ack 1 id 24 | - -
			1.031 < .P 1:11(10) ack 11 | - -
			1.040 > .  11:11(0) ack 11 id 25 | - -`, 0},
	} {
		r := recordOf(t, c.lines)
		if got := (r.Open.SYNACKLate + 5e5) / 1e6; got != c.late || r.Open.Kind != record.OpenHandshake {
			t.Errorf("%s: late by %d ms, want %d; %v", c.name, got, c.late, r.Open.Kind)
		}
	}
}
