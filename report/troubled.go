package report

import (
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Troubled reports whether something went wrong with a connection: it did not
// open, was reset, or did not close properly. What the input's end cut short
// and what may have happened out of sight is no trouble. Findings, which are known
// when all connections are, may be about others too.
func Troubled(r *record.Record) bool {
	if why, failed := causeOf(r); failed {
		return why != stillOpening
	}
	v := diagnose.JudgeClose(r)
	return v.Fault != diagnose.NoFault && !v.Hidden(r) && !v.StillClosing(r)
}
