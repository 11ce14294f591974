package table

import (
	"encoding/binary"
	"math/bits"
)

// Ref says where in an arena something lies; 0 is nowhere.
type Ref uint32

const (
	ArenaUnit  = 16       // bytes: pieces are multiples of it
	arenaChunk = 64 << 10 // bytes
	perChunk   = arenaChunk / ArenaUnit
	ArenaLimit = ArenaUnit << 8 // bytes of the longest piece
	nGrades    = 48
	cacheLine  = 64 // bytes
)

// Arena holds many small pieces of bytes, each of its own length. A chunk has
// pieces of one size only, and goes back to all when none is in use; sizes lie
// an eighth apart, so that what one size leaves free serves others. It holds no
// pointers but those of its chunks.
type Arena struct {
	chunks []*[arenaChunk]byte
	about  []chunkUse
	open   [nGrades][]uint32 // chunks of a grade that may have room
	spare  []uint32          // chunks that nobody uses

	touched byte // what touch read, so that the compiler leaves it in
}

// chunkUse is what a chunk is used for.
type chunkUse struct {
	free  uint16 // the last piece given back, in units from 1 on, which says the one before it; 0 for none
	next  uint16 // where pieces begin that were never used, in units
	used  uint16 // pieces
	grade uint8
	open  bool // it is in arena.open
}

// gradeOf is the least grade whose pieces hold n units: 1 to 8, then eight to a
// doubling.
func gradeOf(n int) uint8 {
	if n <= 8 {
		return uint8(max(n, 1) - 1)
	}
	e := bits.Len(uint(n-1)) - 4 // (n-1)>>e lies in 8..15
	return uint8(8*e + (n-1)>>e)
}

// gradeUnits is how many units the pieces of a grade have.
func gradeUnits(g uint8) int {
	if g < 8 {
		return int(g) + 1
	}
	return (int(g)%8 + 9) << (int(g)/8 - 1)
}

// Units is how many units a piece of n bytes takes.
func Units(n int) int { return gradeUnits(gradeOf((n + ArenaUnit - 1) / ArenaUnit)) }

// At lends the piece at r, from its first byte to the end of its chunk.
func (a *Arena) At(r Ref) []byte {
	r--
	return a.chunks[r/perChunk][r%perChunk*ArenaUnit:]
}

// Touch reads a little of each cache line of the piece at r, of some units.
func (a *Arena) Touch(r Ref, units uint16) {
	b := a.At(r)
	for k := 0; k < int(units)*ArenaUnit; k += cacheLine {
		a.touched += b[k]
	}
}

// Put keeps a copy of b, which is no longer than ArenaLimit.
func (a *Arena) Put(b []byte) Ref {
	n := Units(len(b))
	i := a.room(gradeOf(n), n)
	c := &a.about[i]
	at := c.next
	if c.free != 0 {
		at = c.free - 1
		c.free = binary.LittleEndian.Uint16(a.chunks[i][int(at)*ArenaUnit:])
	} else {
		c.next += uint16(n)
	}
	c.used++
	r := Ref(i*perChunk) + Ref(at) + 1
	copy(a.At(r), b)
	return r
}

// room is a chunk of a grade with a free piece.
func (a *Arena) room(g uint8, n int) uint32 {
	for k := len(a.open[g]) - 1; k >= 0; k-- {
		i := a.open[g][k]
		// A chunk may have gone to another grade since.
		if c := &a.about[i]; c.grade == g && c.open && (c.free != 0 || int(c.next)+n <= perChunk) {
			return i
		} else if c.grade == g {
			c.open = false
		}
		a.open[g] = a.open[g][:k]
	}
	var i uint32
	if k := len(a.spare) - 1; k >= 0 {
		i = a.spare[k]
		a.spare = a.spare[:k]
	} else {
		i = uint32(len(a.chunks))
		a.chunks = append(a.chunks, new([arenaChunk]byte))
		a.about = append(a.about, chunkUse{})
	}
	a.about[i] = chunkUse{grade: g, open: true}
	a.open[g] = append(a.open[g], i)
	return i
}

// Drop frees the piece at r.
func (a *Arena) Drop(r Ref) {
	r--
	i, at := uint32(r/perChunk), uint16(r%perChunk)
	c := &a.about[i]
	if c.used--; c.used == 0 {
		*c = chunkUse{grade: nGrades} // of none
		a.spare = append(a.spare, i)
		return
	}
	binary.LittleEndian.PutUint16(a.chunks[i][int(at)*ArenaUnit:], c.free)
	c.free = at + 1
	if !c.open {
		c.open = true
		a.open[c.grade] = append(a.open[c.grade], i)
	}
}
