package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Segments count by where they end beyond the last ACK, against the window as it
// stands in the header.
func TestBeyondTheUnscaledWindow(t *testing.T) {
	const scaled = `
		0.000 > S  0:0(0) mss 1000 wscale 7 win 60000       | - -
		0.010 < S. 0:0(0) ack 1 mss 1000 wscale 7 win 60000 | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  1:1001(1000) ack 1               | - -
		0.040 < .  1:1(0) ack 1001 win 1500         | - -`
	for _, x := range []struct {
		name, lines string
		want        record.UnscaledRecord
		passed      uint32
	}{
		{"the second of two reaches beyond and dies", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 2001 win 1500  | - -
			0.400 > .  2001:3001(1000) ack 1     | - -
			1.000 > .  2001:3001(1000) ack 1     | - -
			1.010 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, Beyond: 1, BeyondLost: 1, Least: 1000, Packet: 9}, 1000},
		{"it passes", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, Beyond: 1}, 0},
		{"the first dies", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.400 > .  1001:2001(1000) ack 1     | - -
			0.410 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, WithinLost: 1, Beyond: 1}, 0},
		{"within only", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 2001 win 1500  | - -`, record.UnscaledRecord{}, 0},
	} {
		r := recordOf(t, scaled+x.lines)
		if y := &r.Path[record.Orig]; y.Unscaled != x.want || y.Passed != x.passed {
			t.Errorf("%s: %+v, passed %d", x.name, y.Unscaled, y.Passed)
		}
	}
	const unscaled = `
		0.000 > S  0:0(0) mss 1000 win 60000       | - -
		0.010 < S. 0:0(0) ack 1 mss 1000 wscale 7 win 1500 | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  1:1001(1000) ack 1               | - -
		0.031 > .  1001:2001(1000) ack 1            | - -`
	if x := recordOf(t, unscaled).Path[record.Orig].Unscaled; x != (record.UnscaledRecord{}) {
		t.Errorf("no scale was agreed on: %+v", x)
	}
}
