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
