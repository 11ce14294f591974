package reassembly

import "testing"

// What is acknowledged was received, though the capture has not seen it: RCV.NXT
// is behind a gap that an acknowledgment covers, in part or as a whole.
func TestDelivered(t *testing.T) {
	for _, c := range []struct {
		name string
		ack  Seq // 0 for none
		want Seq
	}{
		{"no acknowledgment", 0, 100},
		{"what was seen is acknowledged", 100, 100},
		{"half of the first gap is acknowledged", 150, 150},
		{"the first gap is acknowledged", 200, 300},
		{"and what lies behind it", 300, 300},
		{"both gaps are acknowledged", 400, 500},
	} {
		for _, first := range []Seq{0, ^Seq(249)} { // far from the wrap, and across it
			var s Stream
			s.Start(first)
			for _, at := range []uint32{0, 200, 400} {
				s.Add(first.Add(at), 100)
			}
			if c.ack != 0 {
				s.Ack(first + c.ack)
			}
			if got := s.Delivered() - first; got != c.want {
				t.Errorf("%s: RCV.NXT is %d, want %d", c.name, got, c.want)
			}
		}
	}
}
