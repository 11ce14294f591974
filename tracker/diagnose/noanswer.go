package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func noAnswer() Detector {
	return Detector{
		Name: "no-answer", Group: GroupOpen, needs: traitFailed,
		Doc: `Nothing answers the SYN: filtered, nobody there, or the server drops it.

Rule: a SYN that is not answered is sent again after 1 s, then more and more
seldom (RFC 6298 section 2 and 5.5); Linux since 6.5 sends it at 1, 2, 3, 4, 5,
7, 11, 19, 35 and 67 s and gives up at 131 s, before at 1, 3, 7, 15, 31 and 63 s
and gives up at 127 s. Where the repeats fit such a schedule the finding names
the system, and where they end before it does, the application gave up first.
Silence looks the same whatever the reason: a firewall that drops, a host that
is off, a route back that is missing, a full accept queue. Only other
connections to the server at the same time show it: where those opened, the path
is open and the finding queue-full or syn-lost fits better; at a server that
serves others the finding is queue-full, unless a sign separates those that failed from
those that opened: ECN on the SYN (RFC 3168), a TSval behind the newest accepted from the
address (RFC 7323), fast open (RFC 7413), options, another host's SYN within 2 ms before, a
port whose older connection the server still held, a signature (RFC 2385, RFC 5925). Where
the same SYN passes the capture point again and again with fewer hops left, it goes round in a
routing loop, which is proven. Where from some moment on nothing at all
went well with the server, and data of open connections was repeated without an ACK as
well, it fell silent as a whole: no queue does that. That is reported with its counts (Fisher's
exact test, corrected for the number of signs) and is the cause. A target of which the
capture holds nothing may answer on a path that was not captured: then it is only possible.
A RST that does not acknowledge the SYN is no answer either (RFC 9293 section 3.10.7.3), but it was
sent, and the finding says so. Packets to a loopback address cross no path. An attempt that may
still be answered when the input ends is not counted. Where no SYN was ever repeated though the input goes
on, that nobody answered is only possible: who gets no answer repeats its SYN; nor is it more where nothing
at all was captured while the repeat was due. Hosts that scan and
servers that are flooded are left out.`,
		New: func(o *Options) Fold {
			return newAttempts(cause{scale: o.fewAndMany("no-answer"), picks: pickUnanswered, more: noteTimeout, tell: tellNoAnswer})
		},
	}
}

func pickUnanswered(r *record.Record) (uint64, bool) {
	return cmp.Or(r.Open.SYNAgainAt, r.FirstPacket), unanswered(r) // its only SYN
}

// repeatDue is by when a host's TCP has repeated a SYN that nobody answered: after 1 s (RFC 6298
// section 2), some after 3.
const repeatDue = 4 * second

func noteTimeout(a *attempts, r *record.Record) {
	if r.Open.SYNs == 1 && r.Silent >= repeatDue {
		a.once++
	}
	e, from, to := gaveUp(r)
	a.ends[e]++
	if e == endUser {
		a.patience.Take(wait{from, to})
	}
	if at, _, ok := schedule(&r.Open); ok {
		a.schedules[at]++
	}
}

// unanswered tells that nothing came back for a SYN, and that it is too late for it, or that it goes round in a
// loop, which brings nothing back either.
func unanswered(r *record.Record) bool {
	return (r.Open.Kind == record.OpenNoAnswer || otherAnswered(r)) && r.Open.SYNs > 0 && !r.Capture.OneWay &&
		(!Waits(r, r.Open.SYNs) || r.Capture.HopsLost > 1)
}

// otherAnswered tells that a SYN was repeated and drew no SYN/ACK, though something else came from
// that address and port, without data: it is of another connection.
func otherAnswered(r *record.Record) bool {
	return r.Open.Kind == record.OpenHalfOpen && r.Open.SYNACKs == 0 && r.Open.NSYNsAgain >= 2 && r.Ends[record.Resp].SeenBytes == 0
}

