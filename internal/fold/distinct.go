package fold

import (
	"math"
	"slices"
)

// distinctKept is how many different values are counted exactly.
const distinctKept = 256

// Distinct counts different values: exactly below distinctKept, beyond it with
// a standard error of 6 %. It keeps the least hashes, so it merges (Bar-Yossef et al., Counting
// distinct elements in a data stream, 2002). The zero value is empty.
type Distinct struct {
	least []uint64
	n     uint64 // values added, the same ones too: there are no more different ones
}

// Add counts the value of a hash.
func (d *Distinct) Add(hash uint64) {
	d.n++
	d.Take(hash)
}

// Take keeps a hash when it is one of the least, and counts none: of the hashes that another
// Distinct kept, when the two are merged or read back, the values were counted already.
func (d *Distinct) Take(hash uint64) {
	at, found := slices.BinarySearch(d.least, hash)
	if found || at == distinctKept {
		return
	}
	d.least = slices.Insert(d.least, at, hash)
	d.least = d.least[:min(len(d.least), distinctKept)]
}

// Items are the least hashes, in order.
func (d *Distinct) Items() []uint64 { return d.least }

// Fields walks over what is kept.
func (d *Distinct) Fields(w *Walk) {
	Sum(w, &d.n)
	Items(w, d)
}

// Count is how many different values there were.
func (d *Distinct) Count() uint64 {
	n := len(d.least)
	if n < distinctKept {
		return uint64(n)
	}
	// The k least of N evenly spread hashes reach up to k/N of all.
	return min(d.n, uint64(float64(n-1)/(float64(d.least[n-1])/math.MaxUint64)))
}

// Exact tells that Count is no estimate.
func (d *Distinct) Exact() bool { return len(d.least) < distinctKept }
