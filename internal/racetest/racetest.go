// Package racetest keeps long tests away from the race detector.
package racetest

import "testing"

// TooSlow skips a test that takes minutes under the race detector, because it is long and
// has nothing to race with, or other tests race in the same way. make test finds those that
// call it and runs them a second time, without the detector.
func TooSlow(t *testing.T) {
	t.Helper()
	if On {
		t.Skip("takes minutes under the race detector: run without -race")
	}
}
