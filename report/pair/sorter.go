package pair

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// item is something to be sorted by its key: a connection, or two that are one.
type item struct {
	key  uint64
	i, j uint32
	rung Rung
	turn bool
}

func (x item) compare(y item) int {
	return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.i, y.i), cmp.Compare(x.j, y.j))
}

// Sizes of an item, in memory and written down.
const (
	perItem  = 24
	itemSize = 8 + 4 + 4 + 1
)

// sorter puts items in order. When memory has no room for more of them it writes those that it has to a
// file, sorted, and merges such runs when it is asked for all.
type sorter struct {
	room  *room
	items []item
	n     int
	file  File
	runs  []int64 // where each ends
}

// room is what sorters may take.
type room struct {
	most int // items in memory; 0 for no limit
	file func() (File, error)
}

// fewItems is how many a sorter may always hold.
const fewItems = 1 << 10

// add takes an item.
func (s *sorter) add(x item) error {
	if s.room.most > 0 && len(s.items) >= max(s.room.most, fewItems) {
		if err := s.spill(); err != nil {
			return fmt.Errorf("connections that memory has no room for: %w", err)
		}
	}
	s.items = append(s.items, x)
	s.n++
	return nil
}

// spill writes what is in memory to the file as a run.
func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = s.room.file(); err != nil {
			return err
		}
	}
	slices.SortFunc(s.items, item.compare)
	at := int64(0)
	if n := len(s.runs); n > 0 {
		at = s.runs[n-1]
	}
	b := make([]byte, 0, atOneTime)
	for i := range s.items {
		b = s.items[i].append(b)
		if len(b)+itemSize > cap(b) || i == len(s.items)-1 {
			n, err := s.file.Write(b)
			at += int64(n)
			if err != nil {
				return err
			}
			b = b[:0]
		}
	}
	s.runs, s.items = append(s.runs, at), s.items[:0]
	return nil
}

// close gives up the file.
func (s *sorter) close() {
	if s.file != nil {
		s.file.Close()
	}
	s.items = nil
}

func (x *item) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, x.key)
	b = binary.LittleEndian.AppendUint32(b, x.i)
	b = binary.LittleEndian.AppendUint32(b, x.j)
	last := uint8(x.rung) << 1
	if x.turn {
		last |= 1
	}
	return append(b, last)
}

func (x *item) read(b []byte) {
	le := binary.LittleEndian
	*x = item{key: le.Uint64(b), i: le.Uint32(b[8:]), j: le.Uint32(b[12:]), rung: Rung(b[16] >> 1), turn: b[16]&1 != 0}
}

// all gives the items in order, as often as it is asked for them.
func (s *sorter) all() *cursor {
	slices.SortFunc(s.items, item.compare)
	c := &cursor{}
	at := int64(0)
	for _, end := range s.runs {
		c.heads = append(c.heads, &run{file: s.file, at: at, end: end})
		at = end
	}
	if len(s.items) > 0 || len(s.runs) == 0 {
		c.heads = append(c.heads, &run{items: s.items})
	}
	for _, r := range c.heads {
		if r.step(); r.err != nil {
			c.err = r.err
		}
	}
	c.heads = slices.DeleteFunc(c.heads, func(r *run) bool { return r.done })
	heap.Init(&c.heads)
	return c
}

// each calls f with the items in order.
func (s *sorter) each(f func(item) error) error {
	c := s.all()
	for x, ok := c.next(); ok; x, ok = c.next() {
		if err := f(x); err != nil {
			return err
		}
	}
	return c.err
}

// cursor stands before an item of a sorter.
type cursor struct {
	heads runs
	err   error
}

// peek is the next item, which stays the next.
func (c *cursor) peek() (x item, ok bool) {
	if len(c.heads) == 0 || c.err != nil {
		return x, false
	}
	return c.heads[0].x, true
}

// next is the next item.
func (c *cursor) next() (x item, ok bool) {
	if x, ok = c.peek(); !ok {
		return x, ok
	}
	r := c.heads[0]
	r.step()
	switch {
	case r.err != nil:
		c.err = fmt.Errorf("connections that memory had no room for: %w", r.err)
	case r.done:
		heap.Pop(&c.heads)
	case len(c.heads) > 1:
		heap.Fix(&c.heads, 0)
	}
	return x, true
}

// run is one of a sorter's, in memory or in its file.
type run struct {
	x       item // the first of what is left
	items   []item
	file    File
	at, end int64
	b, left []byte
	done    bool
	err     error
}

// step goes to the next item.
func (r *run) step() {
	if r.file == nil {
		if r.done = len(r.items) == 0; !r.done {
			r.x, r.items = r.items[0], r.items[1:]
		}
		return
	}
	if len(r.left) == 0 {
		const many = atOneTime / 4 / itemSize * itemSize
		n := int(min(many, r.end-r.at))
		if r.done = n == 0; r.done {
			return
		}
		if r.b == nil {
			r.b = make([]byte, many)
		}
		if _, err := r.file.ReadAt(r.b[:n], r.at); err != nil && err != io.EOF {
			r.err = err
			return
		}
		r.left, r.at = r.b[:n], r.at+int64(n)
	}
	r.x.read(r.left)
	r.left = r.left[itemSize:]
}

// runs are a heap of them by their first items.
type runs []*run

func (r runs) Len() int           { return len(r) }
func (r runs) Less(i, j int) bool { return r[i].x.compare(r[j].x) < 0 }
func (r runs) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *runs) Push(x any)        { *r = append(*r, x.(*run)) }
func (r *runs) Pop() any {
	old := *r
	x := old[len(old)-1]
	*r = old[:len(old)-1]
	return x
}
