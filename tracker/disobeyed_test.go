package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A RST at the number expected whose receiver acknowledges what came after it was not
// obeyed: both ends are out of CLOSED at once. What crossed the RST on the wire shows nothing.
func TestDisobeyedRST(t *testing.T) {
	const rst = opened + `
		1.000 > R. 1:1(0) ack 1 | - -`
	const data = `
		1.002 > .P 1:55(54) ack 1 | - -`
	for _, c := range []struct {
		name, lines string
		obeyed      bool
		states      [2]record.State
	}{
		{"an ACK of what came after it", rst + data + `
			1.003 < . 1:1(0) ack 55 | - -`, false, [2]record.State{record.Established, record.Established}},
		{"data that acknowledges it", rst + data + `
			1.003 < .P 1:101(100) ack 55 | - -`, false, [2]record.State{record.Established, record.Established}},
		{"a FIN that acknowledges it", rst + data + `
			1.003 < F. 1:1(0) ack 55 | - -`, false, [2]record.State{record.CloseWait, record.FinWait1}},
		{"an ACK of what was sent before", rst + data + `
			1.003 < . 1:1(0) ack 1 | - -`, true, [2]record.State{record.Closed, record.Closed}},
		{"data that was under way", rst + `
			1.001 < .P 1:101(100) ack 1 | - -`, true, [2]record.State{record.Closed, record.Closed}},
		{"an ACK of data before a RST that does not count it", opened + `
			0.999 > .P 1:55(54) ack 1 | - -
			1.000 > R. 1:1(0) ack 1 | - -
			1.001 < . 1:1(0) ack 55 | - -`, true, [2]record.State{record.Closed, record.Closed}},
		{"the ACK of the FIN before it", opened + `
			0.999 > F. 1:1(0) ack 1 | - -
			1.000 > R. 2:2(0) ack 1 | - -
			1.001 < . 1:1(0) ack 2 | - -`, true, [2]record.State{record.Closed, record.CloseWait}}, // it took the FIN
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		tr.Finish()
		r := &rec.records[0]
		x := &r.Close
		if r.States != c.states || (x.Kind == record.CloseReset) != c.obeyed {
			t.Errorf("%s: %v, %v", c.name, r.States, x.Kind)
		}
		if c.obeyed {
			if x.ResetBy != record.Orig || x.Ignored.Packet != 0 || x.RSTsIgnored != 0 {
				t.Errorf("%s: by %v, ignored %+v", c.name, x.ResetBy, x.Ignored)
			}
		} else if x.ResetBy != record.NoEnd || x.ResetPacket != 0 || x.ResetTime.OK || x.RSTsIgnored != 1 ||
			x.Ignored != (record.IgnoredRST{By: record.Orig, Packet: 4, WentOn: true, Odd: record.OwnStack}) {
			t.Errorf("%s: by %v #%d, %d ignored, %+v", c.name, x.ResetBy, x.ResetPacket, x.RSTsIgnored, x.Ignored)
		}
	}
}

// A RST whose receiver still sends new data a second later, which the end in whose name it came
// acknowledges, ended nothing: that end lives, and so did not send it.
func TestOutlivedRST(t *testing.T) {
	const rst = opened + `
		0.900 > .P 1:51(50) ack 1 | - -
		0.950 < . 1:101(100) ack 51 | - -
		1.000 > R. 51:51(0) ack 1 | - -
		2.010 < . 101:201(100) ack 51 | - -`
	both := [2]record.State{record.Established, record.Established}
	for _, c := range []struct {
		name, lines string
		outlived    bool
		states      [2]record.State
	}{
		{"an ACK of what was sent since", rst + `
			2.030 > . 51:51(0) ack 201 | - -`, true, both},
		{"data that acknowledges it", rst + `
			2.030 > .P 51:61(10) ack 201 | - -`, true, both},
		{"both close then", rst + `
			2.030 > . 51:51(0) ack 201 | - -
			2.100 < F. 201:201(0) ack 51 | - -
			2.110 > F. 51:51(0) ack 202 | - -
			2.120 < . 202:202(0) ack 52 | - -`, true, [2]record.State{record.Closed, record.TimeWait}},
		{"no answer", rst, false, [2]record.State{record.Closed, record.Established}},
		{"another RST answers: the first was lost behind the tap", rst + `
			2.030 > R 51:51(0) | - -`, false, [2]record.State{record.Closed, record.Closed}},
		{"an ACK of what was acknowledged before", rst + `
			2.030 > . 51:51(0) ack 1 | - -`, false, [2]record.State{record.Closed, record.Established}},
	} {
		r := recordOf(t, c.lines)
		x := &r.Close
		if r.States != c.states || x.Ignored.WentOn != c.outlived || (x.ResetBy == record.NoEnd) != c.outlived {
			t.Errorf("%s: %v, %v, by %v, ignored %+v", c.name, r.States, x.Kind, x.ResetBy, x.Ignored)
		}
	}
}

