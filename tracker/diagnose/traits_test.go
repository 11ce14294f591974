package diagnose

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// allSorts is the records of all bundled captures and all that are made up here,
// and as many again of which each part comes from one of two of those.
func allSorts(t *testing.T) []*record.Record {
	t.Helper()
	all, _ := everything(t)
	for _, x := range detectorCases() {
		all = append(all, x.raise...)
		all = append(all, x.alike...)
	}
	for _, x := range situations() {
		all = append(all, x.records...)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 4 * len(all) {
		mixed := *all[rng.IntN(len(all))]
		other := reflect.ValueOf(all[rng.IntN(len(all))]).Elem()
		for i := range other.NumField() {
			if rng.IntN(3) == 0 {
				reflect.ValueOf(&mixed).Elem().Field(i).Set(other.Field(i))
			}
		}
		all = append(all, &mixed)
	}
	for i, r := range all {
		r.ID = uint64(i + 1)
	}
	return all
}

// thresholds are the defaults, or all of them at one value.
func thresholds(at ...int64) *Options {
	o := NewOptions()
	for _, d := range Detectors() {
		for _, t := range d.Thresholds() {
			if len(at) > 0 {
				o.set[t.Name] = at[0]
			}
		}
	}
	return o
}

// holds reports whether a Fold holds anything by a key.
func holds(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map:
		return v.Len() > 0
	case reflect.Interface, reflect.Pointer:
		return !v.IsNil() && holds(v.Elem())
	case reflect.Array:
		for i := range v.Len() {
			if holds(v.Index(i)) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if holds(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// A record without the traits that a detector needs adds nothing to its fold; for
// each there are records with them that do.
func TestSigns(t *testing.T) {
	racetest.TooSlow(t)
	all := allSorts(t)
	for i, o := range []*Options{thresholds(), thresholds(1)} {
		for _, d := range Detectors() {
			needs := d.needsWith(o)
			with, without := d.New(o), d.New(o)
			var others []*record.Record
			for _, r := range all {
				if needs == 0 || traitsOf(r)&needs != 0 {
					with.Add(r)
				} else {
					without.Add(r)
					others = append(others, r)
				}
			}
			if holds(reflect.ValueOf(without)) {
				t.Fatal(tookWithout(d, o, others))
			}
			took := holds(reflect.ValueOf(with))
			if i == 0 && took && d.needs == traitNone {
				t.Errorf("%s says by traitNone that it needs no record, and takes some in", d.Name)
			}
			if i == 0 && !took && d.needs != traitNone {
				t.Errorf("%s takes in none of the records that have a trait it needs", d.Name)
			}
		}
	}
}

// tookWithout names the record that a detector takes in though it has none of the traits it needs.
func tookWithout(d Detector, o *Options, others []*record.Record) string {
	x := d.New(o)
	for _, r := range others {
		if x.Add(r); holds(reflect.ValueOf(x)) {
			return fmt.Sprintf("%s takes in a record that has none of the traits it needs: add one of traits %b to its needs. The record is %+v", d.Name, traitsOf(r), r)
		}
	}
	return d.Name + " holds something"
}

// A Set finds what its folds find that are asked about every record.
func TestSetAsksEnough(t *testing.T) {
	racetest.TooSlow(t)
	all := allSorts(t)
	c := &Context{Conns: uint64(len(all)), End: at + 1000*second, MSL: record.DefaultMSL}
	for _, o := range []*Options{thresholds(), thresholds(0), thresholds(1)} {
		s, every := NewSet(Detectors(), o), NewSet(Detectors(), o)
		for _, f := range every.some {
			f.needs = 0
			every.always = append(every.always, f)
		}
		every.some = nil
		for _, r := range all {
			s.Add(r)
			every.Add(r)
		}
		equal(t, "with traits", s.Findings(c), every.Findings(c))
		if s.Left() != every.Left() {
			t.Errorf("%d left, want %d", s.Left(), every.Left())
		}
	}
}

// An ordinary connection has no trait.
func TestOrdinaryHasNoSign(t *testing.T) {
	if s := traitsOf(clean(1)[0]); s != 0 {
		t.Errorf("traits %b", s)
	}
}
