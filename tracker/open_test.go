package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// The third ACK was missed where what proves it stands behind data: when the
// handshake completed is not known. Where data carries it, it is.
func TestThirdACKMissed(t *testing.T) {
	for _, x := range []struct {
		name, line string
		timed      bool
	}{
		{"an ACK behind data", "2.500 > . 38:38(0) ack 90 | - -", false},
		{"data behind data", "2.500 > .P 38:48(10) ack 1 | - -", false},
		{"data that carries it", "2.500 > .P 1:11(10) ack 1 | - -", true},
		{"the ACK itself", "2.500 > . 1:1(0) ack 1 | - -", true},
	} {
		for name, w := range map[string]wire{"plain": plainWire, "mirrored": mirroredWire} {
			_, rec, _ := play(t, w, parseExchange(t, `
				0.000 > S  0:0(0) | - -
				0.010 < S. 0:0(0) ack 1 | - -
				`+x.line+`
				2.600 < .P 90:100(10) ack 38 | - -`), -1, -1)
			r := &rec.records[0]
			if o := &r.Open; o.Felt.OK != x.timed || o.LastSYN.OK != x.timed || o.Orig.OK != x.timed || !o.Resp.OK || o.Waited.OK || o.Kind != record.OpenHandshake {
				t.Errorf("%s, %s: %+v", x.name, name, *o)
			}
			if r.Ends[record.Resp].FirstByte.OK != x.timed {
				t.Errorf("%s, %s: first byte %v", x.name, name, r.Ends[record.Resp].FirstByte)
			}
		}
	}
}

// A split handshake (an end answers the SYN by an ACK and a SYN of its own, not by a
// SYN/ACK) leaves the opener the opener: it sent the first SYN.
func TestSplitHandshake(t *testing.T) {
	const rest = `
		0.020 < S  0:0(0) | - -
		0.030 > S. 0:0(0) ack 1 | - -
		0.040 < .  1:1(0) ack 1 | - -
		0.050 > .P 1:101(100) ack 1 | - -
		0.060 < .P 1:51(50) ack 101 | - -`
	for name, lines := range map[string]string{
		"four segments":                            "0.000 > S 0:0(0) | - -" + rest,
		"five segments, an ACK of any number":      "0.000 > S 0:0(0) | - -\n0.010 < . 777777:777777(0) ack 1 | - -" + rest,
		"five segments, an ACK of the SYN's":       "0.000 > S 0:0(0) | - -\n0.010 < . 0:0(0) ack 1 | - -" + rest,
		"five segments, an ACK of what it'll send": "0.000 > S 0:0(0) | - -\n0.010 < . 1:1(0) ack 1 | - -" + rest,
	} {
		for _, w := range []wire{plainWire, mirroredWire} {
			_, rec, tr := play(t, w, parseExchange(t, lines), -1, -1)
			r := &rec.records[0]
			if len(rec.records) != 1 || r.Orig != w.ends[record.Orig] || r.Open.Kind != record.OpenSimultaneous ||
				r.States != [2]record.State{record.Established, record.Established} || r.Ends[record.Orig].Bytes.V != 100 || r.Ends[record.Resp].Bytes.V != 50 ||
				r.Capture.MissingBytes != 0 || len(tr.Stats().Anomalies) != 0 {
				t.Errorf("%s: %d connections, opened by %v, %v, %v, %d and %d bytes, %d missing, anomalies %v", name, len(rec.records), r.Orig, r.Open.Kind, r.States,
					r.Ends[record.Orig].Bytes.V, r.Ends[record.Resp].Bytes.V, r.Capture.MissingBytes, tr.Stats().Anomalies)
			}
		}
	}
}

// Linux answers a SYN that takes the place of its TIME-WAIT by a number near the old one:
// where the responder's packets were not captured the opener's number tells the two apart.
func TestNewConnectionWithAnACKNearTheOldOne(t *testing.T) {
	_, rec, _ := play(t, plainWire, parseExchange(t, `
		0.000 > S  0:0(0) | - -
		0.010 > .P 1:101(100) ack 1 | - -
		0.020 > .  101:101(0) ack 1001 | - -
		0.030 > F. 101:101(0) ack 1002 | - -
		2.000 > S  900000000:900000000(0) | - -
		2.010 > .  900000001:900000001(0) ack 66540 | - -
		2.020 > .P 900000001:900000101(100) ack 66540 | - -
		2.030 > F. 900000101:900000101(0) ack 66640 | - -`), -1, -1)
	if n := len(rec.records); n != 2 || rec.records[1].Open.Kind != record.OpenHandshake || rec.records[0].Close.First != record.Resp {
		t.Errorf("%d connections, %v, closed first by %v", n, rec.records[n-1].Open.Kind, rec.records[0].Close.First)
	}
}
