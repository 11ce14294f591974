package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func finUnacked() Detector {
	return Detector{
		Name: "fin-unacked", Group: GroupClose, needs: traitUnclosed, onACKs: true,
		Doc: `A FIN is sent and never acknowledged: the other end, or the path to it, is gone.

Rule: every FIN is acknowledged at once (RFC 9293 section 3.10.7.4, eighth); one that is
not is repeated with doubling pauses, from FIN-WAIT-1 on Linux up to
tcp_orphan_retries (8 times) when nobody holds the socket any more, and is given up in
silence. Counted where it was repeated. What follows a long
idle time is the finding idle-timeout or keepalive-missing, a capture that ended
before the answer was due is still-open.

Where one direction alone was captured, a FIN that was repeated more than three times counts as well: who repeats
it got no ACK, wherever that should have passed.

Where ACKs come after the FIN was sent again and none covers it, the other end is there and
has not taken the FIN.`,
		New: func(o *Options) Fold {
			return newFold(missing(pickUnackedFIN).add, o.fewAndShare("fin-unacked", 10, 10, "connections", "the connections to that server").tellUnackedFIN)
		},
	}
}

func pickUnackedFIN(r *record.Record, v Verdict) (uint64, bool) {
	if v.Fault != FaultUnackedFIN || diedAtRest(r) {
		return 0, false
	}
	return finsAgain(r, v)
}

func (k scale) tellUnackedFIN(c *Context, s Subject, x *unfinished) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	f := Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Likely, silence: x.latest,
		Title: fmt.Sprintf("%s did not acknowledge the FIN of %s", s.who(), s.ofThose(x.n, all)),
		Explanation: fmt.Sprintf("The FINs were retransmitted %s in all and got no ACK (RFC 9293 section 3.10.7.4).",
			say.Plural(x.repeats, "time")),
		causes: []Cause{hostGone("its host crashed, was suspended or left the network"),
			onPath("a firewall or NAT on the path dropped the connection from its table"),
			onPath("the FINs are lost after the capture point, or the ACKs before it")},
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`.", s.A.Addr),
			fmt.Sprintf("On the other end: `ss -tano state fin-wait-1 dst %s` shows what still waits; `sysctl net.ipv4.tcp_orphan_retries` for how long.", s.A.Addr)},
	}
	f.Explanation += x.beforeFIN()
	if x.mute > 0 {
		f.Explanation += onSome(x.mute, x.n, "that end had sent a FIN itself, which nobody acknowledged, and did not send it again for a minute or more: it was gone, or cut off, right after.")
	}
	x.intoShort(&f, s, all)
	x.intoBlind(&f)
	return f, true
}
