package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A RST that its receiver has to ignore (RFC 5961 section 3.2) is counted, and
// close.reset_* tell nothing of it; one after it that counts is told.
func TestIgnoredRSTTellsNothing(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		late, done  bool
		by          record.End
		cause       record.ResetCause
	}{
		{"inside the window", opened + `
			1.0 > R. 501:501(0) ack 1 | - -
			1.1 < .  1:1(0) ack 1 | - -`, false, false, record.NoEnd, record.ResetNone},
		{"outside the window", opened + `
			1.0 < R. 900001:900001(0) ack 1 | - -
			2.0 > .P 1:11(10) ack 1 | - -`, false, false, record.NoEnd, record.ResetNone},
		{"behind its sender's FIN", opened + `
			1.0 < F. 1:1(0) ack 1 | - -
			1.1 < R. 500:500(0) ack 1 | - -`, true, false, record.NoEnd, record.ResetNone},
		{"after both FINs", opened + `
			1.0 > F. 1:1(0) ack 1 | - -
			1.1 < F. 1:1(0) ack 2 | - -
			1.2 > .  2:2(0) ack 2 | - -
			1.3 < R  1:1(0) | - -`, true, true, record.NoEnd, record.ResetNone},
		{"then one that counts", opened + `
			1.0 < R. 501:501(0) ack 1 ttl 57 | - -
			2.0 < R. 1:1(0) ack 1 | - -`, false, false, record.Resp, record.ResetAbort},
	} {
		rec, tr := run(t, Options{}, plainWire, c.lines)
		tr.Finish()
		x := &rec.records[0].Close
		if x.ResetBy != c.by || x.ResetCause != c.cause || (x.ResetPacket == 0) != (c.by == record.NoEnd) || rec.records[0].Close.ResetTime.OK != (c.by != record.NoEnd) {
			t.Errorf("%s: %s by %v, want %s by %v", c.name, x.ResetCause, x.ResetBy, c.cause, c.by)
		}
		if x.RSTsIgnored != 1 || x.Ignored.Packet == 0 || x.Ignored.Late != c.late || x.Ignored.Done != c.done {
			t.Errorf("%s: %d ignored, the first %+v", c.name, x.RSTsIgnored, x.Ignored)
		}
	}
}
