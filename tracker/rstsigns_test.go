package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// What a RST and its sender's segments before it show of who sent it: its timestamp, or its IPv4
// identification, goes on from that end's own; it ends one path of an MPTCP connection; that end had
// acknowledged all that came, and its window was as wide as ever.
func TestSignsOfARST(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0) win 1000 id 100 | - -
		0.010 < S. 0:0(0) ack 1 win 1000 id 7000 | - -
		0.020 > .  1:1(0) ack 1 win 1000 id 101 | - -
		0.100 < .P 1:101(100) ack 1 win 1000 id 7001 | - -
		`
	const stamped = `
		0.000 > S  0:0(0) win 1000 val 50 | - -
		0.010 < S. 0:0(0) ack 1 win 1000 val 900 ecr 50 | - -
		0.020 > .  1:1(0) ack 1 win 1000 val 60 ecr 900 | - -
		0.100 < .P 1:101(100) ack 1 win 1000 val 990 ecr 60 | - -
		`
	const own, path, took = record.OwnStack, record.OfSubflow, record.TookAll
	for _, c := range []struct {
		name, lines string
		want        record.ResetSigns // of those three
	}{
		{"its identification goes on", talk + `0.200 > R. 1:1(0) ack 101 win 0 id 103 | - -`, own},
		{"its identification is another's", talk + `0.200 > R. 1:1(0) ack 101 win 0 id 9000 | - -`, 0},
		{"its identification is 0", talk + `0.200 > R. 1:1(0) ack 101 win 0 id 0 | - -`, 0},
		{"it came another way", talk + `0.200 > R. 1:1(0) ack 101 win 0 id 103 ttl 60 | - -`, 0},
		{"its timestamp goes on", stamped + `0.200 > R. 1:1(0) ack 101 win 0 val 80 ecr 990 | - -`, own},
		{"its timestamp is of long before", stamped + `0.200 > R. 1:1(0) ack 101 win 0 val 10 ecr 990 | - -`, 0},
		{"its timestamp is far ahead of the time that passed", stamped + `0.200 > R. 1:1(0) ack 101 win 0 val 500000 ecr 990 | - -`, 0},
		{"its timestamp goes on after a long silence", stamped + `500.200 > R. 1:1(0) ack 101 win 0 val 500000 ecr 990 | - -`, own},
		{"no timestamp", stamped + `0.200 > R. 1:1(0) ack 101 win 0 id 0 | - -`, 0},
		{"of a path of MPTCP", talk + `0.200 > R. 1:1(0) ack 101 win 0 id 9000 mptcp 1 | - -`, path},
		{"all was acknowledged, the window is as wide as ever", talk + `
			0.110 > .  1:1(0) ack 101 win 1000 id 102 | - -
			0.200 > R. 1:1(0) ack 101 win 0 id 9000 | - -`, took},
		{"what came keeps the window smaller", talk + `
			0.110 > .  1:1(0) ack 101 win 900 id 102 | - -
			0.200 > R. 1:1(0) ack 101 win 0 id 9000 | - -`, 0},
		{"more came since", talk + `
			0.110 > .  1:1(0) ack 101 win 1000 id 102 | - -
			0.190 < .P 101:201(100) ack 1 win 1000 id 7002 | - -
			0.200 > R. 1:1(0) ack 201 win 0 id 9000 | - -`, 0},
		{"nothing came", `
			0.000 > S  0:0(0) win 1000 id 100 | - -
			0.010 < S. 0:0(0) ack 1 win 1000 id 7000 | - -
			0.020 > .  1:1(0) ack 1 win 1000 id 101 | - -
			0.200 > R. 1:1(0) ack 1 win 0 id 9000 | - -`, 0},
	} {
		r := recordOf(t, c.lines)
		if got := r.Close.ResetOdd & (own | path | took); got != c.want || r.Close.ResetBy != record.Orig {
			t.Errorf("%s: %b by %v, want %b", c.name, got, r.Close.ResetBy, c.want)
		}
	}
}

// A RST that came another way than an end's segments was not sent by that end: it is not its last segment.
func TestRSTOfABoxIsNoLastSegment(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0) win 1000 | - -
		0.010 < S. 0:0(0) ack 1 win 1000 | - -
		0.020 > .  1:1(0) ack 1 win 1000 | - -
		0.100 < .P 1:101(100) ack 1 win 1000 | - -
		0.200 > R. 1:1(0) ack 101 win 0 | - -
		`
	for lines, want := range map[string]int64{
		talk + `20.000 < R. 101:101(0) ack 1 win 0 ttl 255 | - -`: 100,
		talk + `20.000 < R. 101:101(0) ack 1 win 0 | - -`:         20_000,
	} {
		r := recordOf(t, lines)
		if got := (r.Ends[record.Resp].LastSent - r.Start) / 1e6; got != want {
			t.Errorf("last sent %d ms after the start, want %d: %s", got, want, lines)
		}
	}
}

