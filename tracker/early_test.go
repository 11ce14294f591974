package tracker

import "testing"

// What may have been under way when the capture began was not lost by it; what
// was sent later was, and what a SYN shows to be all.
func TestUnderWayWhenTheCaptureBegan(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		missing     uint64
	}{
		{"a repeat is acknowledged with all that had come before", `
			0.00 > .  1:101(100) ack 1 | - -
			0.01 < .  1:1(0) ack 501 | - -
			0.02 > .P 501:601(100) ack 1 | - -
			0.03 < .  1:1(0) ack 601 | - -`, 0},
		{"repeats, then new data", `
			0.00 > .  1:101(100) ack 1 | - -
			0.01 > .  301:401(100) ack 1 | - -
			0.02 > .P 501:601(100) ack 1 | - -
			0.03 < .  1:1(0) ack 601 | - -`, 0},
		{"a hole behind an ACK that shows what its sender sends next", `
			0.00 > .  1:1(0) ack 1 | - -
			0.01 < .  1:1(0) ack 1 | - -
			0.02 > .P 101:201(100) ack 1 | - -
			0.03 < .  1:1(0) ack 201 | - -`, 100},
		{"a hole later than any flight lasts", `
			0.00 > .  1:101(100) ack 1 | - -
			0.01 < .  1:1(0) ack 101 | - -
			5.02 > .P 201:301(100) ack 1 | - -
			5.03 < .  1:1(0) ack 301 | - -`, 100},
		{"both kinds", `
			0.00 > .  1:101(100) ack 1 | - -
			0.01 < .  1:1(0) ack 501 | - -
			5.02 > .P 701:801(100) ack 1 | - -
			5.03 < .  1:1(0) ack 801 | - -`, 200},
		{"its SYN was captured", opened + `
			0.10 > .  1:101(100) ack 1 | - -
			0.11 < .  1:1(0) ack 501 | - -`, 400},
	} {
		if r := recordOf(t, c.lines); r.Capture.MissingBytes != c.missing {
			t.Errorf("%s: %d bytes missing, want %d", c.name, r.Capture.MissingBytes, c.missing)
		}
	}
}
