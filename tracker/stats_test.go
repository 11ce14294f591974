package tracker

import (
	"testing"

	"tcpwatch/internal/mergetest"
	"tcpwatch/tracker/record"
)

// The counts of trackers that share an input add up, every one of them.
func TestMergeStatsForgetsNothing(t *testing.T) {
	mergetest.Check(t, func() *record.Stats { return new(record.Stats) },
		func(into, from *record.Stats) { *into = MergeStats([]record.Stats{*into, *from}) }, mergetest.Options{})
}
