package tracker

import (
	"fmt"
	"math"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// leaps are pauses between packets, in nanoseconds: ordinary ones, those about
// the timeouts, and those of clocks that were set.
var leaps = [...]int64{0, 1, 1e3, 200e3, 1e6, 40e6, 205e6, 1e9, 31e9, 60e9, 61e9, 121e9, 201e9, 1001e9, 3600e9, 7200e9, maxStep - 1, maxStep, maxStep + 1,
	86400e9, 5 * 86400e9, 365 * 86400e9, 30 * 365 * 86400e9, -1, -1e6, -1e9, -3600e9, -maxStep, -maxStep - 1, -86400e9, -20 * 365 * 86400e9, 5e6}

// leaping makes segments of a few connections, with leaps of time between them.
func leaping(in []byte) (all []capture.Segment) {
	now := began
	for packet := uint64(1); len(in) >= 6; in, packet = in[6:], packet+1 {
		d := leaps[int(in[5])%len(leaps)]
		if d > 0 && now > math.MaxInt64/2-d || d < 0 && now < math.MinInt64/2-d {
			d = 0
		}
		now += d
		w := plainWire
		w.ends[record.Orig].Port += uint16(in[0]>>1) & 3
		s := w.segment(line{from: record.End(in[0] & 1), flags: capture.Flags(in[1] & 0x3f), seq: uint32(in[2]), ack: uint32(in[3]), n: uint32(in[4] & 15),
			win: uint16(in[4] >> 4), ttl: 64, tsval: uint32(now / 1e6)}, packet)
		s.Time = now
		all = append(all, *s)
	}
	return all
}

// observe shows segments to a Tracker, with a tick behind every tenth, and checks what it tells.
func observe(t *testing.T, all []capture.Segment) []record.Record {
	t.Helper()
	rec := &recorder{}
	tr := New(Options{Interval: 50 * second}, rec)
	for i := range all {
		tr.Observe(&all[i])
		if i%10 == 9 {
			tr.Tick(all[i].Time - all[i].Stepped - all[i].Uncovered)
		}
	}
	tr.Finish()
	var final []record.Record
	var packets uint64
	for i := range rec.records {
		r := &rec.records[i]
		checkTimes(t, r)
		if r.Interim {
			continue
		}
		final = append(final, *r)
		packets += r.Ends[record.Orig].Packets + r.Ends[record.Resp].Packets
	}
	if s := tr.Stats(); packets != s.Segments || uint64(len(final)) != s.Conns || s.Open != 0 {
		t.Errorf("%d packets in %d records; %+v", packets, len(final), s)
	}
	return final
}

// checkTimes: no span is negative, whatever the clock did.
func checkTimes(t *testing.T, r *record.Record) {
	t.Helper()
	not := func(what string, v int64) {
		if v < 0 {
			t.Errorf("#%d: %s is %d", r.ID, what, v)
		}
	}
	known := func(what string, v record.Opt[int64]) {
		if v.OK {
			not(what, v.V)
		}
	}
	not("duration", r.End-r.Start)
	not("silence", r.Silent)
	known("felt", r.Open.Felt)
	known("last SYN", r.Open.LastSYN)
	known("server half", r.Open.Resp)
	known("client half", r.Open.Orig)
	known("waited", r.Open.Waited)
	known("half-close", r.Close.HalfClose)
	not("rest", r.Idle.Longest.V)
	if r.TimeWait.Holder != record.NoEnd {
		not("TIME-WAIT", r.TimeWait.Until-r.TimeWait.Since)
	}
	for e := record.Orig; e <= record.Resp; e++ {
		x := &r.Ends[e]
		known("first byte", x.FirstByte)
		for what, v := range map[string]int64{"least RTT": x.RTT.Min, "median RTT": x.RTT.P50, "95th RTT": x.RTT.P95, "longest RTT": x.RTT.Max,
			"smoothed RTT": x.RTT.Smoothed, "reordering": x.ReorderMax, "zero window": x.ZeroWindow, "sender-limited": x.SenderLimited,
			"network-limited": x.NetworkLimited, "window-limited": x.WindowLimited} {
			not(what+" of "+e.String(), v)
		}
		for s, d := range x.TimeIn {
			known("time in "+record.State(s).String(), d)
		}
		known("keepalive idle", r.Keepalive[e].Idle)
		known("keepalive interval", r.Keepalive[e].Interval)
	}
}

// FuzzClockSteps leaps in time: nothing is lost, no span is negative. Then it
// sets the clock once more and says so, as what reads the input does: what is
// told of the connections is the same.
func FuzzClockSteps(f *testing.F) {
	const shake = "\x00\x02\x00\x00\x00%c\x01\x12\x00\x01\x00%c\x00\x10\x01\x01\x00%c\x00\x18\x01\x01\x05%c\x01\x10\x01\x06\x00%c\x00\x11\x06\x01\x00%c\x01\x11\x01\x07\x00%c\x00\x10\x07\x02\x00%c"
	for _, c := range []byte{4, 7, 13, 20, 25, 28} {
		f.Add(fmt.Appendf(nil, shake, 4, c, 4, 4, c, 4, 4, c), c, int64(7200e9))
	}
	f.Add(fmt.Appendf(nil, shake, 4, 4, 4, 4, 4, 4, 4, 4), byte(3), int64(400*86400e9))
	f.Add(fmt.Appendf(nil, shake, 4, 4, 4, 4, 4, 4, 4, 4), byte(5), int64(-400*86400e9))
	f.Fuzz(func(t *testing.T, in []byte, at byte, step int64) {
		all := leaping(in)
		want := observe(t, all)
		if step > math.MaxInt64/4 || step < math.MinInt64/4 {
			return
		}
		for i := int(at); i < len(all); i++ {
			all[i].Time += step
			all[i].Stepped = step
		}
		got := observe(t, all)
		if len(got) != len(want) {
			t.Fatalf("%d connections, %d before the clock was set", len(got), len(want))
		}
		for i := range got {
			same := trips(&got[i]) == trips(&want[i])
			if a, b := plain(&got[i], same), plain(&want[i], same); a != b {
				t.Errorf("a clock that was set by %d before packet %d: %s, before %s", step, at+1, a, b)
			}
		}
	})
}

// trips is how many round trips of data an end's record knows, and which halves of the handshake.
func trips(r *record.Record) [4]uint64 {
	known := map[bool]uint64{true: 1}
	return [4]uint64{known[r.Open.Orig.OK], known[r.Open.Resp.OK], uint64(r.Ends[record.Orig].RTT.N), uint64(r.Ends[record.Resp].RTT.N)}
}

// plain is what a record says without times. A clock that is set within a
// round trip hides it, and with it the sign that tells a late segment from a
// repeat: where the same are not known the two are counted together.
func plain(r *record.Record, same bool) string {
	a, b := &r.Ends[record.Orig], &r.Ends[record.Resp]
	again := fmt.Sprintf("%d %d again or late", a.Retx+a.OutOfOrder, b.Retx+b.OutOfOrder)
	if same {
		again = fmt.Sprintf("%d %d again, %d %d late", a.Retx, b.Retx, a.OutOfOrder, b.OutOfOrder)
	}
	return fmt.Sprintf("#%d %v %v %q %v, %d %d packets, %d %d bytes, %s, FINs %v, RSTs %v, %d TIME-WAIT", r.ID, r.States, r.Open.Kind, r.Close.Kind, r.Close.First,
		a.Packets, b.Packets, a.SeenBytes, b.SeenBytes, again, r.Close.FINs, r.Close.RSTs, r.TimeWait.Holder)
}
