package tracker

import "testing"

// One direction is shown to be missing by ACKs that rise, or by what follows a
// SYN: the other end sent in the time that was captured. A lone segment or the
// same ACK again proves nothing.
func TestOneWayIsShown(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		shown       bool
	}{
		{"ACKs rise", `
			0.0 > . 1:1(0) ack 1 | - -
			0.1 > . 1:1(0) ack 501 | - -`, true},
		{"it goes on after its SYN", `
			0.0 > S 0:0(0) | - -
			0.1 > . 1:1(0) ack 1 | - -`, true},
		{"it goes on after its SYN/ACK", `
			0.0 < S. 0:0(0) ack 1 | - -
			0.1 < .P 1:11(10) ack 1 | - -`, true},
		{"a lone segment", `
			0.0 > .P 1:11(10) ack 1 | - -`, false},
		{"data again and again", `
			0.0 > .P 1:11(10) ack 1 | - -
			0.3 > .P 1:11(10) ack 1 | - -
			0.9 > .P 1:11(10) ack 1 | - -`, false},
		{"a SYN/ACK again and again", `
			0.0 < S. 0:0(0) ack 1 | - -
			1.0 < S. 0:0(0) ack 1 | - -`, false},
		{"both directions", `
			0.0 > . 1:1(0) ack 1 | - -
			0.1 < . 1:1(0) ack 1 | - -
			0.2 > . 1:1(0) ack 501 | - -`, false},
	} {
		if r := recordOf(t, c.lines); r.Capture.OneWayShown != c.shown {
			t.Errorf("%s: shown %v", c.name, r.Capture.OneWayShown)
		}
	}
}
