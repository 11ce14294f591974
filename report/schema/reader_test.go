package schema

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// kindsOf are the kinds of values that a field of some type may hold.
var kindsOf = [...][]kind{
	Text: {text, icmp, community, identity, digest}, Address: {address}, Time: {moment}, Count: {counted}, Seconds: {seconds}, Truth: {truth},
	Counts: {vlans}, Spans: {syns}, Texts: {lacking}, Objects: {episodes},
}

// Every field holds what its type says, of a record that has everything: of a clean
// capture or of one with every flaw.
func TestFieldTypes(t *testing.T) {
	fields := Fields()
	for i := range fields {
		f := &fields[i]
		bare := *f
		bare.hidden = hidden{}
		for _, clean := range []bool{false, true} {
			w := &row{opt: &manyFiles}
			w.set(recordtest.Full(clean))
			switch v := bare.read(w); {
			case v.kind == absent && !clean:
			case v.kind == absent && (strings.HasPrefix(f.Name, "capture.") || strings.HasSuffix(f.Name, ".span_unknown")): // a flaw
			case !slices.Contains(kindsOf[f.Type], v.kind):
				t.Errorf("%s is %s, and holds a value of kind %d", f.Name, f.Type, v.kind)
			}
		}
		if strings.HasSuffix(f.Name, "_s") != (f.Type == Seconds || f.Type == Spans) || (f.Unit == "s") != (f.Type == Seconds || f.Type == Spans) {
			t.Errorf("%s is %s in %q", f.Name, f.Type, f.Unit)
		}
		if strings.HasSuffix(f.Name, "_bytes") != (f.Unit == "bytes") && !strings.Contains(" bytes close.bytes_after_fin mss too_big_mtu ", f.leaf()) {
			t.Errorf("%s counts %q", f.Name, f.Unit)
		}
	}
}

// Which end is this host shows by the addresses.
func TestLocal(t *testing.T) {
	r := recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2")
	for want, mine := range map[string][]capture.Addr{
		"orig": {r.Orig.Addr}, "resp": {r.Resp.Addr}, "both": {r.Orig.Addr, r.Resp.Addr}, "": nil,
	} {
		f := NewReader(Options{Local: func(a capture.Addr) bool { return slices.Contains(mine, a) }}, "local")
		f.Set(r)
		if got, _ := f.Value(0).(string); got != want {
			t.Errorf("%v: %q, want %q", mine, got, want)
		}
	}
}

// What a Reader reads is what JSON writes.
func TestReaderAgreesWithJSON(t *testing.T) {
	opt := Options{Files: []string{"a", "b"}, Interfaces: []string{"x", "y"},
		Local: func(capture.Addr) bool { return true }}
	var names []string
	for _, f := range Fields() {
		if f.Type != Objects {
			names = append(names, f.Name)
		}
	}
	for _, r := range []*record.Record{recordtest.Full(false), recordtest.Full(true), {}} {
		var object map[string]any
		if err := json.Unmarshal([]byte(lineOf(opt, r)), &object); err != nil {
			t.Fatal(err)
		}
		f := NewReader(opt, append(names, "nonsense")...)
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

// What a LineReader reads is what JSON writes.
func TestLineReaderAgreesWithJSON(t *testing.T) {
	for _, r := range []*record.Record{recordtest.Full(false), recordtest.Full(true), {}, recordtest.Mixture()[0]} {
		got, want := map[string]Value{}, map[string]Value{}
		var columns []Column
		w := &row{opt: &manyFiles}
		w.set(r)
		for _, f := range Fields() {
			if slices.Contains([]Type{Text, Time, Count, Seconds, Truth}, f.Type) {
				columns = append(columns, Column{f.Name, func(v Value) { got[f.Name] = v }})
				want[f.Name] = f.read(w)
			}
		}
		if err := newLineReader(columns).Read([]byte(lineOf(manyFiles, r))); err != nil {
			t.Fatal(err)
		}
		whole := maps.Clone(got)
		NewColumnReader(manyFiles, columns).Read(r)
		for name, g := range got {
			if g.Text() != whole[name].Text() {
				t.Errorf("%s is %q of a record, %q of its line", name, g.Text(), whole[name].Text())
			}
		}
		for name, w := range want {
			g := got[name]
			if g.Text() != w.Text() || g.Count() != w.Count() && w.kind == counted || g.Nanoseconds() != w.Nanoseconds() || g.Truth() != w.Truth() {
				t.Errorf("%s is %+v, want %+v", name, g, w)
			}
		}
	}
	l := newLineReader([]Column{{"nonsense.of.ours", func(v Value) {
		if v != (Value{}) {
			t.Errorf("a field that does not exist holds %+v", v)
		}
	}}})
	if err := l.Read([]byte(`{"nonsense":{"of":{"ours":"x"}}}`)); err != nil {
		t.Error(err)
	}
}
