package tracker

import "testing"

// BenchmarkPackUnpack packs short connections in TIME-WAIT and unpacks them
// again; they are as many as are in use at once, so that not all lie in the
// nearest cache.
func BenchmarkPackUnpack(b *testing.B) {
	const conns = 512
	tr := New(Options{}, nowhere{})
	packet := uint64(0)
	fill(tr, 0, conns, &packet, true)
	tr.latest = latest{}
	tr.clock.now += second
	held := int64(0)
	for b.Loop() {
		for _, c := range tr.states[1:] {
			if !tr.pack(c) {
				b.Fatal("not packed")
			}
		}
		held = 0
		for i := range uint32(conns) {
			held += stateBytes(tr.entries.At(i + 1))
		}
		for i := range uint32(conns) {
			tr.stateOf(i + 1)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*conns), "ns/conn")
	b.ReportMetric(float64(held)/conns, "bytes/conn")
}

// BenchmarkPack packs a connection and unpacks it again.
func BenchmarkPack(b *testing.B) {
	tr := New(Options{}, nowhere{})
	packet := uint64(0)
	fill(tr, 0, 8, &packet, true)
	c := tr.stateOf(1)
	i := c.entry
	tr.clock.now += second
	b.ReportAllocs()
	for b.Loop() {
		if !tr.pack(c) {
			b.Fatal("not packed")
		}
		c = tr.stateOf(i)
	}
}
