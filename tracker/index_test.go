package tracker

import (
	"math/rand/v2"
	"testing"

	"tcpwatch/capture"
)

// numberedKey is one of many keys, its ends in either order.
func numberedKey(i int, turned bool) key {
	a := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, byte(i >> 18), byte(i >> 10), 7}), Port: uint16(32768 + i%1024)}
	b := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 255, 0, 1}), Port: 443}
	if turned {
		a, b = b, a
	}
	var k key
	k.set(&a, &b, 0, 0, false)
	return k
}

// The index finds what a map finds, whatever is put in and taken out. Its hash
// is cut to few bits now and then, so that many collide.
func TestIndexAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 8 {
		x, want := newIndex(), map[int]uint32{}
		var s slots
		for range 30000 {
			i := r.IntN(3000)
			k := numberedKey(i, r.IntN(2) == 0)
			if got := x.find(&s, &k); got != want[i] {
				t.Fatalf("round %d: key %d in slot %d, want %d", round, i, got, want[i])
			}
			switch was := want[i]; {
			case was == 0, r.IntN(4) == 0: // a new one, or one in front of it
				n := s.take()
				s.at(n).key = k
				x.put(&s, was, n)
				want[i] = n
			case r.IntN(2) == 0:
				x.remove(&s, was)
				delete(want, i)
			}
		}
		if x.used != len(want) {
			t.Errorf("round %d: %d in use, want %d", round, x.used, len(want))
		}
	}
}

// BenchmarkLookup looks up connections in no order, as segments of many
// connections come, beside a Go map with the same keys. The slot is read too,
// as it must be.
func BenchmarkLookup(b *testing.B) {
	const n = 200000
	x, m := newIndex(), map[key]*slot{}
	var s slots
	keys := make([]key, n)
	for i := range keys {
		k := numberedKey(i, false)
		at := s.take()
		s.at(at).key = k
		x.put(&s, 0, at)
		m[k] = s.at(at)
		keys[i] = k
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			k := &keys[i%n]
			if s.at(x.find(&s, k)).filed != 0 {
				b.Fatal("not found")
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if m[keys[i%n]].filed != 0 {
				b.Fatal("not found")
			}
		}
	})
}

// BenchmarkPack packs a connection and unpacks it again.
func BenchmarkPack(b *testing.B) {
	tr := New(Options{}, nowhere{})
	packet := uint64(0)
	fill(tr, 0, 8, &packet, true)
	c := tr.bodies[1]
	i := c.slot
	tr.clock.now += second
	b.ReportAllocs()
	for b.Loop() {
		if !tr.pack(c) {
			b.Fatal("not packed")
		}
		c = tr.bodyOf(i)
	}
}

// Tunnel identifiers chosen to fall on one place fall on many.
func TestTagsOfTunnels(t *testing.T) {
	x := newIndex()
	k := numberedKey(1, false)
	homes := map[uint32]bool{}
	for i := range uint32(1024) {
		k.tunnel, k.tunnelID = capture.TunnelVXLAN, i<<12
		homes[x.tag(&k)&0xfff] = true
	}
	if len(homes) < 700 { // 907 of 4,096 are to be expected
		t.Errorf("1,024 tunnels have %d homes", len(homes))
	}
}
