package table

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestArenaGrades(t *testing.T) {
	for n := 1; n <= 256; n++ {
		g := gradeOf(n)
		if g >= nGrades || gradeUnits(g) < n || g > 0 && gradeUnits(g-1) >= n {
			t.Errorf("%d units: grade %d of %d", n, g, gradeUnits(g))
		}
	}
}

// What is put is there until it is dropped, and what is dropped serves pieces
// of every size.
func TestArenaKeepsAndReuses(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var a Arena
	held := map[Ref][]byte{}
	most := 0
	for round := range 40 {
		size := 10 + round*100
		for range 600 {
			b := make([]byte, 1+r.IntN(size))
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			ref := a.Put(b)
			if held[ref] != nil {
				t.Fatal("a piece was given twice")
			}
			held[ref] = b
		}
		for _, ref := range slices.Sorted(maps.Keys(held)) { // in the same order each time
			b := held[ref]
			if !bytes.Equal(a.At(ref)[:len(b)], b) {
				t.Fatal("a piece was written over")
			}
			if r.IntN(10) > 0 || round%4 == 3 {
				a.Drop(ref)
				delete(held, ref)
			}
		}
		if round%4 == 3 && len(a.spare) != len(a.chunks) {
			t.Errorf("round %d: %d of %d chunks spare, with nothing held", round, len(a.spare), len(a.chunks))
		}
		most = max(most, len(a.chunks))
	}
	if most > 60 {
		t.Errorf("%d chunks", most)
	}
}
