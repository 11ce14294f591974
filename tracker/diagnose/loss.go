package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func loss() Detector {
	return Detector{
		Name: "loss", Group: GroupTransfer,
		Doc: `Packets are lost: on which side of the capture point, and in which direction.

Rule: data is repeated after a timeout (RFC 6298) or when duplicate ACKs or SACK tell that
it is missing (RFC 5681 section 3.2, RFC 6675). A segment that passed the capture
point twice was lost behind it, towards the receiver; one whose first copy never came
by was lost before it, towards the sender. Repeats that were needless are left out: see
retx-spurious; so are those into silence: see vanished, idle-timeout and
mtu-black-hole. The share is of all packets sent in that direction, over all connections
to the listener; it counts where chance leaves no less than the least (Wilson's interval,
19 of 20 cases), so that a small transfer counts with few losses and a large one does not.
What is lost again when it is sent again counts once: that is an outage, not a rate. A
burst is several losses at once, which makes the interval too narrow. A capture that lost packets itself shows "lost before" that was not: see capture-drops.`,
		Thresholds: []Threshold{{"loss-notice", Number, 10, "segments lost in one direction, per 1,000 packets, that the share must exceed but for chance"},
			{"loss-warning", Number, 30, "the same share, as counted, for a warning"},
			{"loss-least", Number, 5, "segments lost in one direction from which on it counts"}},
		New: func(o *Options) Fold {
			percent, least := o.get("retx-storm"), o.get("retx-storm-least")
			return newFold(func(s *subjects[losses, *losses], r *record.Record) {
				if r.Ends[record.Orig].WireBytes+r.Ends[record.Resp].WireBytes == 0 || r.Capture.OneWay || intoSilence(r) {
					return
				}
				if _, storm := stormy(r, percent, least); !storm {
					if x := atListener(s, r); neededRepeats(r, record.Orig)+neededRepeats(r, record.Resp) > 0 {
						x.add(r, firstRepeat(r))
					} else {
						x.volume(r)
					}
				}
			}, func(_ *Context, s Subject, x *losses) (Finding, bool) { return tellLoss(s, x, o) })
		},
	}
}

// fewLosses is up to how many losses the share is told with its interval.
const fewLosses = 100

func tellLoss(s Subject, x *losses, o *Options) (Finding, bool) {
	f := Finding{Confidence: Likely}
	var parts, where []string
	for _, e := range sides() {
		lost := x.before[e] + x.after[e] - x.lasting[e]
		low, high := interval(lost, x.packets[e])
		if lost < uint64(o.get("loss-least")) || low*10 < float64(o.get("loss-notice")) {
			continue
		}
		f.Severity = max(f.Severity, Notice)
		if lost*1000 >= x.packets[e]*uint64(o.get("loss-warning")) {
			f.Severity = Warning
		}
		direction := "to it"
		if e == record.Resp {
			direction = "from it"
		}
		text := fmt.Sprintf("%s of those %s", percentOf(lost, x.packets[e]), direction)
		if lost < fewLosses {
			text += fmt.Sprintf(" (%s of %s: between %s%% and %s%%)", say.Thousands(lost), say.Thousands(x.packets[e]), say.Digits(low, 1), say.Digits(high, 1))
		}
		parts = append(parts, text)
		where = append(where, fmt.Sprintf("Of what is sent %s, %s.", direction, whichSide(x.before[e], x.after[e])))
	}
	if len(parts) == 0 {
		return f, false
	}
	f.Title = fmt.Sprintf("packets are lost on connections to %s: %s", name(s.A), strings.Join(parts, ", "))
	f.Explanation = fmt.Sprintf("Data was repeated on %s (RFC 5681 section 3.2, RFC 6298). %s", outOf(x.n, x.conns, "connection"), strings.Join(where, " "))
	f.Causes = []string{"a link on that side is overloaded, or bad (cable, radio, duplex)", "a policer or shaper drops what exceeds its rate", "a receive queue overflows on the host or its card"}
	f.Advice = lossAdvice(s.A.Addr.String())
	return f, true
}
