package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// stormy tells that a connection repeated so much that it hardly got on.
func stormy(r *record.Record, percent, least int64) (record.End, bool) {
	for _, e := range sides() {
		x := &r.Ends[e]
		if int64(neededRepeats(r, e)) >= least && neededRepeats(r, e)*2 >= x.Retx && x.RetxBytes*100 >= x.WireBytes*uint64(percent) &&
			r.Close.Kind != record.CloseTimedOut && !blackHoled(r, e) && !diedAtRest(r) {
			return e, true
		}
	}
	return 0, false
}

func retxStorm() Detector {
	return Detector{
		Name: "retx-storm", Group: GroupTransfer, needs: traitRepeated,
		Doc: `Connections repeat so much of their data that they hardly get on.

Rule: every repeat halves the congestion window (RFC 5681 section 3.2), and a timeout
takes it down to one segment and doubles the pause (RFC 6298 section 5.5), so a loss of a
few per cent already ruins the throughput. Counted are connections in which a fifth
of an end's bytes were repeats that were needed; those that died of it are vanished,
those in which large segments alone are lost mtu-black-hole, and lesser loss is loss.`,
		Thresholds: []Threshold{{"retx-storm", Share, 20, "of an end's bytes that were repeats"},
			{"retx-storm-least", Number, 10, "repeats by that end"}},
		New: func(o *Options) Fold {
			percent, least := o.get("retx-storm"), o.get("retx-storm-least")
			return newFold(func(s *subjects[losses, *losses], r *record.Record) {
				if e, ok := stormy(r, percent, least); ok {
					s.At(sideOf(r, e)).add(r, r.Evidence.Ends[e].Repeat)
				}
			}, func(_ *Context, s Subject, x *losses) (Finding, bool) {
				e := record.Resp
				if s.Kind == SubjectPair {
					e = record.Orig
				}
				return Finding{
					Severity: Warning, Confidence: Likely,
					Title: fmt.Sprintf("%s sent %s of its data again on %s", s.who(), percentOf(x.again[e], x.bytes[e]), say.Plural(x.n, "connection")),
					Explanation: fmt.Sprintf("%s, of them %s by timeout, which doubles the pause each time (RFC 6298 section 5.5). Of the segments %s.", say.Plural(x.repeats[e], "repeat"), say.Thousands(x.timeouts[e]),
						whichSide(x.before[e], x.after[e])),
					Causes: []string{"a link on the way loses packets: overload, a bad cable or radio, a duplex mismatch", "a policer or shaper drops what exceeds its rate"},
					Advice: lossAdvice(s.A.Addr.String()),
				}, true
			})
		},
	}
}

// intoSilence tells that data was repeated to an end that was gone, or through
// something that let none of it pass: that tells nothing of a link.
func intoSilence(r *record.Record) bool {
	return r.Close.Kind == record.CloseTimedOut || diedAtRest(r) || blackHoled(r, record.Orig) || blackHoled(r, record.Resp) || unheardAfterSYN(r)
}
