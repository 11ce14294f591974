package fold

import (
	"fmt"
	"math"
	"reflect"
)

// text writes or reads a string.
func (w *Walk) text(s string) string {
	n := w.length(len(s))
	if w.doing == writing {
		w.b = append(w.b, s...)
		return s
	}
	s = string(w.b[:n])
	w.b = w.b[n:]
	return s
}

// Plain writes or reads a value that merges as a whole, by the field that it is part of:
// a number, a text, a truth, or an array, slice, pointer or struct of those, whose fields
// must all be exported. A nil slice and an empty one are the same.
func Plain[T any](w *Walk, x *T) {
	if !w.codes() {
		return
	}
	w.plain(reflect.ValueOf(x).Elem())
	if w.doing == reading && w.as.Each != nil && w.err == nil {
		if err := w.as.Each(x); err != nil {
			w.fail(err)
		}
	}
}

func (w *Walk) plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(w.bool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x := w.int(v.Int())
		if v.OverflowInt(x) {
			w.fail(errRange)
		}
		v.SetInt(x)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x := w.uint(v.Uint())
		if v.OverflowUint(x) {
			w.fail(errRange)
		}
		if most, ok := w.as.Kinds[v.Type()]; ok && x >= most {
			w.fail(errRange)
			x = 0
		}
		v.SetUint(x)
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(w.uint(math.Float64bits(v.Float()))))
	case reflect.String:
		v.SetString(w.text(v.String()))
	case reflect.Array:
		w.elements(v)
	case reflect.Slice:
		n := w.length(v.Len())
		if w.doing == reading {
			v.SetZero()
			for range n {
				e := reflect.New(v.Type().Elem()).Elem()
				w.plain(e)
				v.Set(reflect.Append(v, e))
			}
			return
		}
		w.elements(v)
	case reflect.Pointer:
		some := w.bool(!v.IsNil())
		if w.doing == reading {
			v.SetZero()
			if some {
				v.Set(reflect.New(v.Type().Elem()))
			}
		}
		if some {
			w.plain(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			w.plain(v.Field(i))
			if w.doing == reading && w.as.Packets|uint64(w.as.Files) != 0 {
				w.numberOn(v.Field(i), v.Type().Field(i).Tag.Get("fold"))
			}
		}
	default:
		panic(fmt.Sprintf("fold: a %s cannot be written down", v.Type()))
	}
}

// numberOn numbers a field on that has a tag.
func (w *Walk) numberOn(v reflect.Value, tag string) {
	switch {
	case tag == "packet" && v.Uint() != 0:
		v.SetUint(v.Uint() + w.as.Packets)
	case tag == "file":
		v.SetUint(v.Uint() + uint64(w.as.Files))
	}
}

func (w *Walk) elements(v reflect.Value) {
	for i := range v.Len() {
		w.plain(v.Index(i))
	}
}

// List is a short list of plain values that takes in one at a time and keeps those that
// it is to keep, whatever the order in which they come.
type List[T any] interface {
	Items() []T
	Take(v T)
}

// Items walks over a list: a pointer to it.
func Items[T any, L interface {
	*E
	List[T]
}, E any](w *Walk, list L) {
	if o := other(w, (*E)(list)); o != nil {
		for _, v := range L(o).Items() {
			list.Take(v)
		}
		return
	}
	switch w.doing {
	case writing:
		items := list.Items()
		w.length(len(items))
		for i := range items {
			Plain(w, &items[i])
		}
	case reading:
		for range w.length(0) {
			var v T
			Plain(w, &v)
			if w.err == nil {
				list.Take(v)
			}
		}
	}
}

// Packets is Items of numbers of packets.
func Packets[L interface {
	*E
	List[uint64]
}, E any](w *Walk, list L) {
	if w.doing != reading {
		Items(w, list)
		return
	}
	for range w.length(0) {
		if n := w.uint(0); w.err == nil {
			if n != 0 {
				n += w.as.Packets
			}
			list.Take(n)
		}
	}
}

// First is the value that comes before all others that were taken in; the zero value
// holds none. Values of which neither comes before the other must be alike.
type First[T interface{ Before(T) bool }] struct {
	V    T
	Some bool
}

// Take takes in a value: a plain one.
func (f *First[T]) Take(v T) {
	if !f.Some || v.Before(f.V) {
		f.V, f.Some = v, true
	}
}

// Fields walks over the value.
func (f *First[T]) Fields(w *Walk) {
	if o := other(w, f); o != nil {
		if o.Some {
			f.Take(o.V)
		}
		return
	}
	if w.codes() {
		f.Some = w.bool(f.Some)
		Plain(w, &f.V)
	}
}
