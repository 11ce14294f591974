package names

import (
	"testing"

	"tcpwatch/tracker/record"
)

// decidedFeed is a connection of which everything is known.
func decidedFeed(t testing.TB) *feed {
	f := newFeed()
	f.next(orig, hello13)
	f.next(resp, server13)
	if !isDecided(f.mark) {
		t.Fatal("not decided")
	}
	return f
}

// undecidedFeed waits for the end of its request, and of its answer.
func undecidedFeed() *feed {
	f := newFeed()
	f.next(orig, []byte("GET / HTTP/1.1\r\nX: "))
	return f
}

// A packet costs no memory, whether its connection is decided or not; naming
// a connection does.
func TestAllocations(t *testing.T) {
	payload := make([]byte, 1400)
	f := decidedFeed(t)
	if n := testing.AllocsPerRun(1000, func() { f.next(resp, payload) }); n != 0 {
		t.Errorf("decided: %v allocations a packet", n)
	}
	u := undecidedFeed()
	one := payload[:1]
	if n := testing.AllocsPerRun(1000, func() { u.next(orig, one) }); n != 0 || isDecided(u.mark) {
		t.Errorf("undecided: %v allocations a packet", n)
	}
	s := newFeed()
	s.next(orig, payload)
	if n := testing.AllocsPerRun(1000, func() { s.place(orig, 1400, payload, 1400) }); n != 0 || isDecided(s.mark) {
		t.Errorf("seeking: %v allocations a packet", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	payload := make([]byte, 1400)
	b.Run("decided", func(b *testing.B) {
		f := decidedFeed(b)
		b.ReportAllocs()
		for b.Loop() {
			f.next(resp, payload)
		}
	})
	b.Run("no payload", func(b *testing.B) {
		f := newFeed()
		p := &record.Placement{Conn: 1, Mark: &f.mark}
		for b.Loop() {
			f.o.Observe(p, nil, 0)
		}
	})
	b.Run("unknown protocol, first bytes", func(b *testing.B) {
		f := newFeed()
		f.next(orig, payload)
		for b.Loop() {
			f.place(orig, 1400, payload, 1400)
		}
	})
	for _, tt := range namesTests {
		if tt.name != "TLS 1.3" && tt.name != "HTTP" {
			continue
		}
		b.Run("a connection of "+tt.name, func(b *testing.B) {
			o, r := New(Options{}), new(record.Record)
			b.ReportAllocs()
			id := uint64(0)
			for b.Loop() {
				id++
				f := feed{o: o, id: id}
				for _, s := range tt.sent {
					f.next(s.end, s.b)
				}
				*r = record.Record{ID: id, Mark: f.mark}
				o.Finish(r)
				o.Forget(r)
			}
		})
	}
	b.Run("a connection of an unknown protocol", func(b *testing.B) {
		o, r := New(Options{}), new(record.Record)
		b.ReportAllocs()
		id := uint64(0)
		for b.Loop() {
			id++
			f := feed{o: o, id: id}
			f.next(orig, payload[:100])
			f.next(resp, payload[:1000])
			*r = record.Record{ID: id, Mark: f.mark}
			o.Finish(r)
			o.Forget(r)
		}
	})
}
