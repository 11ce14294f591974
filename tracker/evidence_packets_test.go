package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Each packet cited is the one that shows the matter.
func TestEvidencePackets(t *testing.T) {
	const talk = sackOpened + `
		0.100 > .P 1:1001(1000) ack 1 | - -
		0.110 < .  1:1(0) ack 1001 | - -`
	for _, c := range []struct {
		name, lines string
		got         func(r *record.Record) uint64
		want        uint64
	}{
		{"a repeat after a timeout", talk + `
			0.200 > .P 1001:2001(1000) ack 1 | - -
			0.500 > .P 1001:2001(1000) ack 1 | - -
			1.100 > .P 1001:2001(1000) ack 1 | - -
			1.110 < .  1:1(0) ack 2001 | - -`, func(r *record.Record) uint64 { return r.Evidence.Ends[record.Orig].Repeat }, 7},
		{"when the first repeat came", talk + `
			0.200 > .P 1001:2001(1000) ack 1 | - -
			0.500 > .P 1001:2001(1000) ack 1 | - -
			1.100 > .P 1001:2001(1000) ack 1 | - -`, func(r *record.Record) uint64 { return uint64(r.Evidence.Ends[record.Orig].RepeatTime-r.Start) / 1e6 }, 500},
		{"a needless one", talk + `
			0.500 > .P 1:1001(1000) ack 1 | - -
			0.510 < .  1:1(0) ack 1001 | - -`, func(r *record.Record) uint64 { return r.Evidence.Ends[record.Orig].Needless }, 6},
		{"an ACK of what was never seen", talk + `
			0.120 < .  1:1(0) ack 3001 | - -
			0.130 < .  1:1(0) ack 5001 | - -`, func(r *record.Record) uint64 { return r.Evidence.Missing }, 6},
		{"an ACK beyond a hole", talk + `
			0.120 > .P 2001:3001(1000) ack 1 | - -
			0.130 < .  1:1(0) ack 3001 | - -`, func(r *record.Record) uint64 { return r.Evidence.Missing }, 7},
		{"a hole that is filled late", talk + `
			0.120 > .P 2001:3001(1000) ack 1 | - -
			0.130 < .  1:1(0) ack 3001 | - -
			0.131 > .P 1001:2001(1000) ack 1 | - -`, func(r *record.Record) uint64 { return r.Evidence.Missing }, 0},
		{"time went back", talk + `
			0.105 < .  1:1(0) ack 1001 | - -`, func(r *record.Record) uint64 { return r.Evidence.WentBack }, 6},
		{"the first probe, and the first without an answer", talk + `
			30.00 > .  1000:1000(0) ack 1 | - -
			30.01 < .  1:1(0) ack 1001 | - -
			60.00 > .  1000:1000(0) ack 1 | - -
			61.00 > .  1000:1000(0) ack 1 | - -`, func(r *record.Record) uint64 {
			return r.Evidence.Ends[record.Orig].Probe<<8 | r.Evidence.Ends[record.Orig].Unanswered
		}, 6<<8 | 8},
		{"an overtaken segment", talk + `
			0.1200 > .P 2001:3001(1000) ack 1 id 99 | - -
			0.1201 > .P 1001:2001(1000) ack 1 id 98 | - -`, func(r *record.Record) uint64 { return r.Evidence.Ends[record.Orig].Late }, 7},
		{"nothing", sackOpened + `
			0.100 > .P 1:51(50) ack 1 | - -
			0.110 < .  1:1(0) ack 51 | - -`, func(r *record.Record) uint64 {
			x := &r.Evidence.Ends[record.Orig]
			if x.Data != 4 || x.DataTime-r.Start != 100e6 || r.Evidence.Ends[record.Resp] != (record.EndEvidence{}) {
				return 1
			}
			if *x == (record.EndEvidence{Data: x.Data, DataTime: x.DataTime}) {
				return r.Evidence.Missing + r.Evidence.Duplicate + r.Evidence.WentBack + r.Evidence.Truncated + r.Evidence.Offload
			}
			return 1
		}, 0},
	} {
		if got := c.got(recordOf(t, c.lines)); got != c.want {
			t.Errorf("%s: packet %d, want %d", c.name, got, c.want)
		}
	}
}

// One ACK far beyond every window tells of no gigabytes, unless data goes on
// there: its receiver throws it away.
func TestWildACK(t *testing.T) {
	const wild = sackOpened + `
		0.100 > .P 1:1001(1000) ack 1 | - -
		0.110 < .  1:1(0) ack 900001001 | - -`
	if c := recordOf(t, wild+`
		0.120 > .P 1001:2001(1000) ack 1 | - -`).Capture; c.WildBytes != 0 || c.MissingBytes != 0 {
		t.Errorf("a stray ACK: %d bytes missing, %d of them wild", c.MissingBytes, c.WildBytes)
	}
	if c := recordOf(t, wild+`
		0.120 > .P 900001001:900002001(1000) ack 1 | - -`).Capture; c.WildBytes != 0 || c.MissingBytes != 900e6 {
		t.Errorf("data goes on: %d bytes missing, %d of them wild", c.MissingBytes, c.WildBytes)
	}
}
