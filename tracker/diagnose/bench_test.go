package diagnose

import "testing"

func BenchmarkCleanRecord(b *testing.B) {
	s := NewSet(Detectors(), NewOptions())
	r := made(1)
	s.Add(r)
	b.ReportAllocs()
	for b.Loop() {
		s.Add(r)
	}
}
