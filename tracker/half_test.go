package tracker

import "testing"

// The client half begins at the SYN/ACK that the third ACK answers: the only
// one, or the one whose timestamp it echoes; where it may be either it is not
// known (Karn's rule).
func TestClientHalf(t *testing.T) {
	const syn = `
		0.000 > S  0:0(0) val 100                | - -
		0.010 < S. 0:0(0) ack 1 val 500 ecr 100  | - -`
	for _, c := range []struct {
		name, lines string
		want        int64 // milliseconds; -1 for not known
	}{
		{"one SYN/ACK", syn + `
			0.030 > .  1:1(0) ack 1 val 120 ecr 500 | - -`, 20},
		{"the second of two is answered", syn + `
			1.010 < S. 0:0(0) ack 1 val 1500 ecr 100 | - -
			1.040 > .  1:1(0) ack 1 val 1130 ecr 1500 | - -`, 30},
		{"the third of three is answered", syn + `
			1.010 < S. 0:0(0) ack 1 val 1500 ecr 100 | - -
			3.010 < S. 0:0(0) ack 1 val 3500 ecr 100 | - -
			3.050 > .  1:1(0) ack 1 val 3140 ecr 3500 | - -`, 40},
		{"a SYN/ACK was sent again after the third ACK", syn + `
			0.030 > .  1:1(0) ack 1 val 120 ecr 500 | - -
			1.010 < S. 0:0(0) ack 1 val 1500 ecr 100 | - -
			1.030 > .  1:1(0) ack 1 val 1120 ecr 1500 | - -`, 20},
		{"either may be answered", `
			0.000 > S  0:0(0)       | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.040 > .  1:1(0) ack 1 | - -`, -1},
		{"both carry the same time", syn + `
			1.010 < S. 0:0(0) ack 1 val 500 ecr 100 | - -
			1.040 > .  1:1(0) ack 1 val 1130 ecr 500 | - -`, -1},
	} {
		got := recordOf(t, c.lines).Open.Orig
		if want := c.want >= 0; got.OK != want || want && (got.V+5e5)/1e6 != c.want {
			t.Errorf("%s: %+v, want %d ms", c.name, got, c.want)
		}
	}
}
