package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// given sums up openers that closed before the answer came.
type given struct {
	tally
	sources sources
	waited  fold.Range[int64] // from the request to the close
	took    int64             // from the request to its answer, the longest
	again   uint64            // connections on which a request was sent again before its answer came
	bytes   uint64            // of answers that came too late
}

// Fields walks over what is summed up.
func (x *given) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	x.sources.Fields(w)
	x.waited.Fields(w)
	fold.Max(w, &x.took)
	fold.Sum(w, &x.bytes, &x.again)
}

// gaveUpLeast is how long an opener must have waited: one that closes sooner did not mean to wait.
const gaveUpLeast = 50 * millisecond

// leftWaiting tells that the opener closed while it waited for an answer, and that one came too late.
func leftWaiting(r *record.Record) bool {
	left := r.Exchanges.Left
	return left.OK && left.V >= gaveUpLeast && !r.Capture.OneWay && lateAnswer(r) > closeNotify && running(r)
}

// lateAnswer is how many bytes of the responder came behind the opener's close.
func lateAnswer(r *record.Record) uint64 {
	if r.Close.First == record.Orig {
		return r.Close.BytesAfterFIN.V
	}
	return 0
}

// oneTimeout is how far apart, in per cent, the times of one timeout may be, or this long.
const (
	oneTimeout      = 3
	oneTimeoutLeast = 30 * millisecond
)

func gaveUpWaiting() Detector {
	return Detector{
		Name: "gave-up-waiting", Group: GroupReset, needs: traitReset | traitGaveUp,
		Doc: `Clients close before the answer has come: their timeout is shorter than the server takes.

Rule: the client sent a request, then its FIN after 50 ms or more with nothing of an answer
in between, and the answer came behind that (a proxy logs such requests as "client closed request", nginx as
499). What comes to a socket that is closed is answered by a RST (RFC 9293 section 3.10.7.1)
and lost. Where three or more waited equally long, to 3 % or 30 ms, that is a timeout
of their application, and likely; else people or callers who cancel close as well.

A client that only shuts down its sending side reads the answer: no RST comes, and it
is not counted.`,
		New: func(o *Options) Fold {
			k := o.fewAndShare("gave-up-waiting", 10, 10, "connections to one server", "the server's connections")
			return newFold(addGivenUp, k.tellGivenUp)
		},
	}
}

func addGivenUp(s *subjects[given, *given], r *record.Record) {
	if !leftWaiting(r) || r.Close.ResetBy != record.Orig {
		return
	}
	x := s.At(listener(r.Resp))
	x.hitAt(r, r.Close.FINPacket[record.Orig])
	x.sources.add(r.Orig.Addr)
	x.waited.Take(r.Exchanges.Left.V)
	x.took = max(x.took, r.Exchanges.Max)
	x.bytes += lateAnswer(r)
	if r.Exchanges.Repeated > 0 {
		x.again++
	}
}

// timeout tells that all waited equally long.
func (x *given) timeout() bool { return alikeWaits(x.n, x.waited) }

func (k scale) tellGivenUp(c *Context, s Subject, x *given) (Finding, bool) {
	all := c.wholeOf(s.A, x.n)
	waits := span(x.waited.Least)
	if most := span(x.waited.Most); most != waits {
		waits += " to " + most
	}
	f := Finding{
		Severity: k.severity(x.n, all.opened), Confidence: Possible,
		Title: fmt.Sprintf("on %s to %s the client closed before the answer came, %s after the request", all.of(x.n), name(s.A), waits),
		Explanation: fmt.Sprintf("The client sent its FIN before the answer came, and the answer met a closed socket, which sent a RST: %s lost (RFC 9293 section 3.10.7.1). The answers took %s.",
			say.Plural(x.bytes, "byte"), latest(x.n, x.took)),
		causes: []Cause{app("people or callers cancel: the waits differ"), app("applications with different timeouts; all are shorter than the server takes")},
		Advice: []string{fmt.Sprintf("On %s: find out why the answer takes %s (its own log, what it waits for).", s.A.Addr, span(x.took)),
			fmt.Sprintf("On %s: look for the timeout of its client library, proxy or load balancer, and make it longer than the answer takes.", x.sources.who()),
			"The client's log tells which were cancelled and which timed out; a timeout shows as waits of one length once there are three."},
	}
	if x.again > 0 {
		f.Explanation += onSome(x.again, x.n, "a request was sent again before its answer came: a part of that wait is for a request that was lost, not for the server.")
	}
	if x.n == 1 { // nothing to compare its wait with
		f.Explanation = strings.Replace(f.Explanation, "The answers took", "The answer took", 1)
		f.causes = []Cause{app("a timeout of the client, shorter than the server takes: one wait alone does not show it"), app("the user or caller cancelled"),
			app("the client needed no answer any more: another connection served it")}
	}
	if x.timeout() {
		f.Confidence = Likely
		f.Title = fmt.Sprintf("%s to %s ended by a timeout of the client: it closed %s after the request, before the answer came", sentence(all.of(x.n)), name(s.A), waits)
		f.Explanation += fmt.Sprintf(" All %s waited equally long: that is a set timeout, not chance.", say.Thousands(x.n))
		than := "than this server takes to answer"
		if x.again == x.n {
			than = "than requests take that are lost and sent again"
		}
		f.causes = []Cause{app(fmt.Sprintf("a timeout of %s in the client on %s (library, proxy, load balancer), shorter %s", span(roughly(x.waited.Least)), x.sources.who(), than))}
	}
	return f, true
}

// roughly is a time to two digits: limits are round.
func roughly(ns int64) int64 {
	unit := int64(1)
	for ns/unit >= 100 {
		unit *= 10
	}
	return (ns + unit/2) / unit * unit
}
