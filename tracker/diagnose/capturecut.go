package diagnose

import "fmt"

func captureCut() Detector {
	return Detector{
		Name: "capture-cut", Group: GroupCapture, needs: traitNone,
		Doc: `The snaplen cut packets: payload is missing, the numbers are right.

Rule: lengths come from the IP header, whatever was captured (RFC 791 section 3.1), so
states, sequence numbers, losses and times are as good as whole. What needs payload is
not: names (SNI, HTTP host), following a stream; and options, where even the TCP header
was cut. 96 bytes hold the headers of nearly every packet.`,
		New: func(*Options) Fold { return fromQuality{tell: tellCut} },
	}
}

func tellCut(c *Context, q *quality) (Finding, *tally) {
	return Finding{
		Severity: Info, Confidence: Proven,
		Title:       fmt.Sprintf("the snaplen cut packets of %s", outOf(q.cut.n, max(c.Conns, q.cut.n), "connection")),
		Explanation: "Lengths come from the IP header (RFC 791 section 3.1): counts and states are right, but payload and what is read from it are missing.",
		causes:      []Cause{inCapture("the capture was made with a snaplen (tcpdump -s)")},
		Advice:      []string{"Where names or contents matter: `tcpdump -s 0 -w FILE`."},
	}, &q.cut
}
