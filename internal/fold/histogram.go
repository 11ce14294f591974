package fold

import (
	"math/bits"
	"slices"
)

// Histogram counts durations in log-linear classes: 32 to each power of two.
// A quantile is the middle of its class, so its error is at most 1/64 of the
// value (1.6 %); least and greatest are exact. Only classes in use take room.
// The zero value is empty.
type Histogram struct {
	n        uint64
	min, max int64
	classes  []class // by index, rising
	unused   uint32  // classes below the one that was bumped last which are not in use
}

type class struct {
	index uint32
	n     uint64
}

// Error is the part of a quantile by which it may be off.
const Error = 1. / 64

const (
	classBits = 5
	classLow  = 1 << classBits
	// lastClass is that of the greatest duration.
	lastClass = (62-classBits)<<classBits + 2*classLow - 1
)

// classOf is the index of the class of v: v itself below 64.
func classOf(v int64) uint32 {
	u := uint64(max(v, 0))
	if u < 2*classLow {
		return uint32(u)
	}
	e := bits.Len64(u) - classBits - 1
	return uint32(e)<<classBits + uint32(u>>e)
}

// middleOf is the value in the middle of a class.
func middleOf(index uint32) int64 {
	if index < 2*classLow {
		return int64(index)
	}
	e := index>>classBits - 1
	low := uint64(index&(classLow-1)+classLow) << e
	return int64(low + 1<<e/2)
}

// Add counts a duration in nanoseconds; less than 0 is 0.
func (h *Histogram) Add(v int64) {
	v = max(v, 0)
	h.bump(classOf(v), 1)
	h.spread(v, v, 1)
}

// spread takes in n values between low and high that are in their classes already.
func (h *Histogram) spread(low, high int64, n uint64) {
	if h.n == 0 || low < h.min {
		h.min = low
	}
	h.max = max(h.max, high)
	h.n += n
}

// bump adds to a class. Most have as many unused ones below them as the one
// before had, so that it is known where they are: a fifth of the time of a search.
func (h *Histogram) bump(index uint32, n uint64) {
	if at := index - h.unused; at < uint32(len(h.classes)) && h.classes[at].index == index {
		h.classes[at].n += n
		return
	}
	at, found := slices.BinarySearchFunc(h.classes, index, func(c class, i uint32) int { return int(c.index) - int(i) })
	if !found {
		h.classes = slices.Insert(h.classes, at, class{index: index})
	}
	h.classes[at].n += n
	h.unused = index - uint32(at)
}

// Fields walks over the classes in use.
func (h *Histogram) Fields(w *Walk) {
	if o := other(w, h); o != nil {
		h.take(o)
		return
	}
	if !w.codes() {
		return
	}
	from := Histogram{n: h.n, min: h.min, max: h.max, classes: h.classes}
	code(w, &from.n)
	code(w, &from.min)
	code(w, &from.max)
	if w.doing == reading {
		from.classes = make([]class, w.length(0))
	} else {
		w.length(len(h.classes))
	}
	for i := range from.classes {
		c := &from.classes[i]
		code(w, &c.index)
		code(w, &c.n)
		if c.index > lastClass {
			w.fail(errRange)
			return
		}
	}
	if w.doing == reading {
		h.take(&from)
	}
}

// take takes in another.
func (h *Histogram) take(o *Histogram) {
	if o.n == 0 {
		return
	}
	for _, c := range o.classes {
		h.bump(c.index, c.n)
	}
	h.spread(o.min, o.max, o.n)
}

// N is how many were added.
func (h *Histogram) N() uint64 { return h.n }

// Quantile is the duration below which percent of all lie; 0 when empty. At
// the ends it is exact.
func (h *Histogram) Quantile(percent uint64) int64 {
	rank := (h.n*percent + 99) / 100
	switch {
	case rank >= h.n:
		return h.max
	case rank <= 1:
		return h.min
	}
	var sum uint64
	for _, c := range h.classes {
		sum += c.n
		if sum >= rank {
			return min(max(middleOf(c.index), h.min), h.max)
		}
	}
	return h.max
}

// Above is how many are longer than ns, as far as the classes tell them apart.
func (h *Histogram) Above(ns int64) (n uint64) {
	limit := classOf(ns)
	for _, c := range h.classes {
		if c.index > limit {
			n += c.n
		}
	}
	return n
}
