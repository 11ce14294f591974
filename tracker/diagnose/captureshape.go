package diagnose

import "fmt"

func captureCut() Detector {
	return Detector{
		Name: "capture-cut", Group: GroupCapture, needs: signNone,
		Doc: `The snaplen cut packets: payload is missing, the numbers are right.

Rule: lengths come from the IP header, whatever was captured (RFC 791 section 3.1), so
states, sequence numbers, losses and times are as good as whole. What needs payload is
not: names (SNI, HTTP host), following a stream; and options, where even the TCP header
was cut. 96 bytes hold the headers of nearly every packet.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				if q.cut.n == 0 {
					return Finding{}, nil
				}
				return Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("the snaplen cut packets of %s", outOf(q.cut.n, max(c.Conns, q.cut.n), "connection")),
					Explanation: "Lengths come from the IP header (RFC 791 section 3.1): counts and states are right, but payload and what is read from it are missing.",
					Causes:      []string{"the capture was made with a snaplen (tcpdump -s)"},
					Advice:      []string{"Where names or contents matter: `tcpdump -s 0 -w FILE`."},
				}, &q.cut
			}}
		},
	}
}

func captureOffload() Detector {
	return Detector{
		Name: "capture-offload", Group: GroupCapture, needs: signNone,
		Doc: `Segments longer than the wire allows: captured before the card cut them, or after it put them together.

Rule: a host hands its card up to 64 KiB and more at once (TSO, GSO), and takes as much from
it (GRO, LRO); a capture on that host sees these, not what is on the wire: a segment longer
than the other end's MSS (RFC 9293 section 3.7.1). Counts of packets are too low, losses and
reordering of single segments are hidden, and checksums may be wrong. States, bytes and
times are right.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				if q.offload.n == 0 {
					return Finding{}, nil
				}
				return Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("segments of %s are longer than the wire allows: counts are the host's, not the wire's", outOf(q.offload.n, max(c.Conns, q.offload.n), "connection")),
					Explanation: "They exceed the MSS of the other end (RFC 9293 section 3.7.1): the capture was taken above the card, which cuts and joins segments (TSO, GRO). Single losses and reordering may be hidden.",
					Causes:      []string{"a capture on an end's own host, or on a host that forwards with GRO"},
					Advice:      []string{"To see the wire: capture elsewhere, or for a while `ethtool -K eth0 tso off gso off gro off` (the interface's own name)."},
				}, &q.offload
			}}
		},
	}
}

func captureMidstream() Detector {
	return Detector{
		Name: "capture-midstream", Group: GroupCapture, needs: signNone,
		Doc: `Connections were open already when the capture began.

Rule: without the SYN the window scale, the options, who opened and when are not known
(RFC 7323 section 2.2: the scale is in the SYN alone); states are inferred by the shortest
legal path, the opener is guessed by ports. Windows, opening times and what depends on
them are left out for those connections.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				if q.midstream.n == 0 {
					return Finding{}, nil
				}
				return Finding{
					Severity: Info, Confidence: Proven,
					Title:       fmt.Sprintf("%s began before the capture did", outOf(q.midstream.n, max(c.Conns, q.midstream.n), "connection")),
					Explanation: "Their SYNs were not captured: window scale, options and opening time are unknown (RFC 7323 section 2.2), who opened them is guessed.",
				}, &q.midstream
			}}
		},
	}
}

func captureClock() Detector {
	return Detector{
		Name: "capture-clock", Group: GroupCapture, needs: signNone,
		Doc: `Packets are stamped by a clock that was wrong, or not in the order in which they came.

Rule: time in a capture should not go back. Cards with several queues stamp a little out
of order, and the order in the file is then not the order on the wire: such packets count
as sent when the one before was. A stamp more than 5 s off that the packets around it take back
counts as that of the packet before it, whichever way it is off. A clock that goes back and
stays there was stepped; one that goes forward was, where several connections go on with
what was under way, though a sender sends again (RFC 6298 section 5) before it waits so
long. No span has a step in it; round trips across one are left out.`,
		New: func(*Options) Fold {
			return fromQuality{func(c *Context, q *quality) (Finding, *tally) {
				f := Finding{
					Severity: Info, Confidence: Proven,
					Advice: []string{"On the capturing host `chronyc tracking` or `timedatectl` tells whether its clock is steered, and how."},
				}
				switch {
				case c.Steps > 0:
					f.Title = fmt.Sprintf("the clock of the capture was stepped %s", Plural(c.Steps, "time"))
					f.Explanation = "Connections went on as if no time had passed, or time went back: spans are told without the steps, and nothing counts as silent for them."
					f.Causes = []string{"the clock of the capturing host was set", "interfaces with clocks of their own", "files put together"}
				case c.Misstamped > 0:
					f.Title = fmt.Sprintf("%s stamped so far off that the packets around take it back", Plural(c.Misstamped, "packet"))
					f.Explanation = "Each counts as sent when the packet before it was: no silence, no timeout and no round trip is read from its stamp."
					f.Causes = []string{"a damaged stamp", "interfaces with clocks of their own", "files put together"}
				case q.back > 0:
					f.Title = fmt.Sprintf("%s of %s stamped earlier than those before: the time went back", Plural(q.back, "packet"), Plural(q.backwards.n, "connection"))
					f.Explanation = "Their order in the file is not that of their times: short spans may be off, and reordering may be the capture's."
					f.Causes = []string{"several receive queues, each with its own order", "a clock that was set back, or files put together"}
					f.Advice = []string{"Capture with one queue: `ethtool -L eth0 combined 1` (the interface's own name); sort a file: `reordercap IN OUT`."}
				default:
					return Finding{}, nil
				}
				if q.back == 0 {
					return f, &tally{n: c.Conns, since: c.Start, until: c.End}
				}
				return f, &q.backwards
			}}
		},
	}
}
