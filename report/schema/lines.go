package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"tcpwatch/internal/say"
)

// lineReader hands fields of the lines that JSON writes to columns, as a ColumnReader
// does those of records. What else is in the lines is left out. It is not safe for
// concurrent use.
type lineReader struct {
	columns []Column
	line    reflect.Value   // a struct with the groups and fields that are read
	zero    reflect.Value   // the same, with nothing in it
	fields  []reflect.Value // in line, of each column: pointers, nil for what is absent
}

// newLineReader returns a LineReader of these fields; those that are in no row of
// Fields are always absent.
func newLineReader(columns []Column) *lineReader {
	fields := named(namesOf(columns))
	line := reflect.New(structOf(fields, "")).Elem()
	l := &lineReader{columns: columns, line: line, zero: reflect.Zero(line.Type())}
	for _, f := range fields {
		if f.Name == "" {
			l.fields = append(l.fields, reflect.Zero(reflect.TypeFor[*string]()))
			continue
		}
		at := line
		for part := range strings.SplitSeq(f.Name, ".") {
			at = at.FieldByName(goName(part))
		}
		l.fields = append(l.fields, at)
	}
	return l
}

// structOf is the type of a struct, as encoding/json fills it in, for the fields whose
// names begin with group.
func structOf(fields []Field, group string) reflect.Type {
	var parts []reflect.StructField
	seen := map[string]bool{}
	for _, f := range fields {
		rest, ok := strings.CutPrefix(f.Name, group)
		part, _, deeper := strings.Cut(rest, ".")
		if !ok || seen[part] || f.Name == "" {
			continue
		}
		seen[part] = true
		typ := reflect.PointerTo(f.Type.goType())
		if deeper {
			typ = structOf(fields, group+part+".")
		}
		parts = append(parts, reflect.StructField{Name: goName(part), Type: typ, Tag: reflect.StructTag(fmt.Sprintf("json:%q", part))})
	}
	return reflect.StructOf(parts)
}

// goName is a part of a field's name as the name of a field of a struct.
func goName(part string) string { return "F_" + strings.ReplaceAll(part, "-", "_") }

// goType is what holds a value of that type.
func (t Type) goType() reflect.Type {
	switch t {
	case Time:
		return reflect.TypeFor[time.Time]()
	case Count:
		return reflect.TypeFor[uint64]()
	case Seconds:
		return reflect.TypeFor[float64]()
	case Truth:
		return reflect.TypeFor[bool]()
	}
	return reflect.TypeFor[string]()
}

// Read reads the object on a line, and hands each column its value. Its errors are
// one line.
func (l *lineReader) Read(line []byte) error {
	l.line.Set(l.zero)
	if err := decode(line, l.line.Addr().Interface()); err != nil {
		return err
	}
	for i, c := range l.columns {
		c.Take(l.value(i))
	}
	return nil
}

// value is what the line holds for the column with index i.
func (l *lineReader) value(i int) Value {
	if l.fields[i].IsNil() {
		return Value{}
	}
	switch v := l.fields[i].Elem().Interface().(type) {
	case time.Time:
		return momentOf(v.UnixNano())
	case uint64:
		return countOf(v)
	case float64:
		return secondsOf(nanoseconds(v))
	case bool:
		return truthOf(v)
	case string:
		return textOf(v)
	}
	return Value{}
}

// nanoseconds bounds what a line may say: a century is longer than any connection.
func nanoseconds(s float64) int64 {
	const century = 3.2e18
	return int64(math.Round(max(-century, min(s*1e9, century))))
}

// decode is json.Unmarshal with errors for people, of one line.
func decode(line []byte, to any) error {
	err := json.Unmarshal(line, to)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s cannot be %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s, not an object", wrong.Value)
	}
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %s", say.Escape(err.Error()))
	}
	return errors.New(say.Escape(err.Error()))
}
