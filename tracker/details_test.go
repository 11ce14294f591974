package tracker

import (
	"slices"
	"testing"

	"tcpwatch/tracker/record"
)

func TestDetails(t *testing.T) {
	for _, x := range []struct {
		name, lines string
		check       func(r *record.Record) bool
	}{
		{"a request crosses the FIN that follows a silence", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			0.030 > P. 1:101(100) ack 1 | - -
			0.040 < P. 1:201(200) ack 101 | - -
			0.041 > .  101:101(0) ack 201 | - -
			5.035 > P. 101:201(100) ack 201 | - -
			5.040 < F. 201:201(0) ack 101 | - -
			5.041 < R  201:201(0) | - -`,
			func(r *record.Record) bool {
				return r.Close.Quiet == record.Some(int64(5000e6)) && r.Close.Unheard == 100
			}},
		{"data that was taken in broke the silence before the FIN", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			0.040 < P. 1:201(200) ack 1 | - -
			4.000 > P. 1:101(100) ack 201 | - -
			4.010 < .  201:201(0) ack 101 | - -
			5.000 < F. 201:201(0) ack 101 | - -`,
			func(r *record.Record) bool {
				return r.Close.Quiet == record.Some(int64(1000e6)) && r.Close.Unheard == 0
			}},
		{"SYNs again, with their times", `
			0.000 > S  0:0(0) | - -
			1.012 > S  0:0(0) | - -
			3.030 > S  0:0(0) | - -`,
			func(r *record.Record) bool {
				return slices.Equal(r.Open.SYNsAgain[:r.Open.NSYNsAgain], []uint32{1012, 3030}) && r.Open.SYNAgainAt == 2
			}},
		{"a SYN again after its SYN/ACK passed", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			2.065 > S  0:0(0) | - -
			2.075 < S. 0:0(0) ack 1 | - -
			2.090 > .  1:1(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.NSYNsAgain == 1 && r.Open.SYNAnswered }},
		{"a SYN again before any answer", `
			0.000 > S  0:0(0) | - -
			1.000 > S  0:0(0) | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.020 > .  1:1(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.NSYNsAgain == 1 && !r.Open.SYNAnswered }},
		{"a SYN that the path doubles is not sent again", `
			0.000 > S  0:0(0) | - -
			0.030 > S  0:0(0) | - -
			0.040 < S. 0:0(0) ack 1 | - -
			0.050 > .  1:1(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.NSYNsAgain == 0 }},
		{"a SYN/ACK again though its ACK was seen", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			1.050 < S. 0:0(0) ack 1 | - -`,
			func(r *record.Record) bool {
				return r.Open.ACKsIgnored == 1 && r.Open.ACKIgnoredAt == 4 && r.Open.ACKIgnored.V == 1030e6 && r.Open.NSYNACKsAgain == 1
			}},
		{"a SYN/ACK again that was under way when the ACK passed", `
			0.000 > S  0:0(0) | - -
			1.500 < S. 0:0(0) ack 1 | - -
			1.501 > .  1:1(0) ack 1 | - -
			2.950 < S. 0:0(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.ACKsIgnored == 0 && r.Open.NSYNACKsAgain == 0 }},
		{"a SYN/ACK again before any ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.020 > .  1:1(0) ack 1 | - -`,
			func(r *record.Record) bool {
				return r.Open.ACKsIgnored == 0 && r.Open.NSYNACKsAgain == 1 && r.Open.SYNACKAgainAt == 3 && r.Open.SYNACKAfter == 1000e6
			}},
		{"a RST like its sender's other segments", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			0.100 > .P 1:11(10) ack 1 | - -
			5.100 > R. 11:11(0) ack 1 | - -`,
			func(r *record.Record) bool {
				return r.Close.ResetOdd == record.OwnStack && r.Close.ResetQuiet == 5000e6 && r.Close.ResetAfter == 5090e6
			}},
		{"a RST of another way, counter and options", `
			0.000 > S  0:0(0) val 1 | - -
			0.010 < S. 0:0(0) ack 1 val 1 ecr 1 | - -
			0.020 > .  1:1(0) ack 1 val 2 ecr 1 | - -
			0.100 > .P 1:11(10) ack 1 val 2 ecr 1 | - -
			0.200 > R. 11:11(0) ack 1 ttl 50 id 40000 | - -`,
			func(r *record.Record) bool {
				return r.Close.ResetOdd&^record.TookAll == record.OddTTL|record.OddIPID|record.OddTimestamps
			}},
		{"a refusal, and a second try", `
			0.000 > S  0:0(0) | - -
			0.001 < R. 0:0(0) ack 1 | - -
			0.500 > S  0:0(0) | - -
			0.501 < S. 0:0(0) ack 1 | - -
			0.502 > .  1:1(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.RefusedFirst && r.Open.NSYNsAgain == 1 }},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, x.lines), -1, -1)
			if len(rec.records) != 1 || !x.check(&rec.records[0]) {
				t.Errorf("%s, %s: %+v", x.name, name, rec.records)
			}
		}
	}
}