// A forged RST closes only its receiver: that end comes back, and who it was sent in the
// name of goes on. A later RST that is obeyed is the one that is told.
func TestRSTAfterOneThatWasNotObeyed(t *testing.T) {
	r := recordOf(t, opened+`
		1.000 > R. 1:1(0) ack 1 ttl 44 | - -
		1.002 > .P 1:55(54) ack 1 | - -
		1.003 < . 1:1(0) ack 55 | - -
		2.000 < R. 1:1(0) ack 55 | - -`)
	if x := &r.Close; x.Kind != record.CloseReset || x.ResetBy != record.Resp || x.ResetPacket != 7 || !x.Ignored.WentOn || !x.Ignored.Odd.Has(record.OddTTL) {
		t.Errorf("%v by %v #%d, %+v", x.Kind, x.ResetBy, x.ResetPacket, x.Ignored)
	}
}

// Where none of an end's data was captured, a RST far from its numbers is refused, and the
// RST that answers its receiver's challenge ACK is what ends the connection.
func TestMidstreamRSTFarOutside(t *testing.T) {
	const asked = `
		0.0 > F. 1:1(0) ack 1 | - -
		0.1 < .  1:1(0) ack 2 | - -`
	r := recordOf(t, asked+`
		13.000 < R. 1957144150:1957144150(0) ack 2 | - -
		13.001 > .  2:2(0) ack 1 | - -
		13.040 < R  1:1(0) | - -`)
	if x := &r.Close; x.Kind != record.CloseReset || x.ResetPacket != 5 || x.ResetCause != record.ResetUnknown || x.Ignored.Packet != 3 || x.ResetAfter != 39e6 {
		t.Errorf("%v #%d %v after %d, ignored %+v", x.Kind, x.ResetPacket, x.ResetCause, x.ResetAfter, x.Ignored)
	}
	if r := recordOf(t, asked+`
		13.000 < R. 5001:5001(0) ack 2 | - -`); r.Close.ResetPacket != 3 {
		t.Errorf("data that the capture missed may have moved its number: %+v", r.Close.ResetPacket)
	}
}

// A RST that acknowledges data which nothing before it acknowledged, though the capture
// missed that data, answers what came after the close.
func TestLateDataThatWasMissed(t *testing.T) {
	const closed, both = `
		1.1 > F. 1:1(0) ack 1 | - -`, `
		1.0 < F. 1:1(0) ack 1 | - -
		1.1 > F. 1:1(0) ack 2 | - -`
	for _, x := range []struct {
		lines, ack string
		want       record.ResetCause
	}{
		{closed, "4338", record.ResetLateData},
		{closed, "1", record.ResetAbort},
		{both, "4338", record.ResetAbort}, // nothing follows a FIN: that was never sent
		{both, "2", record.ResetAbort},
	} {
		r := recordOf(t, opened+x.lines+`
			1.2 > R. 2:2(0) ack `+x.ack+` | - -`)
		if r.Close.ResetCause != x.want {
			t.Errorf("%s\nack %s: %v, want %v", x.lines, x.ack, r.Close.ResetCause, x.want)
		}
	}
}
