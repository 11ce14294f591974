package table

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Numbers of every length come back, and take no more bytes than they need.
func TestCodeKeepsNumbers(t *testing.T) {
	var b, c Code
	var v, got [MaxNumbers]uint64
	all := []uint64{0, 1<<64 - 1}
	for k := range 64 {
		x := uint64(1) << k
		all = append(all, x, x-1, x+1, x|x>>1)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		n := round % 200
		need := 2 + (n+1)/2
		for i := range n {
			v[i] = all[r.IntN(len(all))]
			for x := v[i]; x > 0; x >>= 8 {
				need++
			}
		}
		v[n] = 1 << 63 // left over from another
		piece := b.Pack(&v, n)
		if len(piece) != need {
			t.Fatalf("%d bytes for %d numbers that need %d", len(piece), n, need)
		}
		for i := range c {
			c[i] = 0xa5
		}
		c.Unpack(&got, slices.Clone(piece))
		if !slices.Equal(got[:n], v[:n]) {
			t.Fatalf("%x, not %x", got[:n], v[:n])
		}
	}
}
