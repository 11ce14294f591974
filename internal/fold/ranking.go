package fold

import "slices"

// Ranking keeps the limit values that rank first. The order must be total: of two that
// differ one ranks first, so that the choice does not depend on the order in which they come.
type Ranking[T any] struct {
	limit   int
	compare func(a, b *T) int
	copyTo  func(to, from *T)
	offered uint64
	heap    []*T // the one that ranks last is first
}

// NewRanking returns an empty Ranking of plain values (see Plain). copyTo copies what is
// kept, without what is borrowed.
func NewRanking[T any](limit int, compare func(a, b *T) int, copyTo func(to, from *T)) Ranking[T] {
	return Ranking[T]{limit: limit, compare: compare, copyTo: copyTo}
}

// Assign is the copyTo of values that borrow nothing.
func Assign[T any](to, from *T) { *to = *from }

// Add offers a value; it is copied when it is kept.
func (t *Ranking[T]) Add(v *T) {
	t.offered++
	t.keep(v)
}

func (t *Ranking[T]) keep(v *T) {
	switch {
	case len(t.heap) < t.limit:
		c := new(T)
		t.heap = append(t.heap, c)
		t.copyTo(c, v)
		t.up(len(t.heap) - 1)
	case t.limit > 0 && t.compare(v, t.heap[0]) < 0:
		t.copyTo(t.heap[0], v)
		t.down(0)
	}
}

func (t *Ranking[T]) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if t.compare(t.heap[i], t.heap[p]) <= 0 {
			return
		}
		t.heap[i], t.heap[p] = t.heap[p], t.heap[i]
		i = p
	}
}

func (t *Ranking[T]) down(i int) {
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

// Fields walks over what is kept.
func (t *Ranking[T]) Fields(w *Walk) {
	Sum(w, &t.offered)
	if o := other(w, t); o != nil {
		if len(t.heap) == 0 && len(o.heap) <= t.limit { // its order does
			t.heap = make([]*T, len(o.heap))
			all := make([]T, len(o.heap))
			for i, v := range o.heap {
				t.heap[i] = &all[i]
				t.copyTo(t.heap[i], v)
			}
			return
		}
		for _, v := range o.heap {
			t.keep(v)
		}
		return
	}
	switch w.doing {
	case writing:
		w.length(len(t.heap))
		for _, v := range t.Sorted() {
			Plain(w, v)
		}
	case reading:
		for range w.length(0) {
			v := new(T)
			if Plain(w, v); w.err == nil {
				t.keep(v)
			}
		}
	}
}

// Offered is how many were added.
func (t *Ranking[T]) Offered() uint64 { return t.offered }

// Sorted returns what is kept, first rank first.
func (t *Ranking[T]) Sorted() []*T {
	s := slices.Clone(t.heap)
	slices.SortFunc(s, t.compare)
	return s
}
