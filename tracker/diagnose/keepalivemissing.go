package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func keepaliveMissing() Detector {
	return Detector{
		Name: "keepalive-missing", Group: GroupKeepalive, needs: traitIdle, atRest: true, onACKs: true,
		Doc: `Connections died unnoticed while they were idle: no keepalive found it out.

Rule: an idle connection is silent for ever (RFC 9293 section 3.8.4), so an end learns
only by its next segment that the other is gone or forgot the connection: by a RST, or
by silence up to tcp_retries2. Keepalive probes (SO_KEEPALIVE) would have shown it, and would
have kept a NAT's entry alive. Counted where, after a minute or more of idle time, what came
next met a RST or no answer, and no probe had been sent. Where the idle times of idle-timeout-few
fit a known limit of something on the path the finding is idle-timeout.`,
		New: func(o *Options) Fold { return newIdleFold(idleLimitsOf(o.others()), false, tellMissing) },
	}
}

func tellMissing(_ idleLimits, s Subject, x *idles) Finding {
	f := Finding{
		Severity: Notice, Confidence: Likely,
		Title: fmt.Sprintf("%s to %s died while idle for %s, and keepalive did not find it out", say.Plural(x.n, "connection"), name(s.A), rangeOf(x.rests)),
		Explanation: fmt.Sprintf("After the idle time the next segment got a RST (%s) or no answer (%s). The gaps: %s. Probes had been sent on %s of them (RFC 9293 section 3.8.4).",
			say.Thousands(x.resets), say.Thousands(x.n-x.resets), x.shown(), say.Thousands(x.probed)),
		causes: []Cause{onHost("an end restarted, crashed or moved meanwhile"), onPath("a NAT, load balancer or firewall forgot the idle connection")},
		Advice: []string{"Set SO_KEEPALIVE in the application and probe early: `sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes`.",
			"Let connection pools test or drop what was idle long.",
			"Capture at the other end too: if the segment behind the silence arrives there, that end had restarted or dropped it; if not, something on the path forgot the connection."},
	}
	if all := x.fits(); len(all) > 0 {
		f.causes[1].Text += "; this fits: " + namesOf(all)
	}
	x.sum().into(&f)
	return f
}
