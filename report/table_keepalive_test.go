package report

import (
	"testing"

	"tcpwatch/tracker/record"
)

// Of a connection that one end's probes found dead, the other end's own probes were answered: it gave nothing up.
func TestKeepaliveRowOfTheOtherEnd(t *testing.T) {
	var r record.Record
	r.KeepaliveOutcome = record.KeepaliveDead
	r.Keepalive[record.Orig] = record.KeepaliveRecord{Probes: 1, Answered: 1}
	r.Keepalive[record.Resp] = record.KeepaliveRecord{Probes: 2, Unanswered: 2}
	r.Close.ResetBy, r.Close.ResetCause = record.Resp, record.ResetKeepaliveDead
	var p page
	for e, want := range [...]string{record.Orig: "alive", record.Resp: "dead"} {
		row := p.keepaliveRow(&r, record.End(e))
		if got := row.Cells[len(row.Cells)-1]; got != want || (len(row.Notes) > 0) != (want == "dead") {
			t.Errorf("%v: %q with %v; want %q, and a note where it gave up", record.End(e), got, row.Notes, want)
		}
	}
}
