package tracker

import (
	"reflect"
	"testing"
)

// TestMain sees that whatever the tests did, nobody wrote to the parts that all
// connections share which have none of their own.
func TestMain(m *testing.M) {
	m.Run()
	for _, p := range []any{noDetails, nothingCaptured, noLosses, noEndDetails} {
		if !reflect.ValueOf(p).IsZero() {
			panic("somebody wrote to the part of a connection that has none of its own")
		}
	}
}
