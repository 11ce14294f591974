// Package mergetest checks by reflection that a merge forgets no field: it fills
// every one, changes one at a time, and looks whether the sum changes.
// [CheckFold] does so for a fold, and looks whether what is written down holds every field too.
package mergetest

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"tcpwatch/internal/fold"
)

// Options say what is not to be filled in and compared.
type Options struct {
	// Skip are fields, as "type.field", that no merge is to depend on: limits and
	// what is kept only to be faster. A generic type is named without its parameters.
	Skip []string
	// Fill fills values whose fields must fit each other, by type name; leaf gives
	// the next number.
	Fill map[string]func(at any, leaf func() uint64)
}

// ofFolds are the fields of the folds of package fold that no merge takes in: limits,
// and what is kept to be faster.
var ofFolds = []string{
	"Bounded.limit", "Bounded.cut", "Bounded.full", "Bounded.last", "Bounded.lastKey",
	"Worst.last", "Worst.asked", "Worst.told",
	"Histogram.unused", "Series.came", "Series.out", "Ranking.limit",
}

// CheckFold is Check of a fold. Each field must also come back when it is written
// down and read.
func CheckFold[T any, P fold.Folded[T]](t testing.TB, fresh func() *T, o Options) {
	t.Helper()
	o.Skip = append(slices.Clone(o.Skip), ofFolds...)
	o.Fill = maps.Clone(o.Fill)
	if o.Fill == nil {
		o.Fill = map[string]func(at any, leaf func() uint64){}
	}
	o.Fill["Series"] = func(at any, leaf func() uint64) {
		s := at.(*fold.Series)
		s.Limit = 2 + int(leaf())
		s.Add(int64(leaf())*1e9, 1e12)
	}
	Check(t, fresh, func(into, from *T) { fold.Merge(P(into), P(from)) }, o)
	for _, l := range []level{low, middle, high} {
		v, back := fresh(), fresh()
		f := filler{o: o, level: l, change: -1}
		f.fill(reflect.ValueOf(v).Elem(), "")
		if err := fold.Read(P(back), 1, fold.Append(nil, 1, P(v))); err != nil {
			t.Errorf("%T: %v", v, err)
		}
		if a, b := dump(reflect.ValueOf(v).Elem(), o), dump(reflect.ValueOf(back).Elem(), o); a != b {
			t.Errorf("%T: what was written comes back as\n%s\nnot\n%s", v, b, a)
		}
	}
}

// level is what numbers a value is filled with.
type level struct{ number, changed uint64 }

var (
	low    = level{1, 0}
	middle = level{50, 70}
	down   = level{50, 30}
	high   = level{200, 0}
)

// Check merges a T into an empty one, and into others that hold less or more,
// and changes each of its fields in turn: each must show in both. It also checks
// that the order of two does not matter.
func Check[T any](t testing.TB, fresh func() *T, merge func(into, from *T), o Options) {
	t.Helper()
	name := reflect.TypeFor[T]().String()
	build := func(l level, change int) (*T, []string) {
		v := fresh()
		f := filler{o: o, level: l, change: change}
		f.fill(reflect.ValueOf(v).Elem(), "")
		return v, f.leaves
	}
	sum := func(into, from *T) string {
		merge(into, from)
		return dump(reflect.ValueOf(into).Elem(), o)
	}
	filled := func(l level) *T { v, _ := build(l, -1); return v }
	_, leaves := build(middle, -1)
	if len(leaves) == 0 {
		t.Fatalf("%s: nothing to fill in", name)
	}
	into := []func() *T{fresh, func() *T { return filled(low) }, func() *T { return filled(high) }}
	var whole [3]string
	for i := range into {
		whole[i] = sum(into[i](), filled(middle))
	}
	for i, leaf := range leaves {
		shows := func(into func() *T, whole string) bool {
			up, _ := build(middle, i)
			less, _ := build(down, i)
			return sum(into(), up) != whole || sum(into(), less) != whole
		}
		if !shows(into[0], whole[0]) {
			t.Errorf("%s%s is forgotten by a merge into an empty one", name, leaf)
		} else if !shows(into[1], whole[1]) && !shows(into[2], whole[2]) {
			t.Errorf("%s%s is forgotten by a merge into one that holds something", name, leaf)
		}
	}
	for _, pair := range [][2]level{{low, middle}, {middle, high}, {low, high}} {
		if a, b := sum(filled(pair[0]), filled(pair[1])), sum(filled(pair[1]), filled(pair[0])); a != b {
			t.Errorf("%s: the order of two matters:\n%s\n%s", name, a, b)
		}
	}
}

