package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// deaf sums up connections to a listener of which only the SYN got through.
type deaf struct {
	tally
	sources  sources
	atServer uint64 // seen on the listener's side: the third ACK never came by
	prompt   uint64 // whose only SYN was answered
	data     uint64 // that sent data into silence, seen on the opener's side
	again    uint64 // SYN/ACKs sent again
	longest  int64  // from the first SYN/ACK to its last repeat
	hung     int64  // when the first of them was seen to hang: its SYN/ACK came again after the third ACK
	latest   int64  // when the SYN of the last of them was sent
}

// Fields walks over what is summed up.
func (x *deaf) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	fold.Sum(w, &x.atServer, &x.prompt, &x.data, &x.again)
	fold.Max(w, &x.longest, &x.latest)
	fold.Least(w, &x.hung)
}

// ignoredLeast is how many SYN/ACKs must come again, and againLeast for how long, before
// what did not get through was more than a lost packet or two.
const (
	ignoredLeast = 2
	againLeast   = 2 * second
)

// unheardAfterSYN tells that the opener completed the handshake and sent data, and that
// the server sent nothing but its SYN/ACK again and again: all that it got is the SYN.
func unheardAfterSYN(r *record.Record) bool {
	f, x := &r.Open, &r.Ends[record.Resp]
	return f.Kind == record.OpenHandshake && f.SYNs > 0 && f.ACKsIgnored >= ignoredLeast && r.Ends[record.Orig].WireBytes > 0 &&
		x.WireBytes == 0 && r.Close.FINs[record.Resp] == 0 && x.Packets <= uint64(f.SYNACKs+f.SYNACKCopies+r.Close.RSTs[record.Resp])
}

// ackMissing tells that a SYN/ACK was sent again for seconds while the opener, which
// would repeat its SYN without one, did not: it has the SYN/ACK, and its ACK does not come.
func ackMissing(r *record.Record) bool {
	f := &r.Open
	return neverCompleted(r) && f.SYNs == 1 && f.NSYNACKsAgain >= ignoredLeast && f.SYNACKAfter >= againLeast && !rawSYN(r) && r.Close.ResetBy == record.NoEnd
}

// deafTo is how many connections of a listener only the SYN of got through.
type deafTo struct{ ignored, halfOpen uint64 }

func onlySYN() Detector {
	return Detector{
		Name: "only-syn-passes", Group: GroupOpen, needs: traitFailed | traitHeldUp, onACKs: true,
		Doc: `The SYN arrives and is answered, and nothing after it gets through in that direction.

Rule: on the client's side, the handshake's final ACK and data leave, and the server goes on sending
its SYN/ACK and nothing else (RFC 9293 section 3.5). On the server's side, the SYN/ACK
is sent again for 2 s and more, and the client, which repeats a SYN that is not answered after
a second (RFC 6298 section 2.1), does not: so it has the SYN/ACK and its ACK is lost. A
stateful firewall that saw the SYN and not the SYN/ACK, which took another way
(asymmetric routing), drops all that follows as invalid.

It can be mistaken for a full accept queue (see queue-full), which ignores final ACKs as
well: but such a server drops SYNs too (Linux). So it is reported only where no SYN to the server
had to be sent again and one was answered while another connection hung, and likely only where nothing else got through to it, or
where from does. On the server's side forged SYNs look the same, but come without the
options of a real system, from many addresses: see syn-flood.`,
		New: func(o *Options) Fold {
			return newFold(addDeaf, o.fewAndMany("only-syn-passes").tellDeaf).suspecting(suspectDeaf)
		},
	}
}

// suspectDeaf notes the listeners that only SYNs reach.
func suspectDeaf(c *Context, s Subject, x *deaf) {
	if x.told(c, s) {
		c.suspects.deaf[s.A] = deafTo{ignored: x.n - x.atServer, halfOpen: x.atServer}
	}
}

