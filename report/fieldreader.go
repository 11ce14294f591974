package report

import (
	"math"
	"reflect"
	"strings"

	"tcpwatch/tracker/record"
)

// FieldType is the type of what a field of the record holds, as programs see it.
type FieldType uint8

const (
	FieldText    FieldType = iota // a string; addresses and times too, as JSON Lines writes them
	FieldCount                    // a whole number
	FieldSeconds                  // seconds, with their fraction
	FieldTruth                    // true or false
	FieldCounts                   // a list of whole numbers
	FieldSpans                    // a list of seconds
	FieldTexts                    // a list of strings
)

// FieldDoc describes one field of the record: a row of docs/record.md.
type FieldDoc struct {
	Name string // with dots, as in CSV: open.felt_s
	Doc  string
	Type FieldType
}

// FieldDocs lists the fields of the record, in the order of output, but for
// those that only JSON Lines can hold.
func FieldDocs() []FieldDoc {
	var all []FieldDoc
	for _, f := range recordFields() {
		if v := f.example(); v.kind != episodes {
			all = append(all, FieldDoc{f.name, f.doc, v.fieldType()})
		}
	}
	return all
}

// FieldReader reads some fields of records. It is not safe for concurrent use.
type FieldReader struct {
	row    row
	opt    JSONOptions
	fields []field
}

// NewFieldReader returns a FieldReader of the fields with these names; those
// that are not in FieldDocs are always absent.
func NewFieldReader(o JSONOptions, names ...string) *FieldReader {
	f := &FieldReader{opt: o}
	f.row.opt = &f.opt
	byName := make(map[string]field)
	for _, x := range recordFields() {
		byName[x.name] = x
	}
	for _, n := range names {
		x, ok := byName[n]
		if !ok {
			x.get = func(*row) value { return value{} }
		}
		f.fields = append(f.fields, x)
	}
	return f
}

// Set points the reader at a record, which it borrows until the next Set.
func (f *FieldReader) Set(r *record.Record) { f.row.set(r) }

// Value is what the field with index i among the names holds: a string, int,
// float64, bool, []int, []float64 or []string, as its FieldType says; nil when
// it is absent.
func (f *FieldReader) Value(i int) any {
	switch v := f.fields[i].read(&f.row); v.kind {
	case absent:
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

// fieldType is the type of a value that is there.
func (v value) fieldType() FieldType {
	switch v.kind {
	case counted:
		return FieldCount
	case seconds:
		return FieldSeconds
	case truth:
		return FieldTruth
	case vlans:
		return FieldCounts
	case syns:
		return FieldSpans
	case lacking:
		return FieldTexts
	}
	return FieldText
}

// example is what the field holds for a record that has everything, so that it
// tells its type. No one record has: what a capture makes unknown hides others.
func (f *field) example() value {
	for _, clean := range []bool{false, true} {
		if v := f.get(specimen(clean)); v.kind != absent {
			return v
		}
	}
	return value{}
}

// specimen is a record that has everything, of a capture with every flaw or of
// a clean one.
func specimen(clean bool) *row {
	r := new(record.Record)
	fillAll(reflect.ValueOf(r).Elem())
	if clean {
		r.Capture = record.CaptureRecord{}
		for e := range r.Ends {
			r.Ends[e].MissingBytes, r.Ends[e].SpanUnknown = 0, false
		}
	}
	w := &row{opt: &JSONOptions{Files: []string{"a", "b"}, Interfaces: []string{"a", "b"},
		Local: func(*record.Record) record.End { return record.Orig }}}
	w.Record = r
	return w
}

// fillAll sets all that v holds to 1, true or "x".
func fillAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillAll(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fillAll(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillAll(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	}
}
