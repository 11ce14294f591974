package schema

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// slowJSON is the line that JSON writes, made field by field.
func slowJSON(fields []Field, o Options, r *record.Record) string {
	w := &row{opt: &o}
	w.set(r)
	b := []byte{'{'}
	var open []string
	put := func(f *Field, v []byte) {
		m := move(open, f.groups())
		if m == "" || m[len(m)-1] == '}' {
			m += ","
		}
		if b[len(b)-1] == '{' {
			m = strings.TrimPrefix(m, ",")
		}
		open = f.groups()
		b = append(append(append(b, m...), `"`+f.leaf()+`":`...), v...)
	}
	for i := range fields {
		if v := fields[i].read(w); v.kind != absent {
			put(&fields[i], v.appendJSON(nil))
		}
	}
	b = append(b, move(open, nil)...)
	line := b
	b, open = []byte{'{'}, nil
	for i := range fields {
		f := &fields[i]
		v, told := Value{}, f.read(w)
		switch {
		case f.source.at != nil && f.hidden.from(w):
			c := f.cell(r)
			n, ok := c.number()
			if ok && (n != 0 || strings.Contains(reflect.TypeOf(c.place).String(), "Opt[")) {
				v = Value{kind: c.kind, n: n}
			}
		case f.source.raw != nil && (f.source.other || told.kind == absent):
			v = f.source.raw(w, told)
		}
		if v.kind == moment {
			put(f, strconv.AppendInt(nil, v.n, 10))
		} else if v.kind != absent {
			put(f, v.appendJSON(nil))
		}
	}
	if len(b) > 1 {
		line = append(append(append(line, `,"raw":`...), b...), move(open, nil)+"}"...)
	}
	return string(line) + "}\n"
}

// slowCSV is the line that CSV writes, made field by field.
func slowCSV(fields []Field, o Options, r *record.Record) string {
	w := &row{opt: &o}
	w.set(r)
	var cells []string
	for i := range fields {
		v := fields[i].read(w)
		if v.kind == text {
			cells = append(cells, string(say.AppendCell(nil, v.s)))
		} else {
			cells = append(cells, string(v.appendPlain(nil)))
		}
	}
	return strings.Join(cells, ",") + "\n"
}

// scramble gives all that a record holds some value, mostly none.
func scramble(v reflect.Value, some *rand.Rand) {
	_, words := v.Interface().(interface{ String() string })
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			scramble(v.Field(i), some)
		}
	case reflect.Array:
		for i := range v.Len() {
			scramble(v.Index(i), some)
		}
	case reflect.Bool:
		v.SetBool(some.IntN(4) == 0)
	case reflect.String:
		v.SetString([]string{"", "", "SF", "=1", `a,"b"`, "\xff\x1b", "größer", strings.Repeat("long", 3000)}[some.IntN(8)])
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := some.Uint64() >> some.IntN(64) * uint64(some.IntN(2))
		if words || v.Type() == reflect.TypeFor[record.ResetSigns]() {
			n %= 3 // what each of them has
		}
		v.SetUint(n & (1<<(8*v.Type().Size()-1)<<1 - 1))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(some.Uint64()>>some.IntN(64)) * int64(some.IntN(3)-1))
	}
}

// difference is where two texts differ first.
func difference(got, want string) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	part := func(s string) string { return s[max(0, at-60):min(len(s), at+60)] }
	return fmt.Sprintf("is ...%s..., want ...%s...", part(got), part(want))
}

// What is written at once, of a record whose numbers are read list by list, is what the fields say
// one by one, whatever the record holds.
func TestLinesAreWhatFieldsSay(t *testing.T) {
	some := rand.New(rand.NewPCG(1, 2))
	records := append(recordtest.Random(3, 200, 12), recordtest.Mixture()...)
	records = append(records, recordtest.Full(false), recordtest.Full(true), recordtest.ZeroWindows(2), fullRecord(), &record.Record{})
	for i := range 400 {
		r := recordtest.Full(i%2 == 0)
		scramble(reflect.ValueOf(r).Elem(), some)
		switch r.Capture.Untimed, r.Open.NSYNsAgain, r.NVLAN = uint32(some.IntN(8)/7), uint8(some.IntN(11)), uint8(some.IntN(3)); some.IntN(3) {
		case 0:
			r.Names = nil
		case 1:
			r.Names = &record.NamesRecord{}
			scramble(reflect.ValueOf(r.Names).Elem(), some)
		}
		if some.IntN(3) == 0 {
			r.Close = record.CloseRecord{First: record.NoEnd, ResetBy: record.NoEnd}
			r.Close.Ignored.Done, r.Close.Ignored.Odd = some.IntN(2) == 0, record.ResetSigns(some.IntN(2))
		}
		if some.IntN(2) == 0 {
			r.Path = [2]record.PathRecord{}
		}
		if some.IntN(4) > 0 {
			r.Capture.OneWay, r.Capture.GivenUpBytes = false, 0
		}
		records = append(records, r)
	}
	all, flat := Fields(), flatFields()
	for _, fields := range [][]Field{all, flat} {
		for i := range fields {
			fields[i].hidden.without &^= bare &^ names // without which there is nothing anyhow
		}
	}
	for _, o := range []Options{{}, manyFiles, {Files: []string{"one"}, Unplaced: true, Local: func(a capture.Addr) bool { return a[15]&1 == 0 }}} {
		j, c := NewJSON(o), NewCSV(o)
		for i, r := range records {
			if got, want := string(j.AppendConn(nil, r)), slowJSON(all, o, r); got != want {
				t.Fatalf("record %d: JSON %s", i, difference(got, want))
			}
			if got, want := string(c.AppendConn(nil, r)), slowCSV(flat, o, r); got != want {
				t.Fatalf("record %d: CSV %s", i, difference(got, want))
			}
		}
	}
}

// A line is appended to what is there, whether there is room behind that or not.
func TestLinesAreAppended(t *testing.T) {
	r := fullRecord()
	j := NewJSON(manyFiles)
	want := "before " + string(j.AppendConn(nil, r))
	for room := range 20 {
		b := append(make([]byte, 0, 7+room*997), "before "...)
		if got := j.AppendConn(b, r); !bytes.Equal(got, []byte(want)) {
			t.Fatalf("with room for %d bytes: %s", cap(b), got)
		}
	}
}
