package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwatch/tracker"
)

// idleAge is the shortest rest whose bad end is put down to it: no known limit
// for idle connections is shorter.
const idleAge = 58 * second

// unansweredFor is how long something sent after a rest must have gone without
// an answer to count as lost, when it was sent only once.
const unansweredFor = 10 * second

// diedAtRest tells that a connection had died while nothing was sent: what came
// after a rest met a RST, or silence. What keepalive probes found out is not
// meant: that is keepalive-dead.
func diedAtRest(r *tracker.Record) bool {
	x := &r.Rest
	if x.Gap < idleAge || r.Capture.OneWay || r.Close.Kind == tracker.CloseNormal {
		return false
	}
	switch x.Outcome {
	case tracker.RestReset:
		// A FIN was the end anyway; a RST,ACK comes from an end that still knew the
		// connection: its application gave it up.
		return (bare(r) || r.Close.ResetCause == tracker.ResetMiddlebox) && r.Close.FINPacket[x.By] != x.Packet
	case tracker.RestUnanswered:
		return r.Keepalive[x.By].Unanswered == 0 && (x.Tries >= triesToFail || r.End+r.Silent-x.Woke >= unansweredFor)
	}
	return false
}

// timedOutAtRest tells that a RST ended a rest: a timer somewhere, or an
// application; only many alike tell.
func timedOutAtRest(r *tracker.Record) bool {
	return r.Rest.Outcome == tracker.RestEnded && r.Rest.Gap >= idleAge && r.Close.Kind == tracker.CloseReset &&
		r.Close.ResetCause != tracker.ResetKeepaliveDead
}

// maxGaps is how many gaps of a subject are shown.
const maxGaps = 8

// gap is a rest with a bad end.
type gap struct {
	conn   uint64
	length int64
}

// idles sums up the rests of connections to a listener.
type idles struct {
	tally       // of those that died at rest
	sources     sources
	least, most int64  // of the rests that they died in
	resets      uint64 // a RST answered
	probed      uint64 // probes had been sent
	gaps        []gap  // those of the least ids
	ended       tally  // ended by a RST
	endedLeast  int64
	endedMost   int64
	lived       int64 // the longest rest after which there was an answer
	livedConns  uint64
}

// Merge takes in another.
func (x *idles) Merge(o *idles) {
	widen(&x.least, &x.most, x.n > 0, o.least, o.most, o.n > 0)
	widen(&x.endedLeast, &x.endedMost, x.ended.n > 0, o.endedLeast, o.endedMost, o.ended.n > 0)
	x.tally.Merge(&o.tally)
	x.ended.Merge(&o.ended)
	x.sources.merge(&o.sources)
	x.resets += o.resets
	x.probed += o.probed
	x.lived = max(x.lived, o.lived)
	x.livedConns += o.livedConns
	for _, g := range o.gaps {
		x.show(g)
	}
}

// widen makes a range hold another.
func widen(low, high *int64, there bool, otherLow, otherHigh int64, otherThere bool) {
	switch {
	case !otherThere:
	case !there:
		*low, *high = otherLow, otherHigh
	default:
		*low, *high = min(*low, otherLow), max(*high, otherHigh)
	}
}

func (x *idles) show(g gap) {
	at, found := slices.BinarySearchFunc(x.gaps, g, func(a, b gap) int { return cmp.Compare(a.conn, b.conn) })
	if found || at == maxGaps {
		return
	}
	x.gaps = slices.Insert(x.gaps, at, g)
	x.gaps = x.gaps[:min(len(x.gaps), maxGaps)]
}

func (x *idles) add(r *tracker.Record) {
	g := r.Rest.Gap
	if timedOutAtRest(r) {
		widen(&x.endedLeast, &x.endedMost, x.ended.n > 0, g, g, true)
		x.ended.hit(r.ID, r.Rest.Packet, r.Start, r.End)
		return
	}
	widen(&x.least, &x.most, x.n > 0, g, g, true)
	x.hit(r.ID, r.Rest.Packet, r.Start, r.End)
	x.sources.add(r.Orig.Addr)
	x.show(gap{r.ID, g})
	if r.Rest.Outcome == tracker.RestReset {
		x.resets++
	}
	if r.Keepalive[tracker.Orig].Probes+r.Keepalive[tracker.Resp].Probes > 0 {
		x.probed++
	}
}

