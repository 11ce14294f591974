package reassembly

// Seq is a TCP sequence number; comparison is modulo 2^32 (RFC 9293 section 3.4).
type Seq uint32

// Sub returns a - b as a signed distance, right while the two are less than 2^31 apart.
func (a Seq) Sub(b Seq) int32 { return int32(a - b) }

// Add returns a moved on by n.
func (a Seq) Add(n uint32) Seq { return a + Seq(n) }

// Less reports a < b.
func (a Seq) Less(b Seq) bool { return int32(a-b) < 0 }

// LessEq reports a <= b.
func (a Seq) LessEq(b Seq) bool { return int32(a-b) <= 0 }

// Max returns the later of the two.
func Max(a, b Seq) Seq {
	if a.Less(b) {
		return b
	}
	return a
}
