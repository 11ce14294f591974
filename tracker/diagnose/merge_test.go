package diagnose

import (
	"reflect"
	"testing"

	"tcpwatch/internal/mergetest"
	"tcpwatch/internal/racetest"
)

// merging are the fields that no merge takes in: options, and the folds of a Set,
// which are looked at one by one.
var merging = mergetest.Options{
	Skip: []string{
		"Set.detectors", "Set.opt", "Set.folds", "Set.always", "Set.some", "Set.subjects", "Set.narrowed", "Set.strange",
		"Set.notes", "Set.cited", "bySubject.cited", "strangers.cited", "subjects.conn", // of the record that was added last
		"sampled.next", "endings.next",
		"damaged.apart", "damaged.inside", "damaged.judged", // TestDamagedPackets looks at it
		// Options of the detector.
		"idleLimits.few", "idleLimits.many", "idleFold.known", "checking.least",
	},
}

// anyFold is the fold of some detector.
type anyFold struct{ Fold }

// Merging depends on every field of what is merged, and not on the order: of what
// a Set always keeps, and of every kind of fold that a detector has. So does what is
// written down.
func TestMergeForgetsNothing(t *testing.T) {
	racetest.TooSlow(t)
	o := NewOptions()
	mergetest.CheckFold(t, func() *Set { return NewSet(nil, o) }, merging)
	seen := map[reflect.Type]bool{
		reflect.TypeFor[fromLedger](): true, reflect.TypeFor[reuses](): true, reflect.TypeFor[fromQuality](): true, // they keep nothing of their own
	}
	for _, d := range Detectors() {
		if kind := reflect.TypeOf(d.New(o)); !seen[kind] {
			seen[kind] = true
			t.Run(d.Name, func(t *testing.T) {
				mergetest.CheckFold(t, func() *anyFold { return &anyFold{d.New(o)} }, merging)
			})
		}
	}
}
