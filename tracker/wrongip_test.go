package tracker

import "testing"

// A connection is told to be of damaged packets only where the IP header checksum of each of them was wrong.
func TestWrongIPChecksums(t *testing.T) {
	const lines = `
		0.000 > S 0:0(0) | - -
		1.000 > S 0:0(0) | - -
		3.000 > S 0:0(0) | - -`
	for _, x := range []struct {
		name  string
		wrong [3]bool
		want  bool
	}{
		{"all", [3]bool{true, true, true}, true},
		{"the first", [3]bool{true, false, false}, false},
		{"the first and the last", [3]bool{true, false, true}, false},
		{"the last", [3]bool{false, false, true}, false},
		{"none", [3]bool{}, false},
	} {
		rec, packet, asked := &recorder{}, uint64(0), 0
		tr := New(Options{WrongIP: func() bool {
			asked++
			return x.wrong[packet-1]
		}}, rec)
		for _, l := range parseExchange(t, lines) {
			packet++
			tr.Observe(plainWire.segment(l, packet))
		}
		tr.Finish()
		if got := rec.records[0].Capture.WrongIP; got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
		if !x.wrong[0] && asked != 1 {
			t.Errorf("%s: asked %d times", x.name, asked)
		}
	}
}
