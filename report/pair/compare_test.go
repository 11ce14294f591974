package pair

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// wire is two places in the making, a connection on each; times are ms.
type wire struct {
	a, b   *Place
	offset int64 // ns by which B's clock is ahead
	id     uint64
	n      uint64
	idsB   uint16 // added to the IP identification at B
}

const (
	toB = iota
	toA
)

var wireClient, wireServer = at("10.0.0.1:4000"), at("10.0.0.2:80")

func newWire() *wire {
	return &wire{a: NewPlace(PlaceOptions{Name: "client"}), b: NewPlace(PlaceOptions{Name: "server"}), id: 1}
}

// segment passes in a direction; sent or came of less than 0 is not captured there.
func (w *wire) segment(dir int, sent, came int64, s capture.Segment) {
	w.n++
	s.Src, s.Dst = wireClient, wireServer
	if dir == toA {
		s.Src, s.Dst = wireServer, wireClient
	}
	if s.IPID == 0 {
		s.IPID = uint16(w.n)
	}
	if s.TTL == 0 {
		s.TTL = 64
	}
	s.Packet = w.n
	times := [...]int64{sent, came}
	if dir == toA {
		times = [...]int64{came, sent}
	}
	for i, p := range [...]*Place{w.a, w.b} {
		if times[i] < 0 {
			continue
		}
		x := s
		x.Time = 1_700_000_000e9 + times[i]*1e6
		if i == 1 {
			x.Time += w.offset
			x.IPID += w.idsB
		}
		p.Segment(&record.Placement{Conn: w.id}, &x, nil)
	}
}

// record ends the connection at a place.
func (w *wire) record(p *Place, change func(r *record.Record)) {
	r := &record.Record{ID: w.id, Orig: wireClient, Resp: wireServer, Start: p.first, End: p.last}
	r.Ends[0].Key.ISN, r.Ends[1].Key.ISN = record.Some[uint32](1000), record.Some[uint32](9000)
	if change != nil {
		change(r)
	}
	p.Conn(r)
}

// handshake opens the connection at 0 ms; the way takes 1 ms.
func (w *wire) handshake(syn, synack capture.Segment) {
	syn.Seq, syn.Flags = 1000, capture.SYN
	synack.Seq, synack.Ack, synack.Flags = 9000, 1001, capture.SYN|capture.ACK
	w.segment(toB, 0, 1, syn)
	w.segment(toA, 2, 3, synack)
	w.segment(toB, 4, 5, capture.Segment{Seq: 1001, Ack: 9001, Flags: capture.ACK})
}

func (w *wire) data(dir int, sent, came int64, seq, n uint32) {
	s := capture.Segment{Seq: seq, Ack: 9001, Len: n, Flags: capture.ACK, TTL: 64}
	if dir == toA {
		s.Ack = 1001
	}
	w.segment(dir, sent, came, s)
}

