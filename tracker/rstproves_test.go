package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A RST,ACK of the opener that acknowledges the SYN/ACK shows that it took it:
// out of SYN-SENT, or without a socket, it sends a RST without ACK.
func TestAbortOfTheOpenerProvesThatItOpened(t *testing.T) {
	const asked = `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		`
	for _, c := range []struct {
		name, lines string
		open        record.OpenKind
		close       record.CloseKind
	}{
		{"RST,ACK", asked + `0.020 > R. 1:1(0) ack 1 | - -`, record.OpenHandshake, record.CloseReset},
		{"bare RST", asked + `0.020 > R 1:1(0) | - -`, record.OpenAborted, record.CloseNeverOpened},
		{"RST,ACK of the responder", asked + `0.020 < R. 1:1(0) ack 1 | - -`, record.OpenHalfOpen, record.CloseNeverOpened},
	} {
		if r := recordOf(t, c.lines); r.Open.Kind != c.open || r.Close.Kind != c.close || r.Open.Felt.OK {
			t.Errorf("%s: %v, %s, felt %v", c.name, r.Open.Kind, r.Close.Kind, r.Open.Felt)
		}
	}
}
