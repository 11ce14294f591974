package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func finWait2() Detector {
	return Detector{
		Name: "fin-wait-2", Group: GroupLeak, needs: traitLingered | traitUnclosed | traitReset,
		Doc: `An end that has shut down its sending side waits for ever for the other's FIN: FIN-WAIT-2.

Rule: after its FIN was acknowledged an end is in FIN-WAIT-2 until the other closes
(RFC 9293 section 3.6, figure 5). Linux ends that after tcp_fin_timeout (60 s) only
where the application has closed the socket; one that has called shutdown() and
keeps the descriptor waits without limit. Counted where it shows that it still
holds the connection after those 60 s, by keepalive probes or by acknowledging a
late FIN, while nothing was sent to it. The other end's part in this is close-wait.`,
		New: func(o *Options) Fold {
			return newFold(addLingering, o.fewAndShare("fin-wait-2", 10, 1, "connections in FIN-WAIT-2", "the connections to that server").tellLingering)
		},
	}
}

func addLingering(s *subjects[leaks, *leaks], r *record.Record) {
	waits, since, lasted, held, ok := waitedToClose(r)
	if !ok || lasted < finTimeout {
		return
	}
	e := waits.Peer()
	if r.Close.Kind != record.CloseNormal && r.Keepalive[e].Last-since < finTimeout {
		return
	}
	s.At(sideOf(r, e)).add(r, r.Close.FINPacket[e], since, lasted, held)
}

func (k scale) tellLingering(c *Context, s Subject, x *leaks) (Finding, bool) {
	return Finding{
		Severity: k.severity(x.n, c.wholeOf(s.service(), x.n).opened), Confidence: Likely,
		Title: fmt.Sprintf("%s holds %s in FIN-WAIT-2%s", s.who(), say.Plural(x.n, "connection"), lasting(x.n, x.longest)),
		Explanation: "It sent its FIN and still held the connection after the 60 s for which Linux keeps one that nobody holds (tcp_fin_timeout): its application has shut down its sending side and waits to read (RFC 9293 section 3.6)." +
			x.slope(),
		causes: []Cause{app("the application calls shutdown() and then reads without a time limit"), app("the other end's application does not close: see close-wait")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tanop state fin-wait-2 %s` shows process and timer.", s.A.Addr, s.ss()),
			"Read with a time limit after shutdown(), then close(); `sysctl net.ipv4.tcp_fin_timeout` applies only after close()."},
	}, true
}
