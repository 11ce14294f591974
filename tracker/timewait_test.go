package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// began is when exchanges begin, in nanoseconds since 1970.
const began = int64(1700000000e9)

// closedByBoth ends in TIME-WAIT at both ends: the responder's from 1.010 s on, the originator's from 1.011 s on.
const closedByBoth = opened + `
	1.000 > F. 1:1(0) ack 1 | - -
	1.001 < F. 1:1(0) ack 1 | - -
	1.010 > .  2:2(0) ack 2 | - -
	1.011 < .  2:2(0) ack 2 | - -
`

// TIME-WAIT lasts 2MSL from the last segment that begins it anew, at the end
// that holds it longest; what one end's RST ends is that of the other end alone.
func TestTimeWaitLastsFromTheLastRestart(t *testing.T) {
	const msl = 10 * second
	for _, c := range []struct {
		name, lines  string
		holder       record.End
		since, until int64 // milliseconds
		endedBy      record.TimeWaitEnd
		restarts     uint32
	}{
		{"once", closedByOrig, record.Orig, 1010, 21020, record.TimeWait2MSL, 0},
		{"restarted by a repeated FIN and its ACK", closedByOrig + `
			5.000 < F. 1:1(0) ack 2 | - -
			5.010 > .  2:2(0) ack 2 | - -`, record.Orig, 1010, 25010, record.TimeWait2MSL, 1},
		{"restarted by a repeated FIN whose ACK was not captured", closedByOrig + `
			5.000 < F. 1:1(0) ack 2 | - -`, record.Orig, 1010, 25000, record.TimeWait2MSL, 1},
		{"restarted twice", closedByOrig + `
			5.000 < F. 1:1(0) ack 2 | - -
			9.000 < F. 1:1(0) ack 2 | - -`, record.Orig, 1010, 29000, record.TimeWait2MSL, 2},
		{"of both ends", closedByBoth, record.Both, 1010, 21011, record.TimeWait2MSL, 0},
		{"of both ends, the responder's ended by a RST", closedByBoth + `
			2.000 < F. 1:1(0) ack 2 | - -
			2.001 > .  2:2(0) ack 2 | - -
			5.000 > R  2:2(0)       | - -`, record.Both, 1010, 22001, record.TimeWait2MSL, 2},
		{"of both ends, the originator's ended by a RST", closedByBoth + `
			5.000 < R  2:2(0)       | - -`, record.Both, 1010, 21011, record.TimeWait2MSL, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, tr := run(t, Options{MSL: msl}, plainWire, c.lines)
			tr.Tick(began + c.until*1e6 - 1e6)
			if len(rec.records) != 0 {
				t.Fatalf("over before %d ms: %+v", c.until, rec.records[0].TimeWait)
			}
			tr.Tick(began + c.until*1e6 + 1e6)
			if len(rec.records) != 1 {
				t.Fatalf("not over at %d ms", c.until)
			}
			got := rec.records[0].TimeWait
			near := func(ns, ms int64) bool { d := ns - began - ms*1e6; return -1000 < d && d < 1000 }
			if got.Holder != c.holder || !near(got.Since, c.since) || !near(got.Until, c.until) || got.EndedBy != c.endedBy || got.Restarts != c.restarts {
				t.Errorf("%s from %d to %d us, ended by %v, %d restarts", got.Holder, (got.Since-began)/1e3, (got.Until-began)/1e3, got.EndedBy, got.Restarts)
			}
		})
	}
}
