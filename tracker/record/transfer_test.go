package record

import "testing"

const ms = int64(1e6)

// transferred is a connection whose originator sent 1 MB in 10 s: 1 s of them it had
// nothing to send, 7 s its peer's window of 64 kB was full. 50 s more it sent nothing.
func transferred() *Record {
	r := &Record{}
	r.Open.Resp, r.Open.Orig = Some(70*ms), Some(20*ms)
	r.Ends[Orig] = EndRecord{Packets: 1700, DataSegments: 1000, Bytes: Some(uint64(1e6)), SeenBytes: 1e6, WireBytes: 1.02e6, Retx: 20, RetxSpurious: 5, LostBeforeTap: 3, LostAfterTap: 17,
		WindowUsed: 64000, SenderLimited: 51000 * ms, WindowLimited: 7000 * ms, NetworkLimited: 2000 * ms, Sending: 10000 * ms,
		RTT: RTTRecord{N: 100, Min: 60 * ms, P95: 75 * ms}}
	return r
}

func TestTransfer(t *testing.T) {
	x, ok := transferred().Transfer(Orig)
	want := Transfer{Bytes: Some(uint64(1e6)), Time: Some(10000 * ms), Sender: Some(1000 * ms), Window: Some(7000 * ms), Network: Some(2000 * ms),
		RoundTrip: Some(80 * ms), RoundTripP95: Some(95 * ms), Lost: Some(uint64(15)), Segments: 1000, Used: Some(uint64(64000))}
	if !ok || x != want {
		t.Errorf("%+v\nwant %+v", x, want)
	}
	if x.Rate() != Some(uint64(800_000)) || x.Ceiling() != Some(uint64(6_400_000)) || x.Most() != WindowLimit {
		t.Errorf("rate %v, ceiling %v, limit %d", x.Rate(), x.Ceiling(), x.Most())
	}
	if _, ok := transferred().Transfer(Resp); ok {
		t.Error("who sent no data has a transfer")
	}
}

// What can't be known is absent, and nothing that rests on it is told.
func TestTransferUnknown(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *Record)
		want   func(x *Transfer) bool
	}{
		{"one way", func(r *Record) { r.Capture.OneWay = true }, func(x *Transfer) bool {
			return !x.Time.OK && !x.Sender.OK && !x.Window.OK && !x.RoundTrip.OK && !x.Rate().OK && !x.Ceiling().OK && x.Most() == NoLimit
		}},
		{"no times", func(r *Record) { r.Capture.Untimed = 1; r.ForgetSpans() }, func(x *Transfer) bool { return !x.Time.OK && !x.Rate().OK && !x.RoundTrip.OK }},
		{"no scale", func(r *Record) { r.Capture.ScaleUnknown = true }, func(x *Transfer) bool {
			return x.Time.OK && x.Sender.OK && !x.Window.OK && !x.Network.OK && !x.Ceiling().OK && x.Most() == NoLimit
		}},
		{"span unknown", func(r *Record) { r.Ends[Orig].SpanUnknown, r.Ends[Orig].Bytes = true, Opt[uint64]{} }, func(x *Transfer) bool { return !x.Bytes.OK && !x.Rate().OK }},
		{"gaps given up", func(r *Record) { r.Capture.GivenUpBytes = 1 }, func(x *Transfer) bool { return !x.Lost.OK }},
		{"one side of the round trip", func(r *Record) { r.Open.Orig = Opt[int64]{} }, func(x *Transfer) bool { return !x.RoundTrip.OK && !x.Ceiling().OK }},
		{"one side, at the sender", func(r *Record) { r.Open.Orig, r.Capture.Tap = Opt[int64]{}, TapOrig }, func(x *Transfer) bool { return x.RoundTrip == Some(60*ms) }},
		{"window never full", func(r *Record) { r.Ends[Orig].WindowUsed = 0 }, func(x *Transfer) bool { return !x.Ceiling().OK }},
	} {
		r := transferred()
		c.change(r)
		if x, ok := r.Transfer(Orig); !ok || !c.want(&x) {
			t.Errorf("%s: %+v, %t", c.name, x, ok)
		}
	}
}

// What was acknowledged within a round trip has no rate.
func TestRateOfOneFlight(t *testing.T) {
	x := Transfer{Bytes: Some(uint64(1000)), Time: Some(int64(3_200)), RoundTrip: Some(int64(32_400))}
	if r := x.Rate(); r.OK {
		t.Errorf("a rate of %d", r.V)
	}
	x.Time.V = 40_000
	if r := x.Rate(); !r.OK || r.V != 200_000_000 {
		t.Errorf("%+v, want 200 Mbit/s", r)
	}
}
