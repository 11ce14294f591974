package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func resetUnread() Detector {
	return Detector{
		Name: "reset-unread", Group: GroupReset, needs: traitReset,
		Doc: `A server closes with data unread: the client gets a RST, not an answer.

Rule: a close with bytes still unread sends a RST at once (RFC 2525 section 2.17, RFC
9293 section 3.10.4; Linux tcp_close: RST,ACK). Seen where the client's data was the last that
came, the server answers it with a RST within a second and had sent no FIN. What the server
had sent before may be lost too: a RST makes the receiver drop what it has not read.

Where three or more were reset within a second, though they began one after the other, their end
went down at that moment; where each was reset at the same age, busy and after several
requests, that is a limit of age (or of requests, where their number is the same too).

That the server answered before it had the whole request fits only where more of it was under way
when the RST came. Where the client had closed before, the RST stands in place of the second FIN.

It is the same on the wire as an abort by SO_LINGER 0: whether the data was read is not
known. A RST that comes later than a second after the data is reset-abort.`,
		New: func(o *Options) Fold {
			return newResets(resetKind{o.fewAndShare("reset-unread", 10, 10, "connections to one server", "the server's connections"), pickUnread, endedUnknown, (*resets).add, tellUnread})
		},
	}
}

// silentFew is from how many connections on, and a tenth of all, it is felt that a listener sends nothing and resets.
const silentFew = 3

func pickUnread(r *record.Record) bool { return answersData(r) && cutOff(r) }

// answersData tells that a RST answers data: it comes within a second, and its sender had
// sent no FIN.
func answersData(r *record.Record) bool {
	return r.Close.ResetCause == record.ResetUnreadData && provoked(r)
}

func tellUnread(s Subject, x *resets, all whole, k scale) Finding {
	e, silent := k.effect(x.n, all.opened), x.unanswered == x.n
	e.felt = e.felt || silent && x.n >= silentFew && x.n*10 >= all.opened
	f := Finding{
		Severity: e.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("%s ended by a RST in answer to data: not read, or aborted", x.what(s, all)),
		Explanation: "The server answered data with a RST and no FIN, and sent nothing else since that data came: its application closed with bytes unread, or aborted (RFC 2525 section 2.17)." + x.oddly(),
		causes: []Cause{app("the application failed at that data, was stopped, or wants no more"), app("the data ended the talk and needs no answer (an LDAP unbind), and the application closes so"),
			lingers()},
		Advice: []string{"The service's log at these times shows whether it had read that data, and why it closed.",
			"`nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData` on its host counts closes with unread data."},
	}
	early := "the application answers early, for example with an error, and closes before it has read the whole request"
	const crashed = "it crashed or was killed while requests came in"
	switch {
	case x.inPlace == x.n:
		x.intoPlace(&f, s, all)
	case x.closed == x.n:
		x.intoClosed(&f, s, all)
	case silent && x.full == x.n:
		f.causes = []Cause{app(crashed + ": its window was closed, full of data not read yet"), app("it does not want the request, and closes before it has read it")}
	case silent:
		f.Title = fmt.Sprintf("%s ended by a RST in answer to data, without a byte from the server: not read, or aborted", x.what(s, all))
		f.causes = []Cause{app("a proxy or load balancer accepts but has no healthy backend"), app("a client that speaks another protocol than the service (TLS or not)"), app(crashed), lingers()}
		f.Advice[0] = "The service's log at these times shows whether it had read the request. Behind a proxy: is the backend up?"
	case x.underWay == x.n:
		f.Explanation = "The server answered data with a RST and no FIN while more of it was under way: its application closed with bytes unread, or aborted (RFC 2525 section 2.17)." + x.oddly()
		f.causes = []Cause{app(early), app(crashed), lingers()}
		f.Advice[0] = "Let the service read to the end, or shut down its sending side and read until the other end closes (RFC 9112 section 9.6)."
	case x.underWay > 0:
		f.causes = append(f.causes, app(fmt.Sprintf("%s: on %s more of it was under way", early, say.Thousands(x.underWay))))
	}
	return x.unheard(f)
}

// intoClosed tells that the other ends had sent their FIN before, which these RSTs do not acknowledge.
func (x *resets) intoClosed(f *Finding, s Subject, all whole) {
	f.Title = fmt.Sprintf("%s ended by a RST in answer to the client's close: %s", x.what(s, all), x.sent(s, "it"))
	f.Explanation = "The client had sent its last data and its FIN: nothing more was under way when the RST came, which stands where the second FIN was due (RFC 9293 section 3.6)." + x.oddly()
	f.causes = []Cause{app("the application, or a proxy or VPN that answers for it, closes so what the other end has closed"), leftUnread(), lingers()}
	f.Advice = f.Advice[:1]
}
