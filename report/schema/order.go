package schema

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"tcpwatch/tracker/record"
)

// NewOrder returns the order of records by the value of a field, the least first or, when down,
// the greatest; a record in which it is absent comes last both ways. The function is not safe
// for concurrent use.
func NewOrder(o Options, f Field, down bool) func(a, b *record.Record) int {
	sides := [2]*row{{opt: &o}, {opt: &o}}
	return func(a, b *record.Record) int {
		sides[0].set(a)
		sides[1].set(b)
		x, y := f.read(sides[0]), f.read(sides[1])
		switch {
		case x.kind == absent || y.kind == absent:
			return cmp.Compare(truthOf(x.kind == absent).n, truthOf(y.kind == absent).n)
		case down:
			return compare(&y, &x)
		}
		return compare(&x, &y)
	}
}

// compare orders two values of one field.
func compare(a, b *Value) int {
	switch a.kind {
	case text:
		return strings.Compare(a.s, b.s)
	case counted:
		return cmp.Compare(uint64(a.n), uint64(b.n))
	case seconds, moment, truth, vlans:
		return cmp.Compare(a.n, b.n)
	case address: // all of IPv4 before those of IPv6
		return a.a.Netip().Compare(b.a.Netip())
	case syns:
		return slices.Compare(synsAgain(a.r), synsAgain(b.r))
	}
	return bytes.Compare(a.appendPlain(nil), b.appendPlain(nil))
}
