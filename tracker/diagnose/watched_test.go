package diagnose

import (
	"testing"

	"tcpwatch/tracker/record"
)

// That nothing was captured in a time is told only where every second with packets is known.
func TestCapturedIn(t *testing.T) {
	quiet := made(1) // one second, from 0.1 s on
	busy := made(2, func(r *record.Record) { r.End, r.Ends[record.Orig].Packets = r.Start+60*second, 200 })
	sparse := made(2, func(r *record.Record) { r.End = r.Start + 60*second })
	many := many(maxWatched*3, func(i int) *record.Record { return made(uint64(i)*10 + 10_000) })
	for _, x := range []struct {
		name    string
		records []*record.Record
		context Context
		want    bool
	}{
		{"nothing", []*record.Record{quiet}, Context{}, false},
		{"a connection goes on, a packet a second", []*record.Record{quiet, busy}, Context{}, true},
		{"a connection goes on, with a packet now and then", []*record.Record{quiet, sparse}, Context{}, false},
		{"the input ends then", []*record.Record{quiet}, Context{End: at + 31*second}, true},
		{"the input ends later", []*record.Record{quiet}, Context{End: at + 50*second}, false},
		{"live the capture runs", []*record.Record{quiet}, Context{Live: true}, true},
		{"more seconds than are kept", many, Context{}, true},
	} {
		w := newWatched()
		for _, r := range x.records {
			w.add(r)
		}
		w.kept.Trim()
		c := x.context
		c.watched = &w
		if got := c.capturedIn(at+30*second, at+34*second); got != x.want {
			t.Errorf("%s: %t", x.name, got)
		}
	}
}