func addDeaf(s *subjects[deaf, *deaf], r *record.Record) {
	atOpener, atListener := unheardAfterSYN(r), ackMissing(r)
	if !atOpener && !atListener {
		return
	}
	x := s.At(listener(r.Resp))
	x.hitAt(r, r.Open.SYNACKAgainAt)
	x.sources.add(r.Orig.Addr)
	x.again += uint64(r.Open.NSYNACKsAgain)
	x.longest = max(x.longest, r.Open.SYNACKAfter)
	if r.Open.NSYNsAgain == 0 {
		x.prompt++
	}
	if atListener {
		x.atServer++
	} else {
		x.data++
		x.latest = max(x.latest, r.Start)
		fold.TakeLeast(&x.hung, r.Open.ThirdACK.V+r.Open.ACKIgnored.V)
	}
}

// told tells that a full queue would look different: at least two connections hang, no
// SYN to the listener went without an answer, and one was answered while another hung.
func (x *deaf) told(c *Context, s Subject) bool {
	return x.n >= 2 && x.prompt == x.n && (x.data == 0 || x.hung < x.latest) && !c.suspects.flooded[s.A] && c.contrasts != nil &&
		!c.contrasts.any(s.A, wentUnanswered) && !c.contrasts.any(s.A, wentLate) &&
		(x.atServer == 0 || x.sources.all.Count()*2 <= x.n || c.contrast(s.A, wentHalfOpen).somewhere())
}

func (k scale) tellDeaf(c *Context, s Subject, x *deaf) (Finding, bool) {
	if !x.told(c, s) {
		return Finding{}, false
	}
	well := c.contrasts.count(s.A, wentWell)
	v := c.contrast(s.A, wentIgnored)
	if x.atServer*2 > x.n {
		v = c.contrast(s.A, wentHalfOpen)
	}
	all := x.n + well
	f := Finding{
		Severity: k.severity(x.n, all), Confidence: Likely,
		Title: fmt.Sprintf("nothing but the SYN gets through to %s from %s: %s", name(s.A), x.sources.who(), c.wholeOf(s.A, x.n).of(x.n)),
		causes: []Cause{onPath("a stateful firewall on the path saw the SYN and not the SYN/ACK, which took another path (asymmetric routing), and drops all that follows as invalid"),
			onPath("a rule on the path lets nothing but SYNs pass")},
		Advice: []string{
			fmt.Sprintf("Compare the two paths: `ip route get %s` on the client and `ip route get %s` on the server; both must pass the same firewall.", s.A.Addr, x.sources.known[0].Addr),
			"On the firewalls between them: `conntrack -S` counts what is invalid; `nft list ruleset` shows whether that is dropped.",
		},
	}
	if x.atServer*2 > x.n {
		f.Explanation = fmt.Sprintf("The SYN/ACK was sent again %s%s, and no ACK after it came; none of these clients repeated its SYN, as one does that gets no SYN/ACK (RFC 6298 section 2.1): it has it, and what it sends after the SYN is lost before this capture point.",
			say.Plural(x.again, "time"), lasting(x.n, x.longest))
	} else {
		f.Explanation = fmt.Sprintf("The SYN is answered at once, and nothing after it is: the SYN/ACK came again %s%s, although its ACK and data were sent (RFC 9293 section 3.5). "+
			"It is no matter of the server's queues: one that takes no more drops SYNs as well (Linux), and here SYNs were answered while others hung.", say.Plural(x.again, "time"), lasting(x.n, x.longest))
	}
	if well > 0 {
		if !v.somewhere() {
			f.Confidence = Possible
		}
		f.causes = append(f.causes, onPath("several ways lead there, and one of them is so"))
		v.tell(&f)
	}
	return f, true
}

// any tells that an attempt to a listener went so.
func (x *contrasts) any(at capture.Endpoint, went outcome) bool { return x.count(at, went) > 0 }

// count is how many attempts to a listener went so, of those that are remembered.
func (x *contrasts) count(at capture.Endpoint, went outcome) (n uint64) {
	for _, a := range x.byListener[at] {
		if a.Result == went {
			n++
		}
	}
	return n
}
