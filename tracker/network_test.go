package tracker

import (
	"fmt"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
	"tcpwatch/tracker/table"
)

// in says by which network each end's segments go.
type in [2]table.Network

// observeIn takes the lines of an exchange, from packet number first on, every
// second number.
func observeIn(t *testing.T, tr *Tracker, w wire, by in, first uint64, lines []line) (next uint64) {
	t.Helper()
	for _, l := range lines {
		s := w.segment(l, first)
		if n := by[l.from]; n.Kind != capture.TunnelNone {
			s.Tunnel, s.TunnelID, s.TunnelPart = n.Kind, n.ID, true
		}
		tr.Observe(s)
		first += 2
	}
	return first
}

const shortTalk = `
	0.000 > S  0:0(0) | - -
	0.010 < S. 0:0(0) ack 1 | - -
	0.020 > .  1:1(0) ack 1 | - -
	0.030 > .P 1:101(100) ack 1 | - -
	0.040 < .P 1:51(50) ack 101 | - -
	0.050 > F. 101:101(0) ack 51 | - -
	0.060 < F. 51:51(0) ack 102 | - -
	0.070 > .  102:102(0) ack 52 | - -
`

var networksEachWay = []in{
	{{ID: 11, Kind: capture.TunnelGeneve}, {ID: 10, Kind: capture.TunnelGeneve}},
	{{ID: 11, Kind: capture.TunnelVXLAN}, {ID: 10, Kind: capture.TunnelVXLAN}},
	{{ID: 11, Kind: capture.TunnelVXLAN}, {ID: 10, Kind: capture.TunnelGeneve}},
	{{ID: 0, Kind: capture.TunnelGeneve}, {}},
	{{}, {ID: 7, Kind: capture.TunnelVXLAN}},
	{{ID: 1, Kind: capture.TunnelGRE}, {ID: 2, Kind: capture.TunnelGRE}},
	{{}, {ID: 2, Kind: capture.TunnelGRE}},
}

// A connection whose directions are carried differently is one, from wherever
// in it the capture begins, in another hash bucket or shard or not.
func TestOneConnectionInTwoNetworks(t *testing.T) {
	for _, by := range networksEachWay {
		for _, w := range []wire{plainWire, mirroredWire} {
			lines := parseExchange(t, shortTalk)
			for skip := range lines[:len(lines)-2] {
				rec := &recorder{}
				tr := New(Options{}, rec)
				observeIn(t, tr, w, by, 1, lines[skip:])
				tr.Finish()
				if len(rec.records) != 1 || rec.records[0].Capture.OneWay {
					t.Fatalf("%v, without the first %d lines: %+v", by, skip, rec.records)
				}
				r := &rec.records[0]
				first, other := lines[skip].from, lines[skip].from.Peer()
				if r.Tunnel != by[first].Kind || r.TunnelID != by[first].ID || !r.Joined || r.JoinedTunnel != by[other].Kind || r.JoinedID != by[other].ID {
					t.Errorf("%v, without the first %d lines: tunnel %v %d, joined %v %v %d", by, skip, r.Tunnel, r.TunnelID, r.Joined, r.JoinedTunnel, r.JoinedID)
				}
				if skip == 0 && (r.Close.Kind != record.CloseNormal || r.Capture.MissingBytes != 0) {
					t.Errorf("%v: closed %v, %d missing", by, r.Close.Kind, r.Capture.MissingBytes)
				}
			}
		}
	}
}

