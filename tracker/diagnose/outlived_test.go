package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

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
