package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
)

func idleTimeout() Detector {
	return Detector{
		Name: "idle-timeout", Group: GroupIdle, needs: traitIdle,
		Doc: `Something on the way forgets connections that were idle for a certain time.

Rule: a NAT, load balancer or firewall keeps a connection only for so long after its
last packet; TCP itself has no such limit (RFC 5382 section 5 asks a NAT for at least
2 h 4 min). After it the next segment meets silence or a RST, though both ends are well.
Known limits: 60 s AWS ALB, 240 s Azure, 350 s AWS NLB and NAT gateway, 600 s Google Cloud
VPC, 1200 s Google Cloud NAT, 3600 s many firewalls, 5 days Linux nf_conntrack. A limit is named
when it is shorter than every rest that ended badly and longer than every rest
that was answered; RSTs that end rests count when all come after the same time.
Rests are at least 30 s without a packet and with nothing under way. Where no limit
fits the finding is keepalive-missing, where probes found it out keepalive-dead. An
application's own limit for idle connections closes by FIN, which is no trouble.`,
		Thresholds: []Threshold{{"idle-timeout-few", Number, 3, "connections to one listener, or of one opener, that must have died at rest"},
			{"idle-timeout-many", Number, 10, "of them from which on it is likely even if no rest was answered"}},
		New: func(o *Options) Fold {
			few, many := uint64(o.get("idle-timeout-few")), uint64(o.get("idle-timeout-many"))
			return newIdleFold(few, func(limited, _ map[Subject]*idles) (all []Finding) {
				for s, x := range limited {
					k, _ := x.cluster(few)
					all = append(all, tellIdle(s, x, k, many))
				}
				return all
			})
		},
	}
}

func tellIdle(s Subject, x *idles, k cluster, many uint64) Finding {
	whose := "connections to " + name(s.A)
	if s.Kind == SubjectHost {
		whose = "connections of " + name(s.A)
	}
	f := Finding{
		Severity: Warning, Confidence: Possible, Subject: s,
		Causes: []string{"a load balancer, NAT gateway or firewall on the way has this limit for idle connections: " + namesOf(k.fits),
			"the listener's own application or proxy drops idle connections without closing them"},
		Advice: []string{fmt.Sprintf("Send keepalive probes more often than every %s: `sysctl net.ipv4.tcp_keepalive_time`, or TCP_KEEPIDLE in the application, with SO_KEEPALIVE set.", seconds(k.fits[0].after)),
			"Or let the pool drop connections that have been idle for longer than that, and look up the idle limit of what stands between."},
	}
	if k.timer {
		f.Title = fmt.Sprintf("%s %s were reset after %s idle: the limit of %s", say.Thousands(x.ended.n), whose, seconds(x.endedRests.Least), k.fits[0].name())
		f.Explanation = fmt.Sprintf("A RST ended each, after %s without a packet: so alike only a timer is; TCP has none for idle connections (RFC 9293 section 3.8.4).", rangeOf(x.endedRests))
		f.Confidence = Likely
		x.ended.into(&f)
		return f
	}
	f.Title = fmt.Sprintf("%s %s died while idle: something forgets them after %s", say.Thousands(x.n), whose, k.fits[0].name())
	f.Explanation = fmt.Sprintf("Idle for %s, the next segment met a RST (%s) or silence (%s); TCP itself has no such limit (RFC 9293 section 3.8.4). The gaps: %s.",
		rangeOf(x.rests), say.Thousands(x.resets), say.Thousands(x.n-x.resets), x.shown())
	if x.lived > 0 {
		f.Explanation += fmt.Sprintf(" %s was answered after up to %s.", say.Plural(x.livedConns, "idle connection"), seconds(x.lived))
	}
	x.sum().into(&f)
	if x.n >= many || x.lived*2 >= k.fits[0].after {
		f.Confidence = Likely
	} else {
		f.Title += ", or sooner"
	}
	return f
}

// rangeOf is "350 s" or "350 s to 400 s".
func rangeOf(r fold.Range[int64]) string {
	a, b := seconds(r.Least), seconds(r.Most)
	if r.Least < second {
		a, b = span(r.Least), span(r.Most)
	}
	if a != b {
		return a + " to " + b
	}
	return a
}
