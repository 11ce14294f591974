package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/tracker/record"
)

func resetBare() Detector {
	return Detector{
		Name: "reset-bare", Group: GroupReset, needs: traitReset,
		Doc: `A bare RST ended a connection in which its sender had just been talking, or
answers nothing: who sent it can't be known.

Rule: a socket that is aborted sends RST,ACK (RFC 9293 section 3.10.5): SO_LINGER 0,
unread data and death by keepalive do. A RST without ACK comes from a host that has
no such socket (section 3.10.7.1), from a middlebox that rejects in an end's
name, or from one of the few small stacks that abort so. An end that was talking
less than reset-forgotten-idle before has hardly lost the connection; one that
nothing was sent to had nothing to answer. Its TTL is that of the end's other
segments; where it is another, see reset-injected. IP-ID 0 and an answer within
microseconds fit all of them.

` + endsDoc,
		New: func(o *Options) Fold {
			l := forgottenLimits{o.fewAndShare("reset-bare", 10, 10, "connections to one server", "the server's connections"), forgottenLimitsOf(o.others()).idle}
			return newResets(resetKind{l.scale, l.picksBare, endedBare, (*resets).add, tellBare})
		},
	}
}

func (l forgottenLimits) picksBare(r *record.Record) bool {
	return bare(r) && !oneHost(r) && (!wasQuiet(r, l.idle) || !provoked(r) && !diedAtRest(r))
}

func tellBare(s Subject, x *resets, all whole, k scale) Finding {
	f := Finding{
		Severity: x.severity(all.opened, k), Confidence: Possible,
		Title:       fmt.Sprintf("%s ended by a RST without ACK, sent as %s: no socket there, or a middlebox", x.what(s, all), strings.TrimSuffix(x.sender(s), ",")),
		Explanation: "A socket that aborts sends RST,ACK (RFC 9293 section 3.10.5). A RST without ACK comes from a host that has no such socket, or from something on the path that rejects in its name; few systems abort so." + x.oddly(),
		causes: []Cause{onPath("a firewall or intrusion prevention system on the path rejects with a RST").unless(ownTCP), hostReplaced("another host answers for that end's address").unless(ownTCP),
			onHost("the end's host restarted, and no longer knows the connection").unless(ownTCP), app("the end's process ended, or restarted, and its system dropped the connection"),
			onHost("a small stack that aborts without ACK")},
		Advice: []string{"Capture at the sender too: what is not sent there was sent on the path. The firewalls' logs at these times tell.",
			fmt.Sprintf("On %s: `nstat -az TcpOutRsts TcpExtTCPAbortOnData` counts the RSTs that it sent itself.", x.on(s))},
	}
	if x.wentOn == x.n {
		f.Title = fmt.Sprintf("%s got a RST without ACK, sent as %s, and went on for up to %s: it did not arrive, or was not taken", x.what(s, all), strings.TrimSuffix(x.sender(s), ","), span(x.longest))
	}
	return x.unheard(f)
}
