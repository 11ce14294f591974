package tracker

// packedRef says where in an arena something lies; 0 is nowhere.
type packedRef uint32

const (
	arenaUnit   = 16       // bytes: sizes are multiples of it
	arenaChunk  = 64 << 10 // bytes
	arenaLimit  = 4096     // bytes of the longest piece
	perChunk    = arenaChunk / arenaUnit
	arenaGrades = arenaLimit / arenaUnit
)

// arena holds many small pieces of bytes, each of its own length. A chunk has
// pieces of one size only, so what is freed serves the next of that size. It
// holds no pointers but those of its chunks.
type arena struct {
	chunks []*[arenaChunk]byte
	free   [arenaGrades + 1][]packedRef // by size in units
	next   [arenaGrades + 1]packedRef   // where the last chunk of a size goes on; 0 for none
	left   [arenaGrades + 1]uint16      // pieces left in it
}

// units is how many units n bytes take.
func units(n int) int { return (n + arenaUnit - 1) / arenaUnit }

// at lends the piece at r, from its first byte to the end of its chunk.
func (a *arena) at(r packedRef) []byte {
	r--
	return a.chunks[r/perChunk][r%perChunk*arenaUnit:]
}

// put keeps a copy of b, which is no longer than arenaLimit.
func (a *arena) put(b []byte) packedRef {
	g := units(len(b))
	var r packedRef
	if n := len(a.free[g]); n > 0 {
		r = a.free[g][n-1]
		a.free[g] = a.free[g][:n-1]
	} else {
		if a.left[g] == 0 {
			a.chunks = append(a.chunks, new([arenaChunk]byte))
			a.next[g] = packedRef((len(a.chunks)-1)*perChunk + 1)
			a.left[g] = uint16(perChunk / g)
		}
		r = a.next[g]
		a.next[g] += packedRef(g)
		a.left[g]--
	}
	copy(a.at(r), b)
	return r
}

// drop frees the piece at r, which was n bytes long.
func (a *arena) drop(r packedRef, n int) {
	g := units(n)
	a.free[g] = append(a.free[g], r)
}
