package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

// distinct sets every number that v holds to another value, as far as its type has so many.
func distinct(v reflect.Value, path string, n *uint64) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			distinct(v.Field(i), path+"."+v.Type().Field(i).Name, n)
		}
	case reflect.Array:
		for i := range v.Len() {
			distinct(v.Index(i), path, n)
		}
	case reflect.Slice:
		for i := range v.Len() {
			distinct(v.Index(i), path, n)
		}
	case reflect.Pointer:
		distinct(v.Elem(), path, n)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprintf("x%d", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * 1_000_001)
	case reflect.Uint16:
		v.SetUint(*n)
	case reflect.Uint8:
		if _, word := v.Interface().(fmt.Stringer); word || v.Type() == reflect.TypeFor[record.ResetSigns]() {
			v.SetUint(1)
		} else {
			v.SetUint(1 + *n%200)
		}
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(*n + 1<<20)
	}
}

// allDistinct is a record that has everything, all of it distinct.
func allDistinct() *record.Record {
	r := recordtest.Full(true)
	n := uint64(100)
	distinct(reflect.ValueOf(r).Elem(), "", &n)
	// What these are does not come from outside, or is limited.
	r.Mark, r.NVLAN, r.Open.NSYNsAgain, r.Input.Start = 0, 2, 8, 0
	for i := range r.Open.SYNsAgain {
		if i >= 8 {
			r.Open.SYNsAgain[i] = 0
		}
	}
	for e := range r.Ends {
		r.Ends[e].TimeIn[record.Unknown] = record.Opt[int64]{}
	}
	r.Orig, r.Resp = recordtest.Endpoint("10.0.0.1:1"), recordtest.Endpoint("[2001:db8::1]:2")
	r.Interim, r.Transitions = false, nil
	r.Open.Answer.Kind = record.AnswerICMPv6
	for _, odd := range []*record.ResetSigns{&r.Close.ResetOdd, &r.Close.Ignored.Odd} {
		*odd &= record.Damaged<<1 - 1 // others are no signs
	}
	return r
}