// addIdle is how detectors of idle connections fold a record.
func addIdle(s *subjects[idles, *idles], r *tracker.Record) {
	if r.Rest.Longest.OK && r.Rest.Longest.V >= idleAge {
		x := s.At(listener(r.Resp))
		x.lived, x.livedConns = max(x.lived, r.Rest.Longest.V), x.livedConns+1
	}
	if diedAtRest(r) || timedOutAtRest(r) {
		s.At(listener(r.Resp)).add(r)
	}
}

// cluster is a limit that explains how the rests of a listener's connections ended.
type cluster struct {
	fits  []limit
	timer bool // RSTs that end rests, all after the same time
}

// cluster looks for one; few is how many connections it takes.
func (x *idles) cluster(few uint64) (k cluster, ok bool) {
	if x.n >= few {
		k.fits = fits(x.lived, x.least)
		return k, len(k.fits) > 0
	}
	if x.ended.n >= few && x.endedMost-x.endedLeast <= max(x.endedLeast/50, 2*second) {
		k.timer = true
		for _, l := range limits() {
			if d := x.endedLeast - l.after; d >= -l.after/50 && d <= l.after/20 {
				k.fits = append(k.fits, l)
			}
		}
		return k, len(k.fits) > 0
	}
	return k, false
}

// shown is the gaps in words.
func (x *idles) shown() string {
	var all []string
	for _, g := range x.gaps {
		all = append(all, seconds(g.length))
	}
	if uint64(len(all)) < x.n {
		all = append(all, "...")
	}
	return strings.Join(all, ", ")
}

func idleTimeout() Detector {
	return Detector{
		Name: "idle-timeout", Group: GroupIdle,
		Doc: `Something on the way forgets connections that were idle for a certain time.

Rule: a NAT, load balancer or firewall keeps a connection only for so long after its
last packet; TCP itself has no such limit (RFC 5382 section 5 asks a NAT for at least
2 h 4 min). After it the next segment meets silence or a RST, though both ends are well.
Known limits: 60 s AWS ALB, 240 s Azure, 350 s AWS NLB and NAT gateway, 600 s Google Cloud
VPC, 1200 s Google Cloud NAT, 3600 s many firewalls, 5 days Linux nf_conntrack. A limit is named
when it is shorter than every rest that ended badly and longer than every rest
that was answered; RSTs that end rests count when all come after the same time.
Rests are at least 30 s without a packet and with nothing under way. Where no limit
fits the finding is keepalive-missing, where probes found it out keepalive-dead. An
application's own limit for idle connections closes by FIN, which is no trouble.`,
		Thresholds: []Threshold{{"idle-timeout-few", Number, 3, "connections to one listener that must have died at rest"},
			{"idle-timeout-many", Number, 10, "of them from which on it is likely even if no rest was answered"}},
		New: func(o *Options) Fold {
			few, many := uint64(o.get("idle-timeout-few")), uint64(o.get("idle-timeout-many"))
			return newFold(addIdle, func(_ *Context, s Subject, x *idles) (Finding, bool) {
				k, ok := x.cluster(few)
				if !ok {
					return Finding{}, false
				}
				return tellIdle(s, x, k, many), true
			})
		},
	}
}

