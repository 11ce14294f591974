package report

import (
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/mergetest"
	"tcpwatch/internal/racetest"
	"tcpwatch/tracker/record"
)

// merging are the fields that no merge takes in.
var merging = mergetest.Options{
	Skip: []string{
		"timeWaits.steps", "transfers.next", "clients.recent",
		"Summary.opt",
		"Summary.timeline", // one of its sums
		"steps.limit", "steps.last", "steps.from", "steps.to",
		"Summary.judged", "Summary.found", "Summary.held", // what was worked out last
		"Summary.findings", // package diagnose checks its own
	},
	Fill: map[string]func(at any, leaf func() uint64){
		"ids": func(at any, leaf func() uint64) { at.(*ids).Take(leaf()) },
		"steps": func(at any, leaf func() uint64) {
			s := at.(*steps)
			s.limit = maxSteps
			for k := range nBeats {
				s.at(100e9).N[k] += leaf()
			}
			s.at(100e9).Trip = max(s.at(100e9).Trip, int64(leaf()))
		},
		"Ranking": func(at any, leaf func() uint64) {
			switch at := at.(type) {
			case *ranking:
				at.Add(&record.Record{ID: leaf()})
			case *fold.Ranking[transfer]:
				at.Add(&transfer{ID: leaf()})
			}
		},
	},
}

// Merging depends on every field of what is merged, and not on the order. So does what
// is written down.
func TestMergeForgetsNothing(t *testing.T) {
	racetest.TooSlow(t)
	mergetest.CheckFold(t, func() *Summary { return NewSummary(SummaryOptions{Pictures: true, Counters: true}) }, merging)
}