// answeredByOlder is an opening that an older connection answers first.
const answeredByOlder = `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > .  1:1(0) ack 1 | - -
		9.000 > S  3000000:3000000(0) | - -
		9.010 < .  1:1(0) ack 1 | - -
		9.020 > R  1:1(0) | - -
		10.000 > S 3000000:3000000(0) | - -
		10.010 < S. 7000000:7000000(0) ack 3000001 | - -
		10.020 > . 3000001:3000001(0) ack 7000001 | - -
		`

// An older connection that answers a new SYN is remembered with its state.
func TestDetailsOfOldConnection(t *testing.T) {
	_, rec, _ := play(t, plainWire, parseExchange(t, answeredByOlder), -1, -1)
	if len(rec.records) != 2 {
		t.Fatalf("%d records", len(rec.records))
	}
	old, now := &rec.records[0], &rec.records[1]
	if now.Open.OldState != record.Established || !now.Open.OldReset || now.Open.OldConn != old.ID || !old.Close.ByNewer {
		t.Errorf("new: %+v\nold: %+v", now.Open, old.Open)
	}
}

// Data that goes on from where the older connection stood shows that its opener has not
// given it up; numbers further off, and its own data, do not.
func TestOlderConnectionGoesOn(t *testing.T) {
	for _, x := range []struct {
		then string
		want uint32
	}{
		{"11.000 > P. 1:101(100) ack 1 | - -", 1},
		{"11.000 > P. 1:101(100) ack 1 | - -\n12.000 > P. 1:101(100) ack 1 | - -", 2},
		{"11.000 > . 1:1(0) ack 1 | - -", 0},
		{"11.000 > P. 9000000:9000100(100) ack 1 | - -", 0},
		{"11.000 > P. 3000001:3000101(100) ack 7000001 | - -", 0},
	} {
		_, rec, _ := play(t, plainWire, parseExchange(t, answeredByOlder+x.then), -1, -1)
		o := &rec.records[len(rec.records)-1].Open
		if o.OldWentOn != x.want || (o.OldWentOnAt != 0) != (x.want > 0) {
			t.Errorf("%q: went on %d times, from packet %d", x.then, o.OldWentOn, o.OldWentOnAt)
		}
	}
}

// A SYN with other numbers that comes again, while the connection goes on, is another
// opener's; one that comes once, or was copied, tells nothing.
func TestRivalSYN(t *testing.T) {
	const first = `
			0.000 > S  0:0(0) | - -
			0.001 > S  3000000:3000000(0) | - -
			0.002 < S. 0:0(0) ack 1 | - -
			0.003 > .  1:1(0) ack 1 | - -
			0.010 > P.  1:101(100) ack 1 | - -
			0.020 < .  1:1(0) ack 101 | - -
			`
	for _, x := range []struct {
		then string
		want bool
	}{
		{"1.001 > S  3000000:3000000(0) | - -\n1.002 > P.  101:201(100) ack 1 | - -", true},
		{"0.030 > S  3000000:3000000(0) | - -\n1.002 > P.  101:201(100) ack 1 | - -", false},
		{"1.001 > S  9000000:9000000(0) | - -\n1.002 > P.  101:201(100) ack 1 | - -", false},
		{"1.002 > P.  101:201(100) ack 1 | - -", false},
	} {
		_, rec, _ := play(t, plainWire, parseExchange(t, first+x.then), -1, -1)
		if got := rec.records[0].Open.RivalAgain != 0; got != x.want {
			t.Errorf("%q: %t", x.then, got)
		}
	}
}

