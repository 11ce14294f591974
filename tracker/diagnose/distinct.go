package diagnose

import (
	"math"
	"slices"

	"tcpwatch/internal/say"
)

// distinctKept is how many different values are counted exactly.
const distinctKept = 256

// distinct counts different values: exactly up to distinctKept, beyond it with
// a standard error of 6 %. It keeps the least hashes, so it merges (Bar-Yossef et al., Counting
// distinct elements in a data stream, 2002).
type distinct struct {
	least []uint64
	n     uint64 // values added, the same ones too: there are no more different ones
}

func (d *distinct) add(hash uint64) {
	d.n++
	d.keep(hash)
}

func (d *distinct) keep(hash uint64) {
	at, found := slices.BinarySearch(d.least, hash)
	if found || at == distinctKept {
		return
	}
	d.least = slices.Insert(d.least, at, hash)
	d.least = d.least[:min(len(d.least), distinctKept)]
}

func (d *distinct) merge(o *distinct) {
	d.n += o.n
	for _, h := range o.least {
		d.keep(h)
	}
}

// count is how many there were.
func (d *distinct) count() uint64 {
	n := len(d.least)
	if n < distinctKept {
		return uint64(n)
	}
	// The k least of N evenly spread hashes reach up to k/N of all.
	return min(d.n, uint64(float64(n-1)/(float64(d.least[n-1])/math.MaxUint64)))
}

// words is the count, with "about" where it is not exact.
func (d *distinct) words(noun string) string {
	if len(d.least) < distinctKept {
		return say.Plural(d.count(), noun)
	}
	return "about " + say.Plural(d.count(), noun)
}
