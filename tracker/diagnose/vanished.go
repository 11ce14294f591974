package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func vanished() Detector {
	return Detector{
		Name: "vanished", Group: GroupClose, needs: traitUnclosed, onACKs: true,
		Doc: `Data is sent again and again into silence: the other end has vanished.

Rule: unacknowledged data is repeated with doubling pauses (RFC 6298 section 5.5), on
Linux up to tcp_retries2 (15 times, about 924 s), then the connection ends with
nothing on the wire. Counted where data was repeated three times or more and nothing came
for a minute. A connection that was idle before is idle-timeout or
keepalive-missing; one in which large segments alone are lost is mtu-black-hole; one whose
handshake was all that ever got through is fell-silent. Where three
or more connections of one end stopped within five seconds, that moment is reported. Where
not one byte of the sender was ever acknowledged it is only possible that the host is gone:
the handshake passed, and something may keep all else from it. A sender that gives up with
a RST behind data that was never acknowledged is counted too.

` + endsDoc,
		New: func(o *Options) Fold {
			return newFold(missing(pickVanished).add, o.fewAndShare("vanished", 3, 5, "connections", "the connections to that server").tellVanished)
		},
	}
}

func pickVanished(r *record.Record, v Verdict) (uint64, bool) {
	n := uint64(max(r.Ends[record.Orig].Retx, r.Ends[record.Resp].Retx))
	return n, v.Fault == FaultTimedOut && n >= triesToFail && !diedAtRest(r) && !blackHoled(r, record.Orig) && !blackHoled(r, record.Resp) && !unheardAfterSYN(r) &&
		!gotNoData(r, record.Orig) && !gotNoData(r, record.Resp)
}

func (k scale) tellVanished(c *Context, s Subject, x *unfinished) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	e := k.effect(x.n, all.opened)
	e.broken = x.together()
	f := Finding{
		Severity: e.severity(), Confidence: Likely, silence: x.latest,
		Title:       fmt.Sprintf("%s vanished in the middle of %s: data to it is retransmitted and never acknowledged", s.who(), s.ofThose(x.n, all)),
		Explanation: fmt.Sprintf("%s went unanswered%s; the sender gives up after tcp_retries2 (RFC 9293 section 3.8.3).", say.Plural(x.repeats, "repeat"), c.toTheEnd()),
		causes: []Cause{hostGone("its host crashed, was suspended or left the network"), onPath("a route or a firewall changed in the middle: nothing gets through any more"),
			hostReplaced("its address moved to another host, which drops what it does not know")},
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; `ip route get %s`.", s.A.Addr, s.A.Addr),
			"On the sender: `ss -tino` shows the back-off; `sysctl net.ipv4.tcp_retries2` how long it goes on; TCP_USER_TIMEOUT makes it shorter for one application (RFC 5482)."},
	}
	if x.gaveUp > 0 {
		f.Explanation += fmt.Sprintf(" On %s it gave up in the capture, with a RST that its receiver cannot take: that has not got the data before it.", say.Thousands(x.gaveUp))
	}
	if x.untaken == x.n {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("%s opened %s and acknowledged nothing that was sent on %s: the handshake passes, the first data does not", s.who(), s.ofThose(x.n, all), itOrThem(x.n))
		f.causes = []Cause{onPath("something on the path lets the handshake pass and drops the first request: a firewall that looks into it, or a filter"), f.causes[0],
			hostOrPath("packets of that length do not pass")}
		f.Advice[0] = fmt.Sprintf("Capture at %s too: does the first data arrive there?", s.A.Addr)
	}
	if _, ok := c.heardFrom(s.A.Addr, f.silence, x.when.Most); ok && x.untaken < x.n {
		f.Title = fmt.Sprintf("%s answers no more on %s, and goes on sending on others: data on it is retransmitted and never acknowledged", s.who(), s.ofThose(x.n, all))
		f.causes[1].Text = "the path that this connection takes is cut (one of several that share the load)"
		f.causes = append(f.causes, hostOrPath("a firewall or intrusion prevention, on the path or on that host, drops the packets of this connection: for its content, or because its state was lost"))
	}
	if x.together() {
		f.Title = fmt.Sprintf("%s fell silent on %s at one moment, within %s: data to it since then is retransmitted and never acknowledged", s.who(), all.of(x.n), span(max(x.began.Most-x.began.Least, millisecond)))
		f.Explanation += " That they stopped at one moment is due to what they have in common: its host, its address, or the path to it."
	}
	if s.Kind == SubjectListener {
		c.endingsAt(s.A, endedSilent).beside(&f, s.A)
	}
	return f, true
}

func itOrThem(n uint64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// atOneMoment is within what time connections that went silent together first send
// again: their timers differ, and so do the pauses between what they send.
const atOneMoment = 5 * second

// together tells that all of three or more connections went silent at one moment.
func (x *unfinished) together() bool {
	return x.n >= 3 && x.timed == x.n && x.began.Most-x.began.Least <= atOneMoment
}
