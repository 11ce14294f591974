package names

import (
	"tcpwatch/tracker/record"
)

// What is kept takes in memory, in bytes (TestKept).
const (
	placeBytes  = 16 + 4 // among the entries or the names, and among those that are free
	entryBytes  = 320
	bufferBytes = 4864
	digestBytes = 24
)

// allocated is about what the heap takes for n bytes: its sizes lie an eighth apart.
func allocated(n int) uint32 { return uint32((n + n/8 + 15) &^ 15) }

// kept is how many bytes are kept of a connection, by its mark.
func (o *Observer) kept(mark uint32) uint32 {
	switch {
	case mark <= decided:
		return 0
	case isDecided(mark):
		n := placeBytes + allocated(len(o.named[mark/2-1]))
		if o.opt.Digests {
			n += digestBytes
		}
		return n
	}
	e := o.entries[mark/2-1]
	n := uint32(placeBytes + entryBytes)
	for i := range e.sides {
		if e.sides[i].held != nil {
			n += bufferBytes
		}
	}
	return n + textBytes(&e.names)
}

// textBytes is what the texts take.
func textBytes(r *record.NamesRecord) (n uint32) {
	for _, s := range texts(r) {
		if s != nil && *s != "" {
			n += allocated(len(*s))
		}
	}
	return n
}