// noneAnswered says how many of a listener's connections it did not answer.
func noneAnswered(n uint64, all whole, from string) string {
	switch {
	case n != all.seen:
		return "did not answer " + all.of(n) + ", " + theseFrom(n) + " from " + from
	case n == 1:
		return "did not answer the only connection to it from " + from
	case n == 2:
		return "answered neither of the 2 connections from " + from
	}
	return "answered none of the " + say.Plural(n, "connection") + " from " + from
}

// unansweredBy says who answered nothing.
func (a *attempts) unansweredBy(c *Context, s Subject, n uint64) string {
	return name(s.A) + " " + noneAnswered(n, c.wholeOf(s.A, n), a.sources.who())
}

// tellUnseen tells of SYNs to a host whose answers the capture does not hold: whether it answered
// them is not known.
func (a *attempts) tellUnseen(c *Context, s Subject, n uint64) Finding {
	return Finding{
		Severity: Info, Confidence: Possible,
		Title:       a.unansweredBy(c, s, n) + ", as far as was captured",
		Explanation: fmt.Sprintf("Nothing that %s sent is in this capture, and yet it answered: a client went on with a connection to it. So it may have answered these too.", s.A.Addr),
		causes:      []Cause{inCapture("the capture does not hold what it sends (see capture-one-way)"), hostOrPath("nothing answered these")},
		Advice:      []string{fmt.Sprintf("Capture both directions, or on %s: `tcpdump -ni any 'tcp port %d'`.", s.A.Addr, s.A.Port)},
	}
}

func theseFrom(n uint64) string {
	if n == 1 {
		return "this one"
	}
	return "these"
}

// lostBack is why answers may be missing of which nothing is known.
func lostBack() Cause { return onPath("the answers take another way and are lost there") }

// openedLater tells that a client that got no answer opened a connection to the same listener so much later, and that
// the host was not heard meanwhile: what kept its SYNs from it, or the answers from the client, did not last.
func (f *Finding) openedLater(client capture.Addr, after int64) {
	f.Explanation += fmt.Sprintf(" %s after the last of these SYNs %s opened a connection to it: what kept them from an answer did not last.", span(after), client)
	f.causes = []Cause{hostGone("the host was off at the time"), onHost("its accept queue or SYN queue was full at the time"), hostOrPath("a firewall dropped the SYNs at the time, and did so no more later")}
	f.lead(onPath("the path to it, or back, was away at the time, or lost packets"), "the same client opened a connection to it later")
}

func answersElsewhere(repeated bool) Cause {
	if repeated {
		return beforeCapture("its answers take another way, which the capture does not see, and are lost there: the client repeats its SYN")
	}
	return beforeCapture("its answers take another way, which the capture does not see")
}

