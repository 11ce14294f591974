package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A capture that begins between the two FINs of a close cannot tell who closed
// first; one in which the other end sent new data can.
func TestFINMayHavePassedBefore(t *testing.T) {
	for _, x := range []struct {
		name, lines string
		kind        record.CloseKind
		first       record.End
		states      [2]record.State
	}{
		{"the FIN that the capture begins with", `
			0.000 > F. 1:1(0) ack 1 | - -
			0.010 < .  1:1(0) ack 2 | - -
		`, record.CloseUnknown, record.NoEnd, [2]record.State{}},
		{"the same, kept for an hour", `
			0.000 > F. 1:1(0) ack 1 | - -
			0.010 < .  1:1(0) ack 2 | - -
			3600 < .  1:1(0) ack 2 | - -
		`, record.CloseUnknown, record.NoEnd, [2]record.State{}},
		{"its own data says nothing of the other end", `
			0.000 > P. 1:11(10) ack 1 | - -
			0.010 < .  1:1(0) ack 11 | - -
			1.000 > F. 11:11(0) ack 1 | - -
			1.010 < .  1:1(0) ack 12 | - -
		`, record.CloseUnknown, record.NoEnd, [2]record.State{}},
		{"the other end sends new data: it had not closed", `
			0.000 > F. 1:1(0) ack 1 | - -
			0.010 < .  1:1(0) ack 2 | - -
			0.020 < P. 1:11(10) ack 2 | - -
		`, record.CloseHalfClosed, record.Orig, [2]record.State{record.FinWait2, record.CloseWait}},
		{"both FINs are in the capture", `
			0.000 > F. 1:1(0) ack 1 | - -
			0.010 < F. 1:1(0) ack 2 | - -
			0.020 > .  2:2(0) ack 2 | - -
		`, record.CloseNormal, record.Orig, [2]record.State{record.TimeWait, record.Closed}},
		{"the connection began in the capture", opened + `
			1.000 > F. 1:1(0) ack 1 | - -
			1.010 < .  1:1(0) ack 2 | - -
		`, record.CloseHalfClosed, record.Orig, [2]record.State{record.FinWait2, record.CloseWait}},
	} {
		t.Run(x.name, func(t *testing.T) {
			rec, tr := run(t, Options{}, plainWire, x.lines)
			tr.Finish()
			r := &rec.records[0]
			if r.Close.Kind != x.kind || r.Close.First != x.first || r.States != x.states {
				t.Errorf("closed %q, first by %v, states %v; want %q, %v, %v", r.Close.Kind, r.Close.First, r.States, x.kind, x.first, x.states)
			}
			if x.kind == record.CloseUnknown && (r.Ends[record.Orig].TimeIn[record.FinWait2].OK || r.Ends[record.Resp].TimeIn[record.CloseWait].OK || r.Close.BytesAfterFIN.OK) {
				t.Errorf("tells what rests on who closed first: %+v", r.Close)
			}
		})
	}
}
