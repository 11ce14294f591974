package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func lastACK() Detector {
	return Detector{
		Name: "last-ack", Group: GroupClose, needs: traitUnclosed, onACKs: true,
		Doc: `The second FIN is never acknowledged: LAST-ACK does not end.

Rule: the end that closes second is in LAST-ACK until its FIN is acknowledged (RFC 9293
section 3.6, figure 5), and repeats it. The ACK is due from a TIME-WAIT, which
any repeat of the FIN draws again; a host that keeps none (tcp_max_tw_buckets, an orphan dropped)
answers by a RST (section 3.10.7.1), so where nothing comes the host is gone, or what is sent between
is dropped. Mostly harmless: all data was delivered; but many hold memory for minutes.

Where ACKs come after the FIN was sent again and none covers it, the first closer is there and
has not taken the FIN. Where as many ACKs came as the FIN was sent again, it arrives there, for nothing else draws one from an
end that has closed: what answers has its own TCP.

Where its ACKs pass here and the FIN comes again three times or more all the same, they
are lost after the capture point.`,
		New: func(o *Options) Fold {
			return newFold(missing(pickLastACK).add, o.fewAndShare("last-ack", 10, 10, "connections", "the connections to that server").tellLastACK)
		},
	}
}

func pickLastACK(r *record.Record, v Verdict) (uint64, bool) {
	switch v.Fault {
	case FaultLastACK:
		return finsAgain(r, v)
	case FaultUnheardACK:
		return uint64(r.Path[v.Culprit.Peer()].FINsAcked), true
	}
	return 0, false
}

func (k scale) tellLastACK(c *Context, s Subject, x *unfinished) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	f := Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Likely, silence: x.latest,
		Title:       fmt.Sprintf("%s did not acknowledge the last FIN of %s", s.who(), s.ofThose(x.n, all)),
		Explanation: fmt.Sprintf("It had closed first; the other end's FIN, retransmitted %s in all, is covered by no ACK (RFC 9293 section 3.6).", say.Plural(x.repeats, "time")),
		causes:      []Cause{hostOrPath("a firewall on the path, or on that host, ends its state at the first FIN and drops later segments"), hostGone("its host is gone")},
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`. Does the FIN arrive there: `tcpdump -ni any 'host %s'`?", s.A.Addr, s.A.Addr),
			"On the other end: `ss -tano state last-ack` shows what waits, and its timer."},
	}
	f.Explanation += x.beforeFIN()
	x.intoShort(&f, s, all)
	x.intoBlind(&f)
	if x.unheard == x.n {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("the last ACK is lost after the capture point: that of %s, on %s", s.who(), s.ofThose(x.n, all))
		f.Explanation = fmt.Sprintf("It passed here, and the other end retransmitted its FIN %s in all: it did not arrive there (RFC 9293 section 3.6).", say.Plural(x.repeats, "time"))
		f.causes = []Cause{onPath("a firewall between the capture point and the other end ends its state at the second FIN and drops later segments"), onPath("packets are lost there, or dropped by the other end's own host")}
		f.Advice = []string{"Capture at the other end too: does the ACK arrive there?", f.Advice[1]}
	}
	return f, true
}

// judgeUnheard: a connection that closed as far as seen, but its last FIN came
// again and again though its ACK had passed. One or two such repeats may have
// been under way, or one ACK was lost.
func judgeUnheard(r *record.Record) Verdict {
	first := r.Close.First
	if r.Close.Kind != record.CloseNormal || first > record.Resp || r.Path[first.Peer()].FINsAcked < triesToFail {
		return Verdict{Culprit: record.NoEnd}
	}
	return Verdict{Fault: FaultUnheardACK, Culprit: first, Since: r.Close.FINTime[first.Peer()].V}
}
