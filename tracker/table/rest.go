package table

// Rest is what those who look at a connection again and again have noted of it, each time they did.
type Rest struct {
	Pass    uint16   // the walk over who is awake in which it was handed out last
	Bases   uint8    // a bit for each sum of connections at rest that counts it
	Told    [2]uint8 // what it tells in each of those
	Resting bool     // nothing is to be told of it that such a sum does not tell, until a packet comes
	Aside   bool     // nobody asks for it, so that no such sum counts it
}

// In reports whether the sum of that number counts it.
func (x *Rest) In(base uint8) bool { return x.Bases>>base&1 != 0 }

// Count has the sum of that number count it, with what it tells there.
func (x *Rest) Count(base, told uint8) {
	x.Bases |= 1 << base
	x.Told[base] = told
}

// Leave has the sum of that number not count it.
func (x *Rest) Leave(base uint8) { x.Bases &^= 1 << base }

// Rests are those of the entries, by number; empty while nobody looks.
type Rests []Rest

// Grow has room for the entries below a number.
func (s *Rests) Grow(next uint32) {
	if n := int(next) - len(*s); n > 0 {
		*s = append(*s, make([]Rest, n)...)
	}
}

// Wake has a connection looked at again.
func (s Rests) Wake(i uint32) {
	if int(i) < len(s) {
		s[i].Resting = false
	}
}

// Clear forgets what was noted, for a connection that begins.
func (s Rests) Clear(i uint32) {
	if int(i) < len(s) {
		s[i] = Rest{}
	}
}

// Of is what is noted of a connection.
func (s Rests) Of(i uint32) Rest {
	if int(i) < len(s) {
		return s[i]
	}
	return Rest{}
}
