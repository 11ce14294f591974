package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// One direction is shown to be missing by ACKs that rise, or by what follows a
// SYN: the other end sent in the time that was captured. A lone segment or the
// same ACK again proves nothing.
func TestOneWayIsShown(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		shown       bool
	}{
		{"ACKs rise", `
			0.0 > . 1:1(0) ack 1 | - -
			0.1 > . 1:1(0) ack 501 | - -`, true},
		{"it goes on after its SYN", `
			0.0 > S 0:0(0) | - -
			0.1 > . 1:1(0) ack 1 | - -`, true},
		{"it goes on after its SYN/ACK", `
			0.0 < S. 0:0(0) ack 1 | - -
			0.1 < .P 1:11(10) ack 1 | - -`, true},
		{"a lone segment", `
			0.0 > .P 1:11(10) ack 1 | - -`, false},
		{"data again and again", `
			0.0 > .P 1:11(10) ack 1 | - -
			0.3 > .P 1:11(10) ack 1 | - -
			0.9 > .P 1:11(10) ack 1 | - -`, false},
		{"a SYN/ACK again and again", `
			0.0 < S. 0:0(0) ack 1 | - -
			1.0 < S. 0:0(0) ack 1 | - -`, false},
		{"both directions", `
			0.0 > . 1:1(0) ack 1 | - -
			0.1 < . 1:1(0) ack 1 | - -
			0.2 > . 1:1(0) ack 501 | - -`, false},
	} {
		if r := recordOf(t, c.lines); r.Capture.OneWayShown != c.shown {
			t.Errorf("%s: shown %v", c.name, r.Capture.OneWayShown)
		}
	}
}

// One number that the other end sent unseen before an end's FIN is taken for its FIN, until
// more is acknowledged: then it was a byte, and the end that was captured closed first.
func TestByteBeforeTheFINIsNoFIN(t *testing.T) {
	const lines = `
		0.000 < S. 0:0(0) ack 1 | - -
		0.030 < .P 1:101(100) ack 101 | - -
		1.200 < F. 101:101(0) ack 102 | - -`
	for _, c := range []struct {
		name, lines string
		first       record.End
		states      [2]record.State
		missing     uint64
	}{
		{"nothing more", lines, record.Orig, [2]record.State{record.TimeWait, record.LastAck}, 100},
		{"one more", lines + `
		1.300 < . 102:102(0) ack 103 | - -`, record.Resp, [2]record.State{record.Closed, record.TimeWait}, 101},
		{"data, then one more", lines + `
		1.300 < . 102:102(0) ack 1003 | - -
		1.400 < . 102:102(0) ack 1004 | - -`, record.Resp, [2]record.State{record.Closed, record.TimeWait}, 1002},
		{"an ACK that does not stand behind the FIN", lines + `
		1.300 < . 101:101(0) ack 103 | - -`, record.Orig, [2]record.State{record.TimeWait, record.LastAck}, 101},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, c.lines), -1, -1)
			if r := &rec.records[0]; r.Close.First != c.first || r.States != c.states || r.Capture.MissingBytes != c.missing || r.Ends[record.Resp].Bytes.V != 100 {
				t.Errorf("%s, %s: first %v, %v, %d missing, %v bytes", c.name, name, r.Close.First, r.States, r.Capture.MissingBytes, r.Ends[record.Resp].Bytes)
			}
		}
	}
}

// Of a lone SYN/ACK it is not known what came of it: its ACK may have gone another way, as its SYN
// did. One that comes again was not acknowledged.
func TestLoneSYNACK(t *testing.T) {
	const lone = `
		0.000 < S. 0:0(0) ack 1 | - -`
	for lines, want := range map[string]record.OpenKind{
		lone: record.OpenUnknown,
		lone + `
		1.000 < S. 0:0(0) ack 1 | - -`: record.OpenHalfOpen,
		"0.000 > S 0:0(0) | - -\n0.010 < S. 0:0(0) ack 1 | - -": record.OpenHalfOpen,
		lone + `
		0.100 < . 1:1(0) ack 101 | - -`: record.OpenHandshake,
	} {
		if r := recordOf(t, lines); r.Open.Kind != want || (r.Close.Kind == record.CloseUnknown) != (want == record.OpenUnknown) {
			t.Errorf("%s: %v, want %v", lines, r.Open.Kind, want)
		}
	}
}

// Nothing is told live of a lone SYN/ACK that nothing followed.
func TestLoneSYNACKIsNoEvent(t *testing.T) {
	rec, tr := run(t, Options{Events: true}, plainWire, "0.000 < S. 0:0(0) ack 1 | - -")
	tr.Tick(plainWire.segment(line{at: 4000}, 2).Time)
	tr.Finish()
	if len(rec.records) != 1 || len(rec.events) != 0 {
		t.Errorf("%d records, events %v", len(rec.records), rec.events)
	}
}

// Where nothing of the other end was captured, its MSS is not known: longer than its sender takes itself, and with a
// checksum still to be filled in, a segment was captured on the host that sent it.
func TestOffloadOfOneDirection(t *testing.T) {
	s := capture.Segment{Src: plainWire.ends[record.Orig], Dst: plainWire.ends[record.Resp], Len: 8688}
	for s.Checksum = 1; !s.Unfilled(s.Checksum); {
		s.Checksum++
	}
	filled := s
	for filled.Checksum = 1; filled.Unfilled(filled.Checksum); {
		filled.Checksum++
	}
	short := s
	short.Len = 1460
	for name, c := range map[string]struct {
		s    *capture.Segment
		p    endpoint
		want bool
	}{
		"on the sending host":       {&s, endpoint{}, true},
		"with a checksum filled in": {&filled, endpoint{}, false},
		"no longer than it takes":   {&short, endpoint{}, false},
		"the other end was seen":    {&s, endpoint{packets: 1}, false},
		"and takes as much":         {&s, endpoint{packets: 1, has: hasMSS, mss: 9000}, false},
		"and takes less":            {&filled, endpoint{packets: 1, has: hasMSS, mss: 1460}, true},
	} {
		e := endpoint{has: hasMSS, mss: 1460}
		if got := e.longer(&c.p, c.s); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
