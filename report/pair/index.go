package pair

import (
	"fmt"
	"sort"
)

// index finds items by their key. Those whose key no other has are left out.
type index struct {
	room   *room
	items  []item
	firsts []uint64 // the key of each first of stride in the file
	filed  int      // how many are in the file
	file   File     // nil while memory has room
}

// stride is how many items of an index in a file are read together.
const stride = 256

// take takes what a sorter holds.
func (x *index) take(s *sorter) (err error) {
	c := s.all()
	var last item
	for at, n := 0, 0; ; at++ {
		i, ok := c.next()
		if !ok {
			break
		}
		if at == 0 || i.key != last.key {
			n = 0
		}
		if n++; n == 2 {
			err = x.add(last)
		}
		if n > 1 && err == nil {
			err = x.add(i)
		}
		if last = i; err != nil {
			break
		}
	}
	if err == nil && x.file != nil {
		err = x.write()
	}
	if err == nil {
		err = c.err
	}
	return filing(err)
}

// filing says what a fault of a file means.
func filing(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("connections that memory has no room for: %w", err)
}

// add takes the next item.
func (x *index) add(i item) (err error) {
	x.items = append(x.items, i)
	switch {
	case x.file != nil && len(x.items) < stride:
		return nil
	case x.file == nil && (x.room.most == 0 || len(x.items) < max(x.room.most, fewItems)):
		return nil
	case x.file == nil:
		if x.file, err = x.room.file(); err != nil {
			return err
		}
	}
	return x.write()
}

// write writes what is in memory to the file.
func (x *index) write() error {
	var b []byte
	for k := range x.items {
		if (x.filed+k)%stride == 0 {
			x.firsts = append(x.firsts, x.items[k].key)
		}
		b = x.items[k].append(b)
	}
	x.filed += len(x.items)
	x.items = x.items[:0]
	_, err := x.file.Write(b)
	return err
}

// of are the items of a key.
func (x *index) of(key uint64) (all []item, err error) {
	if x.file == nil {
		for i := sort.Search(len(x.items), func(i int) bool { return x.items[i].key >= key }); i < len(x.items) && x.items[i].key == key; i++ {
			all = append(all, x.items[i])
		}
		return all, nil
	}
	// The first of a key may stand before the first stride that begins with it.
	for k := max(sort.Search(len(x.firsts), func(k int) bool { return x.firsts[k] >= key })-1, 0); k < len(x.firsts) && x.firsts[k] <= key; k++ {
		var b [stride * itemSize]byte
		n := min(stride, x.filed-k*stride)
		if _, err := x.file.ReadAt(b[:n*itemSize], int64(k)*stride*itemSize); err != nil {
			return nil, filing(err)
		}
		for i := range n {
			var y item
			if y.read(b[i*itemSize:]); y.key == key {
				all = append(all, y)
			}
		}
	}
	return all, nil
}

// close gives up the file.
func (x *index) close() {
	if x != nil && x.file != nil {
		x.file.Close()
	}
}
