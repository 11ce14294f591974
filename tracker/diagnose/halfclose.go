package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func halfClose() Detector {
	return Detector{
		Name: "half-close", Group: GroupClose, needs: traitUnclosed,
		Doc: `A half-close never finished: one end closed, the other sent on, and then nothing more.

Rule: after a FIN the other direction stays open as long as its end wants (RFC 9293
section 3.6, case 2); it ends with that end's own FIN. Counted where data followed the
FIN, then a minute of silence, and no FIN. One that is still busy when the input
ends is not counted; one that sent nothing at all is close-wait.`,
		New: func(o *Options) Fold {
			return newFold(missing(pickHalfClose).add, o.fewAndShare("half-close", 10, 10, "connections", "the connections to that server").tellHalfClose)
		},
	}
}

func pickHalfClose(r *record.Record, v Verdict) (uint64, bool) {
	return 0, v.Fault == FaultHalfClosed && r.Close.BytesAfterFIN.V > 0 && r.Silent >= openAge
}

func (k scale) tellHalfClose(c *Context, s Subject, x *unfinished) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	return Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Possible,
		Title:       fmt.Sprintf("%s went on sending on %s after the other end's FIN and %s", s.who(), s.ofThose(x.n, all), c.never("closed", "has not closed so far")),
		Explanation: "The other end closed its sending side, data still came, then nothing: no FIN ended the other direction (RFC 9293 section 3.6, case 2).",
		causes: []Cause{app("the application waits for something and does not close: a leak"), hostGone("its host, or the path to it, died meanwhile"),
			onHost("the other end has closed for good and dropped the connection (tcp_fin_timeout)")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tanp state close-wait %s` shows whether a program still holds them. If none does, that host dropped them; if it does not answer, it or the way to it is gone.", s.A.Addr, s.ss()),
			"On the other end: `ss -tan state fin-wait-2` shows whether it still waits, or has dropped the connection."},
	}, true
}
