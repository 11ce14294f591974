package diagnose

import (
	"fmt"
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func refused() Detector {
	return Detector{
		Name: "refused", Group: GroupOpen, needs: traitFailed | traitHeldUp,
		Doc: `A RST answers the SYN: nobody listens, or a firewall says no.

Rule: a SYN for a port in CLOSED is answered by RST,ACK whose ACK number covers
the SYN (RFC 9293 section 3.10.7.1). Counted for each server, with how many
connections to it opened in the same input.

The order shows more: where refusals lie one here and one there among connections that were
served within a second around them, one of several targets behind the address does not
listen; where every n-th was refused, they are dealt out in turn
(tested as all signs are, times the places in the turn); where all lie in one stretch in which none was served, the service was down for that time.

What is refused while the server holds an older connection of the same two hosts that closes
just then, or right after it, with the next attempt taken within a second, met a program that takes
one connection from a peer. Where the host that refused opens a connection to the same port of the
other one itself, within a minute, its program only opens, or was starting.

It can be mistaken for a firewall that rejects with a RST (REJECT
--reject-with tcp-reset): that has often another TTL than the host's own
packets, and then the finding says so. Hosts that scan are left out.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{scale: o.fewAndMany("refused"), picks: pickRefused, more: noteRetry, tell: tellRefused})
		},
	}
}

func pickRefused(r *record.Record) (uint64, bool) {
	if r.Open.RefusedFirst {
		return r.FirstPacket, true // the SYN that was refused, not the one that came after it
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
	f := Finding{
		Severity: k.severity(n, n+opened), Confidence: Proven, failing: failing{k, n, n + opened},
		Title: fmt.Sprintf("%s refused %s, from %s", name(s.A), c.wholeOf(s.A, n).toIt(n), a.sources.who()),
		Explanation: "A RST with an ACK of the SYN came back: no socket listens there, or a firewall answers in its place " +
			"(RFC 9293 section 3.10.7.1).",
		causes: []Cause{
			app("the service is not running, or listens on another port or address"),
			hostOrPath("a firewall rejects with a RST"),
		},
		Advice: []string{
			fmt.Sprintf("On %s: `ss -ltnp '( sport = :%d )'` shows whether something listens, and on which address.", s.A.Addr, s.A.Port),
			"If it does, look for a rule that rejects: `nft list ruleset` or `iptables -S`.",
		},
	}
	if a.retried > 0 {
		f.Explanation += fmt.Sprintf(" %s opened after all: the client sent its SYN again from the same port, and the server took it.", sentence(outOf(a.retried, n, "refused connection")))
	}
	if opened > 0 {
		f.causes[0] = app("the service was down or restarted for a while: compare the times")
	}
	if other := c.otherLoopback(s.A); opened == 0 && other.Port != 0 {
		f.Explanation += fmt.Sprintf(" %s served at the same port: a name that stands for both (localhost) is tried at one address after the other (RFC 8305).", name(other))
		f.causes = f.causes[1:]
		f.lead(app(fmt.Sprintf("the service listens at %s alone", other.Addr)), fmt.Sprintf("%s served at the same port", name(other)))
	}
	if after, conn, ok := c.openedBack(s.A, &a.sources, a.when.Least); ok && opened == 0 {
		intoBack(&f, s, after, conn)
	}
	stretch := c.stretchOf(s.A, wentRefused)
	crossing, crossed := c.crossed(s.A, a.n)
	if crossed = crossed && !stretch.scattered() && !stretch.together(); crossed {
		crossing.intoRefused(&f, s)
	}
	v := c.contrast(s.A, wentRefused)
	f.Title += v.because()
	if v.named() {
		f.Explanation = "A RST with an ACK of the SYN came back (RFC 9293 section 3.10.7.1)."
	}
	if c.served(s.A).otherWay(a.ttl) {
		f.Explanation += fmt.Sprintf(" The RSTs have TTL %d, the server's other packets do not: something on the path sent them.", a.ttl.Least)
		f.causes = []Cause{onPath("a firewall on the path rejects with a RST"), app("the service sits behind a load balancer that has no healthy backend")}
	}
	v.into(&f, s.A, "opened")
	if !v.named() && !v.somewhere() && !crossed {
		stretch.intoRefused(&f, s)
	}
	return f, true
}

// intoRefused tells by the order in which connections were refused and served who refused them.
func (x *stretch) intoRefused(f *Finding, s Subject) {
	switch {
	case x.scattered():
		f.Confidence = Likely
		f.Title += ", one here and one there: those before and after each were served"
		f.Explanation += fmt.Sprintf(" They came in %s, and between the two that were served around any of them lie at most %s: no service stops and starts so fast.",
			say.Plural(uint64(x.runs), "place"), span(x.longest))
		f.causes = []Cause{hostOrPath(fmt.Sprintf("%s is an address of several targets (load balancer, Service, proxy), and one of them does not listen: it refuses its share of the connections", name(s.A))),
			onPath("a rule on the path rejects part of them by a limit (connections or a rate)")}
		f.Advice = []string{"List the targets behind that address (the load balancer's target health, a Service's endpoints, `nft list ruleset`) and ask each; take the dead one out.",
			fmt.Sprintf("On each target: `ss -ltnp '( sport = :%d )'`, or its own port, shows whether it listens.", s.A.Port)}
	case x.together():
		f.Confidence = Likely
		f.Title += fmt.Sprintf(": all of them in one stretch of %s", span(x.to-x.from))
		f.Explanation += fmt.Sprintf(" None was served in that time, and %s before it and %s after it were.", say.Thousands(uint64(x.before)), say.Thousands(uint64(x.after)))
		f.causes = []Cause{app(fmt.Sprintf("the service was down for at most %s: it restarted, crashed or was deployed", span(x.to-x.from))),
			hostOrPath("a firewall rejected for that time (a reload of its rules)")}
		f.Advice = append([]string{fmt.Sprintf("On %s: look into the service's log, and at its restarts and deployments at that time.", s.A.Addr)}, f.Advice...)
	}
}

// otherLoopback is the same port at the loopback address of the other IP version, where connections opened to it; none
// where there were none, or the listener is at no such address.
func (c *Context) otherLoopback(e capture.Endpoint) (none capture.Endpoint) {
	four, six := capture.AddrFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1})), capture.AddrFrom(netip.IPv6Loopback())
	other := capture.Endpoint{Port: e.Port}
	switch e.Addr {
	case four:
		other.Addr = six
	case six:
		other.Addr = four
	default:
		return none
	}
	if c.opened(other) == 0 {
		return none
	}
	return other
}
