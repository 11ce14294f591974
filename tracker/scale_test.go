package tracker

import (
	"fmt"
	"testing"

	"tcpwatch/tracker/record"
)

// A window is scaled only if both SYNs offer it (RFC 7323 section 2.2): one
// without is enough to know that neither window is. Where a SYN was not captured
// and the other offers it, the scale is not known.
func TestWindowScale(t *testing.T) {
	const off, on, missed = "", "wscale 7", "missed"
	for _, c := range []struct {
		syn, synACK string
		shift       uint8
		known       bool
	}{
		{on, on, 7, true},
		{on, off, 0, true},
		{off, on, 0, true},
		{off, off, 0, true},
		{missed, off, 0, true},
		{off, missed, 0, true},
		{missed, on, 0, false},
		{on, missed, 0, false},
		{missed, missed, 0, false},
	} {
		text := ""
		if c.syn != missed {
			text += fmt.Sprintf("0.000 > S 0:0(0) mss 1000 win 60000 %s | - -\n", c.syn)
		}
		if c.synACK != missed {
			text += fmt.Sprintf("0.010 < S. 0:0(0) ack 1 mss 1000 win 60000 %s | - -\n", c.synACK)
		}
		text += `
			0.020 > .  1:1(0) ack 1 win 100    | - -
			0.030 < .  1:101(100) ack 1 win 100 | - -
			0.040 > .  1:101(100) ack 101 win 100 | - -
			0.050 < .  101:101(0) ack 101 win 100 | - -`
		_, tr := run(t, Options{}, plainWire, text)
		a := tr.stateOf(1)
		for e := record.Orig; e <= record.Resp; e++ {
			shift, known := a.ends[e].shift(&a.ends[e.Peer()])
			window, _ := a.ends[e].scaledWindow(&a.ends[e.Peer()])
			if known != c.known || known && (shift != c.shift || window != 100<<c.shift) {
				t.Errorf("SYN %q, SYN/ACK %q: %s scales by %d, known %v, window %d", c.syn, c.synACK, e, shift, known, window)
			}
		}
		r := recordOf(t, text)
		if got := r.Capture.ScaleUnknown; got == c.known {
			t.Errorf("SYN %q, SYN/ACK %q: scale unknown %v", c.syn, c.synACK, got)
		}
	}
}