func tellIdle(s Subject, x *idles, k cluster, many uint64) Finding {
	f := Finding{
		Severity: Warning, Confidence: Possible,
		Causes: []string{"a load balancer, NAT gateway or firewall on the way has this limit for idle connections: " + namesOf(k.fits),
			"the listener's own application or proxy drops idle connections without closing them"},
		Advice: []string{fmt.Sprintf("Send keepalive probes more often than every %s: `sysctl net.ipv4.tcp_keepalive_time`, or TCP_KEEPIDLE in the application, with SO_KEEPALIVE set.", seconds(k.fits[0].after)),
			"Or let the pool drop connections that have been idle for longer than that, and look up the idle limit of what stands between."},
	}
	if k.timer {
		f.Title = fmt.Sprintf("%s to %s were reset after %s idle: the limit of %s", Plural(x.ended.n, "connection"), name(s.A), seconds(x.endedLeast), k.fits[0].name())
		f.Explanation = fmt.Sprintf("A RST ended each, after %s without a packet: so alike only a timer is; TCP has none for idle connections (RFC 9293 section 3.8.4).", rangeOf(x.endedLeast, x.endedMost))
		f.Confidence = Likely
		x.ended.into(&f)
		return f
	}
	f.Title = fmt.Sprintf("%s to %s died while idle: something forgets them after %s", Plural(x.n, "connection"), name(s.A), k.fits[0].name())
	f.Explanation = fmt.Sprintf("Idle for %s, the next segment met a RST (%s) or silence (%s); TCP itself has no such limit (RFC 9293 section 3.8.4). The gaps: %s.",
		rangeOf(x.least, x.most), Thousands(x.resets), Thousands(x.n-x.resets), x.shown())
	if x.lived > 0 {
		f.Explanation += fmt.Sprintf(" %s was answered after up to %s.", Plural(x.livedConns, "idle connection"), seconds(x.lived))
	}
	if x.n >= many || x.lived*2 >= k.fits[0].after {
		f.Confidence = Likely
	}
	return f
}

// rangeOf is "350 s" or "350 s to 400 s".
func rangeOf(low, high int64) string {
	a, b := seconds(low), seconds(high)
	if low < second {
		a, b = span(low), span(high)
	}
	if a != b {
		return a + " to " + b
	}
	return a
}

func keepaliveMissing() Detector {
	return Detector{
		Name: "keepalive-missing", Group: GroupKeepalive,
		Doc: `Connections died unnoticed while they were idle: no keepalive told anybody.

Rule: an idle connection is silent for ever (RFC 9293 section 3.8.4), so an end learns
only by its next segment that the other is gone or forgot the connection: by a RST, or
by silence up to tcp_retries2. Keepalive probes (SO_KEEPALIVE) would have told, and would
have kept a NAT's entry alive. Counted where, after a minute or more at rest, what came
next met a RST or no answer, and no probe had been sent. Where the rests fit a known
limit of something on the way the finding is idle-timeout.`,
		New: func(o *Options) Fold {
			few := uint64(o.get("idle-timeout-few"))
			return newFold(addIdle, func(_ *Context, s Subject, x *idles) (Finding, bool) {
				if _, ok := x.cluster(few); ok || x.n == 0 {
					return Finding{}, false
				}
				f := Finding{
					Severity: Notice, Confidence: Likely,
					Title: fmt.Sprintf("%s to %s died while idle for %s, and keepalive did not tell", Plural(x.n, "connection"), name(s.A), rangeOf(x.least, x.most)),
					Explanation: fmt.Sprintf("After the rest the next segment met a RST (%s) or silence (%s). The gaps: %s. Probes had been sent on %s of them (RFC 9293 section 3.8.4).",
						Thousands(x.resets), Thousands(x.n-x.resets), x.shown(), Thousands(x.probed)),
					Causes: []string{"an end restarted, crashed or moved meanwhile", "a NAT, load balancer or firewall forgot the idle connection"},
					Advice: []string{"Set SO_KEEPALIVE in the application and probe early: `sysctl net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes`.",
						"Let connection pools test or drop what was idle long."},
				}
				if all := fits(x.lived, x.least); len(all) > 0 {
					f.Causes[0], f.Causes[1] = f.Causes[1]+", perhaps after "+namesOf(all), f.Causes[0]
				}
				return f, true
			})
		},
	}
}
