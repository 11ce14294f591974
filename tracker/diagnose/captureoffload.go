package diagnose

import "fmt"

func captureOffload() Detector {
	return Detector{
		Name: "capture-offload", Group: GroupCapture, needs: traitNone,
		Doc: `Segments longer than the wire allows: captured before the card cut them, or after it put them together.

Rule: a host hands its card up to 64 KiB and more at once (TSO, GSO), and takes as much from
it (GRO, LRO); a capture on that host sees these, not what is on the wire: a segment longer
than the other end's MSS (RFC 9293 section 3.7.1). Counts of packets are too low, losses and
reordering of single segments are hidden, and checksums may be wrong. States, bytes and
times are right.`,
		New: func(*Options) Fold { return fromQuality{tell: tellOffload} },
	}
}

func tellOffload(c *Context, q *quality) (Finding, *tally) {
	return Finding{
		Severity: Info, Confidence: Proven,
		Title:       fmt.Sprintf("segments of %s are longer than the wire allows: counts are the host's, not the wire's", outOf(q.offload.n, max(c.Conns, q.offload.n), "connection")),
		Explanation: "They exceed the MSS of the other end (RFC 9293 section 3.7.1): the capture was taken above the card, which cuts and joins segments (TSO, GRO). Single losses and reordering may be hidden.",
		causes:      []Cause{inCapture("a capture on an end's own host, or on a host that forwards with GRO")},
		Advice:      []string{"To see the wire: capture elsewhere, or for a while `ethtool -K eth0 tso off gso off gro off` (the interface's own name)."},
	}, &q.offload
}
