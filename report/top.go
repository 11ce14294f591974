package report

import (
	"slices"

	"tcpwatch/tracker/record"
)

// ranking keeps the limit records that rank first. The order is total (ties
// go by id), so the choice does not depend on the order in which they come.
type ranking struct {
	limit   int
	compare func(a, b *record.Record) int
	offered uint64
	heap    []*record.Record // the one that ranks last is first
}

func newRanking(limit int, compare func(a, b *record.Record) int) ranking {
	return ranking{limit: limit, compare: func(a, b *record.Record) int {
		if c := compare(a, b); c != 0 {
			return c
		}
		return byID(a, b)
	}}
}

// add offers a record; it is copied when it is kept.
func (t *ranking) add(r *record.Record) {
	t.offered++
	t.keep(r)
}

func (t *ranking) keep(r *record.Record) {
	switch {
	case len(t.heap) < t.limit:
		c := new(record.Record)
		t.heap = append(t.heap, c)
		t.copyTo(c, r)
		t.up(len(t.heap) - 1)
	case t.limit > 0 && t.compare(r, t.heap[0]) < 0:
		t.copyTo(t.heap[0], r)
		t.down(0)
	}
}

// copyTo copies without what is borrowed.
func (t *ranking) copyTo(c, r *record.Record) {
	*c = *r
	c.Transitions, c.Ends[0].ZeroWindowList, c.Ends[1].ZeroWindowList = nil, nil, nil
}

func (t *ranking) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if t.compare(t.heap[i], t.heap[p]) <= 0 {
			return
		}
		t.heap[i], t.heap[p] = t.heap[p], t.heap[i]
		i = p
	}
}

func (t *ranking) down(i int) {
	for {
		last := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(t.heap); c++ {
			if t.compare(t.heap[c], t.heap[last]) > 0 {
				last = c
			}
		}
		if last == i {
			return
		}
		t.heap[i], t.heap[last] = t.heap[last], t.heap[i]
		i = last
	}
}

func (t *ranking) merge(o *ranking) {
	t.offered += o.offered
	for _, r := range o.heap {
		t.keep(r)
	}
}

// sorted returns what is kept, first rank first.
func (t *ranking) sorted() []*record.Record {
	s := slices.Clone(t.heap)
	slices.SortFunc(s, t.compare)
	return s
}
