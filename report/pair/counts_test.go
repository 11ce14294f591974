package pair

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Of records the counts are compared where both places watched all of a connection, and only there.
func TestCounts(t *testing.T) {
	const start, end = int64(100e9), int64(130e9)
	of := func(change func(*record.Record)) *Place {
		p := NewPlace(PlaceOptions{Stored: true})
		for id, port := range []uint16{1, 2, 3} { // the others say when the place captured; one has no number
			r := &record.Record{ID: uint64(id), Orig: at("10.0.0.1:1"), Resp: at("10.0.0.2:80"), Start: start, End: end}
			r.Orig.Port = port
			for e := range r.Ends {
				r.Ends[e].Key.ISN = record.Some(uint32(1000*port) + uint32(e))
			}
			r.Open.SYNs, r.Open.SYNACKs = 1, 1
			if port == 2 {
				r.Start, r.End = start+10e9, end-10e9
				r.Ends[record.Orig].DataSegments, r.Ends[record.Orig].WireBytes = 9, 9000
				r.Close.RSTs[record.Resp] = 1
				if change != nil {
					change(r)
				}
			}
			if err := p.Conn(r); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	fewer := func(r *record.Record) {
		r.Ends[record.Orig].DataSegments, r.Ends[record.Orig].WireBytes = 7, 7000
		r.Close.RSTs[record.Resp] = 0
	}
	for _, x := range []struct {
		name   string
		change func(*record.Record)
		n      uint64
	}{
		{"both watched all of it", nil, 2},
		{"the start was not captured", func(r *record.Record) { r.Open.Kind = record.OpenMidstream }, 0},
		{"the table was full", func(r *record.Record) { r.Close.Kind = record.CloseEvicted }, 0},
		{"it began before the other place captured", func(r *record.Record) { r.Start = start - 1e9 }, 0},
		{"it ended after the other place captured", func(r *record.Record) { r.End = end + 1e9 }, 0},
	} {
		a, b := of(x.change), of(fewer)
		r, err := Compare(a, b, Options{})
		if err != nil || r.Pairs != 3 || r.Drawing != nil {
			t.Fatalf("%s: %d pairs, a drawing that nobody asked for %t: %v", x.name, r.Pairs, r.Drawing != nil, err)
		}
		c := &r.Counted[Forth]
		if c.Fewer[ClassData] != x.n || c.Bytes[0]-c.Bytes[1] != 1000*x.n || r.tally.made[Back][ClassRST].n != x.n/2 {
			t.Errorf("%s: %d segments fewer came, of %d bytes, and %d RSTs were made; want %d", x.name, c.Fewer[ClassData], c.Bytes[0]-c.Bytes[1], r.tally.made[Back][ClassRST].n, x.n)
		}
	}
}

// Where a host counts several segments as one, more come than were sent: their number says nothing.
func TestCountsOfJoinedSegments(t *testing.T) {
	r := &Result{A: NewPlace(PlaceOptions{Name: "a"}), B: NewPlace(PlaceOptions{Name: "b"})}
	count := func(sent, came uint32) { // of two connections
		s, g := Counts{}, Counts{}
		s.Segments[ClassData], g.Segments[ClassData] = sent, came
		r.Counted[Forth].add(&s, &g)
	}
	count(9, 7)
	if found := r.fewerCame(); len(found) != 1 {
		t.Fatalf("%d findings, want 1", len(found))
	}
	count(3, 8)
	if c := &r.Counted[Forth]; c.Fewer[ClassData] != 2 || c.More[ClassData] != 5 || len(r.fewerCame()) != 0 {
		t.Errorf("%+v", c)
	}
}