// The clock of the end in whose name a RST came goes on when all that it had sent before has arrived or is lost: it
// did not send it.
func TestClockGoesOnAfterARST(t *testing.T) {
	const rst = `
		0.000 > S  0:0(0) win 1000 val 50 | - -
		0.010 < S. 0:0(0) ack 1 win 1000 val 900 ecr 50 | - -
		0.020 > .  1:1(0) ack 1 win 1000 val 60 ecr 900 | - -
		0.100 < .P 1:101(100) ack 1 win 1000 val 990 ecr 60 | - -
		5.000 > .P 1:101(100) ack 101 win 1000 val 5000 ecr 990 | - -
		5.010 < R 101:101(0) | - -
		`
	for _, c := range []struct {
		name, lines string
		want        bool
	}{
		{"nothing after it", rst, false},
		{"its receiver echoes the same", rst + `
			6.200 > .P 1:101(100) ack 101 win 1000 val 6200 ecr 990 | - -
			8.600 > .P 1:101(100) ack 101 win 1000 val 8600 ecr 990 | - -`, false},
		{"its receiver echoes what is newer", rst + `
			6.200 > .P 1:101(100) ack 101 win 1000 val 6200 ecr 6100 | - -
			8.600 > .P 1:101(100) ack 101 win 1000 val 8600 ecr 8300 | - -`, true},
		{"what may have been under way", rst + `
			5.100 > .P 1:101(100) ack 101 win 1000 val 5100 ecr 5001 | - -
			6.200 > .P 1:101(100) ack 101 win 1000 val 6200 ecr 5001 | - -`, false},
		{"it sends on", rst + `
			6.500 < . 101:101(0) ack 1 win 1000 val 7390 ecr 60 | - -`, true},
		{"its clock began anew", rst + `
			6.500 < . 101:101(0) ack 1 win 1000 val 40 ecr 60 | - -`, false},
	} {
		r := recordOf(t, c.lines)
		if got := r.Close.ResetOdd.Has(record.Outlived); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// More RSTs in the name of an end that has sent its own, with another TTL, are another device's.
func TestRSTJoinedByAnothers(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0) ttl 116 | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > .  1:1(0) ack 1 ttl 116 | - -
		0.100 < .P 1:101(100) ack 1 | - -
		0.200 > R. 1:1(0) ack 101 win 0 ttl 116 | - -
		0.210 < .P 101:201(100) ack 1 | - -
		`
	for second, want := range map[string]bool{
		`0.220 > R. 1:1(0) ack 201 win 0 ttl 244 | - -`: true,
		`0.220 > R. 1:1(0) ack 201 win 0 ttl 116 | - -`: false,
	} {
		r := recordOf(t, talk+second)
		if got := r.Close.ResetOdd.Has(record.Joined); got != want || r.Close.ResetCause != record.ResetAbort {
			t.Errorf("%s: %t, %v", second, got, r.Close.ResetCause)
		}
	}
}

// A RST at the number that its receiver has just acknowledged is the one that it expects, though the
// capture holds less of what came before the FIN.
func TestRSTAtTheAcknowledgedNumber(t *testing.T) {
	const talk = `
		0.000 > S  0:0(0) | - -
		0.001 < S. 0:0(0) ack 1 | - -
		0.002 > .  1:1(0) ack 1 | - -
		0.003 < .P 1:101(100) ack 1 | - -
		0.004 > F. 1:1(0) ack 101 | - -
		0.005 < .P 101:102(1) ack 148 | - -
		`
	for rst, want := range map[string]record.CloseKind{
		`0.006 > R. 148:148(0) ack 102 win 0 | - -`: record.CloseReset,
		`0.006 > R. 149:149(0) ack 102 win 0 | - -`: record.CloseHalfClosed,
	} {
		if r := recordOf(t, talk+rst); r.Close.Kind != want {
			t.Errorf("%s: %v, want %v", rst, r.Close.Kind, want)
		}
	}
}
