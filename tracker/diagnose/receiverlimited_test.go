package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// Of several transfers the slowest is told with its limit in words; of one whose round trip
// is not known nothing is, and none that did not wait counts.
func TestSlowestTransferIsTold(t *testing.T) {
	made := func(id uint64, sending int64, window uint32) *record.Record {
		r := clean(1)[0]
		r.ID = id
		r.Open.Resp, r.Open.Orig = record.Some(60*millisecond), record.Some(20*millisecond)
		r.Ends[record.Resp].RTT = record.RTTRecord{}
		x := &r.Ends[record.Orig]
		x.Bytes, x.SeenBytes, x.WireBytes = record.Some(uint64(5e6)), 5e6, 5e6
		x.RTT = record.RTTRecord{N: 50, Min: 60 * millisecond, P95: 70 * millisecond}
		x.Sending, x.WindowLimited, x.NetworkLimited, x.WindowUsed = sending, sending/100*71, sending-sending/100*71, window
		return r
	}
	tell := func(records ...*record.Record) string {
		s := NewSet([]Detector{receiverLimited()}, NewOptions())
		for _, r := range records {
			s.Add(r)
		}
		all := s.Findings(&Context{})
		if len(all) != 1 {
			t.Fatalf("%d findings", len(all))
		}
		return all[0].Explanation
	}
	unknown := made(4, 90*second, 1000)
	unknown.Open.Orig, unknown.Ends[record.Resp].RTT = record.Opt[int64]{}, record.RTTRecord{}
	network := made(5, 100*second, 64_000)
	network.Ends[record.Orig].WindowLimited, network.Ends[record.Orig].NetworkLimited = 0, 100*second
	text := tell(made(1, 8*second, 64_000), made(3, 10*second, 64_000), unknown, network)
	if want := "The slowest was #3, 4 Mbit/s: 71% of the time a window of 64 kB at a round trip of 80 ms, which allows at most 6.4 Mbit/s."; !strings.Contains(text, want) {
		t.Errorf("%q is not in %q", want, text)
	}
	if text := tell(unknown); strings.Contains(text, "slowest") {
		t.Errorf("a limit is told that is not known: %q", text)
	}
}

// So is that of transfers that wait for the sender or for the network.
func TestSlowestIsToldForEachLimit(t *testing.T) {
	for _, c := range []struct {
		d    Detector
		held func(x *record.EndRecord, ns int64)
		want string
	}{
		{senderLimited(), func(x *record.EndRecord, ns int64) { x.SenderLimited = ns }, "The slowest was #7, 4 Mbit/s: 80% of the time its application had nothing to send."},
		{networkLimited(), func(x *record.EndRecord, ns int64) { x.NetworkLimited = ns }, "The slowest was #7, 4 Mbit/s: 80% of the time the network, at a round trip of 80 ms."},
	} {
		r := clean(1)[0]
		r.ID = 7
		r.Open.Resp, r.Open.Orig = record.Some(60*millisecond), record.Some(20*millisecond)
		r.Ends[record.Resp].RTT = record.RTTRecord{}
		x := &r.Ends[record.Orig]
		x.Bytes, x.SeenBytes, x.WireBytes = record.Some(uint64(5e6)), 5e6, 5e6
		x.RTT = record.RTTRecord{N: 50, Min: 60 * millisecond, P95: 70 * millisecond}
		x.Sending, x.SenderLimited, x.NetworkLimited, x.WindowLimited = 10*second, 0, 0, 2*second
		c.held(x, 8*second)
		s := NewSet([]Detector{c.d}, NewOptions())
		s.Add(r)
		all := s.Findings(&Context{})
		if len(all) != 1 || !strings.Contains(all[0].Explanation, c.want) {
			t.Errorf("%s: %+v", c.d.Name, all)
		}
	}
}
