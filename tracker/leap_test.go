package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// An ACK of what nobody sent yet, inside the window, is taken back when both ends
// go on from the old numbers: what is sent then is new.
func TestLeapIsTakenBack(t *testing.T) {
	const opening = `
		0.000 > S 0:0(0) win 64000 wscale 7 | - -
		0.010 < S. 0:0(0) ack 1 win 64000 wscale 7 | - -
		0.010 > . 1:1(0) ack 1 | - -
		0.020 > . 1:1001(1000) ack 1 | - -
		0.020 > . 1001:2001(1000) ack 1 | - -
		0.030 < . 1:1(0) ack 1001 | - -
		0.030 < . 1:1(0) ack 52001 | - -`
	for _, x := range []struct {
		name, lines   string
		retx          uint32
		bytes, missed uint64
	}{
		{"both go on from the old numbers", `
		0.031 < . 1:1(0) ack 2001 | - -
		0.100 > . 2001:3001(1000) ack 1 | - -
		0.100 > . 3001:4001(1000) ack 1 | - -
		0.110 < . 1:1(0) ack 4001 | - -`, 0, 4000, 0},
		{"a packet of the new data was not captured", `
		0.031 < . 1:1(0) ack 2001 | - -
		0.100 > . 3001:4001(1000) ack 1 | - -
		0.110 < . 1:1(0) ack 4001 | - -`, 0, 4000, 1000},
		{"the sender goes on behind it", `
		0.031 < . 1:1(0) ack 2001 | - -
		0.100 > . 52001:53001(1000) ack 1 | - -
		0.110 < . 1:1(0) ack 53001 | - -`, 0, 53000, 50000},
		{"nothing takes it back", `
		0.100 > . 52001:53001(1000) ack 1 | - -
		0.110 < . 1:1(0) ack 53001 | - -`, 0, 53000, 50000},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, opening+x.lines), -1, -1)
			if e := &rec.records[0].Ends[record.Orig]; e.Retx != x.retx || e.Bytes.V != x.bytes || e.MissingBytes != x.missed {
				t.Errorf("%s, %s: %d repeats, %d bytes, %d missing, want %d, %d, %d", x.name, name, e.Retx, e.Bytes.V, e.MissingBytes, x.retx, x.bytes, x.missed)
			}
		}
	}
}

// A segment that is set aside keeps its SACK blocks for when it counts.
func TestAsideKeepsSACK(t *testing.T) {
	r := recordOf(t, `
		0.000 > S 0:0(0) win 64000 wscale 7 sackok 1 | - -
		0.010 < S. 0:0(0) ack 1 win 64000 wscale 7 sackok 1 | - -
		0.010 > . 1:1(0) ack 1 | - -
		0.020 > . 1:1001(1000) ack 1 | - -
		0.030 < . 1:1(0) ack 1001 | - -
		0.250 > . 1:1001(1000) ack 1 | - -
		0.260 < . 200001:200001(0) ack 1001 sack 1-1001 | - -
		0.270 > . 1001:2001(1000) ack 200001 | - -
		0.280 < . 200001:200001(0) ack 2001 | - -`)
	if n := r.Ends[record.Orig].DSACKs; n != 1 {
		t.Errorf("%d D-SACKs, want 1", n)
	}
}

// Data that nobody acknowledged has waited since its first copy, however often it
// was sent again.
func TestRepeatsCountFromTheFirst(t *testing.T) {
	_, rec, _ := play(t, plainWire, parseExchange(t, `
		0.000 > S 0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > . 1:1(0) ack 1 | - -
		1.000 > .P 1:101(100) ack 1 | - -
		1.200 > .P 1:101(100) ack 1 | - -
		1.600 > .P 1:101(100) ack 1 | - -
		2.400 > .P 1:101(100) ack 1 | - -`), -1, -1)
	m := rec.steps[6].Moments[0]
	if m.Kind != record.MomentRetransmission || m.Since != 14e8 || m.Ref != 4 {
		t.Errorf("%+v", m)
	}
	if r := &rec.records[0]; r.Path[record.Orig].Unacked != r.Start+1e9 {
		t.Errorf("unacknowledged since %d, want %d", r.Path[record.Orig].Unacked-r.Start, int64(1e9))
	}
}
