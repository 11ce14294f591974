package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// What a finding tells holds of what its connections show, and not of what looks alike.
func TestToldAsShown(t *testing.T) {
	const orig, resp = record.Orig, record.Resp
	silent := func(syns uint32, wait int64) *record.Record {
		return made(uint64(syns), failed(record.OpenNoAnswer, syns), func(r *record.Record) {
			r.Open.LastSYNAt, r.End = r.Start+wait, r.Start+116*second // of the same ports something came after
			r.Open.Waited = record.Some(r.End - r.Start)
		})
	}
	unclosed := func(e record.End, data bool) func(r *record.Record) {
		return func(r *record.Record) {
			unackedFIN(4, 10*second)(r)
			if e == resp {
				r.Close.Kind, r.Close.FINs, r.Path[orig].FINsAgain, r.Path[resp].FINsAgain = record.CloseHalfClosed, [2]uint32{1, 5}, 0, 4
				r.Close.FINTime[resp], r.Close.FINPacket[resp], r.Close.FINAcked[orig] = record.Some(r.End), r.ID+7, record.Some(r.End)
			}
			if data {
				r.Path[e].Unacked = r.Start + second/4
			}
		}
	}
	began := func(a, b uint32) []*record.Record {
		return same(2, reset(orig, record.ResetAbort), func(r *record.Record) {
			r.Ends[orig].Key.ISN, r.Ends[resp].Key.ISN = record.Some(a), record.Some(b)
		})
	}
	unheard := func(bytes uint64, change ...func(r *record.Record)) []*record.Record {
		return clean(3, append([]func(r *record.Record){unheardSince(2 * second), silentFrom, func(r *record.Record) { r.Ends[orig].SeenBytes = bytes }}, change...)...)
	}
	six := func(r *record.Record) { r.Orig, r.Resp = point("[2001:db8::1]:40000"), point("[2001:db8::2]:80") }
	slow := func(r *record.Record) {
		r.Open.Resp, r.Open.Felt = record.Some(2*second), record.Some(2*second)
		r.Ends[orig].RTT = record.RTTRecord{N: 1, Min: second, P50: second, P95: second, Max: second, Source: record.RTTData}
	}
	slowTo := func(ns int64) func(r *record.Record) {
		return func(r *record.Record) { r.Open.Resp, r.Open.Felt = record.Some(ns), record.Some(ns) }
	}
	ackAfter := func(r *record.Record) {
		r.Open.Orig, r.Open.Felt = record.Some(900*millisecond), record.Some(901*millisecond)
		r.Ends[resp].RTT, r.Ends[orig].RTT = record.RTTRecord{}, record.RTTRecord{}
	}
	const (
		before = "sent before the FIN was not acknowledged either"
		made1  = "a program made these packets itself"
		lowMTU = "a lower MTU without ICMP errors"
		others = "--report timeline"
	)
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		has, lacks     string
	}{
		{"the most SYNs, and how long another waited", "no-answer", []*record.Record{silent(5, 15*second), silent(2, 100*second)}, "the attempt with the most SYNs sent 5 in 15 s", "in 116 s"},
		{"as many SYNs, and the longer wait", "no-answer", []*record.Record{silent(2, 100*second), made(9, failed(record.OpenNoAnswer, 2))}, "sent 2 in 100 s", "2 in 1 s"},
		{"the SYNs of one attempt", "no-answer", []*record.Record{silent(5, 15*second)}, "No answer to its 5 SYNs in 15 s", "most"},
		{"a SYN/ACK as late as its repeat", "slow-handshake", same(1, slowTo(2*second+3*millisecond)), "the first SYN/ACK was lost between the server and the capture point", "slow to answer"},
		{"late at another time", "slow-handshake", same(1, slowTo(2*second+100*millisecond)), "slow to answer the SYN in the only handshake: 2.1 s", "repeat"},
		{"captured at the server", "slow-handshake", same(1, slowTo(2*second+3*millisecond), func(r *record.Record) { r.Capture.Tap = record.TapResp }), "slow to answer", "repeat"},
		{"all of several", "slow-handshake", same(3, slowTo(2*second+3*millisecond)), "slow to answer", "repeat"},
		{"three of many", "slow-handshake", append(same(3, slowTo(2*second+3*millisecond)), clean(40, after(9*second))...), "the first SYN/ACK was lost between", "slow to answer"},
		{"a slow ACK of the client", "slow-handshake", same(1, ackAfter), "`ping -c 3 10.9.0.1`", "from SYN to SYN/ACK"},
		{"a slow ACK, the words", "slow-handshake", same(1, ackAfter), "took long: 900 ms from SYN/ACK to ACK", "ping -c 3 10.0.0.2"},
		{"data before a FIN", "fin-unacked", clean(2, unclosed(orig, true)), before, "on 1 data"},
		{"on one of two", "fin-unacked", append(clean(1, unclosed(orig, true)), made(90, unclosed(orig, false))), "On 1 data that was " + before, "Data"},
		{"a FIN alone", "fin-unacked", clean(2, unclosed(orig, false)), "got no ACK", before},
		{"data before the second FIN", "last-ack", clean(2, unclosed(resp, true)), before, "on 1 data"},
		{"the second FIN alone", "last-ack", clean(2, unclosed(resp, false)), "is covered by no ACK", before},
		{"both began at 1", "reset-abort", began(1, 1), made1, "Linux"},
		{"at 0 and 1", "reset-abort", began(0, 1), made1, "Linux"},
		{"one at 1", "reset-abort", began(1, 7000), "SO_LINGER", made1},
		{"less data than any MTU in use", "fell-silent", unheard(496), "drops segments with data", lowMTU},
		{"more", "fell-silent", unheard(497), lowMTU, "any MTU"},
		{"as much, of IPv6", "fell-silent", unheard(1180, six), "drops segments with data", lowMTU},
		{"more, of IPv6", "fell-silent", unheard(1181, six), lowMTU, "any MTU"},
		{"little, and on another much", "fell-silent", append(unheard(100), made(90, unheardSince(2*second), silentFrom)), lowMTU, "any MTU"},
		{"little, and on others it had answered before", "fell-silent", append(clean(2, unheardSince(2*second), from(numbered(9, 1))), append(clean(2, unheardSince(7*second), silentFrom, from(numbered(9, 2)), after(4*second),
			func(r *record.Record) { r.Ends[orig].SeenBytes = 100 }), clean(4, after(5*second))...)...), lowMTU, "any MTU"},
		{"a slow handshake alone in its file", "slow-handshake", same(1, slow), "Capture on 10.0.0.2", others},
		{"beside another", "slow-handshake", append(same(1, slow), made(90, to(point("10.0.0.9:443")))), others, "alone"},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		f := &found[0]
		all := strings.Join(append(append([]string{f.Title, f.Explanation}, f.Causes...), f.Advice...), "\n")
		if !strings.Contains(all, x.has) || strings.Contains(all, x.lacks) {
			t.Errorf("%s: want %q and no %q in\n%s", x.name, x.has, x.lacks, all)
		}
	}
}
