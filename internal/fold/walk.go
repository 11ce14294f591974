package fold

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
)

// Value is a fold: Fields calls a function of this package, or Fields of a part, for each
// of its fields, always the same ones in the same order.
type Value interface {
	Fields(w *Walk)
}

// Walk goes over the fields of a value and merges, writes or reads them.
type Walk struct {
	doing doing
	// What is merged, in the order of Fields: numbers, and pointers to what is more than
	// a number; and how many of both the fields of the other have taken in.
	numbers             []uint64
	pointers            []any
	nextNumber, nextPtr int
	b                   []byte // what was written, or is still to be read
	err                 error  // of reading, the first
	as                  Reading
}

// Reading says how values are read.
type Reading struct {
	// Packets and Files are how many came before what is read: numbers of packets and of files go on from
	// there, but 0, which is none of a packet. Those are the fields of plain values with a tag
	// fold:"packet" or fold:"file", and what Packets walks over.
	Packets uint64
	Files   int
	// Each is called with a pointer to each plain value that was read, to number on what has no tags,
	// and to refuse what cannot be.
	Each func(v any) error
	// Kinds are how many values numbers of these types have: names, by which lists are looked up.
	Kinds map[reflect.Type]uint64
}

// newWalk returns a Walk for merging, with room for what most folds have.
func newWalk() *Walk {
	x := &struct {
		Walk
		numbers  [64]uint64
		pointers [24]any
	}{}
	x.Walk.numbers, x.Walk.pointers = x.numbers[:0], x.pointers[:0]
	return &x.Walk
}

type doing uint8

const (
	listing doing = iota
	merging
	writing
	reading
)

// Merge adds all that from holds; from is left as it was. Both must be of one type,
// made in the same way.
func Merge[V Value](into, from V) {
	newWalk().merge(into, from)
}

// Merger merges as Merge does, many values one after the other, in memory of its own. The zero value is usable.
type Merger struct{ w *Walk }

// Merge is the function Merge.
func (m *Merger) Merge(into, from Value) {
	if m.w == nil {
		m.w = newWalk()
	}
	m.w.merge(into, from)
}

// merge is Merge, also in the midst of another one.
func (w *Walk) merge(into, from Value) {
	doing, nextNumber, nextPtr, n, p := w.doing, w.nextNumber, w.nextPtr, len(w.numbers), len(w.pointers)
	w.doing = listing
	from.Fields(w)
	w.doing, w.nextNumber, w.nextPtr = merging, n, p
	into.Fields(w)
	clear(w.pointers[p:])
	w.doing, w.nextNumber, w.nextPtr, w.numbers, w.pointers = doing, nextNumber, nextPtr, w.numbers[:n], w.pointers[:p]
}

// Append writes a value after b: a version, then the fields.
func Append(b []byte, version byte, v Value) []byte {
	w := Walk{doing: writing, b: append(b, version)}
	v.Fields(&w)
	return w.b
}

// Read fills an empty value, made as the one that Append wrote. The value is of no
// use after an error.
func Read(v Value, version byte, b []byte) error { return ReadAs(v, version, b, Reading{}) }

// ReadAs is Read, as a Reading says.
func ReadAs(v Value, version byte, b []byte, as Reading) error {
	switch {
	case len(b) == 0:
		return errShort
	case b[0] != version:
		return fmt.Errorf("version %d; this program reads %d", b[0], version)
	}
	w := Walk{doing: reading, b: b[1:], as: as}
	v.Fields(&w)
	if w.err == nil && len(w.b) > 0 {
		w.err = fmt.Errorf("%d bytes too many", len(w.b))
	}
	return w.err
}

var (
	errShort = errors.New("it ends too early")
	errRange = errors.New("a number out of range")
)

// other is what a field that merges takes in; nil when there is nothing to merge.
func other[T any](w *Walk, field *T) *T {
	switch w.doing {
	case listing:
		w.pointers = append(w.pointers, field)
	case merging:
		w.nextPtr++
		return w.pointers[w.nextPtr-1].(*T)
	}
	return nil
}

// number is the next number that is merged.
func (w *Walk) number() uint64 {
	w.nextNumber++
	return w.numbers[w.nextNumber-1]
}

// codes tells that fields are written or read.
func (w *Walk) codes() bool { return w.doing >= writing }

// fail keeps the first error of reading.
func (w *Walk) fail(err error) {
	if w.err == nil {
		w.err, w.b = err, nil
	}
}

// uint writes or reads a number.
func (w *Walk) uint(x uint64) uint64 {
	if w.doing == writing {
		w.b = binary.AppendUvarint(w.b, x)
		return x
	}
	x, n := binary.Uvarint(w.b)
	return advance(w, x, n)
}

// int writes or reads a number that may be less than 0.
func (w *Walk) int(x int64) int64 {
	if w.doing == writing {
		w.b = binary.AppendVarint(w.b, x)
		return x
	}
	x, n := binary.Varint(w.b)
	return advance(w, x, n)
}

// advance takes n bytes, which hold x, from what is to be read; n is 0 or less when they do not.
func advance[T any](w *Walk, x T, n int) T {
	var zero T
	switch {
	case n == 0:
		w.fail(errShort)
		return zero
	case n < 0:
		w.fail(errRange)
		return zero
	}
	w.b = w.b[n:]
	return x
}

// bool writes or reads a truth.
func (w *Walk) bool(x bool) bool {
	var n uint64
	if x {
		n = 1
	}
	if n = w.uint(n); n > 1 {
		w.fail(errRange)
	}
	return n == 1
}

// length writes or reads how many elements follow. Each takes a byte at least, so
// that what is read cannot ask for more memory than it has bytes.
func (w *Walk) length(n int) int {
	x := w.uint(uint64(n))
	if w.doing == reading && x > uint64(len(w.b)) {
		w.fail(errShort)
		return 0
	}
	return int(x)
}
