package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Other bytes whose IP identification goes on and whose TTL is that end's own are of the same sender.
func TestConflictOfTheSameSender(t *testing.T) {
	const counted = opened + `
		0.10 < .P 1:101(100) ack 1 mss 900 sum 1 id 100    | - -
		0.11 < .P 101:201(100) ack 1 mss 901 sum 2 id 101  | - -
		0.12 < .P 201:301(100) ack 1 mss 902 sum 3 id 103  | - -
		0.13 < .P 301:401(100) ack 1 mss 1000 sum 7 id 104 | - -
		0.30 < .P 301:401(100) ack 1 mss 2000 sum 9 `
	for _, x := range []struct {
		name, marks string
		own         uint32
	}{
		{"the next one, the same TTL", "id 106", 1},
		{"the next one, another TTL", "id 106 ttl 60", 0},
		{"another count", "id 40000", 0},
		{"an older one", "id 99", 0},
		{"none", "id 0", 0},
	} {
		rec := &recorder{}
		tr := New(Options{Verify: func() capture.Marks { return capture.MarkChecksumOK }}, rec)
		for i, l := range parseExchange(t, counted+x.marks+" | - -") {
			head := l.mss
			l.mss, l.options = 0, l.options&^capture.OptMSS
			s := plainWire.segment(l, uint64(i+1))
			s.Head = head
			tr.Observe(s)
		}
		tr.Finish()
		if e := &rec.records[0].Ends[record.Resp]; e.Conflicts != 1 || e.ConflictsOwn != x.own {
			t.Errorf("%s: %d conflicts, %d its own", x.name, e.Conflicts, e.ConflictsOwn)
		}
	}
}

// Data that carries other bytes than what was sent first under the same number is counted,
// where both checksums are right: a first copy that was spoiled on its way has the checksum of
// what is sent again.
func TestConflictingData(t *testing.T) {
	const (
		first = "0.10 < .P 1:101(100) ack 1 mss 1000 sum 7 | - -"
		other = "0.30 < .P 1:101(100) ack 1 mss 2000 sum 9 | - -"
	)
	for _, c := range []struct {
		name, lines string
		right       bool
		conflicts   uint32
		at          uint64
	}{
		{"other bytes", first + "\n" + other, true, 1, 5},
		{"other bytes, acknowledged before", first + "\n0.20 > . 1:1(0) ack 101 | - -\n" + other, true, 1, 6},
		{"other bytes that reach farther", first + "\n0.30 < .P 1:301(300) ack 1 mss 2000 sum 9 | - -", true, 1, 5},
		{"the same bytes", first + "\n0.30 < .P 1:101(100) ack 1 mss 1000 sum 7 | - -", true, 0, 0},
		{"the same, another checksum", first + "\n0.30 < .P 1:101(100) ack 1 mss 1000 sum 9 | - -", true, 0, 0},
		{"the first was spoiled", first + "\n0.30 < .P 1:101(100) ack 1 mss 2000 sum 7 | - -", true, 0, 0},
		{"the second is spoiled", first + "\n" + other, false, 0, 0},
		{"they begin apart", first + "\n0.30 < .P 51:101(50) ack 1 mss 2000 sum 9 | - -", true, 0, 0},
		{"the first was not captured to its 8th byte", "0.10 < .P 1:101(100) ack 1 sum 7 | - -\n" + other, true, 0, 0},
		{"half of the first was acknowledged", first + "\n0.20 > . 1:1(0) ack 51 | - -\n0.30 < .P 51:101(50) ack 1 mss 2000 sum 9 | - -", true, 0, 0},
	} {
		rec := &recorder{}
		tr := New(Options{Verify: func() capture.Marks {
			if c.right {
				return capture.MarkChecksumOK
			}
			return capture.MarkBadChecksum
		}}, rec)
		for i, l := range parseExchange(t, opened+"\n"+c.lines) {
			head := l.mss
			l.mss, l.options = 0, l.options&^capture.OptMSS
			s := plainWire.segment(l, uint64(i+1))
			s.Head = head
			tr.Observe(s)
		}
		tr.Finish()
		if r := &rec.records[0]; r.Ends[record.Resp].Conflicts != c.conflicts || r.Evidence.Ends[record.Resp].Conflict != c.at {
			t.Errorf("%s: %d conflicts, packet %d, want %d, %d", c.name, r.Ends[record.Resp].Conflicts, r.Evidence.Ends[record.Resp].Conflict, c.conflicts, c.at)
		}
	}
}
