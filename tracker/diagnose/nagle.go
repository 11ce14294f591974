package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// stalled sums up small segments that were held back for a delayed ACK.
type stalled struct {
	waits
	took fold.Range[int64] // one ACK
}

// Fields walks over what is summed up.
func (x *stalled) Fields(w *fold.Walk) {
	x.waits.Fields(w)
	x.took.Fields(w)
}

func nagleDelay() Detector {
	return Detector{
		Name: "nagle-delay", Group: GroupTransfer, needs: traitStuck,
		Doc: `Small writes wait for delayed ACKs, 40 to 200 ms each time.

Rule: while a small segment is unacknowledged Nagle's algorithm holds the next small
one back (RFC 9293 section 3.7.4), and a receiver may hold its ACK back for up to 500 ms
(section 3.8.6.3; Linux 40 to 200 ms, macOS 100, Windows 40 or 200) hoping for data to
send it with. An application that writes a request in two pieces and then waits for the
answer meets both. Counted where one small segment was acknowledged, without data, after
such a delay, and the next small one followed at once.`,
		Thresholds: []Threshold{{"nagle-delay", Number, 3, "times on one connection from which on it counts"},
			{"nagle-delay-much", Span, 5 * second, "time lost in all from which on it is a warning"}},
		New: func(o *Options) Fold {
			least, much := uint32(o.get("nagle-delay")), o.get("nagle-delay-much")
			return newFold(func(s *subjects[stalled, *stalled], r *record.Record) {
				for _, e := range sides() {
					if y := &r.Path[e].Nagle; y.N >= least {
						x := s.At(sideOf(r, e))
						x.took.Widen(y.Min, y.Max)
						x.add(r, y.Packet, y.N, y.Total)
					}
				}
			}, func(_ *Context, s Subject, x *stalled) (Finding, bool) {
				f := Finding{
					Severity: Notice, Confidence: Likely,
					Title: fmt.Sprintf("small writes of %s wait for delayed ACKs: %s on %s, %s in all", s.who(), say.Plural(x.times, "time"), say.Plural(x.n, "connection"), span(x.total)),
					Explanation: fmt.Sprintf("The ACK of a small segment came after %s, and the next small one followed at once: Nagle's algorithm (RFC 9293 section 3.7.4) waited for a delayed ACK (section 3.8.6.3).",
						rangeOf(x.took)),
					Causes: []string{"the application writes a message in several pieces, header and body apart, without TCP_NODELAY"},
					Advice: []string{"Write each message with one call (writev, a buffered writer), or set TCP_NODELAY.",
						"`strace -f -e trace=setsockopt,write,sendto true` with the application's own PID (-p) shows its writes."},
				}
				if x.total >= much {
					f.Severity = Warning
				}
				return f, true
			})
		},
	}
}
