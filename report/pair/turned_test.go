package pair

import (
	"testing"

	"tcpwatch/tracker/record"
)

// A span that differs by less than stamps do turns no places; hops that TTLs lost decide before it.
func TestTurned(t *testing.T) {
	for _, x := range []struct {
		opened [2]int64 // ns, by place
		ttl    [2]uint8 // of the client's SYN
		want   bool
	}{
		{[2]int64{1800, 2000}, [2]uint8{64, 64}, false},
		{[2]int64{8000, 20000}, [2]uint8{64, 64}, true},
		{[2]int64{20000, 8000}, [2]uint8{64, 64}, false},
		{[2]int64{8000, 20000}, [2]uint8{64, 63}, false},
		{[2]int64{20000, 8000}, [2]uint8{63, 64}, true},
	} {
		conns := [2]*Conn{{}, {}}
		for i, c := range conns {
			c.opened = record.Some(x.opened[i])
			c.Offers[record.Orig] = Offer{Seen: true, TTL: x.ttl[i]}
		}
		c := comparison{Result: &Result{A: NewPlace(PlaceOptions{}), B: NewPlace(PlaceOptions{})}, pairs: &sorter{room: &room{}}}
		c.A.add(conns[0])
		c.B.add(conns[1])
		c.pairs.add(item{})
		if got, err := c.turned(); got != x.want || err != nil {
			t.Errorf("%+v: %v", x, got)
		}
	}
}

// Copies of nearly all packets of both ends are the capture's.
func TestMirrored(t *testing.T) {
	of := func(plain, copies int) (all []packet) {
		for i := range plain + copies {
			p := packet{end: uint8(i % 2)}
			if i >= plain {
				p.marks = copied
			}
			all = append(all, p)
		}
		return all
	}
	if mirrored(of(10, 10)) != copied || mirrored(of(10, 9)) != copied || mirrored(of(16, 11)) != 0 || mirrored(of(10, 0)) != 0 {
		t.Error("copies are taken for the path's, or the path's for copies")
	}
}

// In a short capture a stamp that is late makes no drift, but a wider bound.
func TestClockShort(t *testing.T) {
	w := newClockWatch()
	w.forward(1.7e18, 1.7e18+60e3)
	w.backward(1.7e18+50e3, 1.7e18+20e3)
	w.forward(1.7e18+500e6, 1.7e18+500e6+5e3)
	w.backward(1.7e18+500e6, 1.7e18+500e6+9e3)
	if p := w.clock().Pieces[0]; p.Drift != 0 || abs(p.Offset) > p.Bound || p.Bound > 300e3 {
		t.Errorf("%+v", p)
	}
}
