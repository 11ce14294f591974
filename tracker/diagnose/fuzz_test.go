package diagnose

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// kinds are how many values the numbers have that are names: others never come.
func kinds() map[reflect.Type]uint64 {
	return map[reflect.Type]uint64{
		reflect.TypeFor[record.State](): uint64(record.NStates), reflect.TypeFor[record.End](): 4, reflect.TypeFor[record.Basis](): 4,
		reflect.TypeFor[record.OpenKind](): uint64(record.NOpenKinds), reflect.TypeFor[record.ResetCause](): uint64(record.NResetCauses),
		reflect.TypeFor[record.TimeWaitEnd](): uint64(record.NTimeWaitEnds), reflect.TypeFor[record.CloseKind](): uint64(record.NCloseKinds),
		reflect.TypeFor[record.KeepaliveOutcome](): uint64(record.NKeepaliveOutcomes), reflect.TypeFor[record.IdleOutcome](): uint64(record.NIdleOutcomes),
		reflect.TypeFor[record.RTTSource](): uint64(record.NRTTSources), reflect.TypeFor[record.Tap](): uint64(record.NTaps),
		reflect.TypeFor[record.AnswerKind](): 4, reflect.TypeFor[capture.TunnelKind](): 3, reflect.TypeFor[record.ResetSigns](): uint64(record.Damaged) << 1,
	}
}

// texts are what strings of a record may be.
func texts() []string {
	return []string{"", "SF", "S0", "RSTO", "ShADadFf"}
}

// leavesOf are the fields of a record that are numbers, texts or flags.
func leavesOf(v reflect.Value, all []reflect.Value) []reflect.Value {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			all = leavesOf(v.Field(i), all)
		}
	case reflect.Array:
		if v.Type() == reflect.TypeFor[capture.Addr]() {
			return append(all, v)
		}
		for i := range v.Len() {
			all = leavesOf(v.Index(i), all)
		}
	case reflect.Slice, reflect.Pointer:
	default:
		all = append(all, v)
	}
	return all
}

// change sets a field to one of the numbers that tell most: 0, 1, a few, a
// moment, seconds, hours, and the greatest.
func change(v reflect.Value, n uint64, kinds map[reflect.Type]uint64, r *record.Record) {
	numbers := [...]uint64{0, 1, 2, 7, 200, 1e6, 40e6, 205e6, 1e9, 60e9, 350e9, 7200e9, 1 << 31, 1<<32 - 1, 1 << 40}
	x := numbers[n%uint64(len(numbers))]
	if most, ok := kinds[v.Type()]; ok {
		v.SetUint(n % most)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(n%2 == 0)
	case reflect.String:
		all := texts()
		v.SetString(all[n%uint64(len(all))])
	case reflect.Array:
		v.Set(reflect.ValueOf(numbered(int(n%40), 0).Addr))
	case reflect.Int64, reflect.Int:
		if n%3 == 0 { // most are times
			x += uint64(r.Start)
		}
		v.SetInt(int64(x))
	default:
		v.SetUint(x & (1<<v.Type().Bits() - 1))
	}
}

// possible mends what no tracker gives: detectors rest on it.
func possible(r *record.Record) {
	r.Open.NSYNsAgain = min(r.Open.NSYNsAgain, uint8(len(r.Open.SYNsAgain)))
	r.NVLAN = min(r.NVLAN, uint8(len(r.VLANs)))
	if r.Close.ResetBy > record.Resp { // a RST has one sender
		r.Close.ResetBy, r.Close.ResetCause = record.NoEnd, record.ResetNone
		if r.Close.Kind == record.CloseReset {
			r.Close.Kind = record.CloseOpen
		}
	}
}

// FuzzDiagnose shows all detectors records of which some fields are anything,
// as no tracker would make them: nothing panics, the texts are whole, and it does
// not matter how the records are divided.
func FuzzDiagnose(f *testing.F) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		in := make([]byte, 40+300*seed)
		for i := range in {
			in[i] = byte(rng.Uint32())
		}
		f.Add(in)
	}
	models := []func(r *record.Record){
		func(*record.Record) {}, failed(record.OpenNoAnswer, 1), failed(record.OpenNoAnswer, 6), failed(record.OpenRefused, 1), failed(record.OpenUnreachable, 2),
		failed(record.OpenHalfOpen, 1), failed(record.OpenAborted, 1), late(3), lateACK(3), reset(record.Orig, record.ResetAbort),
		reset(record.Resp, record.ResetUnknown), reset(record.Resp, record.ResetMiddlebox), ignored, echo, bareSYN,
	}
	names := kinds()
	f.Fuzz(func(t *testing.T, in []byte) {
		o := NewOptions()
		whole := NewSet(Detectors(), o)
		parts := [2]*Set{NewSet(Detectors(), o), NewSet(Detectors(), o)}
		c := &Context{MSL: record.DefaultMSL, Start: at, End: at + 1000*second}
		for id := uint64(1); len(in) >= 2 && id < 2000; id++ {
			r := made(id, models[int(in[0])%len(models)])
			changes := int(in[1] % 8)
			repeat := 1 + int(in[1]>>6)*10 // the same trouble several times
			in = in[2:]
			leaves := leavesOf(reflect.ValueOf(r).Elem(), nil)
			for ; changes > 0 && len(in) >= 3; changes-- {
				change(leaves[(int(in[0])<<8|int(in[1]))%len(leaves)], uint64(in[2]), names, r)
				in = in[3:]
			}
			possible(r)
			for k := range repeat {
				r.ID = id*100 + uint64(k)
				whole.Add(r)
				parts[(int(id)+k)%2].Add(r)
				c.Conns++
			}
		}
		fold.Merge(parts[1], parts[0])
		want := whole.Findings(c)
		for i := range want {
			if wrong := badText(&want[i]); wrong != "" {
				t.Errorf("%s: %s", wrong, fmt.Sprintf("%.400s", fmt.Sprintf("%+v", want[i])))
			}
		}
		equal(t, "in two parts", parts[1].Findings(c), want)
	})
}

// badText says what is wrong with the words of a finding; "" for nothing.
func badText(f *Finding) string {
	for _, s := range append([]string{f.Title, f.Explanation, f.ID}, append(f.Causes, f.Advice...)...) {
		switch {
		case s == "":
			return "an empty text"
		case !utf8.ValidString(s), strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }):
			return "a text that is not safe to print"
		case strings.Contains(s, "NaN"), strings.Contains(s, "Inf"), strings.Contains(s, "%!"):
			return "a text with a number that is none"
		}
	}
	switch {
	case f.Severity > Critical || f.Confidence > Proven:
		return "no such severity or confidence"
	case len(f.Conns) > maxExamples:
		return "too many examples"
	case f.Count == 0:
		return "of nobody"
	}
	return ""
}
