package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// raceQuiet is how long an end must have been quiet before its FIN for that to be an
// idle limit: servers have 1 s and more.
const raceQuiet = second

// raceWindow is how far the FIN and the RST may be apart where a request crossed the
// FIN: a round trip, or what an application takes to see that its connection was closed.
const raceWindow = second

// raceAlike is how far apart, in per cent, the quiet times before FINs of one limit may be.
const raceAlike = 5

type raceLimits struct{ few, quietly uint64 }

func idleRace() Detector {
	return Detector{
		Name: "idle-race", Group: GroupIdle, needs: traitQuiet,
		Doc: `A server's idle limit closes a connection as a request is on its way: the request dies.

Rule: a server, proxy or load balancer closes a connection on which nothing has been
asked for some time (HTTP's keep-alive timeout, RFC 9112 section 9.5). A request that crosses its FIN, or
that is sent before the client's application has noticed the FIN, meets a socket that nobody
holds: a bare RST answers it (RFC 9293 section 3.10.7.1), and the request had no answer. Its sign is
a FIN after at least 1 s in which that end neither sent nor took in data, and a RST
within 1 s of it that answers data. Where the client had acknowledged the FIN before it asked, the two did
not cross: its application had not looked, and that is said. It is likely where all FINs that a request met came after the
same silence and others closed after it without harm; else an application may have closed for
another reason. Data of more than a second after the FIN is reset-late-data.`,
		New: func(o *Options) Fold {
			l := raceLimits{few: o.count("idle-race-few", 2, "requests that must have died for a warning and no notice"),
				quietly: o.count("idle-race-quietly", 3, "connections that must have closed without harm after the same silence for a limit")}
			return newFold(addRace, l.tell)
		},
	}
}

func addRace(s *subjects[races, *races], r *record.Record) {
	if quietlyClosed(r) {
		wellAt(s, r).quiet.Add(r.Close.Quiet.V)
	} else if Crossed(r) {
		s.At(listener(r.Resp)).add(r)
	}
}

func (l raceLimits) tell(c *Context, s Subject, x *races) (Finding, bool) {
	all := c.wholeOf(s.A, x.n)
	limit := seconds(x.before.Least)
	f := Finding{
		Severity: effect{felt: x.n >= l.few}.severity(), Confidence: Possible,
		Title: fmt.Sprintf("%s to %s died as the server closed it for being idle: a request met its FIN", all.of(x.n), name(s.A)),
		Explanation: fmt.Sprintf("After %s of silence the server sent its FIN. %s of requests that came within a second of it were answered with a RST: no socket held the connection any more (RFC 9293 section 3.10.7.1). These requests had no answer.",
			rangeOf(x.before), say.Plural(x.bytes, "byte")),
		causes: []Cause{app("the server's limit for idle connections (HTTP keep-alive timeout) is shorter than its clients keep them for use"), app("the server's application closed for another reason just as requests came")},
		Advice: []string{fmt.Sprintf("Let clients, pools and proxies give up a connection that was idle for somewhat less than %s, or raise the server's limit above theirs (Node.js keepAliveTimeout, nginx keepalive_timeout, Apache KeepAliveTimeout).", limit),
			"Let clients send such a request again on a new connection, where that does no harm (RFC 9112 section 9.3.1).",
			fmt.Sprintf("On %s: the server's log and settings show whether its idle limit closed them, or a restart.", s.A.Addr)},
	}
	came := "a request came as it closed, and was answered with a RST"
	switch {
	case x.behind == x.n:
		came = "a request came behind its FIN, and was answered with a RST"
		f.Title = fmt.Sprintf("%s to %s died as the server had closed it for being idle: a request came behind its FIN", all.of(x.n), name(s.A))
		f.Explanation += fmt.Sprintf(" The client had acknowledged the FIN before: the request came %s behind that ACK, and its application had not looked.", latest(x.behind, x.latest))
	case x.behind > 0:
		f.Explanation += fmt.Sprintf(" %s crossed the FIN. On %s the client had acknowledged the FIN, and asked %s behind that ACK: its application had not looked.",
			say.Thousands(x.n-x.behind), say.Thousands(x.behind), latest(x.behind, x.latest))
	}
	if n := x.alike(); n >= l.quietly {
		f.Confidence = Likely
		f.Title = fmt.Sprintf("the idle limit of %s, %s, killed %s: %s", name(s.A), limit, all.of(x.n), came)
		f.Explanation += fmt.Sprintf(" %s closed after the same silence without harm.", say.Plural(n, "more connection"))
		f.causes = f.causes[1:]
		f.lead(app(fmt.Sprintf("the server closes connections idle for %s (HTTP keep-alive timeout), and its clients still use them then", limit)),
			say.Plural(n, "more connection")+" closed after the same silence without harm")
	}
	return f, x.n > 0
}

// Crossed tells that the listener closed after a silence, and that it answered by a RST
// what the opener asked about then.
func Crossed(r *record.Record) bool {
	c := &r.Close
	if c.Kind != record.CloseReset || c.ResetCause != record.ResetLateData || c.ResetBy != record.Resp || c.First != record.Resp {
		return false
	}
	return c.Quiet.OK && c.Quiet.V >= raceQuiet && cameLate(r) > closeNotify && c.ResetTime.V-c.FINTime[record.Resp].V <= raceWindow
}

// behindFIN is how long the opener had acknowledged the FIN when it sent what the RST answers; 0 where
// that crossed the FIN, or acknowledged it itself.
func behindFIN(r *record.Record) int64 {
	c := &r.Close
	acked := c.FINAcked[record.Resp]
	if ns := c.ResetTime.V - c.ResetAfter - acked.V; acked.OK && ns >= behindLeast {
		return ns
	}
	return 0
}

// behindLeast is more than what a time in whole milliseconds is off.
const behindLeast = 2 * millisecond

// BehindFIN tells of what Crossed tells that it did not cross the FIN: its opener had acknowledged that.
func BehindFIN(r *record.Record) bool { return Crossed(r) && behindFIN(r) > 0 }

// quietlyClosed tells that the listener closed after a silence, and no harm came of it.
func quietlyClosed(r *record.Record) bool {
	c := &r.Close
	return c.First == record.Resp && c.Quiet.OK && c.Quiet.V >= raceQuiet && c.Kind == record.CloseNormal && c.BytesAfterFIN.V == 0
}

// races sums up the requests that a listener's FIN met.
type races struct {
	tally
	quiet  fold.Histogram    // before the FINs that did no harm
	before fold.Range[int64] // before those that met a request
	bytes  uint64            // of the requests
	behind uint64            // connections whose client had acknowledged the FIN before it asked
	latest int64             // the longest before
}

func (x *races) add(r *record.Record) {
	x.hit(r, r.Close.ResetPacket, r.Close.ResetTime.V, r.End)
	x.before.Take(r.Close.Quiet.V)
	x.bytes += cameLate(r)
	if ns := behindFIN(r); ns > 0 {
		x.behind++
		x.latest = max(x.latest, ns)
	}
}

// Fields walks over what is summed up.
func (x *races) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.quiet.Fields(w)
	x.before.Fields(w)
	fold.Sum(w, &x.bytes, &x.behind)
	fold.Max(w, &x.latest)
}

// alike is how many closed without harm after the silence of those that met a request.
func (x *races) alike() uint64 {
	low, high := x.before.Least, x.before.Most
	if high-low > low*raceAlike/100 {
		return 0 // no one limit
	}
	return x.quiet.Above(low-low*raceAlike/100) - x.quiet.Above(high+high*raceAlike/100)
}
