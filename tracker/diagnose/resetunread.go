package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func resetUnread() Detector {
	return Detector{
		Name: "reset-unread", Group: GroupReset, needs: traitReset,
		Doc: `A listener closes with data unread: the opener gets a RST, not an answer.

Rule: a close with bytes still unread sends a RST at once (RFC 2525 section 2.17, RFC
9293 section 3.10.4; Linux tcp_close: RST,ACK). Seen where the opener's data was the last that
came, the responder answers it with a RST and had sent no FIN. What the responder
had sent before may be lost too: a RST makes the receiver drop what it has not read.

It is the same on the wire as an abort by SO_LINGER 0.`,
		New: func(o *Options) Fold {
			return newResets(resetKind{o.fewAndShare("reset-unread", 10, 10, "connections to one listener", "the listener's connections"), cutOffBy(record.ResetUnreadData).picks, endedUnknown, (*resets).add, tellUnread})
		},
	}
}

func tellUnread(s Subject, x *resets, opened uint64, k scale) Finding {
	return x.unheard(Finding{
		Severity: k.severity(x.n, opened), Confidence: Likely,
		Title:       fmt.Sprintf("%s ended by a RST after data that was not read", x.what(s, opened)),
		Explanation: "The responder answered data with a RST and no FIN: its application closed with bytes unread, or aborted (RFC 2525 section 2.17)." + x.oddly(),
		Causes: []string{"the application answers early, for example with an error, and closes before it has read the whole request",
			"it crashed or was killed while requests came in", "it sets SO_LINGER to 0"},
		Advice: []string{"Let the service read to the end, or shut down its sending side and read until the other end closes (RFC 9112 section 9.6).",
			"`nstat -az TcpExtTCPAbortOnClose TcpExtTCPAbortOnData` on its host counts closes with unread data."},
	})
}