// Which facts of an opening, a RST and a wait detectors rest on.
func TestDetailsOfEnds(t *testing.T) {
	const opened = `
			0.000 > S  0:0(0) sackok 1 | - -
			0.010 < S. 0:0(0) ack 1 sackok 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			0.030 > P. 1:101(100) ack 1 | - -`
	for _, x := range []struct {
		name, lines string
		check       func(r *record.Record) bool
	}{
		{"the last before the RST was data", opened + `
			0.040 < P. 1:201(200) ack 101 | - -
			0.041 > .  101:101(0) ack 201 | - -
			0.500 > R. 101:101(0) ack 201 | - -`,
			func(r *record.Record) bool { return r.Close.DataLast && r.Ends[record.Resp].LastSent-r.Start == 40e6 }},
		{"the sender of the RST sent last", opened + `
			0.040 < P. 1:201(200) ack 101 | - -
			0.050 > P. 101:201(100) ack 201 | - -
			0.060 < .  201:201(0) ack 201 | - -
			0.500 > R. 201:201(0) ack 201 | - -`,
			func(r *record.Record) bool { return !r.Close.DataLast }},
		{"the sender of the RST answered the data", opened + `
			0.040 < P. 1:201(200) ack 101 | - -
			0.050 > P. 101:201(100) ack 201 | - -
			0.500 > R. 201:201(0) ack 201 | - -`,
			func(r *record.Record) bool { return !r.Close.DataLast }},
		{"an ACK came behind the data", opened + `
			0.040 < P. 1:201(200) ack 101 | - -
			0.050 < .  201:201(0) ack 101 | - -
			0.500 > R. 101:101(0) ack 201 | - -`,
			func(r *record.Record) bool { return !r.Close.DataLast }},
		{"two timeouts repair a loss", opened + `
			0.040 < .  1:1(0) ack 101 | - -
			0.050 > P. 101:201(100) ack 1 | - -
			10.050 > P. 101:201(100) ack 1 | - -
			30.050 > P. 101:201(100) ack 1 | - -
			30.060 < .  1:1(0) ack 201 | - -
			30.070 > P. 201:301(100) ack 1 | - -
			30.080 < .  1:1(0) ack 301 | - -`,
			func(r *record.Record) bool {
				return r.Ends[record.Orig].Stood == 30e9 && r.Ends[record.Resp].Stood == 0
			}},
		{"nobody takes what timeouts repeat", opened + `
			0.040 < .  1:1(0) ack 101 | - -
			0.050 > P. 101:201(100) ack 1 | - -
			10.050 > P. 101:201(100) ack 1 | - -
			30.050 > P. 101:201(100) ack 1 | - -`,
			func(r *record.Record) bool { return r.Ends[record.Orig].Stood == 0 }},
		{"the sender paused, and no timer was set off", opened + `
			0.040 < .  1:1(0) ack 101 | - -
			0.050 > .  101:103(2) ack 1 | - -
			57.050 > P. 101:147(46) ack 1 | - -
			57.060 < .  1:1(0) ack 147 | - -`,
			func(r *record.Record) bool { return r.Ends[record.Orig].Stood == 0 }},
		{"a timer of 64 s repeats the segment alone", opened + `
			0.040 < .  1:1(0) ack 101 | - -
			0.050 > P. 101:201(100) ack 1 | - -
			64.050 > P. 101:201(100) ack 1 | - -
			64.060 < .  1:1(0) ack 201 | - -`,
			func(r *record.Record) bool { return r.Ends[record.Orig].Stood == 64e9 }},
		{"the other end goes on meanwhile", opened + `
			0.040 < .  1:1(0) ack 101 | - -
			0.050 > P. 101:201(100) ack 1 | - -
			9.050 < P. 1:101(100) ack 101 | - -
			10.050 > P. 101:201(100) ack 101 | - -
			10.060 < .  101:101(0) ack 201 | - -`,
			func(r *record.Record) bool { return r.Ends[record.Orig].Stood <= 1e9 }},
		{"each SYN is answered by a SYN/ACK of its own", `
			0.000 > S  0:0(0) | - -
			1.000 > S  0:0(0) | - -
			1.040 < S. 0:0(0) ack 1 | - -
			1.047 > .  1:1(0) ack 1 | - -
			1.750 < S. 99310615:99310615(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.SYNACKsOther == 1 && r.Open.Kind == record.OpenHandshake }},
		{"one SYN, and another SYN/ACK", `
			0.000 > S  0:0(0) | - -
			1.040 < S. 0:0(0) ack 1 | - -
			1.047 > .  1:1(0) ack 1 | - -
			1.750 < S. 99310615:99310615(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.SYNACKsOther == 0 }},
		{"the SYN/ACK comes again", `
			0.000 > S  0:0(0) | - -
			1.000 > S  0:0(0) | - -
			1.040 < S. 0:0(0) ack 1 | - -
			1.047 > .  1:1(0) ack 1 | - -
			1.750 < S. 0:0(0) ack 1 | - -`,
			func(r *record.Record) bool { return r.Open.SYNACKsOther == 0 }},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, x.lines), -1, -1)
			if len(rec.records) != 1 || !x.check(&rec.records[0]) {
				t.Errorf("%s, %s: %+v", x.name, name, rec.records)
			}
		}
	}
}
