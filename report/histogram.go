package report

import (
	"math/bits"
	"slices"
)

// histogram counts durations in log-linear classes: 32 to each power of two.
// A quantile is the middle of its class, so its error is at most 1/64 of the
// value (1.6 %); least and greatest are exact. Only classes in use take room.
type histogram struct {
	n        uint64
	min, max int64
	classes  []class // by index, rising
	unused   uint32  // classes below the one that was bumped last which are not in use
}

type class struct {
	index uint32
	n     uint64
}

const (
	classBits = 5
	classLow  = 1 << classBits
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

func (h *histogram) add(v int64) {
	v = max(v, 0)
	h.bump(classOf(v), 1)
	h.spread(v, v, 1)
}

// spread takes in n values between low and high that are in their classes already.
func (h *histogram) spread(low, high int64, n uint64) {
	if h.n == 0 || low < h.min {
		h.min = low
	}
	h.max = max(h.max, high)
	h.n += n
}

// bump adds to a class. Most have as many unused ones below them as the one
// before had, so that it is known where they are: a fifth of the time of a search.
func (h *histogram) bump(index uint32, n uint64) {
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

func (h *histogram) merge(o *histogram) {
	if o.n == 0 {
		return
	}
	for _, c := range o.classes {
		h.bump(c.index, c.n)
	}
	h.spread(o.min, o.max, o.n)
}

// quantile returns the value below which percent of all lie; 0 when empty. At
// the ends it is exact.
func (h *histogram) quantile(percent uint64) int64 {
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