func (w *wire) compare(t *testing.T, o Options) *Result {
	t.Helper()
	if w.a.n == 0 {
		w.record(w.a, nil)
		w.record(w.b, nil)
	}
	r, err := Compare(w.a, w.b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What came after a capture ended was not lost.
func TestNotWatched(t *testing.T) {
	w := newWire()
	w.offset = 5e9
	w.handshake(capture.Segment{}, capture.Segment{})
	w.data(toB, 10, -1, 1001, 100) // lost
	w.data(toB, 300, 301, 1001, 100)
	w.data(toB, 900, -1, 1101, 100) // B captures no more
	r := w.compare(t, Options{})
	f := &r.Flows[Forth]
	if f.Lost[ClassData] != 1 || f.Unwatched[ClassData] != 1 || f.LostAgain[ClassData] != 0 {
		t.Errorf("%d lost, %d not watched, want 1 and 1", f.Lost[ClassData], f.Unwatched[ClassData])
	}
	if off := r.Clock.At(w.a.first); off < 5e9-1e6 || off > 5e9+1e6 {
		t.Errorf("offset %d", off)
	}
}

// That a place captured is shown by its other packets, by what its file says, or by the user: then what was sent before its
// first segment or after its last was lost.
func TestWatched(t *testing.T) {
	for _, x := range []struct {
		name     string
		headline report.Headline // of the server's place, from 0 ms on
		watched  bool
		lost     uint64 // of a SYN before and data after
	}{
		{"nothing shows it", report.Headline{}, false, 0},
		{"a packet of something else before", report.Headline{Start: -500e6}, false, 1},
		{"and one behind", report.Headline{Start: -500e6, End: 5000e6}, false, 2},
		{"one behind, too early", report.Headline{End: 800e6}, false, 0},
		{"the file says so", report.Headline{RanFrom: record.Some[int64](-500e6), RanUntil: record.Some[int64](900e6)}, false, 2},
		{"the user says so", report.Headline{}, true, 2},
	} {
		w := newWire()
		w.segment(toB, 0, -1, capture.Segment{Seq: 1000, Flags: capture.SYN})
		w.segment(toB, 400, 401, capture.Segment{Seq: 1000, Flags: capture.SYN})
		w.segment(toA, 402, 403, capture.Segment{Seq: 9000, Ack: 1001, Flags: capture.SYN | capture.ACK})
		w.data(toB, 410, 411, 1001, 100)
		w.data(toB, 1300, -1, 1101, 100)
		h := x.headline
		for _, at := range [...]*int64{&h.Start, &h.End, &h.RanFrom.V, &h.RanUntil.V} {
			if *at != 0 {
				*at += 1_700_000_000e9 + 402e6
			}
		}
		w.b.Headline, w.b.opt.Watched = &h, x.watched
		f := &w.compare(t, Options{}).Flows[Forth]
		if All(f.Lost) != x.lost || All(f.Unwatched) != 2-x.lost {
			t.Errorf("%s: lost %v, not watched %v; want %d and %d", x.name, f.Lost, f.Unwatched, x.lost, 2-x.lost)
		}
	}
}

// A direction or a kind that a place captures none of is not lost.
func TestKindsNotCaptured(t *testing.T) {
	for _, x := range []struct {
		ack  uint32 // that the server sends
		lost uint64
	}{{1101, 0}, {1001, 1}} { // an ACK shows that it came; none, though the server is heard, that it did not
		w := newWire()
		w.handshake(capture.Segment{}, capture.Segment{})
		w.data(toB, 10, -1, 1001, 100)
		w.segment(toA, 20, 21, capture.Segment{Seq: 9001, Ack: x.ack, Len: 100, Flags: capture.ACK})
		r := w.compare(t, Options{})
		f := &r.Flows[Forth]
		if f.Lost[ClassData] != x.lost || f.Unwatched[ClassData] != 0 && x.lost == 1 {
			t.Errorf("ACK %d: %d lost, %d not watched", x.ack, f.Lost[ClassData], f.Unwatched[ClassData])
		}
		if found := r.lostBetween(); x.lost == 1 && (len(found) != 1 || found[0].Confidence != diagnose.Likely) {
			t.Errorf("found %+v", found)
		}
	}
}

// A segment from B to A takes as long as one from A to B, whatever the clocks say.
func TestWayBack(t *testing.T) {
	w := newWire()
	w.offset = -7e9
	w.handshake(capture.Segment{}, capture.Segment{})
	for i := range int64(20) {
		w.data(toB, 100+10*i, 101+10*i, uint32(1001+10*i), 10)
		w.data(toA, 105+10*i, 106+10*i, uint32(9001+10*i), 10)
	}
	w.data(toA, 400, 440, 9201, 10)
	r := w.compare(t, Options{})
	for d := range NDirections {
		if p50 := r.Flows[d].Delay.Quantile(50); p50 < 9e5 || p50 > 11e5 {
			t.Errorf("direction %d: p50 %d", d, p50)
		}
	}
	if most := r.Flows[Back].Delay.Quantile(100); most < 39e6 || most > 41e6 {
		t.Errorf("the slowest took %d", most)
	}
	if r.Flows[Forth].Early+r.Flows[Back].Early != 0 {
		t.Error("segments came before they were sent")
	}
}

// A RST that ends both captures was made between all the same; one long after a capture ended may not have been.
func TestMade(t *testing.T) {
	for _, x := range []struct {
		ms   int64
		want uint64
	}{{30, 1}, {5000, 0}} {
		w := newWire()
		w.handshake(capture.Segment{}, capture.Segment{})
		w.data(toB, 10, 11, 1001, 100)
		w.data(toA, 20, 21, 9001, 100)
		w.segment(toB, -1, x.ms, capture.Segment{Seq: 1101, Flags: capture.RST})
		r := w.compare(t, Options{})
		if n := r.tally.made[Forth][ClassRST].n; n != x.want {
			t.Errorf("%d ms: made on %d connections, want %d", x.ms, n, x.want)
		}
	}
}

func TestChanged(t *testing.T) {
	w := newWire()
	w.handshake(capture.Segment{Options: capture.OptMSS | capture.OptSACKPermitted | capture.OptTimestamps, MSS: 1460}, capture.Segment{Options: capture.OptMSS, MSS: 1460})
	s := capture.Segment{Seq: 1001, Ack: 9001, Len: 100, Flags: capture.ACK, TTL: 64}
	w.segment(toB, 10, 11, s)
	for i := range w.b.open[1].packets {
		w.b.open[1].packets[i].ttl -= 3
	}
	for _, x := range []struct{ sent, came uint8 }{{1, 3}, {3, 3}, {2, 0}, {0, 0}, {1, 1}} {
		s.Seq += 100
		w.segment(toB, 20, 21, s)
		a, b := w.a.open[1].packets, w.b.open[1].packets
		a[len(a)-1].ecn, b[len(b)-1].ecn, b[len(b)-1].ttl = x.sent, x.came, 61
	}
	s.Seq += 100
	w.segment(toB, 30, 31, s)
	b := w.b.open[1].packets
	b[len(b)-1].ttl = 128
	w.b.open[1].offers[record.Orig] = Offer{Seen: true, MSS: record.Some[uint16](1380), Options: capture.OptMSS}
	r := w.compare(t, Options{})
	want := Changes(1<<ChangedClientMSS | 1<<DroppedSACK | 1<<DroppedTimestamps)
	if got := changes(&Pair{A: w.a.conns[0], B: w.b.conns[0]}); got != want {
		t.Errorf("changes %b, want %b", got, want)
	}
	f := &r.Flows[Forth]
	if f.Marked != 1 || f.Cleared != 1 {
		t.Errorf("%d marked, %d cleared, want 1 each", f.Marked, f.Cleared)
	}
	if f.TTLs != 1 || !strings.Contains(r.changedBetween()[0].Explanation, "the TTL (raised) of 1 segment from client to server") {
		t.Errorf("%d with a TTL that was raised: %+v", f.TTLs, r.changedBetween())
	}
	if hops, ok := f.MostHops(); !ok || hops != 3 {
		t.Errorf("%d hops, want 3", hops)
	}
	if from, to := r.tally.commonMSS(record.Orig); from != 1460 || to != 1380 {
		t.Errorf("MSS %d became %d", from, to)
	}
}

// A segment that a host cuts later counts as those that go out: timestamps take 12 bytes of each.
func TestUnit(t *testing.T) {
	w := newWire()
	mss := capture.Segment{Options: capture.OptMSS, MSS: 1460}
	w.handshake(mss, mss)
	stamp := func(n uint32, seq uint32) capture.Segment {
		return capture.Segment{Seq: seq, Ack: 9001, Len: n, Flags: capture.ACK, Options: capture.OptTimestamps, TSVal: 7}
	}
	w.segment(toB, 10, -1, stamp(2896, 1001))
	w.segment(toB, -1, 11, stamp(1448, 1001))
	w.segment(toB, 20, 21, stamp(10, 3897))
	r := w.compare(t, Options{})
	if f := &r.Flows[Forth]; f.Sent[ClassData] != 3 || f.Lost[ClassData] != 1 || f.Arrived[ClassData] != 2 {
		t.Errorf("%d sent, %d lost, %d arrived; want 3, 1, 2", f.Sent[ClassData], f.Lost[ClassData], f.Arrived[ClassData])
	}
}

// What only one place saw means something else for each connection.
func TestAlone(t *testing.T) {
	w := newWire()
	w.handshake(capture.Segment{}, capture.Segment{})
	w.data(toB, 2000, 2001, 1001, 1)
	w.record(w.a, nil)
	w.record(w.b, nil)
	only := func(id uint64, resp string, second int64) {
		w.a.Conn(&record.Record{ID: id, Orig: at("10.0.0.1:5000"), Resp: at(resp), Start: 1_700_000_000e9 + second*1e9, End: 1_700_000_000e9 + second*1e9 + 1e8, Open: record.OpenRecord{Kind: record.OpenNoAnswer}})
	}
	only(20, "10.0.0.2:80", 1)
	only(21, "10.9.9.9:443", 1)
	only(22, "10.0.0.2:80", 900)
	r := w.compare(t, Options{})
	a := &r.Alone[0]
	if a.Missing.n != 1 || a.Missing.conns[0] != 20 || a.Elsewhere != 1 || a.Outside != 1 {
		t.Errorf("%d missing, %d elsewhere, %d outside; want 1 each", a.Missing.n, a.Elsewhere, a.Outside)
	}
	found := r.onlyOneSide()
	if len(found) != 1 || found[0].Count != 1 {
		t.Errorf("findings %+v", found)
	}
}

// An identification that the way rewrites tells no copies apart; one of few that differs is a fault of a host.
func TestTrust(t *testing.T) {
	var all, most trust
	for range 20 {
		all.note(false)
		most.note(true)
	}
	all.note(true) // by chance
	most.note(false)
	if all.holds() || !most.holds() || (trust{}).holds() {
		t.Error("trusted what is rewritten, or not what passes")
	}
	w := newWire()
	w.idsB = 1000
	w.handshake(capture.Segment{}, capture.Segment{})
	w.data(toB, 10, -1, 1001, 100)
	w.data(toB, 300, 301, 1001, 100)
	w.data(toB, 310, 311, 1101, 100)
	if f := &w.compare(t, Options{}).Flows[Forth]; f.Lost[ClassData] != 1 || All(f.Extra) != 0 || f.IPIDs == 0 {
		t.Errorf("%d lost, %d only at B, %d with another identification", f.Lost[ClassData], All(f.Extra), f.IPIDs)
	}
}
