package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// At a closed window probes that come at a steady pace are keepalives, those
// whose pause doubles window probes. A pace is steady when a pause is within a
// fifth of the one before: timers are that late on a busy host.
func TestPaceOfProbes(t *testing.T) {
	const closed = opened + `
		0.100 > .P 1:1001(1000) ack 1        | - -
		0.110 < .  1:1(0) ack 1001 win 0     | - -
		1.110 > .  1000:1000(0) ack 1        | - -
		1.111 < .  1:1(0) ack 1001 win 0     | - -
		2.110 > .  1000:1000(0) ack 1        | - -
		2.111 < .  1:1(0) ack 1001 win 0     | - -`
	for _, c := range []struct {
		name, third        string
		window, keepalives uint32
	}{
		{"the same pause", `3.110 > . 1000:1000(0) ack 1 | - -`, 2, 1},
		{"15 % later", `3.260 > . 1000:1000(0) ack 1 | - -`, 2, 1},
		{"15 % sooner", `2.960 > . 1000:1000(0) ack 1 | - -`, 2, 1},
		{"25 % later", `3.360 > . 1000:1000(0) ack 1 | - -`, 3, 0},
		{"25 % sooner", `2.860 > . 1000:1000(0) ack 1 | - -`, 3, 0},
		{"doubled", `4.110 > . 1000:1000(0) ack 1 | - -`, 3, 0},
	} {
		r := recordOf(t, closed+"\n"+c.third)
		if got, kept := r.Ends[record.Orig].WindowProbes, r.Keepalive[record.Orig].Probes; got != c.window || kept != c.keepalives {
			t.Errorf("%s: %d window probes and %d keepalive probes, want %d and %d", c.name, got, kept, c.window, c.keepalives)
		}
	}
}
