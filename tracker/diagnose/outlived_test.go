package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// Full segments that wait for the ACK likewise are not held back by Nagle's algorithm.
func TestNagleHoldsBackNoFullSegment(t *testing.T) {
	stalls := func(full uint32) func(r *record.Record) {
		return sent(func(_ *record.EndRecord, y *record.PathRecord) {
			y.Nagle = record.NagleRecord{N: 8, Full: full, Total: second, Min: 40 * millisecond, Max: 41 * millisecond, Packet: 7}
		})
	}
	for _, c := range []struct {
		records []*record.Record
		nagle   bool
	}{
		{clean(1, stalls(0)), true},
		{clean(1, stalls(1)), true},
		{clean(1, stalls(2)), false},
		{append(clean(2, stalls(0)), clean(2, stalls(2))...), true},
		{append(clean(1, stalls(0)), clean(2, stalls(2))...), false},
	} {
		x := situation{"nagle-delay", "", c.records, ""}
		found := x.findings(t)
		if len(found) != 1 || strings.Contains(strings.Join(found[0].Causes, " "), "TCP_NODELAY") != c.nagle || strings.Contains(found[0].Title, "one segment at a time") == c.nagle {
			t.Errorf("%v; want Nagle's algorithm %v", found, c.nagle)
		}
	}
}

// Blocks in ACKs of all that was sent hide no loss.
func TestRewrittenSACKOfAllThatCame(t *testing.T) {
	for came, want := range map[uint32]string{4: "warning", 5: "notice"} {
		x := situation{"sack-rewritten", "", clean(1, func(r *record.Record) {
			r.Ends[record.Orig].SACKBlocks, r.Ends[record.Orig].SACKOutOfRange, r.Ends[record.Orig].SACKAllCame = 5, 5, came
			r.Ends[record.Resp].Retx = 2
		}), want}
		found := x.findings(t)
		if len(found) != 1 || found[0].Severity.String() != want || strings.Contains(found[0].Explanation, "nothing was missing") != (came == 5) {
			t.Errorf("%d of 5: %v", came, found)
		}
	}
}

// One conflict is told with its own time, and not with the connection's life.
func TestTimeOfOneConflict(t *testing.T) {
	for _, c := range []struct {
		conflicts     uint32
		repeat, first uint64
		since, until  int64
	}{
		{1, 7, 7, at + 2*second, at + 2*second},
		{1, 5, 7, at + 2*second, at + 9*second},
		{2, 7, 7, at + 2*second, at + 9*second},
		{1, 0, 7, at, at + 9*second},
	} {
		x := situation{"data-conflict", "", clean(1, func(r *record.Record) {
			r.Start, r.End, r.Ends[record.Resp].Conflicts, r.Ends[record.Resp].Retx = at, at+9*second, c.conflicts, 2
			y := &r.Evidence.Ends[record.Resp]
			if y.Conflict, y.Repeat = c.first, c.repeat; c.repeat > 0 {
				y.RepeatTime = at + 2*second
			}
		}), ""}
		if found := x.findings(t); len(found) != 1 || found[0].Since != c.since || found[0].Until != c.until {
			t.Errorf("%+v: %+v", c, found)
		}
	}
}

// A limit for idle connections that the same hosts outlived is not named.
func TestKeepaliveDeadLimits(t *testing.T) {
	dead := (func(r *record.Record) {
		r.KeepaliveOutcome, r.Keepalive[record.Resp] = record.KeepaliveDead, record.KeepaliveRecord{Probes: 2, Unanswered: 2, Idle: record.Some(370 * second)}
		reset(record.Resp, record.ResetKeepaliveDead)(r)
	})
	lived := func(ns int64) func(r *record.Record) {
		return (func(r *record.Record) { r.Idle.Longest = record.Some(ns) })
	}
	for _, c := range []struct {
		name         string
		records      []*record.Record
		says, silent string
	}{
		{"nothing was idle before", same(1, dead), "later than 60 s", "there was an answer"},
		{"the same connection was", same(1, dead, lived(187*second)), "later than 240 s", "60 s (AWS"},
		{"another of the same hosts was", append(same(1, dead), clean(1, lived(249*second))...), "later than 350 s", "240 s"},
		{"and outlived all limits", append(same(1, dead), clean(1, lived(369*second))...), "got no answer", "later than"},
		{"another of another client was", append(same(1, dead), clean(1, lived(249*second), from(point("10.0.0.77:40000")))...), "later than 60 s", "there was an answer"},
	} {
		x := situation{"keepalive-dead", c.name, c.records, "notice proven"}
		found := x.findings(t)
		if len(found) != 1 || !strings.Contains(found[0].Explanation, c.says) || strings.Contains(found[0].Explanation, c.silent) {
			t.Errorf("%s: %v; want one with %q and without %q", c.name, found, c.says, c.silent)
		}
	}
}
