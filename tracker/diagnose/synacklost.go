package diagnose

import (
	"cmp"
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func synAckLost() Detector {
	return Detector{
		Name: "syn-ack-lost", Group: GroupHandshake, needs: traitHeldUp, onACKs: true,
		Doc: `A SYN/ACK, or the ACK of it, was lost: the handshake took a second more.

Rule: where the SYN/ACK does not arrive, SYN and SYN/ACK are both sent again after
about 1 s (RFC 6298 section 2.1, verified on Linux); where the SYN/ACK alone comes
again before any ACK was seen, it or its ACK was lost on the client's side of the
capture point. A SYN that comes again after a SYN/ACK passed shows the same. It arrived late and
was not lost where the handshake's final ACK echoes the timestamp of a SYN/ACK before the last (RFC
7323), where no SYN/ACK passed between the repeated SYN and the handshake's final ACK, or where the
client answers each of the SYN/ACKs by an ACK. Where the SYN/ACK echoes the timestamp of a SYN before
the last, that SYN had arrived: its answer was late, or lost before the capture point. Where no SYN/ACK was
captured, and ACKs of the client echo as many different ones as it sent SYNs, each was answered, late. A SYN/ACK that comes again after its ACK was seen is a matter of queue-full:
the ACK may have been lost after the capture point as well.
The capture shows the side of the loss: what it saw twice was lost after it.`,
		New: func(o *Options) Fold {
			return newFold(addSYNACKLost, o.fewAndShare("syn-ack-lost", 3, 1, "handshakes to one server", "the server's handshakes").tellSYNACKLost)
		},
	}
}

func addSYNACKLost(s *subjects[resent, *resent], r *record.Record) {
	f := &r.Open
	if r.Open.Kind == record.OpenHandshake && (f.NSYNACKsAgain > 0 || f.SYNAnswered || f.SYNHeard || EachSYNAnswered(r)) && !OldAnswered(r) && f.ACKsIgnored == 0 && r.Open.SYNs > 0 {
		s.At(listener(r.Resp)).add(r, cmp.Or(f.SYNACKAgainAt, f.SYNAgainAt))
	}
}

func (k scale) tellSYNACKLost(c *Context, s Subject, x *resent) (Finding, bool) {
	f := Finding{
		Severity: k.severity(x.n, max(c.opened(s.A), x.n)), Confidence: Likely,
		Title: fmt.Sprintf("%s to %s took more than one SYN/ACK: %s", c.handshakes(s.A, x.n, outOf), name(s.A), x.cost()),
		Explanation: "The SYN/ACK passed the capture point and was retransmitted: it did not arrive, or its ACK was lost before the capture point (RFC 6298 section 2.1)." +
			x.systems(),
		causes: []Cause{onPath("packets are lost between the capture point and the client"), onHost("the client's host is overloaded")},
		Advice: []string{"Capture at the client too: does the SYN/ACK arrive there?", "On the client: `ip -s link` shows drops and errors of its interfaces."},
	}
	switch {
	case x.late == x.n:
		f.Title = fmt.Sprintf("The SYN/ACK reached the client late in %s to %s, by %s", c.handshakes(s.A, x.n, outOf), name(s.A), x.lateBy())
		f.Explanation = "It passed the capture point and was retransmitted, but it was not lost: the client answered one that had passed before, or each of them (RFC 7323 section 3.2, RFC 9293 section 3.10.7.4)." + x.systems()
		f.causes = []Cause{onPath("a queue or a pause between the capture point and the client: a full buffer, a radio link that wakes up"), onHost("the client's host is overloaded, or was suspended")}
		if x.ran == x.n {
			f.causes = f.causes[:1]
			f.Explanation += " The client's host ran meanwhile: it sent its SYN again and again."
		}
		f.Advice = []string{fmt.Sprintf("`ping -c 20 %s` from the capture point shows whether the path to the client stops at times.", x.sources.known[0].Addr),
			"On the client: `vmstat 1 5` shows whether it is short of processor time."}
	case x.each == x.n:
		f.Title = fmt.Sprintf("The answer to the SYN came late in %s to %s, by %s, and the SYN was sent again: nothing was lost", c.handshakes(s.A, x.n, outOf), name(s.A), latest(x.n, x.longest))
		f.Explanation = "No SYN/ACK was captured, but the client acknowledged one for each SYN, as their timestamps tell (RFC 7323 section 3.2): each SYN was answered, and the answers were held up on their way." + x.systems()
		f.causes = []Cause{onPath("a queue or a pause on the path between client and server: a full buffer, a radio link that wakes up"), onHost("the client's host is overloaded, or was suspended")}
		f.Advice = []string{fmt.Sprintf("`ping -c 20 %s` from the client shows whether the path stops at times.", s.A.Addr), "Capture both directions."}
	case x.heard == x.n:
		f.Title = fmt.Sprintf("%s to %s took more than one SYN, though an earlier one had arrived: %s", c.handshakes(s.A, x.n, outOf), name(s.A), x.cost())
		f.Explanation = "The SYN/ACK echoes the timestamp of a SYN before the last (RFC 7323 section 3.2): that one had arrived, and its answer was late, or lost before the capture point." + x.systems()
		f.causes = []Cause{app("the server, or a proxy before it, was slow to answer"), onPath("packets are lost between the server and the capture point"), onPath("a queue or a pause on the path to the server: a full buffer, a radio link that wakes up")}
		f.Advice = []string{"Capture at the server too: when does the SYN arrive there, and when does the SYN/ACK leave?"}
	case x.late > 0:
		f.Explanation += fmt.Sprintf(" In %s of them it was not lost but late: the client answered one that had passed before.", say.Thousands(x.late))
	}
	f.onLoopback(s, "`nft list ruleset` shows whether a rule drops the SYN/ACK or its ACK; look at what opens the connection.",
		onHost("the client's program or a firewall rule of the host drops the SYN/ACK, or waits before it answers"))
	if x.heard > 0 && x.heard < x.n {
		f.Explanation += fmt.Sprintf(" In %s of them the SYN/ACK echoes the timestamp of a SYN before the last: that one had arrived.", say.Thousands(x.heard))
	}
	if x.nearOrig > 0 && x.heard < x.n && x.late < x.n && !s.loopback() {
		f.causes = []Cause{onHost("the client's own host drops it: a firewall rule, a full receive queue"), onPath("packets are lost on the last hop before the client")}
	}
	return f, true
}
