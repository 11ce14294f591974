package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// behindNAT are connections of one client to a server each, whose SYN/ACK and first answer take 200 ms
// while data is acknowledged within trip; the last is changed.
func behindNAT(n, servers int, trip int64, last ...func(r *record.Record)) []*record.Record {
	all := many(n, func(i int) *record.Record {
		at := numbered(50+i%servers, 80)
		return made(uint64(i+1), func(r *record.Record) {
			r.Orig.Addr, r.Resp = numbered(1, 1).Addr, at
			r.Open.Resp, r.Ends[record.Orig].RTT.Min, r.Ends[record.Orig].RTT.P50 = record.Some(200*millisecond), trip, trip
			r.Exchanges.N, r.Exchanges.Timed, r.Exchanges.First = 1, 1, 210*millisecond
		})
	})
	for _, f := range last {
		f(all[n-1])
	}
	return all
}

// What is sent in the servers' names to a client whose every connection is acknowledged from near is told as
// of what stands between; where one server is near, or all are far, it is not.
func TestBehindProxy(t *testing.T) {
	const says = "stands for every server"
	aborted := reset(record.Resp, record.ResetAbort)
	slow := func(r *record.Record) {
		r.Open.Resp, r.Open.Felt = record.Some(1200*millisecond), record.Some(1200*millisecond)
	}
	answeredLate := func(r *record.Record) { r.Exchanges.First = 12 * second }
	sooner := func(r *record.Record) { r.Exchanges.First = millisecond }
	unfinished := made(100, failed(record.OpenHalfOpen, 1), func(r *record.Record) { r.Orig.Addr, r.Open.NSYNACKsAgain = numbered(1, 1).Addr, 5 })
	for _, x := range []struct {
		name, detector string
		records        []*record.Record
		told           bool
	}{
		{"a NAT that ends TCP", "reset-abort", behindNAT(8, 8, millisecond/5, aborted), true},
		{"servers that are far", "reset-abort", behindNAT(8, 8, 200*millisecond, aborted), false},
		{"one server, behind a load balancer", "reset-abort", behindNAT(8, 1, millisecond/5, aborted), false},
		{"too few", "reset-abort", behindNAT(4, 4, millisecond/5, aborted), false},
		{"one answered sooner than it opened", "reset-abort", behindNAT(8, 8, millisecond/5, aborted, sooner), false},
		{"the client sent the RST", "reset-abort", behindNAT(8, 8, millisecond/5, reset(record.Orig, record.ResetAbort)), false},
		{"a slow handshake through it", "slow-handshake", behindNAT(8, 8, millisecond/5, slow, answeredLate), true},
		{"a SYN that came again through it", "syn-lost", behindNAT(8, 8, millisecond/5, late(3)), true},
		{"a SYN that came again to one that is far", "syn-lost", behindNAT(8, 8, 200*millisecond, late(3)), false},
		{"a handshake through it that was not completed", "half-open", append(behindNAT(8, 8, millisecond/5), unfinished), true},
		{"a handshake with one that is far, not completed", "half-open", append(behindNAT(8, 8, 200*millisecond), unfinished), false},
		{"a slow handshake of one that is far", "slow-handshake", behindNAT(8, 8, 200*millisecond, slow, answeredLate), false},
	} {
		found := findingsOf(t, x.detector, nil, x.records...)
		if len(found) != 1 || strings.Contains(found[0].Explanation, says) != x.told {
			t.Errorf("%s: %v", x.name, titles(found))
			for _, f := range found {
				t.Log(f.Explanation)
			}
		}
	}
}
