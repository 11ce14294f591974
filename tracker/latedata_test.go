package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// What a RST never acknowledged met its sender's FIN on the way only where it passed about then.
func TestLateDataPassedAboutTheFIN(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > .  1:1(0) ack 1 | - -
		0.030 > .P 1:101(100) ack 1 | - -
		0.040 < .  1:1(0) ack 101 | - -
		1.000 < .P 1:301(300) ack 101 | - -
		`
	for _, c := range []struct {
		name, lines string
		want        uint64
		missed      uint64
	}{
		{"a second before it", talk + `
			2.000 > F. 101:101(0) ack 1 | - -
			2.010 < .  301:301(0) ack 102 | - -
			3.000 > R  102:102(0) | - -`, 0, 300},
		{"just before it", talk + `
			1.005 > F. 101:101(0) ack 1 | - -
			1.015 < .  301:301(0) ack 102 | - -
			1.020 > R  102:102(0) | - -`, 300, 0},
	} {
		if r := recordOf(t, c.lines); r.Close.Unheard != c.want || r.Close.Missed != c.missed || r.Close.ResetBy != record.Orig {
			t.Errorf("%s: %d and %d by %v, want %d and %d", c.name, r.Close.Unheard, r.Close.Missed, r.Close.ResetBy, c.want, c.missed)
		}
	}
}
