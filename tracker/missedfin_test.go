package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Where FINs were not captured, their numbers are no payload, and who closed
// first is told only where the capture shows it.
func TestMissedFINs(t *testing.T) {
	const exchange = opened + `
		0.10 > .P 1:101(100) ack 1 | - -
		0.11 < .P 1:1001(1000) ack 101 | - -
		0.12 > . 101:101(0) ack 1001 | - -`
	for _, c := range []struct {
		name, lines string
		first       record.End
		bytes       [2]uint64
		missing     uint64
	}{
		{"both FINs missed, the last ACK captured", exchange + `
			0.20 > . 102:102(0) ack 1002 | - -`, record.NoEnd, [2]uint64{100, 1000}, 0},
		{"both FINs missed, then one of them repeated", exchange + `
			0.20 > . 102:102(0) ack 1002 | - -
			0.50 > F. 101:101(0) ack 1002 | - -`, record.NoEnd, [2]uint64{100, 1000}, 0},
		{"one byte each way missed, then more data", exchange + `
			0.20 > . 102:102(0) ack 1002 | - -
			0.30 > .P 102:112(10) ack 1002 | - -
			0.40 < F. 1002:1002(0) ack 112 | - -`, record.Resp, [2]uint64{111, 1001}, 2},
		{"the repeat of a missed FIN does not know of the other's", exchange + `
			0.20 > F. 101:101(0) ack 1001 | - -
			0.23 > . 102:102(0) ack 1002 | - -
			0.50 < F. 1001:1001(0) ack 101 | - -
			0.51 < . 1002:1002(0) ack 102 | - -`, record.Both, [2]uint64{100, 1000}, 0},
		{"the repeat of a missed FIN acknowledges the other's", exchange + `
			0.20 > F. 101:101(0) ack 1001 | - -
			0.23 > . 102:102(0) ack 1002 | - -
			0.50 < F. 1001:1001(0) ack 102 | - -`, record.Orig, [2]uint64{100, 1000}, 0},
		{"one way, SYN and FIN alone: the other FIN went another way", `
			0.01 < S. 0:0(0) ack 1 | - -
			0.50 < F. 1001:1001(0) ack 102 | - -`, record.NoEnd, [2]uint64{0, 1000}, 101},
	} {
		r := recordOf(t, c.lines)
		got := [2]uint64{r.Ends[record.Orig].Bytes.V, r.Ends[record.Resp].Bytes.V}
		if r.Close.First != c.first || got != c.bytes || r.Capture.MissingBytes != c.missing {
			t.Errorf("%s: first %v, %v bytes, %d missing", c.name, r.Close.First, got, r.Capture.MissingBytes)
		}
	}
}

// An ACK that comes after a FIN was sent again and does not cover it shows that its sender has not
// got the FIN; one that may have crossed the first FIN shows nothing.
func TestACKsShortOfTheFIN(t *testing.T) {
	const fin = opened + `
		0.10 > .P 1:101(100) ack 1     | - -
		0.20 > F. 101:101(0) ack 1     | - -
		0.21 < .  1:1(0) ack 101       | - -`
	for _, c := range []struct {
		name, lines string
		short       uint32
	}{
		{"it crossed the FIN", fin + `
			0.50 > F. 101:101(0) ack 1 | - -
			0.90 > F. 101:101(0) ack 1 | - -`, 0},
		{"it crossed the FIN, of a connection that had rested", opened + `
			40.10 > .P 1:101(100) ack 1     | - -
			40.15 < .  1:1(0) ack 101       | - -
			40.20 > F. 101:101(0) ack 1     | - -
			40.21 < .  1:1(0) ack 101       | - -
			40.50 > F. 101:101(0) ack 1     | - -`, 0},
		{"it came behind the repeat", fin + `
			0.50 > F. 101:101(0) ack 1 | - -
			0.60 < .P 1:11(10) ack 101 | - -
			0.90 > F. 101:101(0) ack 1 | - -`, 1},
		{"the repeat got through", fin + `
			0.50 > F. 101:101(0) ack 1 | - -
			0.51 < .  1:1(0) ack 102   | - -
			0.52 < .P 1:11(10) ack 101 | - -`, 0},
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		tr.Finish()
		if got := rec.records[0].Path[record.Orig].FINsShort; got != c.short {
			t.Errorf("%s: %d ACKs stop short, want %d", c.name, got, c.short)
		}
	}
}
