package schema

import (
	"fmt"

	"tcpwatch/tracker/record"
)

// source is where a field comes from: a number that the record holds as it is told,
// or a value that is made.
type source struct {
	at      func(r *record.Record) any // a pointer to the number: see cell
	notZero bool                       // 0 means that there is none
	made    func(w *row) Value
}

// at is a number of the record: a pointer to it.
func at(place func(r *record.Record) any) source { return source{at: place} }

// made is any other value.
func made(value func(w *row) Value) source { return source{made: value} }

// ifAny is a number that is absent when it is 0, or false.
func (s source) ifAny() source {
	s.notZero = true
	return s
}

// cell is a number of one record, found: it is read again and again as the record
// changes, without a call for each field. A third of the time that a line of JSON
// took went into such calls (pprof of BenchmarkJSON, 300 fields).
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
