package tracker

import (
	"slices"
	"testing"
)

func TestFacts(t *testing.T) {
	for _, x := range []struct {
		name, lines string
		check       func(f *FactsRecord) bool
	}{
		{"SYNs again, with their times", `
			0.000 > S  0:0(0) | - -
			1.012 > S  0:0(0) | - -
			3.030 > S  0:0(0) | - -`,
			func(f *FactsRecord) bool {
				return slices.Equal(f.SYNsAgain[:f.NSYNsAgain], []uint32{1012, 3030}) && f.SYNAgainAt == 2
			}},
		{"a SYN again after its SYN/ACK passed", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			2.065 > S  0:0(0) | - -
			2.075 < S. 0:0(0) ack 1 | - -
			2.090 > .  1:1(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.NSYNsAgain == 1 && f.SYNAnswered }},
		{"a SYN again before any answer", `
			0.000 > S  0:0(0) | - -
			1.000 > S  0:0(0) | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.020 > .  1:1(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.NSYNsAgain == 1 && !f.SYNAnswered }},
		{"a SYN that the path doubles is not sent again", `
			0.000 > S  0:0(0) | - -
			0.030 > S  0:0(0) | - -
			0.040 < S. 0:0(0) ack 1 | - -
			0.050 > .  1:1(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.NSYNsAgain == 0 }},
		{"a SYN/ACK again though its ACK was seen", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			1.050 < S. 0:0(0) ack 1 | - -`,
			func(f *FactsRecord) bool {
				return f.ACKsIgnored == 1 && f.ACKIgnoredAt == 4 && f.ACKIgnored.V == 1030e6 && f.NSYNACKsAgain == 1
			}},
		{"a SYN/ACK again that was under way when the ACK passed", `
			0.000 > S  0:0(0) | - -
			1.500 < S. 0:0(0) ack 1 | - -
			1.501 > .  1:1(0) ack 1 | - -
			2.950 < S. 0:0(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.ACKsIgnored == 0 && f.NSYNACKsAgain == 0 }},
		{"a SYN/ACK again before any ACK", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			1.010 < S. 0:0(0) ack 1 | - -
			1.020 > .  1:1(0) ack 1 | - -`,
			func(f *FactsRecord) bool {
				return f.ACKsIgnored == 0 && f.NSYNACKsAgain == 1 && f.SYNACKAgainAt == 3 && f.SYNACKAfter == 1000e6
			}},
		{"a RST like its sender's other segments", `
			0.000 > S  0:0(0) | - -
			0.010 < S. 0:0(0) ack 1 | - -
			0.020 > .  1:1(0) ack 1 | - -
			0.100 > .P 1:11(10) ack 1 | - -
			5.100 > R. 11:11(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.ResetOdd == 0 && f.ResetQuiet == 5000e6 && f.ResetAfter == 5090e6 }},
		{"a RST of another way, counter and options", `
			0.000 > S  0:0(0) val 1 | - -
			0.010 < S. 0:0(0) ack 1 val 1 ecr 1 | - -
			0.020 > .  1:1(0) ack 1 val 2 ecr 1 | - -
			0.100 > .P 1:11(10) ack 1 val 2 ecr 1 | - -
			0.200 > R. 11:11(0) ack 1 ttl 50 id 40000 | - -`,
			func(f *FactsRecord) bool { return f.ResetOdd == OddTTL|OddIPID|OddTimestamps }},
		{"a refusal, and a second try", `
			0.000 > S  0:0(0) | - -
			0.001 < R. 0:0(0) ack 1 | - -
			0.500 > S  0:0(0) | - -
			0.501 < S. 0:0(0) ack 1 | - -
			0.502 > .  1:1(0) ack 1 | - -`,
			func(f *FactsRecord) bool { return f.RefusedFirst && f.NSYNsAgain == 1 }},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, x.lines), -1, -1)
			if len(rec.records) != 1 || !x.check(&rec.records[0].Facts) {
				t.Errorf("%s, %s: %+v", x.name, name, rec.records)
			}
		}
	}
}

// An older connection that answers a new SYN is remembered with its state.
func TestFactsOfOldConnection(t *testing.T) {
	_, rec, _ := play(t, plainWire, parseExchange(t, `
		0.000 > S  0:0(0) | - -
		0.010 < S. 0:0(0) ack 1 | - -
		0.020 > .  1:1(0) ack 1 | - -
		9.000 > S  3000000:3000000(0) | - -
		9.010 < .  1:1(0) ack 1 | - -
		9.020 > R  1:1(0) | - -
		10.000 > S 3000000:3000000(0) | - -
		10.010 < S. 7000000:7000000(0) ack 3000001 | - -
		10.020 > . 3000001:3000001(0) ack 7000001 | - -
	`), -1, -1)
	if len(rec.records) != 2 {
		t.Fatalf("%d records", len(rec.records))
	}
	old, now := &rec.records[0], &rec.records[1]
	if now.Facts.OldState != Established || !now.Facts.OldReset || now.Open.OldConn != old.ID || !old.Facts.ByNewer {
		t.Errorf("new: %+v\nold: %+v", now.Facts, old.Facts)
	}
}
