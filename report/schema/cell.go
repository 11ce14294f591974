package schema

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// cell is a number of one record, found. What reads all of them has a sheet.
type cell struct {
	place   any
	kind    kind
	notZero bool
}

// cell finds the field's number in a record.
func (f *Field) cell(r *record.Record) cell {
	return cell{place: f.source.at(r), kind: f.Type.kind(), notZero: f.source.notZero}
}

// number is what the cell holds now, and whether it holds any.
func (c *cell) number() (n int64, ok bool) {
	ok = true
	switch x := c.place.(type) {
	case *uint8:
		n = int64(*x)
	case *uint16:
		n = int64(*x)
	case *uint32:
		n = int64(*x)
	case *uint64:
		n = int64(*x)
	case *int64:
		n = *x
	case *int:
		n = int64(*x)
	case *bool:
		n = oneIf(*x)
	case *record.Opt[uint8]:
		n, ok = int64(x.V), x.OK
	case *record.Opt[uint16]:
		n, ok = int64(x.V), x.OK
	case *record.Opt[uint32]:
		n, ok = int64(x.V), x.OK
	case *record.Opt[uint64]:
		n, ok = int64(x.V), x.OK
	case *record.Opt[int64]:
		n, ok = x.V, x.OK
	case *record.Opt[bool]:
		n, ok = oneIf(x.V), x.OK
	default:
		panic(fmt.Sprintf("%T is no number", x))
	}
	return n, ok && (n != 0 || !c.notZero)
}

// oneIf is 1 for true.
func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// set puts a number that was read into the record; false for one that is too great for it.
func (c *cell) set(n int64) bool {
	switch x := c.place.(type) {
	case *uint8:
		*x = uint8(n)
	case *uint16:
		*x = uint16(n)
	case *uint32:
		*x = uint32(n)
	case *uint64:
		*x = uint64(n)
	case *int64:
		*x = n
	case *int:
		*x = int(n)
	case *bool:
		*x = n != 0
	case *record.Opt[uint8]:
		*x = record.Some(uint8(n))
	case *record.Opt[uint16]:
		*x = record.Some(uint16(n))
	case *record.Opt[uint32]:
		*x = record.Some(uint32(n))
	case *record.Opt[uint64]:
		*x = record.Some(uint64(n))
	case *record.Opt[int64]:
		*x = record.Some(n)
	case *record.Opt[bool]:
		*x = record.Some(n != 0)
	}
	held, ok := c.number()
	return held == n && (ok || n == 0)
}
