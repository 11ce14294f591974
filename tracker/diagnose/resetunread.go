package diagnose

import (
	"fmt"

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
		Explanation: "The server answered data with a RST and no FIN: its application closed with bytes unread, or aborted (RFC 2525 section 2.17)." + x.oddly(),
		Causes: []string{"the application answers early, for example with an error, and closes before it has read the whole request",
			"it crashed or was killed while requests came in", "it sets SO_LINGER to 0"},
		Advice: []string{"Let the service read to the end, or shut down its sending side and read until the other end closes (RFC 9112 section 9.6).",
			"`nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData` on its host counts closes with unread data."},
	}
	if silent && x.full < x.n {
		f.Title = fmt.Sprintf("%s ended by a RST in answer to data, without a byte from the server: not read, or aborted", x.what(s, all))
		f.Causes = append([]string{"a proxy or load balancer accepts but has no healthy backend", "a client that speaks another protocol than the service (TLS or not)"}, f.Causes[1:]...)
		f.Advice[0] = "The service's log at these times shows whether it had read the request. Behind a proxy: is the backend up?"
	}
	if silent && x.full == x.n {
		f.Causes = []string{"it crashed or was killed while requests came in: its window was closed, full of data not read yet", "it does not want the request, and closes before it has read it"}
	}
	return x.unheard(f)
}
