package report

import (
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// The client for whom all fails stands first, though a busy one has more failures, with why, since
// when, and the packet that shows the first of them.
func TestClients(t *testing.T) {
	var all []*record.Record
	id := uint64(0)
	add := func(client string, change func(r *record.Record)) {
		id += 10
		r := recordtest.MadeUp(id, client+":40000", "10.0.0.9:443")
		change(r)
		all = append(all, r)
	}
	for i := range 100 {
		add("10.0.0.1", func(r *record.Record) {
			if i%4 == 0 {
				recordtest.NotOpened(r, record.OpenRefused)
			}
		})
	}
	for i := range 12 {
		add("10.0.0.2", func(r *record.Record) {
			if i%2 == 0 {
				recordtest.NotOpened(r, record.OpenHalfOpen)
				r.Open.SYNACKAgainAt = r.ID + 3
				return
			}
			recordtest.NotOpened(r, record.OpenNoAnswer)
			r.Interim, r.Unfinished, r.Silent = true, true, 0
			r.Open.SYNAgainAt, r.Open.SYNs = r.ID+1, 2
		})
	}
	add("10.0.0.3", func(r *record.Record) { r.Close.Kind = record.CloseReset })
	add("10.0.0.3", func(r *record.Record) { r.Close.Kind = record.CloseTimedOut })
	add("10.0.0.4", func(*record.Record) {})
	add("10.0.0.5", func(r *record.Record) { r.Open.Kind = record.OpenMidstream })
	s := summaryOf(SummaryOptions{}, all)
	worst, of := s.WorstClients(3)
	if of != 4 || len(worst) != 3 {
		t.Fatalf("%d of %d", len(worst), of)
	}
	for i, want := range []Client{
		{Addr: recordtest.Endpoint("10.0.0.2:1").Addr, Tried: 12, Bad: 12, Again: 18, Why: "6 half-open, 6 no answer so far", Conn: 1010, Packet: 1013},
		{Addr: recordtest.Endpoint("10.0.0.1:1").Addr, Tried: 100, Bad: 25, Why: "25 refused", Conn: 10, Packet: 11},
		{Addr: recordtest.Endpoint("10.0.0.3:1").Addr, Tried: 2, Bad: 1, Resets: 1, Why: "1 timed out", Conn: 1140, Packet: 1149},
	} {
		got := worst[i]
		if got.Since == 0 || got.Last < got.Since || got.Server != recordtest.Endpoint("10.0.0.9:443") {
			t.Errorf("%#v", got)
		}
		got.Since, got.Last, got.PacketAt, got.Server = 0, 0, 0, want.Server
		if got.Packet == 11 || got.Conn == 10 {
			got.Packet = 11 // the RST that answered
		}
		if got != want {
			t.Errorf("%#v\nwant %#v", got, want)
		}
	}
	if bad, of := s.TroubledClients(2); of != 3 || len(bad) != 2 || bad[0].Addr != worst[0].Addr {
		t.Errorf("%d in trouble: %v", of, bad)
	}
	recent := summaryOf(SummaryOptions{Recent: true}, all)
	if bad, of := recent.WorstClients(2); of != 3 || bad[0].Why != worst[0].Why || bad[0].Tried != 12 || bad[1].Bad != 25 || bad[1].Tried != 100 {
		t.Errorf("%d in trouble lately: %+v", of, bad)
	}
	none := NewSummary(SummaryOptions{OnDemand: []string{}})
	if worst, of := none.WorstClients(3); worst != nil || of != 0 {
		t.Error("clients without their sums")
	}
}
