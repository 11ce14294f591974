package table

import (
	"math/rand/v2"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/racetest"
)

// networks is how many of the numbered keys have the same ends.
const networks = 12

// numberedKey is one of many keys, its ends in either order.
func numberedKey(i int, turned bool) Key {
	a := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, byte(i / networks >> 18), byte(i / networks >> 10), 7}), Port: uint16(32768 + i/networks%1024)}
	b := capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 255, 0, 1}), Port: 443}
	if turned {
		a, b = b, a
	}
	var k Key
	k.Set(&a, &b, 0, capture.TunnelVXLAN, uint32(i)%networks, true)
	return k
}

// The index finds what a map finds, whatever is put in and taken out. Its hash
// is cut to few bits now and then, so that many collide.
func TestIndexAgainstMap(t *testing.T) {
	racetest.TooSlow(t)
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 8 {
		x, want := NewIndex(), map[int]uint32{}
		var s Entries
		for range 30000 {
			i := r.IntN(3000)
			k := numberedKey(i, r.IntN(2) == 0)
			others := 0
			for o := i / networks * networks; o < (i/networks+1)*networks; o++ {
				if o != i && want[o] != 0 {
					others++
				}
			}
			if got, _ := x.Find(&s, &k); got != want[i] {
				t.Fatalf("round %d: key %d in entry %d, want %d", round, i, got, want[i])
			}
			var at [MaxNetworks]uint32
			n := x.Elsewhere(&s, &k, &at)
			if _, near := x.Find(&s, &k); n > others || n == 0 && others > networks-MaxNetworks || want[i] == 0 && near != (n > 0) {
				t.Fatalf("round %d: %d others of %d, %v", round, n, others, near)
			}
			for _, a := range at[:n] {
				if o := &s.At(a).Key; !o.pairs(&k) || o.Is(&k) {
					t.Fatalf("round %d: %+v is no other network's than %+v", round, o, k)
				}
			}
			switch was := want[i]; {
			case was == 0, r.IntN(4) == 0: // a new one, or one in front of it
				n := s.Take()
				s.At(n).Key = k
				x.Put(&s, was, n)
				want[i] = n
			case r.IntN(2) == 0:
				x.Remove(&s, was)
				delete(want, i)
			}
		}
		if x.used != len(want) {
			t.Errorf("round %d: %d in use, want %d", round, x.used, len(want))
		}
		for _, n := range want {
			x.Remove(&s, n)
		}
		if x.used != 0 || x.beyond != 0 {
			t.Errorf("round %d: %d in use and %d beyond when all are taken out", round, x.used, x.beyond)
		}
	}
}

// BenchmarkLookup looks up connections in no order, as segments of many
// connections come, beside a Go map with the same keys. The entry is read too,
// as it must be.
func BenchmarkLookup(b *testing.B) {
	const n = 200000
	x, m := NewIndex(), map[Key]*Entry{}
	var s Entries
	keys := make([]Key, n)
	for i := range keys {
		k := numberedKey(i*networks, false)
		at := s.Take()
		s.At(at).Key = k
		x.Put(&s, 0, at)
		m[k] = s.At(at)
		keys[i] = k
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			k := &keys[i%n]
			if i, _ := x.Find(&s, k); s.At(i).Filed != 0 {
				b.Fatal("not found")
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if m[keys[i%n]].Filed != 0 {
				b.Fatal("not found")
			}
		}
	})
}

// Tunnel identifiers chosen to fall on one place fall on many.
func TestPlacesOfTunnels(t *testing.T) {
	const n = 1024
	for bit := range 64 { // seeds of few bits too
		x := NewIndex()
		x.seed = 1 << bit
		var s Entries
		for i := range uint32(n) {
			at := s.Take()
			k := &s.At(at).Key
			*k = numberedKey(1, false)
			k.tunnelID = i << 12
			x.Put(&s, 0, at)
		}
		homes := map[uint32]bool{}
		for _, p := range x.buckets {
			if p.entry != 0 {
				homes[p.tag&0xfff] = true
			}
		}
		if len(homes) < 700 { // 907 of 4,096 are to be expected
			t.Errorf("seed %#x: %d tunnels have %d homes", x.seed, n, len(homes))
		}
	}
}
