package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// waitedToClose tells how long an end was in CLOSE-WAIT and sent nothing: from
// when it acknowledged the other's FIN to its own, a RST, or the end of what is
// known; held says that it was not over then. One whose data nobody acknowledges does not
// count: its FIN may stand behind that data.
func waitedToClose(r *record.Record) (waits record.End, since, lasted int64, held, ok bool) {
	c := &r.Close
	e := c.First
	if e > record.Resp || !c.FINAcked[e].OK || c.BytesAfterFIN.V > 0 || r.Capture.OneWay || c.FINPacket[e] == 0 || r.Path[e.Peer()].Unacked != 0 {
		return 0, 0, 0, false, false
	}
	since = c.FINAcked[e].V
	switch {
	case c.HalfClose.OK:
		lasted = c.HalfClose.V
	case r.Close.ResetTime.OK:
		lasted = r.Close.ResetTime.V - since
	case c.Kind == record.CloseHalfClosed:
		lasted, held = r.End+r.Silent-since, true
	default:
		return 0, 0, 0, false, false
	}
	return e.Peer(), since, lasted, held, true
}

// LeftOpen tells that an end has not closed for closeWaitYoung though the other has.
func LeftOpen(r *record.Record, e record.End) bool {
	waits, _, lasted, held, ok := waitedToClose(r)
	return ok && held && waits == e && lasted >= closeWaitYoung
}

// closeWaitYoung is how long an end must have waited to be told of where none has for longer.
const closeWaitYoung = 5 * second

type closeWaitLimits struct {
	scale
	age, young int64
	critical   uint64
}

func closeWait() Detector {
	return Detector{
		Name: "close-wait", Group: GroupLeak,
		Doc: `An application does not close connections that the other end has closed: CLOSE-WAIT.

Rule: whoever receives a FIN is in CLOSE-WAIT until its own application closes (RFC
9293 section 3.6, figure 5); no timer ends that, so what is forgotten stays
until the process ends, and takes a descriptor each. Counted where the FIN was
acknowledged and its receiver neither sent data nor closed for close-wait-age. A
connection that was younger than that when the input ended is not
counted, nor one whose receiver still sends: that is a half-close. Where none is so old, but at
least close-wait-few have waited for 5 s or more at the end, it is reported as possible: a short
capture cannot show a leak otherwise. While the input goes on one that has waited for 5 s is enough, where
most connections of the server wait.
It can be mistaken for a host that died right after its ACK. It is likely where that end was heard
of later: it closed some late, acknowledged other FINs a second or more after the first, or opened
connections since; else possible: what it sent last, a RST too, may have been lost before the capture point.`,
		New: func(o *Options) Fold {
			l := closeWaitLimits{scale: o.fewAndShare("close-wait", 10, 1, "connections in CLOSE-WAIT", "the connections to that server"),
				age:      o.span("close-wait-age", 60*second, "how long an end must have been in CLOSE-WAIT"),
				young:    o.span("close-wait-young", closeWaitYoung, "how long, where none was older when the input ended"),
				critical: o.count("close-wait-critical", 1000, "connections in CLOSE-WAIT at the end: the usual limit of descriptors (ulimit -n 1024) is near")}
			return newFold(l.add, l.tell)
		},
	}
}

func (l closeWaitLimits) add(s *subjects[leaks, *leaks], r *record.Record) {
	e, since, lasted, held, ok := waitedToClose(r)
	fin := r.Close.FINPacket
	if ok && held && r.Interim && lasted >= soon {
		x := s.At(sideOf(r, e))
		x.fresh.hit(r, fin[e.Peer()], since, since+lasted)
		x.of(r, e)
	}
	switch {
	case ok && lasted >= l.age:
		x := s.At(sideOf(r, e))
		x.add(r, fin[e.Peer()], since, lasted, held)
		x.of(r, e)
	case ok && held && lasted >= l.young:
		x := s.At(sideOf(r, e))
		x.of(r, e)
		x.young.hit(r, fin[e.Peer()], since, since+lasted)
		x.oldest = max(x.oldest, lasted)
	}
}

