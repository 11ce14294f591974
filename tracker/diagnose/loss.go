package diagnose

import (
	"fmt"
	"strings"

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
mtu-black-hole. The rate is over all connections to the listener, those without loss
too. A capture that lost packets itself shows "lost before" that was not: see capture-drops.`,
		Thresholds: []Threshold{{"loss-notice", Number, 10, "segments lost in one direction, per 1,000 packets, for a notice"},
			{"loss-warning", Number, 30, "the same for a warning"},
			{"loss-least", Number, 20, "segments lost in one direction from which on it counts"}},
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

func tellLoss(s Subject, x *losses, o *Options) (Finding, bool) {
	f := Finding{Confidence: Likely}
	var parts, where []string
	for _, e := range sides() {
		lost := x.before[e] + x.after[e]
		if lost < uint64(o.get("loss-least")) || lost*1000 < x.packets[e]*uint64(o.get("loss-notice")) {
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
		parts = append(parts, fmt.Sprintf("%s of those %s", percentOf(lost, x.packets[e]), direction))
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
