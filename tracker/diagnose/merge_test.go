package diagnose

import (
	"reflect"
	"testing"

	"tcpwatch/internal/mergetest"
)

// merging are the fields that no merge takes in: limits, what is kept to be
// faster, and the folds of a Set, which are looked at one by one.
var merging = mergetest.Options{
	Skip: []string{
		"Shelf.limit", "Shelf.cut", "Shelf.full", "Shelf.last", "Shelf.lastKey",
		"Set.detectors", "Set.opt", "Set.folds", "Set.always", "Set.some", "Set.subjects",
		// Options of the detector.
		"flooding.least", "scanning.least", "idleFold.few",
	},
}

// Merging depends on every field of what is merged, and not on the order: of what
// a Set always keeps, and of every kind of fold that a detector has.
func TestMergeForgetsNothing(t *testing.T) {
	o := NewOptions()
	mergetest.Check(t, func() *Set { return NewSet(nil, o) }, (*Set).Merge, merging)
	seen := map[reflect.Type]bool{
		reflect.TypeFor[fromLedger](): true, reflect.TypeFor[fromQuality](): true, // they keep nothing of their own
	}
	for _, d := range Detectors() {
		if kind := reflect.TypeOf(d.New(o)); !seen[kind] {
			seen[kind] = true
			t.Run(d.Name, func(t *testing.T) {
				mergetest.Check(t, func() *Fold { f := d.New(o); return &f }, func(into, from *Fold) { (*into).Merge(*from) }, merging)
			})
		}
	}
}
