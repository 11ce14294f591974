package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
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
nothing was sent to had nothing to answer. One that answers a challenge ACK, which a RST of the same sender
had drawn (RFC 5961 section 3.2), is reported so. Its TTL is that of the end's other
segments; where it is another, see reset-injected. Where it goes on from its sender's own timestamps or identification,
nothing on the path sent it; right behind what its sender sent itself it is an abort of a system that leaves the ACK out. IP-ID 0 and an answer within
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
		causes: []Cause{onPath("a firewall or intrusion prevention system on the path rejects with a RST").unless(ownTCP), hostReplaced("another host answers for that end's address").unless(ownTCP | unasked),
			onHost("the end's host restarted, and no longer knows the connection").unless(ownTCP | unasked | outlivedRST), app("the end's process ended, or restarted, and its system dropped the connection").unless(outlivedRST),
			onHost("a small stack that aborts without ACK").unless(outlivedRST)},
		Advice: []string{"Capture at the sender too: what is not sent there was sent on the path. The firewalls' logs at these times tell.",
			fmt.Sprintf("On %s: `nstat -az TcpOutRsts TcpExtTCPAbortOnData` counts the RSTs that it sent itself.", x.on(s))},
	}
	if x.outlived == x.n {
		f.Explanation = "A socket that aborts sends RST,ACK (RFC 9293 section 3.10.5). " + clockGoesOn + x.oddly()
		f.shows(outlivedRST, "")
	}
	switch {
	case x.answering > 0:
		f.Explanation += fmt.Sprintf(" It was not the only one: %s in its name came behind it. One for each segment that comes is what a host without that socket sends.", say.Plural(x.answering, "more RST"))
	case x.unasked == x.n:
		f.Title = fmt.Sprintf("%s ended by a RST without ACK that answers nothing, sent as %s: its system dropped the connection, or a middlebox did", x.what(s, all), strings.TrimSuffix(x.sender(s), ","))
		f.shows(unasked, "Nothing came within a second before that it could answer, and a host without that socket sends a RST for nothing else (RFC 9293 section 3.10.7.1).")
	}
	if x.stack == x.n && x.unasked == 0 {
		x.intoOwnRST(&f, s, all)
	}
	if x.challenged == x.n {
		f.Title = fmt.Sprintf("%s ended by a RST that answers a challenge ACK, sent as %s, which had sent a RST with another number before", x.what(s, all), strings.TrimSuffix(x.sender(s), ","))
		f.Explanation = "Its receiver did not expect the number of the first RST and answered by a challenge ACK (RFC 5961 section 3.2). That met no connection any more: this RST is the answer, and the first one tells who had given it up." + x.oddly()
		f.causes = []Cause{onHost("that end, or a load balancer or proxy that answers for it, had given the connection up: a limit of idle time or life, or its process ended"),
			onPath("a firewall on the path that no longer knew the numbers had reset it in that end's name").unless(ownTCP)}
	}
	x.notObeyed(&f, s, all, "a RST without ACK")
	return x.unheard(f)
}

// intoOwnRST tells that the senders' own TCPs sent the RSTs, without ACK: nothing on the path did.
func (x *resets) intoOwnRST(f *Finding, s Subject, all whole) {
	f.Title = fmt.Sprintf("%s ended by a RST without ACK that its sender's own TCP sent: %s", x.what(s, all), strings.TrimSuffix(x.sender(s), ","))
	f.Explanation = "A socket that aborts sends RST,ACK (RFC 9293 section 3.10.5); few systems leave the ACK out, and a host that has no such socket any more answers a segment so." + x.oddly()
	f.Advice = f.Advice[1:]
	if x.upon == x.n {
		f.Explanation = "A socket that aborts sends RST,ACK (RFC 9293 section 3.10.5); few systems leave the ACK out." + x.oddly()
		f.lead(app("the application aborts right behind its last words (such as TLS's close_notify), and its system sends a RST without ACK for that"), "the RST came right behind what its sender sent itself, and nothing of the other end passed between the two")
	}
}
