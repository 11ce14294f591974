package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
)

// idleLimits are how many connections it takes.
type idleLimits struct{ few, many uint64 }

func idleLimitsOf(o *Options) idleLimits {
	return idleLimits{few: o.count("idle-timeout-few", 3, "connections to one server, or of one client, that must have died while idle"),
		many: o.count("idle-timeout-many", 10, "of them from which on it is likely even if no segment after idle time was answered")}
}

func idleTimeout() Detector {
	return Detector{
		Name: "idle-timeout", Group: GroupIdle, needs: traitIdle, atRest: true, onACKs: true,
		Doc: `Something on the path forgets connections that were idle for a certain time.

Rule: a NAT, load balancer or firewall keeps a connection only for so long after its
last packet; TCP itself has no such limit (RFC 5382 section 5 asks a NAT for at least
2 h 4 min). After it the next segment meets silence or a RST, though both ends are well.
What is reported is the range that the gaps prove: longer than every idle time that was answered, and
no longer than the shortest that ended badly. Known limits: 60 s AWS ALB, 240 s Azure, 350 s AWS
NLB and NAT gateway, 600 s Google Cloud VPC, 1200 s Google Cloud NAT, 3600 s many firewalls,
5 days Linux nf_conntrack. One is named as what fits where idle times that were answered leave no
more than two of them. RSTs that end idle times count when all come after the same time and no
application sent them: one that gives up sends RST,ACK.
Idle times are at least 30 s without a packet and with nothing under way. Where longer
ones were answered the finding is keepalive-missing, where probes found it out keepalive-dead. An
application's own limit for idle connections closes by FIN, which is no trouble.`,
		New: func(o *Options) Fold { return newIdleFold(idleLimitsOf(o), true, idleLimits.tell) },
	}
}

func (l idleLimits) tell(s Subject, x *idles) Finding {
	k, _ := x.cluster(l.few)
	whose := "connections to " + name(s.A)
	if s.Kind == SubjectHost {
		whose = "connections of " + name(s.A)
	}
	box := "a load balancer, NAT gateway or firewall on the path has a limit for idle connections"
	if len(k.fits) > 0 {
		box += "; this fits: " + namesOf(k.fits)
	}
	f := Finding{
		Severity: Warning, Confidence: Possible,
		causes: []Cause{onPath(box), onHost("the server's host or process restarted meanwhile, or its stack drops idle connections without closing them")},
	}
	if k.timer {
		after := seconds(x.endedRests.Least)
		f.Title = fmt.Sprintf("%s %s were reset after %s idle, all alike: a timer ends them", say.Thousands(x.ended.n), whose, after)
		f.Explanation = fmt.Sprintf("A RST without ACK, or of another distance than that end's, ended each, after %s without a packet: so alike only a timer is; TCP has none for idle connections (RFC 9293 section 3.8.4).", rangeOf(x.endedRests))
		f.Advice = idleAdvice("more often than every " + after)
		f.Confidence = Likely
		f.causes = []Cause{onPath(box), onHost("the server's stack drops idle connections without closing them")} // no restart comes after the same time each time
		x.ended.into(&f)
		return f
	}
	f.Title = fmt.Sprintf("%s %s died while idle: something forgets them, its limit is %s", say.Thousands(x.n), whose, x.proven(k.fits))
	f.Explanation = fmt.Sprintf("After %s of idle time the next segment got a RST (%s) or no answer (%s); the requests then hung for %s in all, the longest for %s. TCP itself has no such limit (RFC 9293 section 3.8.4). The gaps: %s.",
		rangeOf(x.rests), say.Thousands(x.resets), say.Thousands(x.n-x.resets), span(x.hung), span(x.hungMost), x.shown())
	if x.elsewhere > 0 {
		f.Explanation += fmt.Sprintf(" %s of the RSTs came with another TTL than that end's other segments: something else sent them in its name.", say.Thousands(x.elsewhere))
	}
	f.Advice = idleAdvice("well more often than every " + seconds(x.rests.Least))
	if x.lived > 0 {
		f.Explanation += fmt.Sprintf(" %s went on, the longest after %s of idle time: then came the answer in %s.", say.Plural(x.livedConns, "other connection"), seconds(x.lived), x.longest.V.where())
		f.Advice = idleAdvice(fmt.Sprintf("at least every %s, after which connections went on", seconds(x.lived)))
	}
	x.sum().into(&f)
	if x.n >= l.many || x.lived*2 >= x.rests.Least {
		f.Confidence = Likely
		if x.lived > 0 {
			f.causes = f.causes[1:]
			f.lead(onPath(box), fmt.Sprintf("those idle for %s or longer died, and one idle for %s went on", seconds(x.rests.Least), seconds(x.lived)))
		}
	}
	return f
}

// idleAdvice is what helps against a limit for idle connections.
func idleAdvice(often string) []string {
	return []string{fmt.Sprintf("Send keepalive probes %s: `sysctl net.ipv4.tcp_keepalive_time`, or TCP_KEEPIDLE in the application, with SO_KEEPALIVE set.", often),
		"Or let the pool drop connections that have been idle for longer than that, and look up the idle limit of the devices on the path.",
		"To tell them apart, capture at the server too: if the segment behind the silence does not arrive there, something on the path forgot the connection; if it does, the server did (its log tells of restarts)."}
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
