package report

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// Each host has what it did itself, the other end what was done to it.
func TestHosts(t *testing.T) {
	a, b := "10.0.0.1:40000", "10.0.0.2:443"
	opened := recordtest.MadeUp(1, a, b)
	opened.Ends[record.Orig].Retx, opened.Close.RSTs[record.Resp] = 3, 2 // harmless ones
	opened.Ends[record.Orig].RTT.P95 = 50e6                              // to the server and back
	waits := recordtest.CutShort(recordtest.NotOpened(recordtest.MadeUp(21, a, b), record.OpenNoAnswer), 0)
	waits.Open.SYNs = 1
	midstream := recordtest.MadeUp(31, b, a)
	midstream.Open.Kind = record.OpenMidstream
	vague := recordtest.MadeUp(41, b, a)
	vague.Ends[record.Orig].Bytes = record.Opt[uint64]{}
	s := summaryOf(SummaryOptions{}, []*record.Record{opened, recordtest.NotOpened(recordtest.MadeUp(11, a, b), record.OpenRefused), waits, midstream, vague})
	h := sumsOf[*hosts](s)
	rtt := int64(1e6)
	for addr, want := range map[string]hosting{
		a: {conns: 5, opened: 1, accepted: 1, failed: 1, repeats: 3, sent: 3*1000 + 2*2000, received: 3*2000 + 1000, unknown: 1, rtt: rtt},
		b: {conns: 5, opened: 1, accepted: 1, missed: 1, sent: 3*2000 + 1000, received: 3*1000 + 2*2000, unknown: 1, rtt: 50e6},
	} {
		if got := h.by.Find(host(recordtest.Endpoint(addr).Addr)); got == nil || *got != want {
			t.Errorf("%s: %+v\nwant %+v", addr, got, want)
		}
	}
	got := tablesOf(t, s, &Headline{}, TableOptions{Width: 200, Reports: []string{"hosts"}})
	wants(t, got, []string{"2 hosts in 5 connections", "bytes of some connections are unknown in one direction"}, nil)
}

// Every key puts another host first, and an unknown address stands in full.
func TestHostsAreSorted(t *testing.T) {
	var records []*record.Record
	for i, change := range []func(r *record.Record){
		func(r *record.Record) { r.Ends[record.Orig].Bytes = record.Some(uint64(1e6)) },
		func(*record.Record) {},
		func(r *record.Record) { *r = *recordtest.NotOpened(r, record.OpenRefused) },
		func(r *record.Record) { r.Close.Kind, r.Close.ResetBy = record.CloseReset, record.Orig },
		func(r *record.Record) { r.Ends[record.Orig].Retx = 1 },
		func(r *record.Record) { r.Ends[record.Resp].RTT.P95 = 9e9 },
	} {
		r := recordtest.MadeUp(uint64(10*i+1), fmt.Sprintf("10.0.1.%d:40000", i+1), fmt.Sprintf("10.0.2.%d:80", i+1))
		if i == 1 {
			records = append(records, recordtest.MadeUp(5, "10.0.1.2:40000", "10.0.2.99:80"))
		}
		change(r)
		records = append(records, r)
	}
	h := sumsOf[*hosts](summaryOf(SummaryOptions{}, records))
	for key, want := range map[string]string{"bytes": "10.0.1.1", "": "10.0.1.1", "connections": "10.0.1.2", "failed": "10.0.1.3", "resets": "10.0.1.4", "retx": "10.0.1.5", "rtt": "10.0.1.6", "address": "10.0.1.1"} {
		if got := capture.Addr(h.list(key)[0].host).String(); got != want {
			t.Errorf("--sort %s: %s, want %s", key, got, want)
		}
	}
	if len(hostOrders()) != len(SortKeys("hosts")) {
		t.Error("orders and keys differ")
	}
}

// With little memory fewer hosts are told apart; the others are counted all the same.
func TestHostsAreBounded(t *testing.T) {
	const n = 5000
	s := NewSummary(SummaryOptions{Narrow: 8})
	r := recordtest.MadeUp(1, "10.0.0.1:40000", "10.0.0.2:443")
	for i := range n {
		r.ID, r.Resp.Addr = uint64(i+1), capture.AddrFrom4([]byte{10, 1, byte(i >> 8), byte(i)})
		s.Add(r)
	}
	h := sumsOf[*hosts](s)
	if h.by.Len() != maxHosts/8 || h.by.Total().conns != 2*n {
		t.Errorf("%d hosts, %d ends of connections", h.by.Len(), h.by.Total().conns)
	}
	got := tablesOf(t, s, &Headline{}, TableOptions{Width: 200, Reports: []string{"hosts"}})
	if !strings.Contains(got, "2,048 hosts and others in 5,000 connections") || !strings.Contains(got, "beyond the 2,048 that are kept") {
		t.Errorf("no word of the bound in\n%s", got)
	}
}

// A reset is one thing in all tables: a connection that a RST ended.
func TestOneMeaningOfReset(t *testing.T) {
	var records []*record.Record
	for i := range uint64(6) {
		r := recordtest.MadeUp(10*i+1, fmt.Sprintf("10.0.1.%d:40000", i+1), "10.0.2.1:80")
		if i < 4 { // half of them by either end; the others had closed when a RST came
			r.Close.Kind, r.Close.ResetBy, r.Close.ResetTime = record.CloseReset, record.End(i%2), record.Some(r.End)
		}
		r.Close.RSTs = [2]uint32{uint32(i), 3}
		records = append(records, r)
	}
	records = append(records, recordtest.NotOpened(recordtest.MadeUp(91, "10.0.1.9:40000", "10.0.2.1:80"), record.OpenRefused))
	s := summaryOf(SummaryOptions{}, records)
	var byHosts, byClients, overTime uint64
	for _, h := range sumsOf[*hosts](s).list("") {
		byHosts += h.resets
	}
	worst, _ := s.WorstClients(100)
	for i := range worst {
		byClients += worst[i].Resets
	}
	moments, _, _ := s.Moments(&Headline{}, 60)
	for i := range moments {
		overTime += moments[i].Resets
	}
	if byHosts != 4 || byClients != 4 || overTime != 4 {
		t.Errorf("hosts have %d resets, clients %d, the timeline %d: want 4", byHosts, byClients, overTime)
	}
}
