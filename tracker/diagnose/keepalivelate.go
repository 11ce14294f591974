package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type lateLimits struct{ idle int64 }

func keepaliveLate() Detector {
	return Detector{
		Name: "keepalive-late", Group: GroupKeepalive, needs: traitProbed, atRest: true,
		Doc: `Keepalive probes begin later than load balancers and NATs keep an idle connection.

Rule: a probe also keeps the entry of a NAT or load balancer alive, if it comes before
that is dropped: 60 s AWS ALB, 240 s Azure, 350 s AWS NLB, 600 s Google Cloud VPC, 1200 s
Google Cloud NAT, 3600 s many firewalls. The default of Linux, macOS and FreeBSD is 7,200 s
(RFC 9293 section 3.8.4 asks for no less), of Windows the same. A notice where such
connections died as well, information where all lived: on a path without such middleboxes the
default does no harm.`,
		New: func(o *Options) Fold {
			return newFold(lateLimits{o.span("keepalive-late", 350*second, "idle time before the first probe")}.add, tellLateProbes)
		},
	}
}

func (l lateLimits) add(s *subjects[probing, *probing], r *record.Record) {
	for _, e := range sides() {
		if k := &r.Keepalive[e]; k.Probes > 0 && k.Idle.OK && k.Idle.V > l.idle {
			x := s.At(sideOf(r, e))
			if _, dead := foundDead(r); dead || diedAtRest(r) {
				x.died++ // what it died of has a finding of its own
			} else {
				x.add(r, k, r.Evidence.Ends[e].Probe, k.Idle.V)
			}
			return
		}
	}
}

func tellLateProbes(_ *Context, s Subject, x *probing) (Finding, bool) {
	f := Finding{
		Severity: effect{harmless: x.died == 0}.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("%s probes %s only after %s idle", s.who(), say.Plural(x.n, "connection"), rangeOf(x.pause)),
		Explanation: fmt.Sprintf("That is later than %s: behind one of these a probe comes too late to keep the connection. The application chooses the time (RFC 9293 section 3.8.4).", namesOf(shorterThan(x.pause.Least))),
		causes:      []Cause{onHost("the system's default, 7,200 s, was left as it is")},
		Advice:      []string{fmt.Sprintf("On %s: `sysctl -w net.ipv4.tcp_keepalive_time=200`, or TCP_KEEPIDLE in the application, where a device with such a limit is on the path.", s.A.Addr)},
	}
	if x.died > 0 {
		f.Explanation += fmt.Sprintf(" %s more died while idle.", say.Thousands(x.died))
	}
	return f, x.n > 0
}
