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
		if f.fields[i].Name == "" {
			f.fields[i].source = made(func(*row) Value { return Value{} })
		}
	}
	return f
}

// Column is a field that is wanted of each connection, by its name, and what takes
// its value. It is of one value: no list.
type Column struct {
	Name string
	Take func(v Value)
}

// ColumnReader hands fields of records to columns. It is not safe for concurrent use.
type ColumnReader struct {
	reader  *Reader
	columns []Column
}

// NewColumnReader returns a ColumnReader of these columns; those that are in no row of
// Fields are always absent.
func NewColumnReader(o Options, columns []Column) *ColumnReader {
	return &ColumnReader{NewReader(o, namesOf(columns)...), columns}
}

// Read hands each column its value.
func (c *ColumnReader) Read(r *record.Record) {
	c.reader.Set(r)
	for i := range c.columns {
		c.columns[i].Take(c.reader.fields[i].read(&c.reader.row))
	}
}

func namesOf(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// named are the fields with these names; one that does not exist has no name.
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
