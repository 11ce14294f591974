package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type reuseLimits struct{ delay int64 }

func reuseRefused() Detector {
	return Detector{
		Name: "reuse-refused", Group: GroupTimeWait, needs: traitHeldUp,
		Doc: `A TIME-WAIT on the same addresses and ports refuses a new SYN.

Rule: a TIME-WAIT may be ended early by a SYN with a higher sequence number (RFC
1122 section 4.2.2.13) or a newer timestamp (RFC 6191). A SYN with older numbers
gets the old ACK again (RFC 9293 section 3.10.7.4); the client answers with a RST and
sends its SYN again, which costs a millisecond where the RST ends the TIME-WAIT
(Linux, tcp_rfc1337 0) and seconds where the RST is lost or not obeyed. It takes
a client that comes back to the same port within 2MSL: it runs out of ports,
binds a fixed one, or a NAT gives one out again.

An older connection that was not in TIME-WAIT is the finding stale-connection.`,
		New: func(o *Options) Fold {
			return newFold(addReuse, reuseLimits{o.span("reuse-refused-delay", second, "time lost in one handshake from which on it is a warning and no notice")}.tell)
		},
	}
}

func addReuse(s *subjects[delays, *delays], r *record.Record) {
	if r.Open.OldConn != 0 && r.Open.OldState == record.TimeWait {
		s.At(listener(r.Resp)).lost(r, r.Evidence.OldAnswer, heldUp(r))
	}
}

func (l reuseLimits) tell(c *Context, s Subject, d *delays) (Finding, bool) {
	f := Finding{
		Severity: effect{felt: d.longest >= l.delay}.severity(), Confidence: Proven,
		Title: fmt.Sprintf("TIME-WAIT at %s refused %s that reused a port: %s", name(s.A), say.Plural(d.n, "SYN"), d.cost()),
		Explanation: fmt.Sprintf("The SYN of %s had older numbers than the connection that still was in TIME-WAIT, so that one answered "+
			"(RFC 9293 section 3.10.7.4, RFC 6191).", d.sources.who()),
		causes: []Cause{onHost("the client runs short of ports and comes back to the same one too soon"), onPath("a NAT gives one port to several clients, whose numbers differ"),
			app("the client binds a fixed source port")},
		Advice: []string{"On the client: `sysctl net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse net.ipv4.tcp_timestamps`; with timestamps reuse works.",
			"Keep connections open and share them (a pool), or let the client close first."},
	}
	return f, true
}
