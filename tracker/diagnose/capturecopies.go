package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func captureCopies() Detector {
	return Detector{
		Name: "capture-copies", Group: GroupCapture, needs: traitNone,
		Doc: `The capture holds packets twice: they were counted once.

Rule: two copies of a packet with the same IPv4 identification and bytes, within 5 ms and
with at most one hop between them, are one packet that the capture saw twice: a mirror port that
copies both where it comes in and where it goes out, the any device, a bridge. TCP itself
waits before it repeats (RFC 6298 section 2.4: a second, Linux 200 ms). Other tools call these
retransmissions. They are taken out before anything is judged. Without an identification
an ACK that comes twice counts only where packets of other kinds do too, for a stack may send the same ACK again, and
data only where no D-SACK tells that both arrived (RFC 2883). Told as well: data that came
again within less than a round trip, sooner than its sender can know of a loss.`,
		New: func(*Options) Fold { return fromQuality{tell: tellCopies} },
	}
}

func tellCopies(_ *Context, q *quality) (Finding, *tally) {
	f := Finding{
		Severity: Info, Confidence: Likely,
		Title:       fmt.Sprintf("%s of the packets are copies, on %s: they were captured twice, or sent twice on the path", percentOf(q.copied+q.doubled, q.packets), say.Plural(q.copies.n, "connection")),
		Explanation: "They came within 5 ms with the same identification and bytes, which no TCP sender does (one waits a second, on Linux 200 ms, RFC 6298 section 2.4); they are not judged.",
		causes:      []Cause{beforeCapture("a mirror port that copies packets where they come in and where they go out"), beforeCapture("a capture on all interfaces of a router, bridge or container host"), onPath("the path itself delivers packets twice")},
		Advice: []string{"Mirror one direction of each port, or capture on one interface.",
			"Compare the copies: if interface or TTL differ, two places of one way are in the capture; if not, the mirror port or the path doubled them."},
	}
	if q.doubled > 0 {
		f.Explanation += fmt.Sprintf(" %s more came again within less than a round trip, with other marks: sooner than their sender could know of a loss.", say.Thousands(q.doubled))
		f.causes = append(f.causes, inCapture("both sides of a proxy, NAT or router with other TTLs or identifications are in the capture"))
	}
	return f, &q.copies
}
