package schema

import (
	"math"
	"strings"

	"tcpwatch/tracker/record"
)

// Reader reads some fields of records. It is not safe for concurrent use.
type Reader struct {
	row    row
	opt    Options
	fields []Field
}

// NewReader returns a Reader of the fields with these names; those that are in no
// row of Fields are always absent.
func NewReader(o Options, names ...string) *Reader {
	f := &Reader{opt: o, fields: named(names)}
	f.row.opt = &f.opt
	for i := range f.fields {
		if f.fields[i].get == nil {
			f.fields[i].get = func(*row) Value { return Value{} }
		}
	}
	return f
}

// named are the fields with these names; one that does not exist has no get.
func named(names []string) []Field {
	byName := make(map[string]Field)
	for _, f := range Fields() {
		byName[f.Name] = f
	}
	fields := make([]Field, len(names))
	for i, n := range names {
		fields[i] = byName[n]
	}
	return fields
}

// Set points the reader at a record, which it borrows until the next Set.
func (f *Reader) Set(r *record.Record) { f.row.set(r) }

// Value is what the field with index i among the names holds, by its Type: a string
// (Text, Time), int (Count), float64 (Seconds), bool (Truth), []int, []float64 or
// []string; nil when it is absent.
func (f *Reader) Value(i int) any {
	switch v := f.fields[i].read(&f.row); v.kind {
	case absent, episodes:
		return nil
	case counted:
		return int(min(uint64(v.n), math.MaxInt))
	case seconds:
		return float64(v.n) / 1e9
	case truth:
		return v.n != 0
	case vlans:
		return []int{int(v.n >> 16), int(v.n & 0xffff)}[:v.m]
	case syns:
		var spans []float64
		for _, ms := range synsAgain(v.r) {
			spans = append(spans, float64(ms)/1e3)
		}
		return spans
	case lacking:
		return strings.Fields(string(v.appendPlain(nil)))
	default:
		return string(v.appendPlain(nil))
	}
}
