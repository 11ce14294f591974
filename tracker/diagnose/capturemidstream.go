package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func captureMidstream() Detector {
	return Detector{
		Name: "capture-midstream", Group: GroupCapture, needs: traitNone,
		Doc: `Connections were open already when the capture began.

Rule: without the SYN the window scale, the options, who opened and when are not known
(RFC 7323 section 2.2: the scale is in the SYN alone); states are inferred by the shortest
legal path, the client is guessed by what the first segment says (HTTP, TLS), else by ports.
Windows, opening times and what depends on them are left out for those connections. One packet alone, or a
lone segment that a RST answers, is not counted: it may be a probe, a stray or damaged.`,
		New: func(*Options) Fold { return fromQuality{tell: tellMidstream} },
	}
}

func tellMidstream(c *Context, q *quality) (Finding, *tally) {
	f := Finding{
		Severity: Info, Confidence: Proven,
		Title:       fmt.Sprintf("%s began before the capture did", outOf(q.midstream.n, max(c.Conns, q.midstream.n), "connection")),
		Explanation: "Their SYNs were not captured: window scale, options and opening time are unknown (RFC 7323 section 2.2), who opened them is guessed.",
	}
	if q.single > 0 {
		f.Explanation += fmt.Sprintf(" Of %s a packet or two were captured, which show no connection: a probe, a stray, or a damaged packet.", say.Thousands(q.single)+" more")
	}
	return f, &q.midstream
}
