package record

import (
	"reflect"
	"testing"
)

// What is borrowed from the tracker is copied: a slice that Own forgets fails here.
// Names are made anew for each record.
func TestOwn(t *testing.T) {
	var r Record
	borrowed := 0
	var each func(v reflect.Value, do func(path string, v reflect.Value), path string)
	each = func(v reflect.Value, do func(path string, v reflect.Value), path string) {
		switch v.Kind() {
		case reflect.Slice:
			do(path, v)
		case reflect.Struct:
			for i := range v.NumField() {
				each(v.Field(i), do, path+"."+v.Type().Field(i).Name)
			}
		case reflect.Array:
			for i := range v.Len() {
				each(v.Index(i), do, path)
			}
		}
	}
	lent := map[uintptr]bool{}
	each(reflect.ValueOf(&r).Elem(), func(_ string, v reflect.Value) {
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		lent[v.Pointer()] = true
		borrowed++
	}, "")
	r.Own()
	each(reflect.ValueOf(&r).Elem(), func(path string, v reflect.Value) {
		if v.Len() != 3 || lent[v.Pointer()] {
			t.Errorf("%s is still the tracker's", path)
		}
	}, "")
	if borrowed < 3 {
		t.Errorf("only %d slices in a record", borrowed)
	}
}
