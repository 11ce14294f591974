package tracker

import (
	"testing"

	"tcpwatch/internal/mergetest"
)

// The counts of trackers that share an input add up, every one of them.
func TestMergeStatsForgetsNothing(t *testing.T) {
	mergetest.Check(t, func() *Stats { return new(Stats) },
		func(into, from *Stats) { *into = MergeStats([]Stats{*into, *from}) }, mergetest.Options{})
}
