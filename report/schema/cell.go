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
	width   width
	kind    kind
	notZero bool
}

// width is the type of a number.
type width uint8

const (
	bits8 width = iota
	bits16
	bits32
	bits64
	signed64
	yesNo
	opt8
	opt16
	opt32
	opt64
	optSigned64
	optYesNo
)

// cell finds the field's number in a record.
func (f *Field) cell(r *record.Record) cell {
	place := f.source.at(r)
	return cell{place: place, width: widthOf(f.Name, place), kind: f.Type.kind(), notZero: f.source.notZero}
}

// widthOf is the type of the number at a place.
func widthOf(field string, place any) width {
	switch place.(type) {
	case *uint8:
		return bits8
	case *uint16:
		return bits16
	case *uint32:
		return bits32
	case *uint64:
		return bits64
	case *int64:
		return signed64
	case *bool:
		return yesNo
	case *record.Opt[uint8]:
		return opt8
	case *record.Opt[uint16]:
		return opt16
	case *record.Opt[uint32]:
		return opt32
	case *record.Opt[uint64]:
		return opt64
	case *record.Opt[int64]:
		return optSigned64
	case *record.Opt[bool]:
		return optYesNo
	}
	panic(fmt.Sprintf("%s is at a %T, which is no number", field, place))
}

// number is what the cell holds now, and whether it holds any.
func (c *cell) number() (n int64, ok bool) {
	ok = true
	switch c.width {
	case bits8:
		n = int64(*c.place.(*uint8))
	case bits16:
		n = int64(*c.place.(*uint16))
	case bits32:
		n = int64(*c.place.(*uint32))
	case bits64:
		n = int64(*c.place.(*uint64))
	case signed64:
		n = *c.place.(*int64)
	case yesNo:
		n = oneIf(*c.place.(*bool))
	case opt8:
		o := c.place.(*record.Opt[uint8])
		n, ok = int64(o.V), o.OK
	case opt16:
		o := c.place.(*record.Opt[uint16])
		n, ok = int64(o.V), o.OK
	case opt32:
		o := c.place.(*record.Opt[uint32])
		n, ok = int64(o.V), o.OK
	case opt64:
		o := c.place.(*record.Opt[uint64])
		n, ok = int64(o.V), o.OK
	case optSigned64:
		o := c.place.(*record.Opt[int64])
		n, ok = o.V, o.OK
	case optYesNo:
		o := c.place.(*record.Opt[bool])
		n, ok = oneIf(o.V), o.OK
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
