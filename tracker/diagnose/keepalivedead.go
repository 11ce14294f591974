package diagnose

import (
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func keepaliveDead() Detector {
	return Detector{
		Name: "keepalive-dead", Group: GroupKeepalive, needs: traitProbed | traitIdle, onACKs: true,
		Doc: `Keepalive probes found that the other end is dead.

Rule: a probe stands at SND.NXT-1 and draws an ACK from any end that still has the
connection (RFC 9293 section 3.8.4); one unanswered proves nothing (RFC 1122 section
4.2.3.6), so the prober repeats it, on Linux 9 times every 75 s, then sends RST,ACK and
gives up. Proven where that RST was seen, likely after 8 probes without an answer.
Dead means: the host is gone, or what stands between has forgotten the connection.
Where the first probe came later than a known limit for idle connections that is said, unless
that connection, or another between the same hosts, was idle for longer than that limit and answered.`,
		New: func(o *Options) Fold {
			return newFold(addDead, o.fewAndShare("keepalive-dead", 3, 5, "connections", "the connections to that server").tellDead)
		},
	}
}

func addDead(s *subjects[probing, *probing], r *record.Record) {
	e, ok := foundDead(r)
	if at := sideOf(r, record.Orig); r.Idle.Longest.V >= idleAge && (!ok || e != record.Resp) {
		x := s.Well(at)
		x.lived = max(x.lived, r.Idle.Longest.V)
	}
	if ok {
		x := s.At(sideOf(r, e.Peer()))
		x.add(r, &r.Keepalive[e], r.Evidence.Ends[e].Unanswered, r.Keepalive[e].Idle.V)
		if k := &r.Keepalive[e]; k.Last != 0 && k.Unanswered > 0 {
			x.mute = max(x.mute, k.Last-int64(k.Unanswered-1)*k.Interval.V)
		}
		x.lived = max(x.lived, r.Idle.Longest.V)
		x.prober.Take(teller{r.ID, [...]capture.Addr{r.Orig.Addr, r.Resp.Addr}[e]})
		if r.Close.ResetCause == record.ResetKeepaliveDead {
			x.proven++
		}
	}
}

// probers are who sent the probes: a listener's openers, or the listener's host.
func (x *probing) probers(s Subject) string {
	if s.Kind != SubjectPair && x.n > 1 {
		return "its clients"
	}
	return x.prober.V.Addr.String()
}

// whatCame tells what came of the probes.
func (x *probing) whatCame(c *Context, s Subject) string {
	text := fmt.Sprintf("%s sent %s", x.probers(s), say.Plural(x.probes, "probe"))
	switch {
	case x.silent == 0:
	case x.silent >= x.probes:
		text += ", got no answer"
	default:
		text += fmt.Sprintf(", got no answer to the last %s", say.Thousands(x.silent))
	}
	switch {
	case x.proven != x.n && c.recent:
		text += " so far, or until it gave up"
	case x.proven != x.n:
		text += ", to the end of the capture or until it gave up"
	case x.n == 1:
		text += " and reset the connection"
	default:
		text += " and reset the connections"
	}
	return text + " (RFC 9293 section 3.8.4)."
}

func (k scale) tellDead(c *Context, s Subject, x *probing) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	f := Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Likely, silence: x.mute,
		Title:       fmt.Sprintf("%s was found dead by keepalive on %s", s.who(), s.ofThose(x.n, all)),
		Explanation: x.whatCame(c, s),
		causes: []Cause{hostGone("its host crashed, was suspended or left the network"), onPath("a NAT, load balancer or firewall forgot the idle connection and drops what comes"),
			hostReplaced("an address moved to another host")},
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; if so, suspect a firewall or NAT on the path.", s.A.Addr)},
	}
	if x.proven == x.n {
		f.Confidence = Proven
	}
	if all := fits(x.lived, x.pause.Least); len(all) > 0 {
		slices.Reverse(all)
		f.Explanation += fmt.Sprintf(" The first probe came after %s idle: later than %s.", seconds(x.pause.Least), namesOf(all))
		if x.lived > 0 {
			f.Explanation += fmt.Sprintf(" After %s idle there was an answer.", seconds(x.lived))
		}
		f.Advice = append(f.Advice, "On "+x.probers(s)+", probe earlier than that: `sysctl net.ipv4.tcp_keepalive_time`, or TCP_KEEPIDLE in the application.")
	}
	return f, x.n > 0
}
