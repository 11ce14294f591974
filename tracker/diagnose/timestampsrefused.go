package diagnose

import (
	"fmt"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// refusedData sums up data that arrived and was thrown away by its receiver.
type refusedData struct {
	tally
	segments uint64 // thrown away, repeats too
	repeats  uint64 // of those, repeats of what was thrown away before
	stubborn uint64 // connections on which each copy of a segment met the same
	hang     uint64 // of those, connections that did not get over it
}

// Fields walks over what is summed up.
func (x *refusedData) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.segments, &x.repeats, &x.stubborn, &x.hang)
}

// thrownAwayTimes is from how many times on data that is thrown away again and
// again holds a connection up: one old copy that comes late is thrown away rightly.
const thrownAwayTimes = 3

// thrownAway tells that data of an end arrived again and again and its receiver threw
// it away each time: it waits for that, whatever its silence looks like.
func thrownAway(r *record.Record) bool {
	for _, e := range sides() {
		x := &r.Ends[e]
		if x.PAWSRefused >= thrownAwayTimes || x.BadChecksums >= thrownAwayTimes && x.RetxRefused >= thrownAwayTimes-1 {
			return true
		}
	}
	return false
}

// hangs notes a connection on which each copy of some data is thrown away.
func (x *refusedData) hangs(r *record.Record) {
	x.stubborn++
	if r.Close.Kind != record.CloseNormal {
		x.hang++
	}
}

// severity says how bad it is: data of some connections of a listener never gets through.
func (x *refusedData) severity(opened uint64) Severity {
	return effect{felt: x.stubborn > 0, broken: x.hang >= 3 || x.hang > 0 && x.hang*10 >= opened}.severity()
}

// outcome says how many connections hang for it.
func (x *refusedData) outcome(all whole) string {
	n, one, more := x.hang, " hangs", " hang"
	if n == 0 {
		n, one, more = x.stubborn, " was held up", " were held up"
	}
	if n == 1 {
		more = one
	}
	return all.of(n) + more
}

func timestampsRefused() Detector {
	return Detector{
		Name: "timestamps-refused", Group: GroupTransfer, needs: traitRefused,
		Doc: `Data arrives and is thrown away, again and again, because its timestamps were set back.

Rule: a receiver throws away a segment whose TSval is behind that of the last segment in
order, and answers at once with an ACK that stays where it was (PAWS, RFC 7323 section
5.3). Counted are data segments that begin where everything before was acknowledged, with
such a TSval, and that drew such an ACK within a round trip: they were not lost. One old
copy that comes late is refused rightly, so it counts from some segments of one connection on.
SYNs that are dropped for their timestamps never open: see no-answer.`,
		New: func(o *Options) Fold {
			return newEndFold(atLeast{o.count("timestamps-refused", thrownAwayTimes, "segments of one connection from which on it counts")}.addStamps, tellStamps)
		},
	}
}

func (l atLeast) addStamps(s *subjects[refusedData, *refusedData], r *record.Record, e record.End) {
	if y := &r.Ends[e]; y.PAWSRefused > 0 && uint64(y.PAWSRefused) >= l.least {
		x := s.At(sideOf(r, e))
		x.hitAt(r, r.Evidence.Ends[e].OldStamp)
		x.segments += uint64(y.PAWSRefused)
		x.hangs(r)
	}
}

func tellStamps(c *Context, s Subject, x *refusedData) (Finding, bool) {
	all := c.wholeOf(s.service(), x.n)
	return Finding{
		Severity: x.severity(all.opened), Confidence: Proven,
		Title: fmt.Sprintf("data of %s arrives and is discarded because of its timestamps: %s", s.who(), x.outcome(all)),
		Explanation: fmt.Sprintf("%s had a TSval behind that of earlier ones; each was answered at once by an ACK that stays where it was (PAWS, RFC 7323 section 5.3). Nothing is lost, and to send it again does not help.",
			say.Plural(x.segments, "segment")),
		causes: []Cause{onPath("something on the path rewrote timestamps to older ones: a firewall, NAT or load balancer that failed over, or that began to rewrite in the middle"),
			onHost("the sender's own clock of timestamps went back: a virtual machine that was restored or moved")},
		Advice: []string{"Capture at the sender as well: where TSval differs between the two places, what stands between them rewrites it; turn that off there.",
			"On the receiver: `nstat -az TcpExtPAWSEstab` counts what it throws away.",
			"Until then: `sysctl -w net.ipv4.tcp_timestamps=0` at one end helps new connections."},
	}, true
}