// filler fills a value in.
type filler struct {
	o      Options
	level  level
	change int // the leaf that gets the other number
	leaves []string
}

// leaf is the next number.
func (f *filler) leaf(path string) uint64 {
	n := f.level.number
	if len(f.leaves) == f.change {
		n = f.level.changed
	}
	f.leaves = append(f.leaves, path)
	return n
}

func (f *filler) fill(v reflect.Value, path string) {
	v = open(v)
	if special := f.o.Fill[typeName(v.Type())]; special != nil {
		special(v.Addr().Interface(), func() uint64 { return f.leaf(path) })
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(f.leaf(path) <= middle.number)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.leaf(path)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.leaf(path))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.leaf(path)))
	case reflect.String:
		v.SetString(fmt.Sprint(f.leaf(path)))
	case reflect.Array:
		n := v.Len()
		if strings.HasSuffix(path, ".parts") && typeName(v.Type().Elem()) == "Bounded" {
			n = 1 // of a Worst: its parts are alike, and many
		}
		for i := range n {
			f.fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Interface { // a list of parts that was made with them
			for i := range v.Len() {
				f.fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), path+"[0]")
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		f.fill(v.Elem(), path)
	case reflect.Map:
		f.fillMap(v, path)
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		inside := addressable(v.Elem())
		f.fill(inside, path)
		v.Set(inside)
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			switch {
			case slices.Contains(f.o.Skip, typeName(v.Type())+"."+name):
			case name == "Some": // it tells that the other fields hold something
				open(v.Field(i)).SetBool(true)
			default:
				f.fill(v.Field(i), path+"."+name)
			}
		}
		if typeName(v.Type()) == "Bounded" { // only of a full one is there something that its limit left out
			open(v.FieldByName("full")).SetBool(true)
			open(v.FieldByName("cut")).SetUint(math.MaxUint64)
		}
	}
}

// fillMap gives a map one entry, with the same key always.
func (f *filler) fillMap(v reflect.Value, path string) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	same := filler{level: level{number: 1}, change: -1}
	same.fill(key, "")
	f.fill(value, path+"[key]")
	v.SetMapIndex(key, value)
}

// dump tells all that a value holds; entries of maps and of heaps in order.
func dump(v reflect.Value, o Options) string {
	v = open(v)
	var parts []string
	switch v.Kind() {
	case reflect.Func:
		return ""
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		if v.Kind() == reflect.Interface {
			return dump(addressable(v.Elem()), o)
		}
		return dump(v.Elem(), o)
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, dump(v.Index(i), o))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			parts = append(parts, fmt.Sprintf("%v:%s", addressable(i.Key()), dump(addressable(i.Value()), o)))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, " ") + "}"
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			switch {
			case slices.Contains(o.Skip, typeName(v.Type())+"."+name):
			case name == "heap":
				for k := range v.Field(i).Len() {
					parts = append(parts, dump(v.Field(i).Index(k), o))
				}
				slices.Sort(parts[len(parts)-v.Field(i).Len():])
			default:
				parts = append(parts, name+"="+dump(v.Field(i), o))
			}
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	return fmt.Sprint(v.Interface())
}

// open makes a value of an unexported field one that can be read and set.
func open(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	return v
}

// addressable is a copy that has an address.
func addressable(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// typeName is the name of a type in its package, without type parameters.
func typeName(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}
