package names

// maxPieces is how many separate pieces a buffer remembers; one more is not kept.
const maxPieces = 4

// buffer holds the first bytes of a direction, in whatever order they came.
//
// Invariant: pieces are sorted and apart.
type buffer struct {
	bytes  [window]byte
	pieces [maxPieces]piece
	n      int
	cut    int // the bytes from here on were not captured; window when that is not known
}

// piece is the bytes from <= i < to.
type piece struct{ from, to int }

func (b *buffer) reset() { b.n, b.cut = 0, window }

// prefix is what is there from the first byte on, without a gap; of a nil
// buffer nothing.
func (b *buffer) prefix() []byte {
	if b == nil || b.n == 0 || b.pieces[0].from > 0 {
		return nil
	}
	return b.bytes[:b.pieces[0].to]
}

// cutAt reports whether the byte at n was not captured.
func (b *buffer) cutAt(n int) bool { return b.cut <= n }

// add copies p to its place; at+len(p) <= window. cut says that what follows
// p was not captured.
func (b *buffer) add(at int, p []byte, cut bool) {
	if cut {
		b.cut = min(b.cut, at+len(p))
	}
	if len(p) == 0 {
		return
	}
	x := piece{at, at + len(p)}
	var merged [maxPieces + 1]piece
	n, placed := 0, false
	for _, y := range b.pieces[:b.n] {
		switch {
		case y.to < x.from:
			merged[n] = y
			n++
		case x.to < y.from:
			if !placed {
				merged[n], placed = x, true
				n++
			}
			merged[n] = y
			n++
		default:
			x = piece{min(x.from, y.from), max(x.to, y.to)}
		}
	}
	if !placed {
		merged[n] = x
		n++
	}
	if n > maxPieces {
		return
	}
	copy(b.bytes[at:], p)
	b.n = copy(b.pieces[:], merged[:n])
}
