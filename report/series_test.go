package report

import "testing"

// A population is right at any time that a capture can have: before 1970, across it,
// and after what 32 bits hold (2106).
func TestSeriesAtAnyTime(t *testing.T) {
	for _, start := range []int64{-9e18, -5e9, -1, 0, 1700000000e9, 4294967290e9, 4294967296e9, 7258118400e9, 9e18} {
		for _, limit := range []int{1000, 4} { // so few steps that they become longer
			s := series{limit: limit}
			for i := range int64(10) {
				s.add(start+i*oneSecond, start+i*oneSecond+60*oneSecond)
			}
			n, at := s.peak()
			if want := second(start + 9*oneSecond); n != 10 || at > want || at < want-s.width() {
				t.Errorf("from %d with %d steps: peak %d in second %d, want 10 in %d", start, limit, n, at, want)
			}
			if n := s.entered(second(start) - s.width()); n != 10 {
				t.Errorf("from %d: %d entered, want 10", start, n)
			}
			if got := s.sample(second(start), second(start+60*oneSecond), 3); limit == 1000 && (got[0] != 10 || got[1] != 10) {
				t.Errorf("from %d: samples %v", start, got)
			}
		}
	}
}