// Equal addresses and ports in two networks are two connections, by turns, each
// with a network for each direction or one for both; and each may be reused.
func TestTwoTenants(t *testing.T) {
	for _, x := range [][2]in{
		{{{ID: 10, Kind: capture.TunnelVXLAN}, {ID: 10, Kind: capture.TunnelVXLAN}}, {{ID: 20, Kind: capture.TunnelVXLAN}, {ID: 20, Kind: capture.TunnelVXLAN}}},
		{{{ID: 10, Kind: capture.TunnelGeneve}, {ID: 11, Kind: capture.TunnelGeneve}}, {{ID: 20, Kind: capture.TunnelGeneve}, {ID: 21, Kind: capture.TunnelGeneve}}},
		{{{ID: 10, Kind: capture.TunnelGRE}, {ID: 10, Kind: capture.TunnelGRE}}, {{ID: 20, Kind: capture.TunnelGRE}, {ID: 20, Kind: capture.TunnelGRE}}},
		{{{ID: 10, Kind: capture.TunnelGRE}, {ID: 11, Kind: capture.TunnelGRE}}, {{ID: 20, Kind: capture.TunnelGRE}, {ID: 21, Kind: capture.TunnelGRE}}},
		{{}, {{ID: 20, Kind: capture.TunnelGRE}, {ID: 20, Kind: capture.TunnelGRE}}},
	} {
		rec := &recorder{}
		tr := New(Options{}, rec)
		one, two := plainWire, plainWire
		two.isn = [2]uint32{700000000, 3000000000}
		for round := range 3 { // the same ports again, after TIME-WAIT
			for i := range parseExchange(t, shortTalk) {
				l := parseExchange(t, shortTalk)[i : i+1]
				l[0].at += float64(round * 300)
				at := uint64(round*100 + 2*i + 1)
				observeIn(t, tr, one, x[0], at, l)
				observeIn(t, tr, two, x[1], at+1, l)
			}
			one.isn[0], one.isn[1], two.isn[0], two.isn[1] = one.isn[0]+1e9, one.isn[1]+1e9, two.isn[0]+1e9, two.isn[1]+1e9
			tr.Tick(int64(float64(round*300+1)*1e9) + 1700000000e9)
		}
		tr.Finish()
		if len(rec.records) != 6 {
			t.Errorf("%v: %d records", x, len(rec.records))
		}
		for i := range rec.records {
			if r := &rec.records[i]; r.Close.Kind != record.CloseNormal || r.Capture.OneWay || r.Capture.MissingBytes != 0 {
				t.Errorf("%v: connection %d closed %v, one way %v", x, r.ID, r.Close.Kind, r.Capture.OneWay)
			}
		}
	}
}

// A connection that comes twice, in a tunnel and out of it, is two: each has
// both directions.
func TestCapturedOnBothSidesOfATunnel(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	for i, l := range parseExchange(t, shortTalk) {
		vxlan := table.Network{ID: 5, Kind: capture.TunnelVXLAN}
		observeIn(t, tr, plainWire, in{{}, vxlan}, uint64(4*i+1), []line{l})
		observeIn(t, tr, plainWire, in{vxlan, {}}, uint64(4*i+3), []line{l})
	}
	tr.Finish()
	if len(rec.records) != 2 || rec.records[0].Capture.Duplicates+rec.records[1].Capture.Duplicates != 0 {
		t.Errorf("%d records: %+v", len(rec.records), rec.records)
	}
}

// A direction whose GRE tunnels take turns stays one connection.
func TestKeysByTurns(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	for i, l := range parseExchange(t, shortTalk) {
		key := table.Network{ID: uint32(i), Kind: capture.TunnelGRE}
		observeIn(t, tr, plainWire, in{key, key}, uint64(i+1), []line{l})
	}
	tr.Finish()
	if len(rec.records) != 1 || rec.records[0].Close.Kind != record.CloseNormal {
		t.Errorf("%d records: %+v", len(rec.records), rec.records)
	}
}

// An ICMP error finds the connection by its numbers, whatever network it is in.
func TestQuoteOfAnotherNetwork(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	by := in{{ID: 11, Kind: capture.TunnelGeneve}, {ID: 10, Kind: capture.TunnelGeneve}}
	lines := parseExchange(t, shortTalk)
	observeIn(t, tr, plainWire, by, 1, lines[:1])
	s := plainWire.segment(lines[0], 9)
	tr.Quoted(&capture.Quote{Packet: 9, Time: s.Time + 1, Src: s.Src, Dst: s.Dst, Seq: s.Seq, Type: 3, Code: 1, Tunnel: capture.TunnelGeneve, TunnelID: 10, TunnelPart: true})
	tr.Finish()
	if len(rec.records) != 1 || rec.records[0].Open.Kind != record.OpenUnreachable {
		t.Errorf("%+v", rec.records)
	}
}

// Where more networks hold the same ends than are told apart by numbers, each
// still finds its own.
func TestManyNetworks(t *testing.T) {
	rec := &recorder{}
	tr := New(Options{}, rec)
	const n = 3 * table.MaxNetworks
	for i, l := range parseExchange(t, shortTalk) {
		for v := range uint32(n) {
			w, vni := plainWire, table.Network{ID: v, Kind: capture.TunnelVXLAN}
			w.isn = [2]uint32{v * 100000000, 9 + v*110000000}
			observeIn(t, tr, w, in{vni, vni}, uint64(i*n)+uint64(v)+1, []line{l})
		}
	}
	tr.Finish()
	if len(rec.records) != n {
		t.Fatalf("%d records", len(rec.records))
	}
	for i := range rec.records {
		if r := &rec.records[i]; r.Close.Kind != record.CloseNormal || r.Joined {
			t.Error(fmt.Sprint(r.TunnelID, r.Close.Kind, r.Joined))
		}
	}
}
