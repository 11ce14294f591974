package record

import (
	"reflect"
	"slices"
	"testing"
)

// Without the times of all packets a span is not known; a time that a packet has is.
func TestForgetSpans(t *testing.T) {
	times := []string{".Close.FINAcked", ".Close.FINTime", ".Close.ResetDetail.ResetTime", ".Open.OpenDetail.ThirdACK"}
	var r Record
	known := reflect.ValueOf(Some(int64(1)))
	each := func(do func(path string, v reflect.Value)) {
		var walk func(path string, v reflect.Value)
		walk = func(path string, v reflect.Value) {
			switch {
			case v.Type() == known.Type():
				do(path, v)
			case v.Kind() == reflect.Struct:
				for i := range v.NumField() {
					walk(path+"."+v.Type().Field(i).Name, v.Field(i))
				}
			case v.Kind() == reflect.Array:
				for i := range v.Len() {
					walk(path, v.Index(i))
				}
			}
		}
		walk("", reflect.ValueOf(&r).Elem())
	}
	each(func(_ string, v reflect.Value) { v.Set(known) })
	r.Ends[Resp].LastSent = 1 // of a segment that may not be the last: others have no time
	r.ForgetSpans()
	if r.Ends[Resp].LastSent != 0 {
		t.Error("until when an end sent something is kept")
	}
	each(func(path string, v reflect.Value) {
		if v.Field(1).Bool() && !slices.Contains(times, path) {
			t.Errorf("%s is kept: forget it, or list it here when it is the time of a packet", path)
		}
	})
}
