package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Segments count by where they end beyond the last ACK, against the window as it
// stands in the header.
func TestBeyondTheUnscaledWindow(t *testing.T) {
	const scaled = `
		0.000 > S  0:0(0) mss 1000 wscale 7 win 60000       | - -
		0.010 < S. 0:0(0) ack 1 mss 1000 wscale 7 win 60000 | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  1:1001(1000) ack 1               | - -
		0.040 < .  1:1(0) ack 1001 win 1500         | - -`
	for _, x := range []struct {
		name, lines string
		want        record.UnscaledRecord
		passed      uint32
	}{
		{"the second of two reaches beyond and dies", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 2001 win 1500  | - -
			0.400 > .  2001:3001(1000) ack 1     | - -
			1.000 > .  2001:3001(1000) ack 1     | - -
			1.010 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, Beyond: 1, BeyondLost: 1, Least: 1000, Packet: 9}, 1000},
		{"it passes", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, Beyond: 1}, 0},
		{"the first dies", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.051 > .  2001:3001(1000) ack 1     | - -
			0.400 > .  1001:2001(1000) ack 1     | - -
			0.410 < .  1:1(0) ack 3001 win 1500  | - -`,
			record.UnscaledRecord{Within: 2, WithinLost: 1, Beyond: 1}, 0},
		{"within only", `
			0.050 > .  1001:2001(1000) ack 1     | - -
			0.060 < .  1:1(0) ack 2001 win 1500  | - -`, record.UnscaledRecord{}, 0},
	} {
		r := recordOf(t, scaled+x.lines)
		if y := &r.Path[record.Orig]; y.Unscaled != x.want || y.Passed != x.passed {
			t.Errorf("%s: %+v, passed %d", x.name, y.Unscaled, y.Passed)
		}
	}
	const unscaled = `
		0.000 > S  0:0(0) mss 1000 win 60000       | - -
		0.010 < S. 0:0(0) ack 1 mss 1000 wscale 7 win 1500 | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  1:1001(1000) ack 1               | - -
		0.031 > .  1001:2001(1000) ack 1            | - -`
	if x := recordOf(t, unscaled).Path[record.Orig].Unscaled; x != (record.UnscaledRecord{}) {
		t.Errorf("no scale was agreed on: %+v", x)
	}
}

// Segments that are longer than the other end takes count each time that they are sent; one that
// comes again in pieces is lost once. Those in flight are lost where SACK tells of what lies behind.
func TestLongSegments(t *testing.T) {
	const open = `
		0.000 > S  0:0(0) mss 1000 sackok 1         | - -
		0.010 < S. 0:0(0) ack 1 mss 1000 sackok 1   | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  1:1001(1000) ack 1               | - -
		0.040 < .  1:1(0) ack 1001                  | - -`
	const joined = open + `
		0.050 > .  1001:3001(2000) ack 1            | - -
		0.400 > .  1001:3001(2000) ack 1            | - -
		1.200 > .  1001:2001(1000) ack 1            | - -
		1.201 > .  2001:3001(1000) ack 1            | - -
		1.210 < .  1:1(0) ack 3001                  | - -`
	for _, x := range []struct {
		name, lines string
		want        record.LongRecord
	}{
		{"lost twice, then sent in pieces", joined, record.LongRecord{Sent: 2, Lost: 2, Least: 2000, Packet: 7}},
		{"it passes", open + `
			0.050 > .  1001:3001(2000) ack 1        | - -
			0.060 < .  1:1(0) ack 3001              | - -`, record.LongRecord{Sent: 1}},
		{"with timestamps less fits", open + `
			0.050 > .  1001:1999(998) ack 1 val 5 ecr 5 | - -
			0.060 < .  1:1(0) ack 1999              | - -`, record.LongRecord{Sent: 1}},
		{"others are lost besides", joined + `
			1.250 > .  3001:4001(1000) ack 1        | - -
			1.600 > .  3001:4001(1000) ack 1        | - -
			2.600 > .  3001:4001(1000) ack 1        | - -
			2.610 < .  1:1(0) ack 4001              | - -`, record.LongRecord{Sent: 2, Lost: 2, ShortLost: 1, Least: 2000, Packet: 7}},
		{"none is too long", open + `
			0.050 > .  1001:2001(1000) ack 1        | - -
			0.400 > .  1001:2001(1000) ack 1        | - -
			0.410 < .  1:1(0) ack 2001              | - -`, record.LongRecord{}},
		{"in flight, before and behind what SACK tells of", open + `
			0.050 > .  1001:3001(2000) ack 1        | - -
			0.051 > .  3001:4001(1000) ack 1        | - -
			0.052 > .  4001:5001(1000) ack 1        | - -
			0.053 > .  5001:7001(2000) ack 1        | - -
			0.060 < .  1:1(0) ack 1001 sack 4001-5001 | - -`, record.LongRecord{Sent: 1, Lost: 1, ShortLost: 1, Least: 2000}},
	} {
		if y := recordOf(t, x.lines).Path[record.Orig].Long; y != x.want {
			t.Errorf("%s: %+v, want %+v", x.name, y, x.want)
		}
	}
}

// Of a connection that began before the capture did, what was sent before and is sent again was
// neither acknowledged, nor lost before the capture point, for all that the capture shows.
func TestSentBeforeTheCapture(t *testing.T) {
	const begun = `
		0.000 > .  9001:10001(1000) ack 1 id 10     | - -
		0.001 > .  20001:21001(1000) ack 1 id 11    | - -
		0.010 < .  1:1(0) ack 5001 sack 20001-21001 | - -`
	r := recordOf(t, begun+`
		0.400 > .  5001:6001(1000) ack 1 id 12      | - -
		0.410 < .  1:1(0) ack 6001 sack 20001-21001 | - -
		0.420 > .  12001:13001(1000) ack 1 id 13    | - -
		0.900 > .  6001:7001(1000) ack 1 id 14      | - -
		1.900 > .  6001:7001(1000) ack 1 id 15      | - -
		1.910 < .  1:1(0) ack 7001 sack 20001-21001 | - -`)
	if x := &r.Ends[record.Orig]; x.RetxSpurious != 0 || x.LostBeforeTap != 0 || x.LostAgain != 1 || x.LostAfterTap != 3 {
		t.Errorf("%d needless, %d lost before the capture point, %d behind it, %d again", x.RetxSpurious, x.LostBeforeTap, x.LostAfterTap, x.LostAgain)
	}
	if r = recordOf(t, `
		0.000 > S  0:0(0) win 60000 sackok 1        | - -
		0.010 < S. 0:0(0) ack 1 win 60000 sackok 1  | - -
		0.020 > .  1:1(0) ack 1                     | - -
		0.030 > .  2001:3001(1000) ack 1            | - -
		0.040 < .  1:1(0) ack 1 win 60000 sack 2001-3001      | - -
		0.300 > .  1:1001(1000) ack 1               | - -
		0.310 < .  1:1(0) ack 1001 win 60000 sack 2001-3001   | - -`); r.Ends[record.Orig].LostBeforeTap != 1 {
		t.Errorf("the capture has its SYNs: %+v", r.Ends[record.Orig])
	}
}
