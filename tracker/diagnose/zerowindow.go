package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// closedLimits are for how long a window must be closed.
type closedLimits struct{ least, much int64 }

func closedLimitsOf(o *Options) closedLimits {
	return closedLimits{least: o.span("zero-window-least", 100*millisecond, "the longest time with the window closed on a connection, from which on it counts"),
		much: o.span("zero-window", second, "the same, from which on it is a warning")}
}

func zeroWindow() Detector {
	return Detector{
		Name: "zero-window", Group: GroupTransfer, needs: traitWindow,
		Doc: `A receiver closed its window: its application did not read, and the sender had to wait.

Rule: the window says how much a receiver can still take (RFC 9293 section 3.8.6); it
is 0 when its buffer is full, which means that the application does not read as
fast as data comes. The sender then probes with doubling pauses until it opens
(section 3.8.6.1). Counted are connections with an episode long enough to be felt; those
of some milliseconds slow a fast sender down, which is receiver-limited; a sender that goes
on probing a window that is open again is window-not-taken. A RST's window
of 0 is none. Less than half a second in all, by default, is an info: nobody feels it. A person who
pauses a download closes the window too, and so does a printer: to the ports that printers listen at
it is an info below 60 s.`,
		New: func(o *Options) Fold {
			l := closedLimitsOf(o)
			return newFold(l.add, l.tell)
		},
	}
}

func (l closedLimits) add(s *subjects[waits, *waits], r *record.Record) {
	for _, e := range sides() {
		if ns, packet, ok := l.felt(r, e); ok && r.Ends[e.Peer()].OpenProbes < openProbesLeast {
			w := s.At(sideOf(r, e))
			from, to := closedTimes(r, e)
			w.hit(r, packet, from, to)
			w.times += uint64(r.Ends[e].ZeroWindows)
			w.total += r.Ends[e].ZeroWindow
			w.longest = max(w.longest, ns)
			w.probes += uint64(r.Ends[e.Peer()].WindowProbes)
			return
		}
	}
}

// closedTimes is when an end's window was closed for the first time, and when it was last: until the
// connection's end where nothing ended that.
func closedTimes(r *record.Record, e record.End) (from, to int64) {
	l := r.Ends[e].ZeroWindowList
	if len(l) == 0 {
		return r.Start, r.End
	}
	return l[0].Start, cmp.Or(l[len(l)-1].End, r.End)
}

// printsFor is how long a printer keeps a window closed that has no trouble: a page takes some seconds.
const printsFor = 60 * second

// prints tells that a port is one that printers listen at: LPD (RFC 1179), IPP (RFC 8010), raw printing.
func prints(port uint16) bool { return port == 515 || port == 631 || port == 9100 }

func (l closedLimits) tell(_ *Context, s Subject, x *waits) (Finding, bool) {
	f := Finding{
		Severity: effect{harmless: x.total*2 < l.much, felt: x.longest >= l.much}.severity(), Confidence: Proven,
		Title: fmt.Sprintf("%s closed its window %s on %s, for %s in all: its application does not read", s.who(), say.Plural(x.times, "time"), say.Plural(x.n, "connection"), span(x.total)),
		Explanation: fmt.Sprintf("A window of 0 says that the receive buffer is full (RFC 9293 section 3.8.6); the sender had to wait%s.",
			lasting(x.times, x.longest)),
		causes: []Cause{app("the application is busy, blocked (disk, lock, a slow consumer behind it) or paused on purpose"), onHost("its receive buffer is small for what comes in bursts")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tmp state established %s` shows Recv-Q and buffers: a full Recv-Q is the application's.", s.A.Addr, s.ss()),
			"`nstat -az TcpExtTCPToZeroWindowAdv TcpExtTCPWantZeroWindowAdv` counts them on that host; `sysctl net.ipv4.tcp_rmem` bounds the buffer."},
	}
	if s.Kind == SubjectListener && prints(s.A.Port) && x.longest < printsFor {
		f.Severity = min(f.Severity, Info)
		f.lead(app("a printer takes in as much as it prints: nothing is amiss"), "printers listen at that port")
		f.Advice = append([]string{fmt.Sprintf("Where %s is a printer, its own page or panel shows whether it waits (for paper, ink, a person).", s.A.Addr)}, f.Advice...)
	}
	if x.probes > 0 {
		f.Explanation += fmt.Sprintf(" It probed the closed window %s.", say.Plural(x.probes, "time"))
	}
	return f, true
}
