package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func refused() Detector {
	return Detector{
		Name: "refused", Group: GroupOpen, needs: traitFailed | traitHeldUp,
		Doc: `A RST answers the SYN: nobody listens, or a firewall says no.

Rule: a SYN for a port in CLOSED is answered by RST,ACK whose ACK number covers
the SYN (RFC 9293 section 3.10.7.1). Counted for each listener, with how many
connections to it opened in the same input.

It can be mistaken for a firewall that rejects with a RST (REJECT
--reject-with tcp-reset): that has often another TTL than the host's own
packets, and then the finding says so. Hosts that scan are left out.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{o.fewAndMany("refused"), pickRefused, noteRetry, tellRefused})
		},
	}
}

func pickRefused(r *record.Record) (uint64, bool) {
	if r.Open.RefusedFirst {
		return r.Open.SYNAgainAt, true
	}
	return r.Close.ResetPacket, r.Open.Kind == record.OpenRefused
}

func noteRetry(a *attempts, r *record.Record) {
	if r.Open.RefusedFirst && r.Open.Kind != record.OpenRefused {
		a.retried++
	}
}

func tellRefused(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	opened := c.opened(s.A)
	all := max(n+opened-min(a.retried, n, opened), n)
	f := Finding{
		Severity: k.severity(n, n+opened), Confidence: Proven,
		Title: fmt.Sprintf("%s refused %s, from %s", name(s.A), ofThose(n, all, "connection"), a.sources.who()),
		Explanation: "A RST with an ACK of the SYN came back: no socket listens there, or a firewall answers in its place " +
			"(RFC 9293 section 3.10.7.1).",
		Causes: []string{
			"the service is not running, or listens on another port or address",
			"a firewall rejects with a RST",
		},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -ltnp '( sport = :%d )'` tells whether something listens, and on which address.", s.A.Addr, s.A.Port),
			"If it does, look for a rule that rejects: `nft list ruleset` or `iptables -S`.",
		},
	}
	if opened > 0 {
		f.Causes[0] = "the service was down or restarted for a while: compare the times"
	}
	v := c.contrast(s.A, wentRefused)
	f.Title += v.because()
	if v.named() {
		f.Explanation = "A RST with an ACK of the SYN came back (RFC 9293 section 3.10.7.1)."
	}
	if c.served(s.A).otherWay(a.ttl) {
		f.Explanation += fmt.Sprintf(" The RSTs have TTL %d, the listener's other packets do not: something on the way sent them.", a.ttl.Least)
		f.Causes = []string{"a firewall on the way rejects with a RST", "the service sits behind a load balancer that has no healthy backend"}
	}
	v.into(&f, s.A, "opened")
	return f, true
}
