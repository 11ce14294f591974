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
		{"RST,ACK, its SYN not captured", `
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > R. 1:1(0) ack 1 | - -`, record.OpenHandshake, record.CloseReset},
		{"RST,ACK after repeats", asked + `1.000 > S 0:0(0) | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.020 > R. 1:1(0) ack 1 | - -`, record.OpenHandshake, record.CloseReset},
		{"bare RST", asked + `0.020 > R 1:1(0) | - -`, record.OpenAborted, record.CloseNeverOpened},
		{"RST,ACK of the responder", asked + `0.020 < R. 1:1(0) ack 1 | - -`, record.OpenHalfOpen, record.CloseNeverOpened},
	} {
		if r := recordOf(t, c.lines); r.Open.Kind != c.open || r.Close.Kind != c.close || r.Open.Felt.OK {
			t.Errorf("%s: %v, %s, felt %v", c.name, r.Open.Kind, r.Close.Kind, r.Open.Felt)
		}
	}
}

// Where only SYNs were captured a RST without ACK inside the window is believed, until
// both ends go on from their own numbers: then it was none of theirs.
func TestRSTInsideTheWindowIsTakenBack(t *testing.T) {
	const lines = `
		0.000 > S 0:0(0) win 64240 | - -
		0.010 < S. 0:0(0) ack 1 win 64240 | - -
		0.500 < R 30001:30001(0) | - -`
	r := recordOf(t, lines)
	if r.Close.Kind != record.CloseReset || r.States != [2]record.State{record.Closed, record.Closed} {
		t.Errorf("%v, %v", r.Close.Kind, r.States)
	}
	r = recordOf(t, lines+`
		2.000 > F. 1:1(0) ack 1 win 64240 | - -
		2.010 < F. 1:1(0) ack 2 win 64240 | - -
		2.020 > . 2:2(0) ack 2 win 64240 | - -`)
	if r.Close.Kind != record.CloseNormal || r.States != [2]record.State{record.TimeWait, record.Closed} || r.Ends[record.Resp].Bytes.V != 0 {
		t.Errorf("goes on: %v, %v, %v bytes", r.Close.Kind, r.States, r.Ends[record.Resp].Bytes)
	}
	for _, x := range r.Transitions {
		if x.End == record.Resp && x.Basis == record.Retracted {
			return
		}
	}
	t.Errorf("CLOSED of the RST's sender was not taken back: %+v", r.Transitions)
}

// Where only SYN, FIN and RST were captured a FIN below the number of such a RST is its
// sender's own, and that of the RST was not.
func TestFINBelowARSTInsideTheWindow(t *testing.T) {
	r := recordOf(t, `
		0.000 > S 0:0(0) win 64240 | - -
		0.010 < S. 0:0(0) ack 1 win 64240 | - -
		0.500 > R 30001:30001(0) | - -
		2.000 > F. 201:201(0) ack 2001 win 64240 | - -
		2.010 < F. 2001:2001(0) ack 202 win 64240 | - -`)
	if r.Close.First != record.Orig || r.Ends[record.Orig].Bytes.V != 200 || r.Ends[record.Resp].Bytes.V != 2000 || r.Close.Kind == record.CloseReset {
		t.Errorf("%v, first %v, %v and %v bytes", r.Close.Kind, r.Close.First, r.Ends[record.Orig].Bytes, r.Ends[record.Resp].Bytes)
	}
}

// A FIN that acknowledges data of the responder proves that it was ESTABLISHED.
func TestAcknowledgedDataProvesESTABLISHED(t *testing.T) {
	r := recordOf(t, `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		5.000 > F. 101:101(0) ack 501 | - -
		5.010 < R  501:501(0) | - -`)
	if r.Close.ResetIn != record.Established && r.Close.ResetIn != record.CloseWait {
		t.Errorf("reset in %v", r.Close.ResetIn)
	}
}
