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
	full uint64            // full segments that waited likewise
	one  uint64            // connections on which so many of them did that the sender waits for each ACK
}

// Fields walks over what is summed up.
func (x *stalled) Fields(w *fold.Walk) {
	x.waits.Fields(w)
	x.took.Fields(w)
	fold.Sum(w, &x.full, &x.one)
}

type nagleLimits struct {
	times uint64
	total int64
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
such a delay, and the next small one followed at once. Nagle's algorithm holds back no full segment:
a sender whose full segments wait likewise sends one segment at a time, whatever TCP_NODELAY says.`,
		New: func(o *Options) Fold {
			l := nagleLimits{times: o.count("nagle-delay", 3, "times on one connection from which on it counts"),
				total: o.span("nagle-delay-much", 5*second, "time lost in all from which on it is a warning")}
			return newEndFold(l.add, l.tell)
		},
	}
}

func (l nagleLimits) add(s *subjects[stalled, *stalled], r *record.Record, e record.End) {
	if y := &r.Path[e].Nagle; uint64(y.N) >= l.times {
		x := s.At(sideOf(r, e))
		x.took.Widen(y.Min, y.Max)
		x.add(r, y.Packet, y.N, y.Total)
		if y.Full >= fullShare(y.N) {
			x.full += uint64(y.Full)
			x.one++
		}
	}
}

// fullShare is how many full segments must have waited beside so many small ones for the sender to be no
// sender with Nagle's algorithm: an application may write much just when an ACK comes.
func fullShare(small uint32) uint32 { return max(small/4, 1) }

func (l nagleLimits) tell(_ *Context, s Subject, x *stalled) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: x.total >= l.total}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("small writes of %s wait for delayed ACKs: %s on %s, %s in all", s.who(), say.Plural(x.times, "time"), say.Plural(x.n, "connection"), span(x.total)),
		Explanation: fmt.Sprintf("The ACK of a small segment was held back for %s beyond the round trip, and the next small one followed at once: Nagle's algorithm (RFC 9293 section 3.7.4) waited for a delayed ACK (section 3.8.6.3).",
			rangeOf(x.took)),
		causes: []Cause{app("the application writes again while its last small write is unacknowledged (a message in several pieces, or several short ones), without TCP_NODELAY")},
		Advice: []string{"Write each message with one call (writev, a buffered writer), or set TCP_NODELAY.",
			"`strace -f -e trace=setsockopt,write,sendto true` with the application's own PID (-p) shows its writes."},
	}
	if x.one*2 > x.n {
		x.intoOneAtATime(&f, s)
	}
	return f, true
}

// intoOneAtATime tells of a sender that waits for each ACK: not Nagle's algorithm.
func (x *stalled) intoOneAtATime(f *Finding, s Subject) {
	f.Title = fmt.Sprintf("%s sends one segment at a time and waits for delayed ACKs: %s on %s, %s in all", s.who(), say.Plural(x.times, "time"), say.Plural(x.n, "connection"), span(x.total))
	f.Explanation = fmt.Sprintf("The ACK of a small segment was held back for %s beyond the round trip, and the next one followed at once, small or full: %s waited likewise. Nagle's algorithm (RFC 9293 section 3.7.4) holds back no full segment, so it is not that.",
		rangeOf(x.took), say.Plural(x.full, "full segment"))
	f.causes = []Cause{app("the sender has a TCP of its own that waits for the ACK of each segment (a VPN app, a proxy, a small device)"), app("the application waits for the ACK of what it wrote before it writes again")}
	f.Advice = []string{"TCP_NODELAY changes nothing here. Look for what stands for that end and has a TCP of its own, and update or replace it.",
		"Until then the receiver can acknowledge at once: on Linux `ip route change ROUTE quickack 1`, with its own route."}
}
