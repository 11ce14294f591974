package diagnose

import (
	"fmt"

	"tcpwatch/tracker"
)

// resent sums up handshakes that took a repeated SYN or SYN/ACK.
type resent struct {
	delays
	schedules [3]uint64
	nearOrig  uint64 // seen at a tap beside the opener
	nearResp  uint64 // seen at a tap beside the listener
}

// Merge takes in another.
func (x *resent) Merge(o *resent) {
	x.delays.Merge(&o.delays)
	for i := range x.schedules {
		x.schedules[i] += o.schedules[i]
	}
	x.nearOrig += o.nearOrig
	x.nearResp += o.nearResp
}

func (x *resent) add(r *tracker.Record, packet uint64) {
	x.lost(r, packet, heldUp(r))
	switch r.Capture.Tap {
	case tracker.Orig.String():
		x.nearOrig++
	case tracker.Resp.String():
		x.nearResp++
	}
	if b, ok := schedule(&r.Facts); ok {
		for i, y := range backoffs() {
			if y.system == b.system {
				x.schedules[i]++
			}
		}
	}
}

// systems names the systems whose schedule the repeats follow.
func (x *resent) systems() (text string) {
	for i, b := range backoffs() {
		if x.schedules[i] > 0 {
			text += fmt.Sprintf(" %s repeated it as %s does.", Plural(x.schedules[i], "opener"), b.system)
		}
	}
	return text
}

// resentThresholds are those of a detector of repeated SYNs or SYN/ACKs.
func resentThresholds(name string) []Threshold {
	return []Threshold{
		{name + "-few", Number, 3, "handshakes to one listener from which on it is a warning and no notice"},
		{name + "-share", Share, 1, "of the listener's handshakes that must be so for a warning"},
	}
}

func synLost() Detector {
	return Detector{
		Name: "syn-lost", Group: GroupHandshake,
		Doc: `A SYN had to be sent again before it was answered: a second or more was lost.

Rule: the first repeat comes after 1 s (RFC 6298 section 2.1), so that opening takes
1, 2, 3 ... s more, which the application feels and a server's own statistics do not
show. Counted where the connection opened in the end and its SYN/ACK was sent once.
A SYN dropped on the way and one that a full queue of the listener dropped look
the same at a tap beside the opener; a tap beside the listener tells: a SYN that
passed there and was not answered was dropped by the listener, which is the
finding queue-full. A SYN that an older connection answered was not lost.`,
		Thresholds: resentThresholds("syn-lost"),
		New: func(o *Options) Fold {
			return newFold(func(s *subjects[resent, *resent], r *tracker.Record) {
				if r.Open.Kind == tracker.OpenHandshake && r.Facts.NSYNsAgain > 0 && r.Facts.NSYNACKsAgain == 0 && r.Open.OldConn == 0 &&
					!r.Facts.RefusedFirst && !besideListener(r) {
					s.At(listener(r.Resp)).add(r, r.Facts.SYNAgainAt)
				}
			}, func(c *Context, s Subject, x *resent) (Finding, bool) {
				opened := max(c.opened(s.A), x.n)
				return Finding{
					Severity: resentSeverity(o, "syn-lost", x.n, opened), Confidence: Likely,
					Title: fmt.Sprintf("%s to %s took more than one SYN: %s", outOf(x.n, opened, "handshake"), name(s.A), x.cost()),
					Explanation: "The SYN was not answered until it was sent again, after 1 s at first (RFC 6298 section 2.1)." +
						x.systems(),
					Causes: []string{"packets are lost between the capture point and the listener: the SYN, or the SYN/ACK before it came this far", "the listener's accept queue or SYN queue is full and drops SYNs",
						"a firewall or load balancer limits new connections"},
					Advice: []string{
						fmt.Sprintf("On %s: `nstat -az TcpExtListenOverflows TcpExtListenDrops` tells whether its queues drop them.", s.A.Addr),
						"If not, capture beside the listener too: SYNs that do not arrive are lost on the way.",
					},
				}, true
			})
		},
	}
}

func synAckLost() Detector {
	return Detector{
		Name: "syn-ack-lost", Group: GroupHandshake,
		Doc: `A SYN/ACK, or the ACK of it, was lost: the handshake took a second more.

Rule: where the SYN/ACK does not arrive, SYN and SYN/ACK are both sent again after
about 1 s (RFC 6298 section 2.1, verified on Linux); where the SYN/ACK alone comes
again before any ACK was seen, it or its ACK was lost on the opener's side of the
tap. A SYN/ACK that comes again after its ACK was seen is a matter of queue-full:
the ACK may have been lost behind the tap as well.
A tap tells the side of the loss: what it saw twice was lost behind it.`,
		Thresholds: resentThresholds("syn-ack-lost"),
		New: func(o *Options) Fold {
			return newFold(func(s *subjects[resent, *resent], r *tracker.Record) {
				if r.Open.Kind == tracker.OpenHandshake && r.Facts.NSYNACKsAgain > 0 && r.Open.OldConn == 0 && r.Facts.ACKsIgnored == 0 && r.Open.SYNs > 0 {
					s.At(listener(r.Resp)).add(r, r.Facts.SYNACKAgainAt)
				}
			}, func(c *Context, s Subject, x *resent) (Finding, bool) {
				opened := max(c.opened(s.A), x.n)
				f := Finding{
					Severity: resentSeverity(o, "syn-ack-lost", x.n, opened), Confidence: Likely,
					Title: fmt.Sprintf("%s to %s took more than one SYN/ACK: %s", outOf(x.n, opened, "handshake"), name(s.A), x.cost()),
					Explanation: "The SYN/ACK passed the capture point and was sent again: it did not arrive, or its ACK did not come this far (RFC 6298 section 2.1)." +
						x.systems(),
					Causes: []string{"packets are lost between the capture point and the opener", "the opener's host is overloaded"},
					Advice: []string{"Capture beside the opener too: does the SYN/ACK arrive there?", "On the opener: `ip -s link` shows drops and errors of its interfaces."},
				}
				if x.nearOrig > 0 {
					f.Causes = []string{"the opener's own host drops it: a firewall rule, a full receive queue", "packets are lost on the last hop before the opener"}
				}
				return f, true
			})
		},
	}
}

func resentSeverity(o *Options, name string, n, opened uint64) Severity {
	if n >= uint64(o.get(name+"-few")) && n*100 >= opened*uint64(o.get(name+"-share")) {
		return Warning
	}
	return Notice
}
