package tracker

import (
	"testing"

	"tcpwatch/tracker/record"
)

// wantSpan compares a span in milliseconds.
func wantSpan(t *testing.T, what string, got record.Opt[int64], ms int64) {
	t.Helper()
	if !got.OK || got.V/1e6 != ms {
		t.Errorf("%s = %v, want %d ms", what, got, ms)
	}
}

func wantString[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

var exchanges = []exchange{
	{"RFC 9293 figure 6: the three-way handshake", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.030 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		0.031 > .P 1:11(10) ack 1 | ESTABLISHED ESTABLISHED
		0.040 < .  1:1(0) ack 11 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "kind", r.Open.Kind, record.OpenHandshake)
		wantSpan(t, "felt", r.Open.Felt, 30)
		wantSpan(t, "server half", r.Open.Resp, 10)
		wantSpan(t, "client half", r.Open.Orig, 20)
		for _, tr := range r.Transitions {
			if tr.Basis != record.Seen {
				t.Errorf("%v -> %v is %v, want seen: all of it was acted on", tr.From, tr.To, tr.Basis)
			}
		}
	}},
	{"first SYN lost", `
		0.000 > S  0:0(0)       | SYN-SENT -
		1.000 > S  0:0(0)       | SYN-SENT -
		1.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		1.030 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		wantSpan(t, "felt", r.Open.Felt, 1030)
		wantSpan(t, "from the last SYN", r.Open.LastSYN, 30)
		if r.Open.Resp.OK {
			t.Error("server half known, though either SYN may have been answered (Karn)")
		}
	}},
	{"first SYN lost, timestamps tell which was answered", `
		0.000 > S  0:0(0) val 100       | SYN-SENT -
		1.000 > S  0:0(0) val 1100      | SYN-SENT -
		1.010 < S. 0:0(0) ack 1 val 7 ecr 1100 | ESTABLISHED SYN-RECEIVED
		1.030 > .  1:1(0) ack 1 val 1130 ecr 7 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) { wantSpan(t, "server half", r.Open.Resp, 10) }},
	{"SYN/ACK lost behind the tap", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		1.000 > S  0:0(0)       | SYN-SENT SYN-RECEIVED
		1.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		1.030 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) { wantSpan(t, "felt", r.Open.Felt, 1030) }},
	{"third ACK lost behind the tap", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		1.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
	`, nil},
	{"accept queue full: the third ACK is never taken", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED ; without ESTABLISHED ESTABLISHED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED ; without ESTABLISHED ESTABLISHED
		1.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED ; without ESTABLISHED ESTABLISHED
		1.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED ; without ESTABLISHED ESTABLISHED
		3.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED ; without ESTABLISHED ESTABLISHED
		3.020 > .  1:1(0) ack 1 | ESTABLISHED SYN-RECEIVED
	`, nil},
	{"RFC 9293 figure 7: simultaneous open", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.001 < S  0:0(0)       | SYN-RECEIVED SYN-RECEIVED
		0.010 > S. 0:0(0) ack 1 | SYN-RECEIVED ESTABLISHED ; without ESTABLISHED SYN-RECEIVED
		0.011 < S. 0:0(0) ack 1 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) { wantString(t, "kind", r.Open.Kind, record.OpenSimultaneous) }},
	{"refused (RFC 9293 section 3.5.1)", `
		0.000 > S  0:0(0)       | SYN-SENT - ; without - CLOSED
		0.010 < R. 0:0(0) ack 1 | CLOSED CLOSED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "open", r.Open.Kind, record.OpenRefused)
		wantString(t, "close", r.Close.Kind, record.CloseNeverOpened)
		wantString(t, "cause", r.Close.ResetCause, record.ResetRefused)
		wantString(t, "conn_state", r.ConnState, "REJ")
	}},
	{"a RST that does not acknowledge the SYN is not taken (section 3.10.7.3)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < R. 0:0(0) ack 500 | SYN-SENT -
		1.000 > S  0:0(0)       | SYN-SENT -
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "open", r.Open.Kind, record.OpenNoAnswer)
		if r.Close.RSTsIgnored != 1 {
			t.Errorf("%d RSTs ignored", r.Close.RSTsIgnored)
		}
	}},
	{"no answer", `
		0.000 > S  0:0(0)       | SYN-SENT -
		1.000 > S  0:0(0)       | SYN-SENT -
		3.000 > S  0:0(0)       | SYN-SENT -
	`, func(t *testing.T, r *record.Record) { wantString(t, "open", r.Open.Kind, record.OpenNoAnswer) }},
	{"figure 12: four-segment close", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.010 < .  1:1(0) ack 2 | FIN-WAIT-2 CLOSE-WAIT
		2.000 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		2.010 > .  2:2(0) ack 2 | TIME-WAIT CLOSED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "close", r.Close.Kind, record.CloseNormal)
		if r.Close.Segments != 4 || r.Close.First != record.Orig || r.TimeWait.Holder != record.Orig {
			t.Errorf("segments %d first %v holder %v", r.Close.Segments, r.Close.First, r.TimeWait.Holder)
		}
		wantSpan(t, "half-close", r.Close.HalfClose, 990)
		if got := r.TimeWait.Until - r.End; got != 60e9 {
			t.Errorf("TIME-WAIT until %d ns after its last ACK, want 2MSL = 60 s", got)
		}
	}},
	{"three-segment close passes FIN-WAIT-2 for no time", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 < F. 1:1(0) ack 1 | CLOSE-WAIT FIN-WAIT-1
		1.010 > F. 1:1(0) ack 2 | LAST-ACK TIME-WAIT
		1.020 < .  2:2(0) ack 2 | CLOSED TIME-WAIT
	`, func(t *testing.T, r *record.Record) {
		if r.Close.Segments != 3 || r.Close.First != record.Resp {
			t.Errorf("segments %d first %v", r.Close.Segments, r.Close.First)
		}
		if d := r.Ends[record.Resp].TimeIn[record.FinWait2]; !d.OK || d.V != 0 {
			t.Errorf("FIN-WAIT-2 for %v, want 0", d)
		}
	}},
	{"half-close with data after the FIN", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.010 < .  1:1(0) ack 2 | FIN-WAIT-2 CLOSE-WAIT
		1.500 < .P 1:101(100) ack 2 | FIN-WAIT-2 CLOSE-WAIT
		1.510 > .  2:2(0) ack 101 | FIN-WAIT-2 CLOSE-WAIT
		2.000 < F. 101:101(0) ack 2 | TIME-WAIT LAST-ACK
		2.010 > .  2:2(0) ack 102 | TIME-WAIT CLOSED
	`, func(t *testing.T, r *record.Record) {
		if r.Close.BytesAfterFIN.V != 100 {
			t.Errorf("%v bytes after the FIN", r.Close.BytesAfterFIN)
		}
	}},
	{"figure 13: simultaneous close", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT ; without CLOSED TIME-WAIT
		1.001 < F. 1:1(0) ack 1 | CLOSING CLOSING ; without TIME-WAIT CLOSED
		1.010 > .  2:2(0) ack 2 | CLOSING TIME-WAIT ; without TIME-WAIT CLOSING
		1.011 < .  2:2(0) ack 2 | TIME-WAIT TIME-WAIT
	`, func(t *testing.T, r *record.Record) {
		if r.Close.First != record.Both || r.TimeWait.Holder != record.Both {
			t.Errorf("first %v holder %v", r.Close.First, r.TimeWait.Holder)
		}
	}},
	{"FIN lost behind the tap", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.200 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.210 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		1.220 > .  2:2(0) ack 2 | TIME-WAIT CLOSED
	`, nil},
	{"last ACK lost: FIN again, 2MSL again", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.010 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		1.020 > .  2:2(0) ack 2 | TIME-WAIT CLOSED
		1.220 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		1.230 > .  2:2(0) ack 2 | TIME-WAIT CLOSED
	`, func(t *testing.T, r *record.Record) {
		if r.TimeWait.Restarts != 1 || r.TimeWait.Until != r.End+60e9 {
			t.Errorf("%+v", r.TimeWait)
		}
	}},
	{"a FIN behind a hole changes no state until it is filled (section 3.10.7.4)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 101:101(0) ack 1 | FIN-WAIT-1 ESTABLISHED ; without ESTABLISHED ESTABLISHED
		1.200 > .P 1:101(100) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.210 < .  1:1(0) ack 102 | FIN-WAIT-2 CLOSE-WAIT
	`, nil},
	{"abort: RST,ACK (SO_LINGER 0)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > R. 1:1(0) ack 1 | CLOSED CLOSED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "close", r.Close.Kind, record.CloseReset)
		wantString(t, "cause", r.Close.ResetCause, record.ResetAbort)
		if r.Close.ResetBy != record.Orig || r.Close.ResetIn != record.Established {
			t.Errorf("by %v in %v", r.Close.ResetBy, r.Close.ResetIn)
		}
	}},
	{"a RST inside the window only draws a challenge ACK (RFC 5961 section 3.2)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		0.500 > .P 1:11(10) ack 1 | ESTABLISHED ESTABLISHED
		0.510 < .  1:1(0) ack 11 | ESTABLISHED ESTABLISHED
		1.000 > R  211:211(0)   | ESTABLISHED ESTABLISHED
		1.010 < .  1:1(0) ack 11 | ESTABLISHED ESTABLISHED
		2.000 < .P 1:5(4) ack 11 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "close", r.Close.Kind, record.CloseOpen)
		if r.Close.RSTsIgnored != 1 || r.Close.Ignored.By != record.Orig || r.Close.Ignored.Packet == 0 || r.Close.ResetBy != record.NoEnd {
			t.Errorf("%+v", r.Close)
		}
	}},
	{"a RST after both FINs is harmless", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.010 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		1.020 > .  2:2(0) ack 2 | TIME-WAIT CLOSED ; without CLOSED CLOSED
		1.030 < R  2:2(0)       | CLOSED CLOSED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "close", r.Close.Kind, record.CloseNormal)
		wantString(t, "cause", r.Close.ResetCause, record.ResetAfterClose)
		wantString(t, "TIME-WAIT ended by", r.TimeWait.EndedBy, record.TimeWaitReset)
	}},
	{"keepalive probes to death (section 3.8.4)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		7200.020 > .  0:0(0) ack 1 | ESTABLISHED ESTABLISHED
		7200.030 < .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		14400.030 > .  0:0(0) ack 1 | ESTABLISHED ESTABLISHED
		14475.030 > .  0:0(0) ack 1 | ESTABLISHED ESTABLISHED
		14550.030 > R. 1:1(0) ack 1 | CLOSED CLOSED
	`, func(t *testing.T, r *record.Record) {
		k := r.Keepalive[record.Orig]
		if k.Probes != 3 || k.Answered != 1 || k.Unanswered != 2 {
			t.Errorf("%+v", k)
		}
		wantSpan(t, "idle", k.Idle, 7200000)
		wantSpan(t, "interval", k.Interval, 75000)
		wantString(t, "outcome", r.KeepaliveOutcome, record.KeepaliveDead)
		wantString(t, "cause", r.Close.ResetCause, record.ResetKeepaliveDead)
		if r.Ends[record.Orig].Retx != 0 {
			t.Error("probes counted as retransmissions")
		}
	}},
	{"a repeated single byte is no keepalive", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > .P 1:2(1) ack 1 | ESTABLISHED ESTABLISHED
		2.000 > .  1:2(1) ack 1 | ESTABLISHED ESTABLISHED
		2.010 < .  1:1(0) ack 2 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		if r.Keepalive[record.Orig].Probes != 0 || r.Ends[record.Orig].Retx != 1 {
			t.Errorf("probes %d retx %d", r.Keepalive[record.Orig].Probes, r.Ends[record.Orig].Retx)
		}
	}},
	{"zero window with probes that back off (section 3.8.6.1)", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		0.030 > .P 1:11(10) ack 1 | ESTABLISHED ESTABLISHED
		0.040 < .  1:1(0) ack 11 win 0 | ESTABLISHED ESTABLISHED
		0.240 > .  10:10(0) ack 1 | ESTABLISHED ESTABLISHED
		0.250 < .  1:1(0) ack 11 win 0 | ESTABLISHED ESTABLISHED
		0.650 > .  10:10(0) ack 1 | ESTABLISHED ESTABLISHED
		0.660 < .  1:1(0) ack 11 win 0 | ESTABLISHED ESTABLISHED
		1.460 > .  10:10(0) ack 1 | ESTABLISHED ESTABLISHED
		1.470 < .  1:1(0) ack 11 win 500 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		if e := r.Ends[record.Resp]; e.ZeroWindows != 1 || e.ZeroWindow/1e6 != 1430 {
			t.Errorf("episodes %d, %d ns", e.ZeroWindows, e.ZeroWindow)
		}
		if r.Ends[record.Orig].WindowProbes != 3 || r.Keepalive[record.Orig].Probes != 0 {
			t.Errorf("window probes %d keepalives %d", r.Ends[record.Orig].WindowProbes, r.Keepalive[record.Orig].Probes)
		}
	}},
	{"fast open: data on the SYN (RFC 7413)", `
		0.000 > S  0:100(100)   | SYN-SENT -
		0.010 < S. 0:0(0) ack 101 | ESTABLISHED SYN-RECEIVED
		0.011 < .P 1:51(50) ack 101 | ESTABLISHED SYN-RECEIVED ; without ESTABLISHED ESTABLISHED
		0.020 > .  101:101(0) ack 51 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		if !r.Open.FastOpen || r.Ends[record.Orig].Bytes.V != 100 {
			t.Errorf("fast open %v bytes %v", r.Open.FastOpen, r.Ends[record.Orig].Bytes)
		}
	}},
	{"midstream: states inferred", `
		0.000 > .P 1:11(10) ack 1 | ESTABLISHED ESTABLISHED
		0.010 < .  1:1(0) ack 11 | ESTABLISHED ESTABLISHED
		1.000 < F. 1:1(0) ack 11 | CLOSE-WAIT FIN-WAIT-1
		1.010 > F. 11:11(0) ack 2 | LAST-ACK TIME-WAIT
		1.020 < .  2:2(0) ack 12 | CLOSED TIME-WAIT
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "open", r.Open.Kind, record.OpenMidstream)
		if !r.Capture.Midstream || r.Open.Felt.OK {
			t.Error("midstream not said, or a handshake time known")
		}
	}},
	{"zero window, BSD's probes of one byte", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		0.030 > .P 1:11(10) ack 1 | ESTABLISHED ESTABLISHED
		0.040 < .  1:1(0) ack 11 win 0 | ESTABLISHED ESTABLISHED
		5.040 > .  11:12(1) ack 1 | ESTABLISHED ESTABLISHED
		5.050 < .  1:1(0) ack 11 win 0 | ESTABLISHED ESTABLISHED
		15.04 > .  11:12(1) ack 1 | ESTABLISHED ESTABLISHED
		15.05 < .  1:1(0) ack 12 win 500 | ESTABLISHED ESTABLISHED
		15.06 > .P 12:21(9) ack 1 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		if e := r.Ends[record.Orig]; e.WindowProbes != 2 || e.Retx != 0 || e.Bytes.V != 20 || e.MissingBytes != 0 {
			t.Errorf("%+v", e)
		}
	}},
	{"a FIN that meets no socket: FIN-WAIT-2 had ended, there is no TIME-WAIT", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > F. 1:1(0) ack 1 | FIN-WAIT-1 CLOSE-WAIT
		1.010 < .  1:1(0) ack 2 | FIN-WAIT-2 CLOSE-WAIT
		90.00 < F. 1:1(0) ack 2 | TIME-WAIT LAST-ACK
		90.01 > R  2:2(0)       | CLOSED CLOSED ; without TIME-WAIT LAST-ACK
	`, func(t *testing.T, r *record.Record) {
		if r.TimeWait.Holder != record.NoEnd || r.Close.ResetIn != record.FinWait2 {
			t.Errorf("holder %v, reset in %v", r.TimeWait.Holder, r.Close.ResetIn)
		}
		wantString(t, "cause", r.Close.ResetCause, record.ResetLateData)
	}},
	{"refused, tried again with the same SYN, accepted", `
		0.000 > S  0:0(0)       | SYN-SENT - ; without ESTABLISHED ESTABLISHED
		0.010 < R. 0:0(0) ack 1 | CLOSED CLOSED
		0.500 > S  0:0(0)       | SYN-SENT CLOSED
		0.510 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED ; without ESTABLISHED CLOSED
		0.520 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "open", r.Open.Kind, record.OpenHandshake)
		wantString(t, "close", r.Close.Kind, record.CloseOpen)
		wantString(t, "cause", r.Close.ResetCause, record.ResetNone)
	}},
	{"what was on its way when the RST came changes nothing", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > R. 1:1(0) ack 1 | CLOSED CLOSED ; without CLOSE-WAIT FIN-WAIT-1
		1.001 < .P 1:11(10) ack 1 | CLOSED CLOSED
		1.002 < F. 11:11(0) ack 1 | CLOSED CLOSED
	`, func(t *testing.T, r *record.Record) { wantString(t, "close", r.Close.Kind, record.CloseReset) }},
	{"a FIN captured behind its ACK", `
		0.000 > S  0:0(0)       | SYN-SENT -
		0.010 < S. 0:0(0) ack 1 | ESTABLISHED SYN-RECEIVED
		0.020 > .  1:1(0) ack 1 | ESTABLISHED ESTABLISHED
		1.000 > .P 1:101(100) ack 1 | ESTABLISHED ESTABLISHED
		1.010 < .  1:1(0) ack 102 | ESTABLISHED ESTABLISHED
		1.011 > F. 101:101(0) ack 1 | FIN-WAIT-2 CLOSE-WAIT
		2.000 < F. 1:1(0) ack 102 | TIME-WAIT LAST-ACK
		2.010 > .  102:102(0) ack 2 | TIME-WAIT CLOSED
	`, func(t *testing.T, r *record.Record) {
		if r.Close.Segments != 4 || r.Close.First != record.Orig || r.Ends[record.Orig].Bytes.V != 100 {
			t.Errorf("segments %d first %v bytes %v", r.Close.Segments, r.Close.First, r.Ends[record.Orig].Bytes)
		}
	}},
	{"data on a SYN that nobody answers opens nothing", `
		0.000 > S  0:10(10)     | SYN-SENT -
		1.000 > S  0:10(10)     | SYN-SENT -
	`, func(t *testing.T, r *record.Record) {
		wantString(t, "open", r.Open.Kind, record.OpenNoAnswer)
		wantString(t, "close", r.Close.Kind, record.CloseNeverOpened)
	}},
}
