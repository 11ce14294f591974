package tracker

import "testing"

// BenchmarkFill makes the record of a short connection.
func BenchmarkFill(b *testing.B) {
	tr := New(Options{}, nowhere{})
	packet := uint64(0)
	fill(tr, 0, 8, &packet, true)
	c := tr.stateOf(1)
	b.ReportAllocs()
	for b.Loop() {
		tr.fill(&tr.record, c)
	}
}
