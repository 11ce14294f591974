package tracker

import (
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// strayCounts are what a stray segment would change.
type strayCounts struct {
	states      [2]record.State
	first       record.End
	bytes       [2]uint64
	missing     uint64
	retx        uint32
	zeroWindows uint32
	ended       record.CloseKind
	begun       record.OpenKind
}

func straysOf(r *record.Record) strayCounts {
	x, y := &r.Ends[record.Orig], &r.Ends[record.Resp]
	return strayCounts{r.States, r.Close.First, [2]uint64{x.Bytes.V, y.Bytes.V}, r.Capture.MissingBytes, x.Retx + y.Retx,
		x.ZeroWindows + y.ZeroWindows, r.Close.Kind, r.Open.Kind}
}

// A segment ahead of its sender counts for nothing once its sender goes on from
// the old numbers, also where one direction was captured alone and where the
// receiver's window would have let it in.
func TestSenderThatGoesOnDeniesAStray(t *testing.T) {
	for _, c := range []struct{ name, lines, strays string }{
		{"one way", `
			0.010 < S. 0:0(0) ack 1 | - -
			0.030 < . 1:1(0) ack 101 | - -
			0.031 < .P 1:501(500) ack 101 | - -
			0.032 < .P 501:1001(500) ack 101 | - -
			0.050 < F. 1001:1001(0) ack 102 | - -`, `
			0 < . 501:501(0) ack 70101 id 4711 | - -
			0 < . 501:501(0) ack 87000101 id 4711 | - -
			0 < F. 70001:70001(0) ack 101 id 4711 | - -
			0 < .P 70001:70101(100) ack 101 id 4711 | - -
			0 < . 70001:70001(0) ack 101 win 0 id 4711 | - -
			0 < . 2001:2001(0) ack 101 win 0 id 4711 | - -`},
		{"windows of 128 kB", `
			0.000 > S  0:0(0) wscale 7 | - -
			0.010 < S. 0:0(0) ack 1 wscale 7 | - -
			0.020 > . 1:1(0) ack 1 | - -
			0.030 > .P 1:501(500) ack 1 | - -
			0.040 < . 1:1(0) ack 501 | - -
			0.050 > .P 501:1001(500) ack 1 | - -
			0.060 < .P 1:301(300) ack 1001 | - -
			0.070 > F. 1001:1001(0) ack 301 | - -
			0.080 < F. 301:301(0) ack 1002 | - -
			0.090 > . 1002:1002(0) ack 302 | - -`, `
			0 > . 70501:70501(0) ack 1 win 0 id 4711 | - -
			0 > .P 71001:71101(100) ack 1 id 4711 | - -
			0 > F. 71001:71001(0) ack 1 id 4711 | - -
			0 > . 2501:2501(0) ack 1 win 0 id 4711 | - -
			0 < . 1:1(0) ack 71001 id 4711 | - -
			0 < . 70001:70001(0) ack 501 win 0 id 4711 | - -`},
	} {
		want := straysOf(recordOf(t, c.lines))
		lines := parseExchange(t, c.lines)
		for _, x := range parseExchange(t, c.strays) {
			for at := range lines {
				goesOn := func(l line) bool { return l.from == x.from && (l.n > 0 || l.flags.Has(capture.FIN)) }
				if at < 2 && len(lines) > 5 || at < 1 || !slices.ContainsFunc(lines[at+1:], goesOn) {
					continue
				}
				x.at = lines[at].at + 1e-4
				_, rec, _ := play(t, plainWire, slices.Insert(slices.Clone(lines), at+1, x), -1, -1)
				if got := straysOf(&rec.records[0]); got != want {
					t.Errorf("%s, %v seq %d ack %d behind line %d: %+v, want %+v", c.name, x.flags, x.seq, x.ack, at+1, got, want)
				}
			}
		}
	}
}

// An ACK without data that stands behind a hole counts when what was captured
// after it bears it out.
func TestAcknowledgmentBehindAHoleCounts(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		bytes       uint64
	}{
		{"its sender goes on from there", opened + `
			0.1 > . 201:201(0) ack 1 | - -
			0.2 > .P 201:301(100) ack 1 | - -`, 300},
		{"the other end acknowledges up to it", opened + `
			0.1 > . 201:201(0) ack 1 | - -
			0.2 < . 1:1(0) ack 201 | - -`, 200},
		{"it takes what the other end sent", opened + `
			0.1 < .P 1:11(10) ack 1 | - -
			0.2 > . 201:201(0) ack 11 | - -`, 200},
		{"its sender still stands there when it answers again", opened + `
			0.1 < .P 1:11(10) ack 1 | - -
			0.2 > . 1:1(0) ack 11 | - -
			0.3 > . 201:201(0) ack 11 | - -
			0.4 < .P 1:11(10) ack 1 id 7 | - -
			0.5 > . 201:201(0) ack 11 | - -`, 200},
	} {
		if r := recordOf(t, c.lines); r.Ends[record.Orig].Bytes.V != c.bytes {
			t.Errorf("%s: %v bytes, want %d", c.name, r.Ends[record.Orig].Bytes, c.bytes)
		}
	}
}
