package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

type lossLimits struct {
	notice, warning, least uint64
	storm                  stormLimits
}

func loss() Detector {
	return Detector{
		Name: "loss", Group: GroupTransfer, onACKs: true,
		Doc: `Packets are lost: on which side of the capture point, and in which direction.

Rule: data is repeated after a timeout (RFC 6298) or when duplicate ACKs or SACK tell that
it is missing (RFC 5681 section 3.2, RFC 6675). A segment that passed the capture
point twice was lost behind it, towards the receiver; one whose first copy never came
by was lost before it, towards the sender. Repeats that were needless are left out: see
retx-spurious; so are those into silence, or where not a byte was ever acknowledged: see
fell-silent, vanished, idle-timeout and mtu-black-hole; and connections that reach the thresholds of retx-storm. The share is of all segments with data sent in that direction, over all connections
to the server, for nobody misses an ACK without data that is lost; it counts where chance leaves no less than the least (Wilson's interval,
19 of 20 cases), so that a small transfer counts with few losses and a large one does not.
Segments that an ICMP error reported as too big, and longer than they were sent, were not
lost: something on the path joins them, which is reported instead; so it is without such an
error where segments longer than the other end's MSS (or than Ethernet carries, where its SYN was
not captured) are lost and shorter ones are not: more than half of them beyond doubt, at most one
in ten of the others, Fisher's exact test below 0.01. What is lost again when it is sent again counts once: that is an outage, not a rate. A
burst is several losses at once, which makes the interval too narrow. A capture that lost packets itself shows "lost before" that was not: see capture-drops.`,
		New: func(o *Options) Fold {
			l := lossLimits{notice: o.count("loss-notice", 10, "segments lost in one direction, per 1,000 with data, that the share must exceed but for chance"),
				warning: o.count("loss-warning", 30, "the same share, as counted, for a warning"),
				least:   o.count("loss-least", 5, "segments lost in one direction from which on it counts"),
				storm:   stormLimitsOf(o.others())}
			return newFold(l.add, l.tell)
		},
	}
}

func (l lossLimits) add(s *subjects[losses, *losses], r *record.Record) {
	if r.Ends[record.Orig].WireBytes+r.Ends[record.Resp].WireBytes == 0 || r.Capture.OneWay || intoSilence(r) {
		return
	}
	if _, storm := l.storm.meets(r); !storm {
		switch joined := wereJoined(r); {
		case neededRepeats(r, record.Orig)+neededRepeats(r, record.Resp) > 0:
			s.At(listener(r.Resp)).add(r, firstRepeat(r))
		case joined != 0:
			s.At(listener(r.Resp)).add(r, joined)
		default:
			wellAt(s, r).volume(r)
		}
	}
}

// fewLosses is up to how many losses the share is told with its interval.
const fewLosses = 100

func (l lossLimits) tell(c *Context, s Subject, x *losses) (Finding, bool) {
	for _, e := range sides() {
		if x.long[e].decides() {
			return x.long[e].tell(s, x.n, e), true
		}
	}
	felt := false
	var parts, where []string
	for _, e := range sides() {
		lost := x.before[e] + x.after[e] - x.lasting[e]
		low, high := interval(lost, x.segments[e])
		if lost < l.least || low*10 < float64(l.notice) {
			continue
		}
		felt = felt || lost*1000 >= x.segments[e]*l.warning
		direction := "to it"
		if e == record.Resp {
			direction = "from it"
		}
		text := fmt.Sprintf("%s of those with data %s", percentOf(lost, x.segments[e]), direction)
		if lost < fewLosses {
			text += fmt.Sprintf(" (%s of %s: between %s%% and %s%%)", say.Thousands(lost), say.Thousands(x.segments[e]), say.Digits(low, 1), say.Digits(high, 1))
		}
		parts = append(parts, text)
		where = append(where, fmt.Sprintf("Of what is sent %s, %s.", direction, whichSide(x.before[e], x.after[e])+lostAgain(x.lasting[e])))
	}
	if n := x.joined[record.Orig] + x.joined[record.Resp]; n >= l.least && n > x.before[0]+x.before[1]+x.after[0]+x.after[1] {
		return x.tellJoined(s, n), true
	}
	if len(parts) == 0 {
		return Finding{}, false
	}
	return Finding{
		Severity: effect{felt: felt}.severity(), Confidence: Likely,
		Title:       fmt.Sprintf("packets are lost on connections to %s: %s", name(s.A), strings.Join(parts, ", ")),
		Explanation: fmt.Sprintf("Data was retransmitted on %s (RFC 5681 section 3.2, RFC 6298). %s", c.wholeOf(s.A, x.n).of(x.n), strings.Join(where, " ")),
		causes:      []Cause{onPath("a link on that side is overloaded, or bad (cable, radio, duplex)"), onPath("a policer or shaper drops what exceeds its rate"), onHost("a receive queue overflows on the host or its card")},
		Advice:      lossAdvice(s.A.Addr.String()),
	}, true
}

// tellJoined tells of segments that something on the way joins and cannot send on.
func (x *losses) tellJoined(s Subject, n uint64) Finding {
	by := x.joiner.V.Addr
	return Finding{
		Severity: effect{felt: true}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("something on the path joins segments of connections to %s, and what it made is too big to be sent on: %s", name(s.A), say.Plural(n, "repeat")),
		Explanation: fmt.Sprintf("%s says by ICMP that they exceed an MTU of %s (RFC 1191 section 4), and quotes segments longer than those that were sent. Each of them is sent again in its pieces.",
			by, say.Thousands(uint64(x.mtu))),
		causes: []Cause{beforeCapture("receive offload (GRO, LRO) on a host, router or firewall that forwards the packets")},
		Advice: []string{fmt.Sprintf("On %[2]s, which sent the ICMP errors and forwards to %[1]s: `ethtool -k eth0` (the interface's own name) shows generic-receive-offload and large-receive-offload; turn both off there.", s.A.Addr, by)},
	}
}
