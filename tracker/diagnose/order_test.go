package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// The first cause that a finding names is one that its packets speak for, and causes have an order only
// where a sign gives them one.
func TestFirstCause(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	beside := func(tap record.Tap) func(r *record.Record) { return func(r *record.Record) { r.Capture.Tap = tap } }
	elsewhere := to(point("10.0.0.9:443"))
	needless := func(retx, fast uint32) []*record.Record {
		return clean(1, func(r *record.Record) {
			r.Ends[resp].Retx, r.Ends[resp].RetxSpurious, r.Ends[resp].RetxRTO, r.Ends[resp].RetxFast = retx, retx, retx-fast, fast
			r.Ends[orig].DupAcks = fast
		})
	}
	lastGot := func(ago int64) []*record.Record {
		return same(1, reset(orig, record.ResetAbort), func(r *record.Record) { r.Close.DataLast, r.Close.ResetAfter = true, ago })
	}
	lossless := func(seen, missing uint64) []*record.Record {
		return clean(1, func(r *record.Record) {
			r.Capture.MissingBytes, r.Ends[orig].MissingBytes = missing, missing
			r.Ends[orig].SeenBytes, r.Ends[orig].WireBytes, r.Ends[resp].SeenBytes = seen, seen, 0
		})
	}
	foreign := func(r *record.Record) {
		r.Ends[orig].SACKBlocks, r.Ends[orig].SACKOutOfRange, r.Ends[resp].Retx = 25, 25, 3
	}
	slowAt := func(from, at string, ttl uint8) func(r *record.Record) {
		return func(r *record.Record) {
			r.Orig, r.Resp = point(from), point(at)
			r.Open.Resp, r.Open.Felt = record.Some(5*second/2), record.Some(5*second/2)
			r.Ends[resp].TTL = record.Some(ttl)
		}
	}
	const filter, routing = "a filter on source or destination alone", "asymmetric routing"
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		first, order   string // of its causes; the sign, "" for no order
		also           string // a cause that fits too
		says           string
	}{
		{"one direction of each", "capture-one-way", clean(10, oneWay), filter, "of each connection", routing, ""},
		{"of each, some by a packet", "capture-one-way", append(clean(10, oneWay), clean(4, oneWay, after(5*second), onePacket)...), filter, "of each connection", routing, "Of 4 more connections one end alone"},
		{"beside the clients that were captured", "capture-one-way", append(clean(4, oneWay), clean(5, elsewhere, beside(record.TapOrig))...), filter, "right beside", routing, "came to that place too"},
		{"some beside the servers too", "capture-one-way", append(append(clean(4, oneWay), clean(5, elsewhere, beside(record.TapOrig))...), clean(1, after(9*second), beside(record.TapResp))...), "the return path", "", "filter", ""},
		{"beside the other ends", "capture-one-way", append(clean(4, oneWay), clean(5, elsewhere, beside(record.TapResp))...), "the return path", "", "filter", ""},
		{"between", "capture-one-way", append(clean(4, oneWay), clean(5, elsewhere, beside(record.TapBetween))...), "the return path", "", "filter", ""},
		{"most repeats by a timer", "retx-spurious", needless(40, 4), "the delay jumps", "", "reordered", "SACK set off 4 at most"},
		{"most by duplicate ACKs", "retx-spurious", needless(40, 30), "packets are reordered", "", "the delay jumps", ""},
		{"an abort right behind data", "reset-abort", lastGot(second / 2), "the application sets SO_LINGER", "", "data unread", "it may have read it and be done"},
		{"an abort long after data", "reset-abort", lastGot(4 * second), "the application sets SO_LINGER", "", "a timer of its own, for idle connections or for sessions", "Nothing of the other end had come for 4 s."},
		{"next to nothing of the data", "capture-drops", lossless(10, 5_000_000_000), "packets were taken out of the file", "next to nothing", "could not keep up", ""},
		{"a hundredth of the data", "capture-drops", lossless(10, 900_000), "packets were taken out", "fits into the least", "could not keep up", ""},
		{"much, and half of the data", "capture-drops", lossless(5_000_000, 5_000_000), "the capturing host could not keep up", "", "mirror port", ""},
		{"numbers changed on the path or in the file", "sack-rewritten", clean(1, foreign), "a firewall on the path", "", "edited", ""},
		{"a server that closed", "reset-late-data", same(1, reset(resp, record.ResetLateData), afterFIN(second, 500)), "the application closes without waiting for the rest of the request", "", "", "No ACK of that FIN"},
		{"a client that closed", "reset-late-data", same(1, reset(orig, record.ResetLateData), afterFIN(second, 500)), "the application closes without waiting for the rest of the answer", "", "", "No ACK of that FIN"},
		{"what answers is no hop away", "slow-handshake", same(1, slowAt("192.168.7.9:40000", "203.0.113.5:80", 64)), "the way from the NAT or proxy beside the client", "", "overloaded", "no hop away"},
		{"it is, in the same network", "slow-handshake", same(1, slowAt("192.168.7.9:40000", "192.168.7.1:80", 64)), "the host is overloaded", "", "proxy", "The server caused the wait"},
		{"it is some hops away", "slow-handshake", same(1, slowAt("192.168.7.9:40000", "203.0.113.5:80", 55)), "the host is overloaded", "", "proxy", "The server caused the wait"},
		{"a SYN sent again, and what answers is no hop away", "syn-lost", same(3, late(2), slowAt("192.168.7.9:40000", "203.0.113.5:80", 128), func(r *record.Record) { r.Open.Resp = record.Some(millisecond) }), "the way from the NAT or proxy beside the client", "", "overloaded", "no hop away"},
		{"it is some hops away, of the SYN", "syn-lost", same(3, late(2), slowAt("192.168.7.9:40000", "203.0.113.5:80", 120), func(r *record.Record) { r.Open.Resp = record.Some(millisecond) }), "packets are lost between", "", "queue is full", "The SYN was retransmitted"},
		{"each SYN answered, and data sent again", "syn-lost", same(3, late(2), func(r *record.Record) { r.Open.SYNACKsOther, r.Ends[orig].RetxRTO = 1, 1 }), "a queue or a pause on the path", "", "load balancer", "sent data again too"},
		{"a public client", "slow-handshake", same(1, slowAt("198.51.100.9:40000", "203.0.113.5:80", 64)), "the host is overloaded", "", "proxy", "The server caused the wait"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 || len(found[0].Causes) == 0 {
			t.Errorf("%s: %v", x.name, found)
			continue
		}
		f := &found[0]
		if !strings.HasPrefix(f.Causes[0], x.first) || (x.order == "") != (f.Order == "") || !strings.Contains(f.Order, x.order) ||
			!strings.Contains(strings.Join(f.Causes[1:], "\n"), x.also) || !strings.Contains(f.Explanation, x.says) {
			t.Errorf("%s: %q, because %q: %s", x.name, f.Causes, f.Order, f.Explanation)
		}
	}
}

// onePacket leaves one packet of a connection that began before the capture, without data.
func onePacket(r *record.Record) {
	r.Open, r.Capture.Midstream, r.Capture.OneWayShown = record.OpenRecord{Kind: record.OpenMidstream}, true, false
	r.Ends[record.Orig] = record.EndRecord{Packets: 1, PureACKs: 1}
	r.Ends[record.Resp] = record.EndRecord{}
}
