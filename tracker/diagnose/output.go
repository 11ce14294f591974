package diagnose

import "tcpwatch/tracker/record"

// Judged is an Output that takes the findings of a run.
type Judged interface {
	record.Output
	// Findings takes them, in the order of a report, when the input has ended, before Finish.
	Findings(found []Finding) error
}