func tellNoAnswer(c *Context, s Subject, a *attempts, n uint64, k scale) (Finding, bool) {
	if c.suspects.flooded[s.A] || c.turnsAway(s, a.when.Least, a.when.Most) {
		return Finding{}, false
	}
	service := c.served(s.A)
	if service.silent(a.when.Least) {
		return tellFellSilent(c, s, a, n, service, k), true
	}
	if c.answersUnseen(s.A.Addr) {
		return a.tellUnseen(c, s, n), true
	}
	through, meanwhile := service.during(a.when.Least, a.when.Most), uint64(0)
	if through {
		meanwhile = service.opened + service.running
	}
	f := Finding{
		Severity: k.severity(n, n+meanwhile), Confidence: Proven, failing: failing{k, n, n + meanwhile},
		Title:       a.unansweredBy(c, s, n),
		Explanation: a.silence(c),
		causes:      []Cause{hostOrPath("a firewall drops the SYNs"), hostGone("the host is off or has no such address"), lostBack()},
		Advice: []string{
			fmt.Sprintf("On %s: `tcpdump -ni any 'tcp port %d'` shows whether the SYNs arrive and answers leave.", s.A.Addr, s.A.Port),
			fmt.Sprintf("If they arrive and nothing leaves: `ss -ltn '( sport = :%d )'` and `nft list ruleset`.", s.A.Port),
		},
	}
	v := c.contrast(s.A, wentUnanswered)
	if through {
		f.Confidence = Possible
		f.Explanation += fmt.Sprintf(" Others got through at the same time (%s opened), so the path lets packets through.", say.Plural(service.opened, "connection"))
		f.causes = []Cause{onHost("the accept queue or the SYN queue of the server is full, so it drops SYNs"), onPath("packets are lost on the path"),
			hostOrPath("a rule drops the SYNs of some clients only")}
		f.Advice = append(f.Advice, "`nstat -az TcpExtListenOverflows TcpExtListenDrops` on the server shows whether its queues overflow.")
	}
	client, later := c.opensLater(s.A, &a.sources, a.when.Most)
	switch _, there := c.heardFrom(s.A.Addr, a.when.Least, a.when.Most); {
	case through || s.loopback() || !c.heardOf(s.A.Addr):
	case later != 0 && !there:
		f.openedLater(client, later-a.when.Most)
	default:
		f.shows(hostThere, fmt.Sprintf("%s sent packets elsewhere in this capture, so the host is there.", s.A.Addr))
	}
	f.Explanation += a.timeouts() + a.triedAgain()
	silent := c.silentHost(s.A.Addr)
	switch {
	case silent:
		f.Explanation += fmt.Sprintf(" Nothing that %s sent is in this capture: its answers may take a path that was not captured.", s.A.Addr)
	case c.quality.twoWay == 0 && c.Conns > n:
		silent = true
		f.Explanation += " No connection in this capture has packets of both ends: it may hold one direction of each."
	}
	switch {
	case silent:
		f.Confidence = Possible
		f.causes = append(slices.DeleteFunc(f.causes, func(x Cause) bool { return x == lostBack() }), answersElsewhere(a.once == 0 && a.most.V.SYNs > 1))
	case !through && !s.loopback() && c.systems.capturedBeside(s.A.Addr):
		f.Explanation += " The capture point is right beside it: the SYNs reached it, and no answer left."
		f.causes = []Cause{onHost("a firewall of its own drops the SYNs"), onHost("its system drops them: a full queue, a filter of the program")}
	}
	if a.once == a.n && a.others == 0 && a.replaced == 0 {
		a.intoOnce(c, &f)
	}
	f.onLoopback(s, fmt.Sprintf("`nft list ruleset`, `ss -ltn '( sport = :%d )'` and `nstat -az TcpExtListenDrops` show what drops the SYNs.", s.A.Port),
		onHost("a firewall rule of the host drops the SYNs"), onHost("the accept queue or the SYN queue of the server is full, so it drops SYNs"))
	if a.others == a.n {
		f.causes = slices.DeleteFunc(f.causes, func(x Cause) bool { return x == madeItself() })
		f.lead(madeItself(), "SYNs of one port and number carry different data or options")
		f.Advice = append([]string{lookForMaker}, f.Advice...)
	}
	if a.raw == a.n && a.others < a.n && a.tally.raw == a.tally.n && a.most.V.SYNs > 2 && a.schedules == [nBackoffs]uint64{} {
		f.causes = slices.DeleteFunc(f.causes, func(x Cause) bool { return x == madeItself() })
		f.lead(madeItself(), "no system's TCP opens connections so, and none repeats its SYN after these pauses")
		f.Advice = append([]string{lookForMaker}, f.Advice...)
	}
	if a.unfit > 0 {
		a.intoUnfit(c, &f, s)
	}
	f.Title += v.because()
	v.into(&f, s.A, "opened")
	switch {
	case a.looped > 0 && a.looped == a.n:
		a.intoLoop(&f, s)
	case a.signed > 0 && a.signed == a.n && !v.named():
		f.Confidence = min(f.Confidence, Possible)
		f.Title += ": their SYNs are signed"
		f.Explanation += " Each SYN carries a signature (TCP MD5, RFC 2385, or TCP-AO, RFC 5925): a server whose key is another, or that has none for this peer, drops it and sends nothing."
		f.lead(onHost("the keys differ, or one end has none for the other's address (a BGP password)"), "each SYN carries a signature")
		f.Advice = append([]string{fmt.Sprintf("On %s: `nstat -az TcpExtTCPMD5Unexpected TcpExtTCPMD5NotFound TcpExtTCPMD5Failure` counts them; tcpdump with -M and the key shows whether it fits.", s.A.Addr)}, f.Advice...)
	}
	return f, true
}

