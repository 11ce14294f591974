package report

import (
	"testing"

	"tcpwatch/internal/mergetest"
	"tcpwatch/tracker/record"
)

// merging are the fields that no merge takes in: limits, and what is kept to be faster.
var merging = mergetest.Options{
	Skip: []string{
		"Shelf.limit", "Shelf.cut", "Shelf.full", "Shelf.last", "Shelf.lastKey",
		"histogram.unused", "series.came", "series.out", "ranking.limit", "timeWaits.steps",
		"Summary.opt",
		"Summary.judged", "Summary.found", // what was worked out last
		"Summary.findings", // package diagnose checks its own
	},
	Fill: map[string]func(at any, leaf func() uint64){
		"ids": func(at any, leaf func() uint64) { at.(*ids).add(leaf()) },
		"ranking": func(at any, leaf func() uint64) {
			r := at.(*ranking)
			r.add(&record.Record{ID: leaf()})
			r.offered = leaf()
		},
	},
}

// Merging depends on every field of what is merged, and not on the order.
func TestMergeForgetsNothing(t *testing.T) {
	mergetest.Check(t, func() *Summary { return NewSummary(SummaryOptions{}) }, (*Summary).Merge, merging)
	mergetest.Check(t, func() *Quantiles { return new(Quantiles) }, (*Quantiles).Merge, merging)
}