func (l closeWaitLimits) tell(c *Context, s Subject, x *leaks) (Finding, bool) {
	if x.n == 0 {
		return l.tellYoung(c, s, x)
	}
	var all tally // with those that have not waited for so long yet
	fold.Merge(&all, &x.tally)
	fold.Merge(&all, &x.young)
	e := l.effect(x.n, c.wholeOf(s.service(), x.n).opened)
	e.broken, e.minor = x.held >= l.critical, x.held == 0
	f := Finding{
		Severity: e.severity(), Confidence: Likely,
		Title: fmt.Sprintf("%s leaves %s in CLOSE-WAIT, the oldest for %s", s.who(), say.Plural(all.n, "connection"), span(x.longest)), why: notCalled,
		Explanation: fmt.Sprintf("The other end's FIN was acknowledged, and no FIN of its own followed; only the application can leave CLOSE-WAIT (RFC 9293 section 3.6). %s had not closed when last seen.%s%s",
			say.Thousands(x.held+x.young.n), x.slope(), x.ends()),
		causes: []Cause{app("the application does not close after it has read the end (read returns 0): an error path, a pool that keeps dead connections"),
			app("it is busy or blocked and reads late"), hostGone("its host died just after it acknowledged the FIN")},
		Advice: []string{fmt.Sprintf("On %s: `ss -tanp state close-wait %s` names the process; a number that grows is a leak.", s.A.Addr, s.ss()),
			"`ls /proc/PID/fd` counts the descriptors of that process; `ulimit -n` is the limit."},
	}
	if x.young.n > 0 {
		f.Explanation += fmt.Sprintf(" %s had waited for %s or more.", say.Thousands(x.n), span(l.age))
	}
	if x.alive() || c.aliveAt(s, x.began.Most+min(x.longest, soon)) {
		f.shows(hostThere, "Its host was heard of later.")
	} else {
		f.Confidence = Possible
		f.Explanation += " Nothing that it sent since shows that its host was still there."
		f.causes = append(f.causes, beforeCapture("its FIN or RST was lost before the capture point: a RST is never sent again"))
		if x.held == x.n && x.young.n == 0 && x.n < l.few {
			f.Title = fmt.Sprintf("%s had %s in CLOSE-WAIT when last seen, and nothing more of %s was captured for %s", s.who(), say.Plural(x.n, "connection"), itOrThem(x.n), span(x.longest))
		}
	}
	if x.held == 0 && x.young.n == 0 {
		f.Explanation = "The other end's FIN was acknowledged, its own FIN or a RST followed late; only the application can leave CLOSE-WAIT (RFC 9293 section 3.6)." + x.ends()
		f.Title, f.why = fmt.Sprintf("%s closes late: %s stayed in CLOSE-WAIT%s", s.who(), say.Plural(x.n, "connection"), lasting(x.n, x.longest)), ""
	}
	all.into(&f)
	if x.held > 0 { // where it closed at last, the other end's long wait is its own matter
		f.explains = x.ids
	}
	return f, true
}

// notCalled is the usual reason.
const notCalled = "its application does not call close()"

// alive tells that the end was still there when it should have closed: it closed some late, or
// took FINs long enough after the first.
func (x *leaks) alive() bool { return x.held < x.n || x.began.Most-x.began.Least >= soon }

// aliveAt tells that a side's host took connections at that time or later, at any of its
// listeners: of an opener nothing is known.
func (c *Context) aliveAt(s Subject, at int64) bool {
	return s.Kind == SubjectListener && c.opensUntil(s.A.Addr) >= at
}

// tellYoung tells of connections that wait to be closed, none of them for long.
func (l closeWaitLimits) tellYoung(c *Context, s Subject, x *leaks) (Finding, bool) {
	if c.recent {
		return l.tellFresh(c, s, x)
	}
	all := c.wholeOf(s.service(), x.young.n)
	if x.young.n < l.few {
		return Finding{}, false
	}
	f := Finding{
		Severity: Notice, Confidence: Possible,
		Title: fmt.Sprintf("%s has %s%s", s.who(), notClosed(x.young.n, all), lasting(x.young.n, x.oldest)), why: notCalled,
		Explanation: fmt.Sprintf("They are in CLOSE-WAIT, which only the application can leave (RFC 9293 section 3.6). The input ended before the oldest was %s old: they may still be closed.%s", span(l.age), x.ends()),
		causes:      []Cause{app("the application does not close after it has read the end (read returns 0)"), app("it is busy or blocked, or works on an answer, and closes late")},
		Advice:      []string{fmt.Sprintf("On %s: `ss -tanp state close-wait %s` names the process; look again after a minute.", s.A.Addr, s.ss())},
	}
	x.young.into(&f)
	f.explains = x.ids
	return f, true
}

// freshShare is how many per cent of a server's connections must wait to be closed for that to be
// told as soon as one of them has waited for as long as young ones do. A server that is busy
// otherwise leaks a small share: it is told when as many as are few have.
const freshShare = 50

// tellFresh tells of connections that wait to be closed now.
func (l closeWaitLimits) tellFresh(c *Context, s Subject, x *leaks) (Finding, bool) {
	all := c.wholeOf(s.service(), x.fresh.n)
	most := x.oldest >= l.young && x.fresh.n >= l.few && x.fresh.n*100 >= all.opened*freshShare
	if !most && x.young.n < l.few {
		return Finding{}, false
	}
	f := Finding{
		Severity: Notice, Confidence: Possible,
		Title: fmt.Sprintf("%s has %s%s so far", s.who(), notClosed(x.fresh.n, all), lasting(x.fresh.n, x.oldest)), why: notCalled,
		Explanation: fmt.Sprintf("They are in CLOSE-WAIT, which only the application can leave (RFC 9293 section 3.6). None is %s old yet: they may still be closed.%s", span(l.age), x.ends()),
		causes:      []Cause{app("the application does not close after it has read the end (read returns 0)"), app("it is busy or blocked, or works on an answer, and closes late")},
		Advice:      []string{fmt.Sprintf("On %s: `ss -tanp state close-wait %s` names the process; a number that grows is a leak.", s.A.Addr, s.ss())},
	}
	x.fresh.into(&f)
	f.explains = x.ids
	return f, true
}

// notClosed says how many of all connections of a server wait to be closed.
func notClosed(n uint64, all whole) string {
	if n == all.seen && n > 1 {
		return "closed none of " + say.Plural(n, "connection") + " that the other end closed"
	}
	words := "not closed " + say.Plural(n, "connection") + " that the other end closed"
	if all.seen > n {
		words += ", of " + say.Thousands(all.seen)
	}
	return words
}
