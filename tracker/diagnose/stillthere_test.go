package diagnose

import (
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// sentAt lets a host send its last packet on a connection so long after the begin of all.
func sentAt(host capture.Addr, ns int64) func(r *record.Record) {
	return func(r *record.Record) {
		r.Resp.Addr = host
		r.Ends[record.Resp].LastSent = at + ns
	}
}

// Of a silent host that sends packets on other connections meanwhile nothing tells that it is gone: not
// where it sent before only, nor where it comes back later.
func TestSilentHostThatGoesOn(t *testing.T) {
	server := point("10.0.0.2:80").Addr
	gone := "its host crashed, was suspended or left the network"
	for _, x := range []struct {
		detector string
		silent   []*record.Record
	}{
		{"vanished", same(1, leftOpen(100*second), func(r *record.Record) {
			r.Close.Kind, r.Ends[record.Orig].Retx = record.CloseTimedOut, 6
		})},
		{"fell-silent", clean(1, unheardSince(2*second))},
		{"keepalive-dead", clean(1, leftOpen(60*second), func(r *record.Record) {
			r.End += 90 * second
			r.Keepalive[record.Orig] = record.KeepaliveRecord{Probes: 9, Unanswered: 9, Last: r.End, Interval: record.Some(10 * second), Idle: record.Some(7200 * second)}
			r.KeepaliveOutcome = record.KeepaliveDead
		})},
		{"fin-unacked", same(1, unackedFIN(4, 100*second), func(r *record.Record) { r.End += 30 * second })},
	} {
		base := findingsOf(t, x.detector, nil, x.silent...)
		if len(base) != 1 || !slices.Contains(base[0].Causes, gone) || !strings.Contains(strings.Join(base[0].Advice, " "), "ping") {
			t.Fatalf("%s alone: %+v", x.detector, base)
		}
		if first := base[0].Until - 80*second; x.detector == "keepalive-dead" && base[0].silence != first { // of nine, 10 s apart
			t.Errorf("silent since %d, want the first probe without an answer, %d", base[0].silence, first)
		}
		for _, when := range []struct {
			name string
			at   int64
			goes bool
			rst  bool
		}{{"before", -second, false, false}, {"under way", base[0].silence + second/2 - at, false, false}, {"by an answer, whose round trip is known", base[0].silence + second/2 - at, true, false}, {"just before", base[0].silence - second - at, false, false}, {"by a RST in its name", base[0].Until - second - at, false, true}, {"meanwhile", base[0].Until - second - at, true, false}, {"later", base[0].Until + 600*second - at, false, false}} {
			other := made(2, sentAt(server, when.at), to(point("10.0.0.2:443")))
			if !when.goes {
				other.Ends[record.Orig].RTT = record.RTTRecord{}
			}
			if when.rst {
				reset(record.Resp, record.ResetMiddlebox)(other)
				other.Close.ResetTime = record.Some(other.Ends[record.Resp].LastSent)
			}
			found := findingsOf(t, x.detector, nil, append(slices.Clone(x.silent), other)...)
			if len(found) != 1 {
				t.Errorf("%s, heard %s: %v", x.detector, when.name, titles(found))
				continue
			}
			f := found[0]
			if slices.Contains(f.Causes, gone) == when.goes || strings.Contains(strings.Join(f.Advice, " "), "ping") == when.goes || strings.Contains(f.Explanation, "sent a packet") != when.goes || len(f.Causes) == 0 {
				t.Errorf("%s, heard %s: %+v", x.detector, when.name, f)
			}
		}
	}
}
