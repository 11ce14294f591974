package plot

import (
	"slices"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

const (
	perFinding = 2 // connections of a finding that are drawn
	examples   = 3 // connections that are drawn where no finding cites one
)

// Choice is the Output of a run over files before another, in which it finds out which
// connections are to be drawn: those that findings cite, or examples where they cite none.
type Choice struct {
	record.Base
	Most     int      // how many are chosen at most
	IDs      []uint64 // those that are chosen, the most troubled first
	Examples bool     // no finding cites any: these are others
	Why      string   // the finding that cites the first
}

// Findings chooses in turn from each kind of findings of some weight: first a connection of each
// of these findings, then another of each; see diagnose.Judged.
func (c *Choice) Findings(found []diagnose.Finding) error {
	var kinds []string
	cited := map[string][]uint64{}
	for nth := range perFinding {
		for i := range found {
			x := &found[i]
			if x.Severity < diagnose.Notice || nth >= len(x.Conns) {
				continue
			}
			if c.Why == "" {
				c.Why = x.Title
			}
			if len(cited[x.Detector]) == 0 {
				kinds = append(kinds, x.Detector)
			}
			cited[x.Detector] = append(cited[x.Detector], x.Conns[nth])
		}
	}
	for round, more := 0, true; more; round++ {
		more = false
		for _, kind := range kinds {
			if round >= len(cited[kind]) || len(c.IDs) == c.Most {
				continue
			}
			more = true
			if id := cited[kind][round]; !slices.Contains(c.IDs, id) {
				c.IDs = append(c.IDs, id)
			}
		}
	}
	return nil
}

// Report chooses where no finding cites a connection: an example of each of the first ways
// through the states; see report.Reporter.
func (c *Choice) Report(_ *report.Headline, s *report.Summary) error {
	if len(c.IDs) > 0 {
		return nil
	}
	c.Examples = true
	lanes, _ := s.Lanes(min(examples, c.Most))
	for i := range lanes {
		c.IDs = append(c.IDs, lanes[i].ID)
	}
	return nil
}
