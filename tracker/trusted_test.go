package tracker

import (
	"slices"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// What a segment with a wrong checksum claims is not believed: neither that bytes arrived which
// nobody captured, until data bears that out, nor how long segments are.
func TestDamagedSegmentsProveNothing(t *testing.T) {
	const claim = opened + `
		1.000 > .P 1:101(100) ack 1   | - -
		1.010 < .P 1:101(100) ack 101 | - -
		1.020 > .  101:101(0) ack 601 | - -`
	const holed = opened + `
		1.000 > .P 1:101(100) ack 1   | - -
		1.010 > .P 345:867(522) ack 1 | - -
		1.020 < .  1:1(0) ack 623     | - -`
	const begun = `
		0.000 > .P 1:709(708) ack 1           | - -
		2.100 < .P 100001:100488(487) ack 709 | - -
		2.200 > .  709:709(0) ack 100488      | - -
		2.300 < .  100488:100488(0) ack 709   | - -`
	const farBegun = `
		0.000 > .P 1:709(708) ack 1                   | - -
		0.001 < .  1526726657:1526726657(0) ack 709   | - -
		0.100 < .P 1526726657:1526727144(487) ack 709 | - -
		0.250 > .  709:709(0) ack 1526727144          | - -
		2.100 > .P 709:809(100) ack 1526727144        | - -`
	for _, x := range []struct {
		name, lines string
		wrong       uint64 // packet whose TCP checksum is wrong
		missing     uint64
	}{
		{"an ACK", claim, 0, 500},
		{"an ACK with a wrong checksum", claim, 6, 0},
		{"an ACK with a wrong checksum, borne out by data", claim + `
			1.030 < .P 601:701(100) ack 101 | - -`, 6, 500},
		{"a hole before data, acknowledged", holed, 0, 244},
		{"a hole before data with a wrong checksum, acknowledged", holed, 5, 0},
		{"a hole before data with a wrong checksum, borne out by data", holed + `
			1.030 > .P 867:967(100) ack 1 | - -`, 5, 244},
		{"data of a capture that begins with it acknowledges what was never sent", begun, 0, 100000},
		{"the same with a wrong checksum", begun, 1, 0},
		{"it acknowledges what lies farther back than any window reaches", farBegun, 1, 0},
	} {
		r, _ := withWrongSums(t, x.lines, x.wrong)
		if got := r.Capture.MissingBytes - r.Capture.WildBytes; got != x.missing {
			t.Errorf("%s: %d bytes missing, want %d", x.name, got, x.missing)
		}
	}
}

// A wrong checksum of the IP header tells the same, unless all packets of the connection have one.
func TestHolesOfDamagedPackets(t *testing.T) {
	const lines = opened + `
		1.000 > .P 1:101(100) ack 1   | - -
		1.010 > .P 345:867(522) ack 1 | - -
		1.020 < .  1:1(0) ack 623     | - -`
	for _, x := range []struct {
		name    string
		wrong   []uint64
		missing uint64
	}{
		{"none", nil, 244},
		{"that one", []uint64{5}, 0},
		{"all", []uint64{1, 2, 3, 4, 5, 6}, 244},
	} {
		rec, packet := &recorder{}, uint64(0)
		tr := New(Options{WrongIP: func() bool { return slices.Contains(x.wrong, packet) }}, rec)
		for _, l := range parseExchange(t, lines) {
			packet++
			tr.Observe(plainWire.segment(l, packet))
		}
		tr.Finish()
		c := &rec.records[0].Capture
		if got := c.MissingBytes - c.WildBytes; got != x.missing {
			t.Errorf("%s: %d bytes missing, want %d", x.name, got, x.missing)
		}
	}
}

// Data whose numbers fit nothing that was captured may be what is missing of its end.
func TestDataAstray(t *testing.T) {
	const missed = opened + `
		1.000 > .P 1:4(3) ack 1    | - -
		1.010 < .  1:1(0) ack 13   | - -`
	for _, x := range []struct {
		name, lines string
		astray      uint64
	}{
		{"nothing else came", missed, 0},
		{"as many bytes far ahead, and the end goes on from its old number", missed + `
			1.020 > .P 3000004:3000013(9) ack 1 | - -
			1.030 > .P 13:18(5) ack 1           | - -`, 9},
		{"more than is missing", missed + `
			1.020 > .P 3000004:3000104(100) ack 1 | - -
			1.030 > .P 13:18(5) ack 1             | - -`, 9},
		{"it comes where it belongs, later", missed + `
			1.020 > .P 3000004:3000013(9) ack 1 | - -
			1.030 > .P 4:13(9) ack 1            | - -`, 0},
	} {
		if got := recordOf(t, x.lines).Capture.AstrayBytes; got != x.astray {
			t.Errorf("%s: %d bytes, want %d", x.name, got, x.astray)
		}
	}
}

// A length that is damaged is no sign that the snaplen cut a packet.
func TestCutOfDamagedPackets(t *testing.T) {
	for _, wrong := range []bool{false, true} {
		rec, packet := &recorder{}, uint64(0)
		tr := New(Options{WrongIP: func() bool { return wrong && packet == 4 }}, rec)
		for _, l := range parseExchange(t, opened+`
			1.000 > .P 1:5001(5000) ack 1 | - -`) {
			packet++
			s := plainWire.segment(l, packet)
			if packet == 4 {
				s.Captured, s.Marks = 12, s.Marks|capture.MarkTruncated
			}
			tr.Observe(s)
		}
		tr.Finish()
		if got := rec.records[0].Capture.Truncated; got == wrong {
			t.Errorf("IP checksum wrong %v: cut %v", wrong, got)
		}
	}
}

func TestLongSegmentsOfDamagedPackets(t *testing.T) {
	const lines = `
		0.000 > S  0:0(0) mss 1460        | - -
		0.010 < S. 0:0(0) ack 1 mss 1460  | - -
		0.020 > .  1:1(0) ack 1           | - -
		1.000 > .P 1:5001(5000) ack 1     | - -`
	for _, wrong := range []bool{false, true} {
		rec, packet := &recorder{}, uint64(0)
		tr := New(Options{WrongIP: func() bool { return wrong && packet == 4 }}, rec)
		for _, l := range parseExchange(t, lines) {
			packet++
			tr.Observe(plainWire.segment(l, packet))
		}
		tr.Finish()
		if got := rec.records[0].Capture.Offload; got == wrong {
			t.Errorf("IP checksum wrong %v: offload %v", wrong, got)
		}
	}
}

// A RST that is signed where the connection is not, or the other way round, is told by that.
func TestSignedReset(t *testing.T) {
	for _, x := range []struct {
		name     string
		syn, rst capture.OptionSet
		odd      bool
	}{
		{"neither", 0, 0, false},
		{"the RST", 0, capture.OptAO, true},
		{"the connection", capture.OptMD5, 0, true},
		{"both", capture.OptMD5, capture.OptMD5, false},
	} {
		rec := &recorder{}
		tr := New(Options{}, rec)
		for i, l := range parseExchange(t, opened+`
			1.000 > R. 1:1(0) ack 1 | - -`) {
			switch {
			case l.flags.Has(capture.SYN) && l.from == record.Orig:
				l.options |= x.syn
			case l.flags.Has(capture.RST):
				l.options |= x.rst
			}
			tr.Observe(plainWire.segment(l, uint64(i+1)))
		}
		tr.Finish()
		if odd := rec.records[0].Close.ResetOdd; odd.Has(record.OddSigned) != x.odd {
			t.Errorf("%s: %v", x.name, odd)
		}
	}
}

// A RST after an end's goodbye is told so, not one after data that came behind it.
func TestResetAfterGoodbye(t *testing.T) {
	const bye = opened + `
		1.000 > .P 1:8(7) ack 1 | - -`
	for _, x := range []struct {
		name, lines string
		want        bool
	}{
		{"the server resets", bye + `
			1.010 < R. 1:1(0) ack 8 | - -`, true},
		{"the client resets after the answer", bye + `
			1.010 < .P 1:101(100) ack 8 | - -
			1.020 > R. 8:8(0) ack 101 | - -`, true},
		{"more data came behind", bye + `
			1.005 > .P 8:208(200) ack 1 | - -
			1.010 < R. 1:1(0) ack 208 | - -`, false},
		{"a short request came behind", bye + `
			1.005 > .P 8:14(6) ack 1 | - -
			1.010 < R. 1:1(0) ack 14 | - -`, false},
	} {
		rec, length := &recorder{}, uint32(0)
		tr := New(Options{Goodbye: func() bool { return length == 7 }}, rec)
		for i, l := range parseExchange(t, x.lines) {
			length = l.n
			tr.Observe(plainWire.segment(l, uint64(i+1)))
		}
		tr.Finish()
		if r := &rec.records[0]; r.Close.Goodbye != x.want {
			t.Errorf("%s: %v", x.name, r.Close.Goodbye)
		}
	}
}

// Data in an end's name that came another way and without its timestamps is not its own, and a RST by
// its own way after that is.
func TestStrangeData(t *testing.T) {
	const shaken = `
		0.000 > S  0:0(0) val 1 ecr 0              | - -
		0.010 < S. 0:0(0) ack 1 val 9 ecr 1 ttl 54 | - -
		0.020 > .  1:1(0) ack 1 val 1 ecr 9        | - -
		0.021 > P. 1:101(100) ack 1 val 1 ecr 9    | - -`
	for _, x := range []struct {
		name, lines string
		strange     uint32
		at          uint64
		data        uint8 // TTL of the responder's data, where that is another
		cause       record.ResetCause
	}{
		{"before its own data", shaken + `
			0.030 < P. 1:44(43) ack 101 ttl 56                 | - -
			0.050 < P. 1:349(348) ack 101 val 19 ecr 1 ttl 54  | - -
			0.060 < R. 349:349(0) ack 101 ttl 54               | - -`, 1, 5, 0, record.ResetAbort},
		{"behind its own data", shaken + `
			0.030 < P. 1:349(348) ack 101 val 19 ecr 1 ttl 54  | - -
			0.050 < P. 1:44(43) ack 101 ttl 56                 | - -`, 1, 6, 0, record.ResetNone},
		{"all its data: a proxy sends it", shaken + `
			0.030 < P. 1:44(43) ack 101 ttl 56                 | - -
			0.050 < P. 44:87(43) ack 101 ttl 56                | - -`, 0, 5, 56, record.ResetNone},
		{"another way, with timestamps: a route that changed", shaken + `
			0.030 < P. 1:349(348) ack 101 val 19 ecr 1 ttl 54  | - -
			0.050 < P. 349:449(100) ack 101 val 20 ecr 1 ttl 57 | - -`, 0, 0, 0, record.ResetNone},
		{"by a hop only", shaken + `
			0.030 < P. 1:349(348) ack 101 val 19 ecr 1 ttl 54  | - -
			0.050 < P. 349:449(100) ack 101 ttl 55             | - -`, 0, 0, 0, record.ResetNone},
	} {
		r := recordOf(t, x.lines)
		e := &r.Ends[record.Resp]
		if e.Strange != x.strange || r.Evidence.Ends[record.Resp].Strange != x.at || e.DataTTL.V != x.data || r.Close.ResetCause != x.cause {
			t.Errorf("%s: %d strange, packet %d, data TTL %d, %v", x.name, e.Strange, r.Evidence.Ends[record.Resp].Strange, e.DataTTL.V, r.Close.ResetCause)
		}
	}
}
