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
		{"restarted by what is refused", closedByOrig + `
			5.000 < .  900000001:900000001(0) ack 2 | - -`, record.Orig, 1010, 25000, record.TimeWait2MSL, 1},
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

// Where 2MSL begins, and begins anew, the step says how long it lasts.
func TestStepsSayHowLongTimeWaitLasts(t *testing.T) {
	for name, lines := range map[string]string{"one end": closedByOrig, "both ends": closedByBoth} {
		_, rec, _ := play(t, plainWire, parseExchange(t, lines+`
			5.000 < F. 1:1(0) ack 2 | - -`), -1, -1)
		told := map[record.MomentKind]int{}
		for _, s := range rec.steps {
			for _, m := range s.Moments {
				if m.Kind != record.MomentTimeWait && m.Kind != record.MomentTimeWaitRestart {
					continue
				}
				if told[m.Kind]++; m.Span != 2*record.DefaultMSL {
					t.Errorf("%s: %v says %d ms", name, m.Kind, m.Span/1e6)
				}
			}
		}
		if told[record.MomentTimeWait] == 0 || told[record.MomentTimeWaitRestart] == 0 {
			t.Errorf("%s: %v", name, told)
		}
	}
}

// A FIN that comes again proves that its ACK was lost only where that was captured;
// and an end that nothing shows to have got the FIN holds no TIME-WAIT.
func TestFINAgainWithoutAnACK(t *testing.T) {
	const opening = `
		0.000 > S 0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > . 1:1(0) ack 1 | - -
		0.100 < F. 1:1(0) ack 1 | - -
		0.110 > . 1:1(0) ack 2 | - -
		0.120 > F. 1:1(0) ack 2 | - -`
	for _, x := range []struct {
		name, lines string
		again       record.MomentKind
		holder      record.End
		kind        record.CloseKind
	}{
		{"never acknowledged", `
		0.320 > F. 1:1(0) ack 2 | - -
		0.720 > F. 1:1(0) ack 2 | - -`, record.MomentFINAgain, record.NoEnd, record.CloseHalfClosed},
		{"its ACK was captured", `
		0.130 < . 2:2(0) ack 2 | - -
		0.320 > F. 1:1(0) ack 2 | - -`, record.MomentLastACKLost, record.Resp, record.CloseNormal},
	} {
		_, rec, _ := play(t, plainWire, parseExchange(t, opening+x.lines), -1, -1)
		r := &rec.records[0]
		found := false
		for _, m := range rec.steps[len(rec.steps)-1].Moments {
			found = found || m.Kind == x.again
		}
		if !found || r.TimeWait.Holder != x.holder || r.Close.Kind != x.kind {
			t.Errorf("%s: %v, TIME-WAIT of %v, %v", x.name, rec.steps[len(rec.steps)-1].Moments, r.TimeWait.Holder, r.Close.Kind)
		}
		told := record.NoEnd
		for _, s := range rec.steps {
			for _, m := range s.Moments {
				if m.Kind == record.MomentTimeWait {
					told = m.End
				}
			}
		}
		if told != x.holder {
			t.Errorf("%s: TIME-WAIT told of %v, want %v", x.name, told, x.holder)
		}
	}
}

// Where a filter let only SYN, FIN and RST through, the last ACK may be among the
// rest: how the connection closed is not known, unless the FIN came again.
func TestFilteredLastACK(t *testing.T) {
	const lines = `
		0.000 > S 0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.100 > F. 101:101(0) ack 501 | - -
		0.110 < F. 501:501(0) ack 102 | - -`
	r := recordOf(t, lines)
	if r.Close.Kind != record.CloseUnknown || r.TimeWait.Holder != record.NoEnd || r.Close.First != record.Orig {
		t.Errorf("%v, TIME-WAIT of %v, first %v", r.Close.Kind, r.TimeWait.Holder, r.Close.First)
	}
	r = recordOf(t, lines+`
		0.310 < F. 501:501(0) ack 102 | - -`)
	if r.Close.Kind != record.CloseHalfClosed {
		t.Errorf("%v with a FIN that came again", r.Close.Kind)
	}
	r = recordOf(t, lines+`
		0.120 > . 102:102(0) ack 502 | - -`)
	if r.Close.Kind != record.CloseNormal {
		t.Errorf("%v with the last ACK", r.Close.Kind)
	}
}
