package diagnose

import (
	"fmt"

	"tcpwatch/tracker/record"
)

func synLost() Detector {
	return Detector{
		Name: "syn-lost", Group: GroupHandshake, needs: traitHeldUp,
		Doc: `A SYN had to be sent again before it was answered: a second or more was lost.

Rule: the first repeat comes after 1 s (RFC 6298 section 2.1), so that opening takes
1, 2, 3 ... s more, which the application feels and a server's own statistics do not
show. Counted where the connection opened in the end, its SYN/ACK was sent once and
none had passed before the SYN came again: that is syn-ack-lost.
A SYN dropped on the path and one that a full queue of the server dropped look
the same next to the client; a capture next to the server shows it: a SYN that
passed there and was not answered was dropped by the server, which is the
finding queue-full. A SYN/ACK that echoes the timestamp of a SYN before the last (RFC 7323) shows that
this one had arrived: see syn-ack-lost. A SYN that an older connection answered was not lost. Where two SYN/ACKs with different initial
sequence numbers came, both SYNs were answered and the first answer was late.`,
		New: func(o *Options) Fold {
			return newFold(addSYNLost, o.fewAndShare("syn-lost", 3, 1, "handshakes to one server", "the server's handshakes").tellSYNLost)
		},
	}
}

// intoAnswered tells of SYNs each of which was answered, by SYN/ACKs with different initial sequence
// numbers: neither was lost.
func (x *resent) intoAnswered(f *Finding) {
	f.Explanation += onSome(x.answered, x.n, "another SYN/ACK came later, with another initial sequence number: both SYNs had arrived and each was answered, so the first answer was late and not lost.")
	if x.dataAgain > 0 {
		f.Explanation += onSome(x.dataAgain, x.n, "the client sent data again too, after a timeout: what it had sent on the first answer's numbers may not have been taken.")
	}
	if x.answered == x.n {
		f.causes = []Cause{onPath("a queue or a pause on the path to the server: a full buffer, a radio link that wakes up"), onHost("a load balancer, or a server with SYN cookies, which keeps nothing of a SYN, was slow to answer")}
		f.Advice = []string{"Capture at the server too: when does the SYN arrive there, and when does the SYN/ACK leave?"}
	}
}

func addSYNLost(s *subjects[resent, *resent], r *record.Record) {
	if openedLate(r) {
		s.At(listener(r.Resp)).add(r, r.Open.SYNAgainAt)
	}
}

func (k scale) tellSYNLost(c *Context, s Subject, x *resent) (Finding, bool) {
	v := c.contrast(s.A, wentLate)
	if c.served(s.A).near() && !v.named() {
		return Finding{}, false
	}
	f := Finding{
		Severity: k.severity(x.n, max(c.opened(s.A), x.n)), Confidence: Possible, // nothing tells which of the causes it is
		Title:       fmt.Sprintf("%s to %s took more than one SYN: %s", c.handshakes(s.A, x.n, outOf), name(s.A), x.cost()),
		Explanation: x.sentAgain() + x.systems(),
		causes: []Cause{onPath("packets are lost between the capture point and the server: the SYN, or the SYN/ACK before the capture point"), onHost("the server's accept queue or SYN queue is full and drops SYNs"),
			hostOrPath("a firewall or load balancer limits new connections")},
		Advice: []string{
			fmt.Sprintf("On %s: `nstat -az TcpExtListenOverflows TcpExtListenDrops` shows whether its queues drop them.", s.A.Addr),
			"If not, capture at the server too: SYNs that do not arrive there are lost on the path.",
		},
	}
	f.onLoopback(s, "`nstat -az TcpExtListenOverflows TcpExtListenDrops` and `nft list ruleset` show what drops them.",
		onHost("the server's accept queue or SYN queue is full and drops SYNs"), onHost("a firewall rule of the host drops or limits new connections"))
	if x.adjacent == x.n {
		f.Explanation += " " + noHopAway
		f.slowProxy()
	} else if c.proxied(&x.sources) {
		f.Explanation += fmt.Sprintf(" Data is acknowledged from near on nearly all connections of this client, %s. That answers when its own connection to the server is open.", besideClient)
		f.slowProxy()
	}
	if x.answered > 0 {
		x.intoAnswered(&f)
	}
	if v.named() {
		f.Title = fmt.Sprintf("%s to %s took more than one SYN%s", c.handshakes(s.A, x.n, outOf), name(s.A), v.because())
		f.Explanation += " " + sentence(x.cost()) + "."
	}
	if held, ok := c.contrasts.limitFits(s.A, wentLate); ok && !v.named() && !s.loopback() {
		f.causes = f.causes[:2]
		f.lead(hostOrPath("a limit of connections for each client"), fmt.Sprintf("the SYN was dropped while the client held %d open, and no other came then", held))
		f.Advice = append(adviseLimit(s.A)[:1], f.Advice...)
	}
	v.into(&f, s.A, openedAtOnce)
	return f, true
}
