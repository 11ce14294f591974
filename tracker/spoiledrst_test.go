package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A segment whose RST bit came by damage is no RST that was ignored: its flags are none that a TCP sends, its
// checksum is wrong though that of its sender's SYN is right, or what it carries was acknowledged as data.
func TestSpoiledRST(t *testing.T) {
	const onward = `
		1.002 < . 1:1(0) ack 1 | - -
		1.010 < .P 1:55(54) ack 1 | - -
		1.020 > . 1:1(0) ack 55 | - -`
	for _, c := range []struct {
		name, lines string
		bad         bool   // the checksum of packet 4 is wrong
		ignored     bool   // as a RST, and not as a damaged segment
		unseen      uint64 // bytes that the capture missed
	}{
		{"a RST, not obeyed", opened + `1.000 < R. 1:1(0) ack 1 | - -` + onward, false, true, 0},
		{"all flags, not obeyed", opened + `1.000 < SFRPU. 1:1(0) ack 1 | - -` + onward, false, false, 0},
		{"a wrong checksum, not obeyed", opened + `1.000 < R. 1:1(0) ack 1 | - -` + onward, true, false, 0},
		{"a RST elsewhere", opened + `1.000 < R. 500:500(0) ack 1 | - -` + onward, false, true, 0},
		{"a wrong checksum elsewhere", opened + `1.000 < R. 500:500(0) ack 1 | - -` + onward, true, false, 0},
		{"RST and FIN elsewhere", opened + `1.000 < RF. 500:500(0) ack 1 | - -` + onward, false, false, 0},
		{"RST and PSH without ACK, with data that was missing before", opened + `
			1.000 < RP 11:111(100) | - -
			1.010 > . 1:1(0) ack 111 | - -`, false, false, 10},
		{"its data is acknowledged", opened + `
			1.000 < RP. 1:101(100) ack 1 | - -
			1.010 > . 1:1(0) ack 101 | - -`, false, false, 0},
	} {
		rec := &recorder{}
		var packet uint64
		tr := New(Options{Verify: func() capture.Marks {
			if c.bad && packet == 4 {
				return capture.MarkBadChecksum
			}
			return capture.MarkChecksumOK
		}}, rec)
		for i, l := range parseExchange(t, c.lines) {
			packet = uint64(i + 1)
			tr.Observe(plainWire.segment(l, packet))
		}
		tr.Finish()
		r := &rec.records[0]
		x := &r.Close
		if x.Ignored.Packet == 0 || x.Ignored.Odd.Has(record.Damaged) == c.ignored || x.RSTsIgnored != 1 || x.Kind == record.CloseReset || r.Capture.MissingBytes != c.unseen {
			t.Errorf("%s: %v, %+v, %d ignored, %d bytes unseen", c.name, x.Kind, x.Ignored, x.RSTsIgnored, r.Capture.MissingBytes)
		}
	}
}
