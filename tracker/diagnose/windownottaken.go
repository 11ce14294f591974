package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// unheeded sums up window updates that a sender did not take.
type unheeded struct {
	tally
	probes  uint64
	longest int64  // from the update to the last probe, ns
	echoed  uint64 // connections whose probes echo the update's timestamp
	unheard uint64 // and whose probes echo older ones only
}

// Fields walks over what is summed up.
func (x *unheeded) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.probes, &x.echoed, &x.unheard)
	fold.Max(w, &x.longest)
}

// openProbesLeast is how many probes of an open window tell that its sender does
// not know: the answer to one would, if an update had been lost.
const openProbesLeast = 3

type unheededLimits struct {
	probes uint64
	long   int64
}

func windowNotTaken() Detector {
	return Detector{
		Name: "window-not-taken", Group: GroupTransfer, needs: traitWindow,
		Doc: `A sender does not take a window update: it goes on probing a window that is open.

Rule: a sender probes a closed window with doubling pauses and sends on as soon as a
segment with a larger window comes (RFC 9293 section 3.8.6.1). Counted are connections
on which it went on probing, with the same doubling pauses and without new data, after the
receiver had opened its window. A lost update is made up for by the answer to the next
probe, so it takes 3. Where a probe echoes the timestamp of the update (RFC 7323 section 4)
that had come in. Keepalive probes look the same but come at one interval.`,
		New: func(o *Options) Fold {
			l := unheededLimits{probes: o.count("window-not-taken", openProbesLeast, "probes of an open window on one connection from which on it counts"),
				long: o.span("window-not-taken-long", 10*second, "time from the window update to the last probe, from which on it is critical")}
			return newEndFold(l.add, l.tell)
		},
	}
}

func (l unheededLimits) add(s *subjects[unheeded, *unheeded], r *record.Record, e record.End) {
	if y := &r.Ends[e]; y.OpenProbes > 0 && uint64(y.OpenProbes) >= l.probes {
		x := s.At(sideOf(r, e))
		x.hitAt(r, r.Evidence.Ends[e].OpenProbe)
		x.probes += uint64(y.OpenProbes)
		x.longest = max(x.longest, y.OpenProbing)
		switch {
		case y.OpenEchoed:
			x.echoed++
		case y.Timestamps.V && r.Ends[e.Peer()].Timestamps.V:
			x.unheard++
		}
	}
}

func (l unheededLimits) tell(_ *Context, s Subject, x *unheeded) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: true, broken: x.longest >= l.long}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("%s ignores the window update on %s: it goes on probing for %s though the window is open", s.who(), say.Plural(x.n, "connection"), span(x.longest)),
		Explanation: fmt.Sprintf("The receiver has opened its window and says so in each answer, but %s came with doubling pauses and no data (RFC 9293 section 3.8.6.1): the sender still takes the window for closed. The receiver is not at fault.",
			say.Plural(x.probes, "probe")),
		causes: []Cause{onHost("a fault in the sender's TCP, which discards the update as out of date (Linux before 5.10 after more than 2 GB in one direction: SND.WL1 was not kept up)")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tino %s` shows the timer (persist) and snd_wnd; a Linux older than 5.10 needs a newer kernel.", s.A.Addr, s.ss()),
			"Until then: end such connections by a limit in the application, or TCP_USER_TIMEOUT (RFC 5482)."},
	}
	if x.echoed > 0 {
		f.Explanation += fmt.Sprintf(" On %s its probes echo the timestamp of the update: that had come in.", say.Plural(x.echoed, "connection"))
	}
	const lost = "the receiver's ACKs do not get through to the sender after the capture point: a firewall, on the path or on the sender's host"
	switch {
	case x.echoed == x.n:
		f.Confidence = Proven
	case x.unheard == x.n:
		f.Explanation += " Its probes echo older timestamps only: the updates do not come in."
		f.causes = []Cause{onPath(lost)}
		f.Advice = []string{fmt.Sprintf("On %s: does its own firewall drop them? `nft list ruleset`; capture on each side of what stands between.", s.A.Addr)}
	default:
		f.causes = append(f.causes, onPath(lost))
	}
	return f, true
}
