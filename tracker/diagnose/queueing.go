package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// queued sums up transfers whose round trips grew with what was under way.
type queued struct {
	tally
	least  int64  // the shortest round trip, ns
	most   int64  // the longest of the 95th percentiles, ns
	flying uint32 // the most bytes under way
	bytes  uint64
}

// Fields walks over what is summed up.
func (x *queued) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Least(w, &x.least)
	fold.Max(w, &x.most)
	fold.Max(w, &x.flying)
	fold.Sum(w, &x.bytes)
}

const (
	// queueSamples is how many round trips tell their 95th percentile.
	queueSamples = 20
	// queueFlying is how much must have been under way for a queue: ten full segments,
	// what a sender may begin with (RFC 6928).
	queueFlying = 14_600
)

// fillsQueue tells that an end's round trips grew by so much, and so many times the
// shortest, while more was under way than when they were short, for a while: a stop
// in between makes all round trips long at once, and the sender repeats.
func (l queueLimits) fillsQueue(y *record.EndRecord) bool {
	x := &y.RTT
	return y.RetxRTO == 0 && paced(y) >= 3*x.P95 && x.Source == record.RTTData && x.N >= queueSamples && x.P95-x.Min >= l.by && x.P95 >= l.times*x.Min &&
		x.MaxFlying >= queueFlying && x.MaxFlying >= 2*x.MinFlying
}

type queueLimits struct{ by, times int64 }

func queueing() Detector {
	return Detector{
		Name: "queueing", Group: GroupTransfer, needs: traitBulk,
		Doc: `Round trips grow with what is under way: a queue on the path fills (bufferbloat).

Rule: what a sender has under way beyond what the path holds (bandwidth times delay) waits
in the queue before the slowest link, and so does everything else that takes that link (RFC
7567 section 1). Counted are transfers whose 95th percentile of the round trips is far above
the shortest, where the shortest came with at most half of what was under way at
most, for at least three of these round trips and without a timeout. Nothing need be
lost, and the transfer is as fast as the link; what suffers is what must be quick next
to it. ACKs that may have been held back are left out. A route that changed, or a radio link
that sleeps, makes round trips long whatever is under way.`,
		New: func(o *Options) Fold {
			l := queueLimits{by: o.span("queueing", 100*millisecond, "growth from the shortest round trip to the 95th percentile, from which on it counts"),
				times: int64(o.count("queueing-times", 4, "times the shortest that the 95th percentile must be"))}
			return newEndFold(l.add, tellQueue)
		},
	}
}

func (l queueLimits) add(s *subjects[queued, *queued], r *record.Record, e record.End) {
	y := &r.Ends[e]
	if !l.fillsQueue(y) {
		return
	}
	x := s.At(sideOf(r, e))
	x.hitAt(r, 0) // no single packet shows a queue
	fold.TakeLeast(&x.least, y.RTT.Min)
	x.most = max(x.most, y.RTT.P95)
	x.flying = max(x.flying, y.RTT.MaxFlying)
	x.bytes += y.WireBytes
}

func tellQueue(_ *Context, s Subject, x *queued) (Finding, bool) {
	return Finding{
		Severity: Notice, Confidence: Likely,
		Title: fmt.Sprintf("a queue fills on the path from %s: round trips grow from %s to %s (95th percentile) with %s under way at most", s.who(), span(x.least), span(x.most), say.Bytes(uint64(x.flying))),
		Explanation: fmt.Sprintf("On %s of %s in all round trips were short with little under way and long with much: what is sent waits before the slowest link, and so does all other traffic there (RFC 7567 section 1).",
			say.Plural(x.n, "transfer"), say.Bytes(x.bytes)),
		causes: []Cause{onPath("the slowest link on the path (an uplink, a VPN, a shaper) has a deep queue without active queue management, and this transfer fills it")},
		Advice: []string{"On the router before the slowest link: a queue that keeps itself short (fq_codel or CAKE, RFC 8290), and a shaper just below the link's rate.",
			fmt.Sprintf("On %s: `ss -tino state established %s` shows cwnd, rtt and minrtt; a pacing sender (BBR) or a limit in the application fills it less.", s.A.Addr, s.ss())},
	}, true
}
