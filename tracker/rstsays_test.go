package tracker

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A RST may carry a text that says why it came (RFC 9293 section 3.5.3): that of the first
// one that its receiver takes is on the record.
func TestTextOfARST(t *testing.T) {
	const rst = opened + `
		1.0 < R. 1:18(17) ack 1 | - -`
	for _, c := range []struct{ name, lines, want string }{
		{"of the first", rst + `
		1.1 < R. 1:11(10) ack 1 | - -`, "17"},
		{"none", opened + `
		1.0 < R. 1:1(0) ack 1 | - -
		1.1 < R. 1:11(10) ack 1 | - -`, ""},
		{"of one that must be ignored", opened + `
		1.0 < R. 500:517(17) ack 1 | - -`, ""},
		{"of one that is not obeyed", opened + `
		1.0 < R. 1:18(17) ack 1 | - -
		1.1 < .P 1:101(100) ack 1 | - -
		1.2 > . 1:1(0) ack 101 | - -
		1.3 < .P 101:201(100) ack 1 | - -
		1.4 > . 1:1(0) ack 201 | - -`, ""},
	} {
		rec := &recorder{}
		var s *capture.Segment
		tr := New(Options{Text: func() string { return string([]byte{byte('0' + s.Len/10), byte('0' + s.Len%10)}) }}, rec)
		for i, l := range parseExchange(t, c.lines) {
			s = plainWire.segment(l, uint64(i+1))
			tr.Observe(s)
		}
		tr.Snapshot(func(r *record.Record) {
			if r.Close.ResetText != c.want {
				t.Errorf("%s: before the end: %q", c.name, r.Close.ResetText)
			}
		})
		tr.Finish()
		if r := &rec.records[0]; r.Close.ResetText != c.want || r.Ends[record.Resp].Bytes.V == 17 {
			t.Errorf("%s: %q, %v bytes", c.name, r.Close.ResetText, r.Ends[record.Resp].Bytes)
		}
		for i := range tr.shards {
			if n := len(tr.shards[i].texts); n > 0 && c.want != "" {
				t.Errorf("%s: %d texts kept", c.name, n)
			}
		}
	}
}

// MP_FASTCLOSE ends a whole MPTCP connection (RFC 8684 section 3.5): on the RST itself, or
// on an ACK that RSTs answer. The RST on this path tells of no application's abort.
func TestMPTCPFastClose(t *testing.T) {
	for name, lines := range map[string]string{
		"on the RST": opened + `
			1.0 < R. 1:1(0) ack 1 mss 1 | - -`,
		"on an ACK that a RST answers": opened + `
			1.0 < . 1:1(0) ack 1 mss 1 | - -
			1.1 > R. 1:1(0) ack 1 | - -`,
	} {
		rec := &recorder{}
		tr := New(Options{}, rec)
		for i, l := range parseExchange(t, lines) {
			if l.mss > 0 {
				l.options = capture.OptMPTCP | capture.OptFastClose
			}
			tr.Observe(plainWire.segment(l, uint64(i+1)))
		}
		tr.Finish()
		if c := &rec.records[0].Close; c.Kind != record.CloseReset || c.ResetCause != record.ResetMPTCP {
			t.Errorf("%s: %v, %v", name, c.Kind, c.ResetCause)
		}
	}
}
