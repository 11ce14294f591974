package pair

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
)

// dupThresh is how many later segments that come first make a sender take one for lost: each draws a
// duplicate ACK (RFC 5681 section 3.2).
const dupThresh = 3

// overtakers is how many segments that were sent later than one came before it, as far as that matters.
func (f *flight) overtakers(i int32, j int) (n int) {
	const far = 64 // segments before it that are looked at
	for k := j - 1; k >= max(j-far, 0) && n < dupThresh; k-- {
		if f.from[k] > i && !f.doubled[k] && f.got[k].len > 0 {
			n++
		}
	}
	return n
}

// fewHops is in how many, and in which share of them, segments must have taken a way of some length for it to count, 1 in so many.
const (
	fewHops  = 3
	oneInWay = 20
)

// ways are by how many hops the segments' TTLs are less, where enough are.
func (f *Flow) ways() (hops []int) {
	all := uint32(0)
	for _, n := range f.Hops {
		all += n
	}
	for h, n := range f.Hops {
		if n >= fewHops && n*oneInWay >= all {
			hops = append(hops, h)
		}
	}
	return hops
}

// hurts is the share of segments doubled or overtaken from which on it is worth a notice, 1 in so many.
const hurts = 100

// nearlyAll is the share from which on all segments count as doubled, as a percentage.
const nearlyAll = 90

func (r *Result) doubledBetween() (found []diagnose.Finding) {
	for d := range NDirections {
		flow := &r.Flows[d]
		n := All(flow.Doubled)
		if n == 0 {
			continue
		}
		from, to := r.names(d)
		arrived := All(flow.Arrived)
		f := about(&r.tally.doubled[d])
		f.ID = "doubled-between:" + from + ">" + to
		f.Severity, f.Confidence = diagnose.Info, diagnose.Likely
		if n*hurts >= arrived {
			f.Severity = diagnose.Notice
		}
		f.Title = fmt.Sprintf("%s of the segments from %s to %s came twice or more often: %s of %s, on %s",
			percent(n, arrived), from, to, copiesOf(n), say.Thousands(arrived), say.Plural(f.Count, "connection"))
		f.Explanation = fmt.Sprintf("They were captured once at %s, and as copies at %s. By kind: %s.", from, to, byClass(flow.Doubled))
		if flow.DoubledApart > 0 {
			f.Explanation += fmt.Sprintf(" %s came more than 1 ms behind the first: no capture that takes each packet twice does that.", copiesOf(flow.DoubledApart))
			f.Confidence = r.sure()
		}
		if flow.Doubled[ClassData] > 0 {
			f.Explanation += " A copy of data draws a duplicate ACK; three in a row look like a loss to the sender."
		}
		switch {
		case flow.DoubledElse > 0:
			f.Explanation += fmt.Sprintf(" Of %s the TTL is another than that of the first: they took another way.", copiesOf(flow.DoubledElse))
			f.Causes = []string{"two routers or bridges between the two capture points both forward the packets, or some go round in a loop"}
		case n*100 >= arrived*nearlyAll:
			f.Causes = []string{"a bridge, bond or pair of routers between the two capture points sends each packet on twice (a bond in broadcast mode, both of a redundant pair forwarding)"}
		default:
			f.Causes = []string{"a link between the two capture points repeats frames whose acknowledgement was lost, as radio links do",
				"a bond, bridge or redundant pair of routers sends some packets on twice"}
		}
		if f.Confidence != diagnose.Proven {
			f.Causes = append(f.Causes, fmt.Sprintf("the capture at %s, not the path, has those packets twice: a mirror port of several sources does that", to))
		}
		f.Advice = []string{"Capture half-way at the same time and pair again: that says on which side of it the copies are made.",
			"`cat /proc/net/bonding/bond0` shows the mode of a bond, `bridge fdb show` and `ip route get` the way of a packet."}
		found = append(found, f)
	}
	return found
}

func (r *Result) reorderedBetween() (found []diagnose.Finding) {
	for d := range NDirections {
		flow := &r.Flows[d]
		n := flow.Reordered
		if n == 0 {
			continue
		}
		from, to := r.names(d)
		arrived := All(flow.Arrived)
		e := &r.tally.overtaken[d]
		f := about(e)
		f.ID = "reordered-between:" + from + ">" + to
		f.Severity, f.Confidence = diagnose.Info, r.sure()
		if n*hurts >= arrived || flow.ReorderedFar > 0 {
			f.Severity = diagnose.Notice
		}
		f.Title = fmt.Sprintf("%s of the segments from %s to %s were overtaken by later ones: %s of %s, on %s",
			percent(n, arrived), from, to, say.Thousands(n), say.Thousands(arrived), say.Plural(f.Count, "connection"))
		f.Explanation = fmt.Sprintf("It came %s behind a segment that was sent after it.", say.Duration(flow.Behind.Quantile(100), true))
		if n > 1 {
			f.Explanation = fmt.Sprintf("They came up to %s behind a segment that was sent after them, half of them %s or more.", say.Duration(flow.Behind.Quantile(100), true), say.Duration(flow.Behind.Quantile(50), true))
		}
		if far := flow.ReorderedFar; far > 0 {
			verb := "were"
			if far == 1 {
				verb = "was"
			}
			f.Explanation += fmt.Sprintf(" %s %s overtaken by %d or more: each draws as many duplicate ACKs, and its sender may repeat it as if it were lost (RFC 5681; RACK, RFC 8985, waits a while).", say.Plural(far, "data segment"), verb, dupThresh)
		}
		f.Causes = []string{"the packets of a connection are divided over ways of several lengths between the two capture points: a bond in balance-rr mode, or equal-cost routes chosen by packet instead of by connection",
			"a link between repeats frames that were lost on it, as radio links do, and lets others pass meanwhile", "a box between works on packets of one connection with several processors or queues"}
		if ways := r.tally.ways[d]; ways > 0 {
			f.Explanation += fmt.Sprintf(" On %s of them segments of one connection came with TTLs that are less by different numbers of hops%s: they took several ways.", say.Thousands(ways), hopsOf(flow))
			f.Causes = f.Causes[:1]
		}
		f.Advice = []string{"Capture half-way at the same time and pair again: that says on which side of it they are overtaken.",
			"On routers let the choice of an equal-cost route go by connection (`sysctl net.ipv4.fib_multipath_hash_policy=1` on Linux), on bonds use `xmit_hash_policy layer3+4` without balance-rr."}
		found = append(found, f)
	}
	return found
}

// hopsOf are those of the ways that most segments of a direction took: " (1, 3)".
func hopsOf(f *Flow) string {
	var all []string
	for _, h := range slices.Sorted(slices.Values(f.ways())) {
		all = append(all, fmt.Sprint(h))
	}
	if len(all) < 2 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// copiesOf is "1 copy" or "12 copies".
func copiesOf(n uint64) string {
	if n == 1 {
		return "1 copy"
	}
	return say.Thousands(n) + " copies"
}