// lost are the numbers of a record that another lacks.
func lost(a, b reflect.Value, path string) (all []string) {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			all = append(all, lost(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name)...)
		}
		return all
	case reflect.Array:
		for i := range a.Len() {
			all = append(all, lost(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
		return all
	case reflect.Pointer:
		if !a.IsNil() && !b.IsNil() {
			return lost(a.Elem(), b.Elem(), path)
		}
	}
	if !reflect.DeepEqual(a.Interface(), b.Interface()) {
		all = append(all, fmt.Sprintf("%s is %v, was %v", path, b.Interface(), a.Interface()))
	}
	return all
}

// again is the record that is read back of the line of r.
func again(t *testing.T, o Options, r *record.Record) *record.Record {
	t.Helper()
	got, err := NewRecordReader().Read([]byte(lineOf(o, r)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// againOfAttributes is the record that is read back of an event, as a Collector would write it: numbers
// may have another form.
func againOfAttributes(t *testing.T, o Options, r *record.Record) *record.Record {
	t.Helper()
	var all any
	if err := json.Unmarshal(fmt.Appendf(nil, `{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}}]},"scopeLogs":[{"scope":{},"logRecords":[{"eventName":"tcpwatch.connection","attributes":[%s]}]}]}]}`,
		NewAttributes(o).AppendConn(nil, r)), &all); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var got *record.Record
	err = Events(line, func(e *Event) error {
		if e.Name != "tcpwatch.connection" || TextOf(e.Resource, "host.name") != "h" {
			t.Errorf("%q of %s", e.Name, e.Resource)
		}
		got, err = NewRecordReader().ReadAttributes(e.Attributes)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Everything that a record holds is read back, whatever hides it from who reads the line.
func TestNothingIsLost(t *testing.T) {
	flaws := map[string]func(r *record.Record){
		"one end":   func(r *record.Record) { r.Ends[record.Resp].Packets = 0; r.Capture.OneWay = true },
		"orig dark": func(r *record.Record) { r.Ends[record.Orig].Packets = 0; r.Capture.OneWay = true },
		"all flaws": func(*record.Record) {},
		"no time":   func(r *record.Record) { r.Capture.OneWay = false },
		"no names":  func(r *record.Record) { r.Names = nil },
		"nothing happened": func(r *record.Record) {
			r.TimeWait.Holder, r.Idle.Outcome, r.Exchanges.N, r.Exchanges.Timed = record.NoEnd, record.IdleAnswered, 0, 0
			for e := range r.Ends {
				r.Keepalive[e].Probes, r.Ends[e].RTT.N, r.Path[e].Stuck.Bytes, r.Path[e].Hole, r.Path[e].Nagle.N, r.Ends[e].OpenProbes = 0, 0, 0, 0, 0, 0
			}
			r.Close.ResetBy, r.Close.Ignored.By, r.Idle.Longest.OK, r.Idle.Longest.V = record.NoEnd, record.Orig, false, 0
			r.TunnelPart = false
		},
		"no numbers": func(r *record.Record) { r.Ends[0].Numbers = record.Opt[record.Numbers]{} },
		"bytes":      func(r *record.Record) { r.Names.SNI, r.Close.ResetText = "a\xffb\xc3", "\xe9" },
		"one tag":    func(r *record.Record) { r.NVLAN, r.VLANs[1] = 1, 0 },
		"no tag":     func(r *record.Record) { r.NVLAN, r.VLANs = 0, [2]uint16{} },
		"negative":   func(r *record.Record) { r.Start, r.End, r.Capture.Stepped = -5, 7, -1_000_000_007 },
		"refused":    func(r *record.Record) { r.Open.Answer = record.Answer{Kind: record.AnswerRST} },
		"answered":   func(r *record.Record) { r.Open.Answer = record.Answer{Kind: record.AnswerSYNACK} },
		"interim":    func(r *record.Record) { r.Interim = true },
		"no file":    func(r *record.Record) { r.FilePacket = 0 },
	}
	for name, spoil := range flaws {
		for _, clean := range []bool{false, true} {
			for _, o := range []Options{{}, manyFiles} {
				r := allDistinct()
				if clean {
					r.Capture = record.CaptureRecord{}
				}
				spoil(r)
				for _, what := range lost(reflect.ValueOf(*r), reflect.ValueOf(*again(t, o, r)), "") {
					t.Errorf("%s (clean %v): %s", name, clean, what)
				}
				for _, what := range lost(reflect.ValueOf(*r), reflect.ValueOf(*againOfAttributes(t, o, r)), "") {
					t.Errorf("%s (clean %v), of attributes: %s", name, clean, what)
				}
			}
		}
	}
}

func TestTransitionsAreReadBack(t *testing.T) {
	r := allDistinct()
	r.Transitions = recordtest.MadeUp(1, "10.0.0.1:1", "10.0.0.2:2").Transitions
	r.Capture = record.CaptureRecord{}
	if got := again(t, Options{Transitions: true}, r); !reflect.DeepEqual(got.Transitions, r.Transitions) {
		t.Errorf("%+v, want %+v", got.Transitions, r.Transitions)
	}
}

// Whatever names a packet or a connection is numbered on behind another input, and no other number is.
func TestWhatIsNumberedOn(t *testing.T) {
	n := 0
	for _, f := range Fields() {
		want := numbering(0)
		switch name := f.leaf(); {
		case f.Type != Count || f.Unit != "" || f.Name == "tunnel.id" || f.Name == "file_packet" || strings.HasPrefix(f.Name, "key."):
		case name == "file_index", name == "twice_file":
			want = files
		case name == "id", strings.HasSuffix(name, "_id"), name == "packet", strings.HasSuffix(name, "_packet"), strings.HasPrefix(name, "fin_packet_"),
			strings.HasPrefix(f.Name, "evidence."):
			want = packets
			n++
		}
		if f.source.numbers != want && f.Name != "tunnel.other_id" {
			t.Errorf("%s is numbered as %d, want %d", f.Name, f.source.numbers, want)
		}
	}
	if n < 50 {
		t.Errorf("only %d numbers of packets", n)
	}
}