// tellFellSilent tells of a listener that answers neither SYNs nor data since some moment.
func tellFellSilent(c *Context, s Subject, a *attempts, n uint64, service *service, k scale) Finding {
	return Finding{
		Severity: k.severity(n, n), Confidence: Likely, silence: service.since.Most,
		Title: fmt.Sprintf("%s fell silent at one moment: the SYNs of %s since then went unanswered, and so did the data of %s", name(s.A),
			say.Plural(n, "connection"), say.Plural(service.hung, "open connection")),
		Explanation: fmt.Sprintf("Until then all went well, since then nothing did. A system acknowledges data of open connections even where a queue is full or a program hangs: it is not that (RFC 9293 section 3.8.1). The SYNs got no answer%s.", lasting(n, a.waited)) + a.timeouts(),
		causes: []Cause{hostGone("its host crashed, was suspended or left the network"), onPath("a route or a firewall changed at that moment: nothing gets through any more"),
			hostReplaced("its address moved to another host, which drops what it does not know")},
		Advice: []string{fmt.Sprintf("Is it there? `ping -c 3 %s`; `ip route get %s`.", s.A.Addr, s.A.Addr),
			fmt.Sprintf("On %s, where it runs: `tcpdump -ni any 'tcp port %d'` shows whether SYNs and data arrive and answers leave.", s.A.Addr, s.A.Port)},
	}
}

// silence tells what the SYNs met.
func (a *attempts) silence(c *Context) string {
	switch {
	case a.others == a.n:
		return fmt.Sprintf("No answer to %s, all of one port and number. They carry different data or options: they are no retransmissions (RFC 9293 section 3.8.1), but made by a program that sends packets itself, each an attempt of its own.", a.syns())
	case a.most.V.SYNs > 1:
		return fmt.Sprintf("No answer to %s (RFC 9293 section 3.8.1: the client retransmits the SYN until it gives up).", a.syns())
	case c.recent:
		return "One SYN of each was sent so far (RFC 9293 section 3.8.1: it is retransmitted until the client gives up)."
	case a.n == 1:
		return "One SYN was captured; whether another followed is not known (RFC 9293 section 3.8.1: it is retransmitted until the client gives up)."
	}
	return "One SYN of each was captured; whether others followed is not known (RFC 9293 section 3.8.1: a SYN is retransmitted until the client gives up)."
}

// syns tells how many SYNs an attempt sent, and in what time: of several the one that sent the most.
func (a *attempts) syns() string {
	if a.n == 1 {
		return fmt.Sprintf("its %s in %s", say.Plural(uint64(a.most.V.SYNs), "SYN"), span(a.most.V.In))
	}
	return fmt.Sprintf("the SYNs; the attempt with the most SYNs sent %s in %s", say.Thousands(uint64(a.most.V.SYNs)), span(a.most.V.In))
}

// intoOnce tells of SYNs that were not sent again though the input goes on.
func (a *attempts) intoOnce(c *Context, f *Finding) {
	f.atMost(Notice, Possible)
	for _, at := range [...]int64{a.when.Least, a.when.Most} {
		if !c.capturedIn(at+repeatDue/8, at+repeatDue) {
			a.intoNothing(c, f, at)
			return
		}
	}
	f.causes = slices.DeleteFunc(f.causes, func(cause Cause) bool { return cause == answersElsewhere(false) }) // said more closely below
	f.Explanation = "No SYN was sent again, though the capture goes on: a TCP that gets no answer repeats its SYN after 1 s (RFC 6298 section 2)."
	f.causes = append(f.causes, beforeCapture("the answers take a way that the capture does not see: the clients had them, and had nothing to repeat"),
		app("the program that sent them gave up within a second, or makes its packets itself (a scan, a test)"))
	f.Advice = append([]string{"Compare with a capture at the client: an answer that arrives there did not pass here."}, f.Advice...)
}

