package report

import (
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// FailOn is the Output that looks for a finding as bad as a severity, or worse.
type FailOn struct {
	record.Base
	Severity *diagnose.Severity // nil: nothing is looked for
	Fails    bool               // there is one, once the run is over
}

// Findings looks through them; see diagnose.Judged.
func (f *FailOn) Findings(found []diagnose.Finding) error {
	for i := range found {
		f.Fails = f.Fails || f.Severity != nil && found[i].Severity >= *f.Severity
	}
	return nil
}
