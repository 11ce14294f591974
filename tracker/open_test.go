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