// intoNothing tells of a SYN behind which nothing at all was captured while its repeat was due.
func (a *attempts) intoNothing(c *Context, f *Finding, at int64) {
	until := "to the end"
	if quiet := c.quietAfter(at); quiet > 0 {
		until = "for " + span(quiet)
	}
	one := "one"
	if a.n == 1 {
		one = "it"
	}
	f.Explanation = fmt.Sprintf("No SYN was sent again, but nothing of TCP was captured behind %s %s: a repeat is due after 1 s (RFC 6298 section 2), and whether the capture ran then is not known.", one, until)
	f.causes = append(f.causes, inCapture("the file holds packets that were picked out, or put together from several captures: an answer or a repeat is not in it"),
		app("a program made these packets itself (a scan, a test)"))
	f.Advice = append([]string{"Look into the capture from which this file was made."}, f.Advice...)
}

// intoLoop tells that the SYNs went round in a loop, which the copies prove.
func (a *attempts) intoLoop(f *Finding, s Subject) {
	f.Confidence = Proven
	f.Title += ": they go round in a routing loop"
	f.Explanation = fmt.Sprintf("The same SYN, with one IP identification, passes the capture point again and again with fewer hops left (up to %d less): "+
		"routers send it to each other until its hops are used up (RFC 1812 section 5.3.1).", a.hops)
	f.causes = []Cause{onPath("two routers each take the other for the next hop to that address: a route is missing behind a default or summary route, or routing has not settled")}
	f.Advice = []string{fmt.Sprintf("`mtr -n --tcp -P %d %s`, or `traceroute -T -p %d -n %s`: the routers that come again and again are the loop.", s.A.Port, s.A.Addr, s.A.Port, s.A.Addr),
		fmt.Sprintf("On each of them: `ip route get %s`.", s.A.Addr)}
}

// intoUnfit tells of RSTs that came back and that no opener may take for an answer.
func (a *attempts) intoUnfit(c *Context, f *Finding, s Subject) {
	f.Confidence = min(f.Confidence, Possible)
	f.Explanation = fmt.Sprintf("A RST came back on %s, but none that acknowledges the SYN: whoever waits for a SYN/ACK must ignore it (RFC 9293 section 3.10.7.3), and no other answer came.", say.Plural(a.unfit, "attempt")) + a.triedAgain()
	if a.unfit < a.n {
		f.Explanation += " " + a.silence(c)
		return
	}
	f.Title = fmt.Sprintf("%s answered %s by a RST that does not acknowledge the SYN, from %s", name(s.A), say.Plural(a.n, "SYN"), a.sources.who())
	f.causes = []Cause{onPath("something on the path rejects with a RST, and makes it wrong"), onHost("the RST answers an older connection of the same ports"), onHost("the server's TCP is no full one (a load balancer, a test program)")}
	f.Advice = []string{fmt.Sprintf("Compare the RST's TTL with that of other packets of %s.", s.A.Addr),
		fmt.Sprintf("On %s: `tcpdump -ni any 'tcp port %d'` shows whether it sends that RST itself.", s.A.Addr, s.A.Port)}
	if s.loopback() {
		f.causes = f.causes[1:]
		f.Advice = f.Advice[1:]
	}
}

// triedAgain tells of attempts that the client itself gave up for another from the same port.
func (a *attempts) triedAgain() string {
	if a.replaced == 0 {
		return ""
	}
	return fmt.Sprintf(" On %s the client tried again from the same port with another initial sequence number, at the soonest %s later.", say.Plural(a.replaced, "attempt"), span(a.soonest))
}

// timeouts tells by which schedule SYNs were repeated, and whose timeout ended it.
func (a *attempts) timeouts() (text string) {
	for i, b := range backoffs() {
		if a.schedules[i] > 0 {
			text += fmt.Sprintf(" %s retransmitted the SYN as %s does.", say.Thousands(a.schedules[i]), b.system)
		}
	}
	if k := a.ends[endUser]; k > 0 {
		soonest := ""
		if k > 1 {
			soonest = "the soonest "
		}
		text += fmt.Sprintf(" %s ended by the client's application: its own timeout came first, %s%s after the first SYN.",
			say.Plural(k, "attempt"), soonest, betweenWords(a.patience.V.From, a.patience.V.To))
	}
	if k := a.ends[endSystem]; k > 0 {
		text += fmt.Sprintf(" %s ended when the system had used up its repeats.", say.Plural(k, "attempt"))
	}
	return text
}
