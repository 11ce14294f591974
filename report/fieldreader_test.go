package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// Every field has a type, and the specimen holds something for it.
func TestFieldTypes(t *testing.T) {
	for _, f := range recordFields() {
		v := f.example()
		if v.kind == absent {
			t.Errorf("%s is absent in the specimen", f.name)
		}
		if strings.HasSuffix(f.name, "_s") != (v.kind == seconds || v.kind == syns) {
			t.Errorf("%s is of kind %d", f.name, v.kind)
		}
	}
}

// What a FieldReader reads is what JSON Lines writes.
func TestFieldReaderAgreesWithJSONLines(t *testing.T) {
	opt := JSONOptions{Files: []string{"a", "b"}, Interfaces: []string{"x", "y"},
		Local: func(*record.Record) record.End { return record.Resp }}
	var names []string
	for _, d := range FieldDocs() {
		names = append(names, d.Name)
	}
	for _, r := range []*record.Record{specimen(false).Record, specimen(true).Record, {}} {
		var out bytes.Buffer
		j := NewJSONL(&out, opt)
		if err := j.Conn(r); err != nil {
			t.Fatal(err)
		}
		j.Flush()
		var object map[string]any
		if err := json.Unmarshal(out.Bytes(), &object); err != nil {
			t.Fatal(err)
		}
		f := NewFieldReader(opt, append(names, "nonsense")...)
		f.Set(r)
		for i, n := range names {
			var want any = object
			for part := range strings.SplitSeq(n, ".") {
				group, _ := want.(map[string]any)
				want = group[part]
			}
			got := f.Value(i)
			switch v := got.(type) {
			case int:
				got = float64(v)
			case []int:
				var list []any
				for _, x := range v {
					list = append(list, float64(x))
				}
				got = list
			case []float64:
				var list []any
				for _, x := range v {
					list = append(list, x)
				}
				got = list
			case []string:
				var list []any
				for _, x := range v {
					list = append(list, x)
				}
				got = list
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, JSON Lines has %v", n, got, want)
			}
		}
		if v := f.Value(len(names)); v != nil {
			t.Errorf("a field that does not exist holds %v", v)
		}
	}
}
