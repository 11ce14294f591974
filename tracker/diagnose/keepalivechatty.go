package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type chattyLimits struct {
	pause  int64
	probes uint64
}

func keepaliveChatty() Detector {
	return Detector{
		Name: "keepalive-chatty", Group: GroupKeepalive, needs: traitProbed, atRest: true,
		Doc: `Keepalive probes every few seconds: more packets than they are worth.

Rule: the keepalive time is to be two hours at least unless the application asks for
less (RFC 9293 section 3.8.4, MUST-28), which most do with good reason; but
no known limit for idle connections is shorter than a minute, so probes every few
seconds only find a dead end sooner, at the price of waking radios and CPUs. Measured
between answered probes with no data between; counted for all connections of a side that are probed so
often, where one of them was probed keepalive-chatty-probes times.`,
		New: func(o *Options) Fold {
			l := chattyLimits{pause: o.span("keepalive-chatty", 10*second, "pause between answered probes that is too short"),
				probes: o.count("keepalive-chatty-probes", 20, "probes on one connection from which on it is reported")}
			return newFold(l.add, tellChatty)
		},
	}
}

func (l chattyLimits) add(s *subjects[probing, *probing], r *record.Record) {
	for _, e := range sides() {
		if k := &r.Keepalive[e]; k.Unanswered == 0 && k.Interval.OK && k.Interval.V <= l.pause {
			x := s.At(sideOf(r, e))
			x.add(r, k, r.Evidence.Ends[e].Probe, k.Interval.V)
			if uint64(k.Probes) >= l.probes {
				x.long++
			}
			return
		}
	}
}

func tellChatty(_ *Context, s Subject, x *probing) (Finding, bool) {
	return Finding{
		Severity: Info, Confidence: Likely,
		Title:       fmt.Sprintf("%s sends a keepalive probe every %s on %s", s.who(), rangeOf(x.pause), say.Plural(x.n, "connection")),
		Explanation: fmt.Sprintf("%s in all, each with its answer; a minute would do against any known limit (RFC 9293 section 3.8.4).", say.Plural(x.probes, "probe")),
		causes:      []Cause{app("TCP_KEEPIDLE or TCP_KEEPINTVL of a few seconds in the application or its library")},
		Advice:      []string{fmt.Sprintf("On %s: `ss -tno state established %s` shows the timers; ask for 60 s or more.", s.A.Addr, s.ss())},
	}, x.long > 0
}
