package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/tracker/record"
)

// losses sums up repeated data on connections to a listener, by who sent it.
type losses struct {
	tally
	conns    uint64    // all that sent data, those without loss too
	bytes    [2]uint64 // payload as sent
	again    [2]uint64 // of that, sent again
	repeats  [2]uint64
	before   [2]uint64
	after    [2]uint64
	timeouts [2]uint64
	packets  [2]uint64
}

// Merge takes in another.
func (x *losses) Merge(o *losses) {
	x.tally.Merge(&o.tally)
	x.conns += o.conns
	for e := range x.bytes {
		x.bytes[e] += o.bytes[e]
		x.again[e] += o.again[e]
		x.repeats[e] += o.repeats[e]
		x.before[e] += o.before[e]
		x.after[e] += o.after[e]
		x.timeouts[e] += o.timeouts[e]
		x.packets[e] += o.packets[e]
	}
}

// add takes in a connection in which something was repeated, first by a packet.
func (x *losses) add(r *record.Record, packet uint64) {
	x.hitAt(r, packet)
	x.volume(r)
	for _, e := range sides() {
		y := &r.Ends[e]
		x.again[e] += y.RetxBytes
		x.repeats[e] += uint64(y.Retx)
		if n := neededRepeats(r, e); n > 0 {
			x.before[e] += uint64(min(n, y.LostBeforeTap))
			x.after[e] += uint64(n - min(n, y.LostBeforeTap))
		}
		x.timeouts[e] += uint64(y.RetxRTO)
	}
}

// volume takes in how much a connection sent, whether something was repeated or not.
func (x *losses) volume(r *record.Record) {
	x.conns++
	for _, e := range sides() {
		x.bytes[e] += r.Ends[e].WireBytes
		x.packets[e] += r.Ends[e].Packets
	}
}

// neededRepeats is how many of an end's repeats make up for a loss: what had arrived was
// needless, what had been thrown away was not lost, what came sooner than a loss can be known was doubled on the way or by
// the capture, and so was everything where neither a timer nor a duplicate ACK
// set the sender off.
func neededRepeats(r *record.Record, e record.End) uint32 {
	x := &r.Ends[e]
	hasty := r.Path[e].Doubled
	if hasty*2 >= x.Retx || x.RetxRTO+x.RetxTLP == 0 && r.Ends[e.Peer()].DupAcks == 0 && !r.Capture.OneWay {
		return 0
	}
	return x.Retx - min(x.Retx, x.RetxSpurious+x.RetxRefused+hasty)
}

// firstRepeat is the first packet by which an end made up for a loss, 0 for none.
func firstRepeat(r *record.Record) (packet uint64) {
	for _, e := range sides() {
		if neededRepeats(r, e) > 0 {
			packet = earlier(packet, r.Evidence.Ends[e].Repeat)
		}
	}
	return packet
}

// earlier is the lesser of two packets, of which either may be 0 for none.
func earlier(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// share is what part of n is of all, in per cent.
func share(n, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) * 100 / float64(all)
}

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
		Name: "retx-storm", Group: GroupTransfer, needs: signRepeated,
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
					Title: fmt.Sprintf("%s sent %s of its data again on %s", s.who(), percentOf(x.again[e], x.bytes[e]), Plural(x.n, "connection")),
					Explanation: fmt.Sprintf("%s, of them %s by timeout, which doubles the pause each time (RFC 6298 section 5.5). Of the segments %s.", Plural(x.repeats[e], "repeat"), Thousands(x.timeouts[e]),
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
	return r.Close.Kind == record.CloseTimedOut || diedAtRest(r) || blackHoled(r, record.Orig) || blackHoled(r, record.Resp)
}

func percentOf(n, all uint64) string { return Digits(share(n, all), 1) + "%" }

// whichSide tells how many segments were lost on which side of the capture point.
func whichSide(before, after uint64) string {
	switch {
	case before*10 <= after:
		return fmt.Sprintf("%s were lost behind the capture point, on the receiver's side: seen here before they were sent again", Thousands(before+after))
	case after*10 <= before:
		return fmt.Sprintf("%s were lost before the capture point, on the sender's side: only the repeat was seen here", Thousands(before+after))
	}
	return fmt.Sprintf("%s were lost before the capture point, on the sender's side, %s behind it", Thousands(before), Thousands(after))
}

func lossAdvice(host string) []string {
	return []string{fmt.Sprintf("On %s and on the way: `ip -s link` shows drops and errors; `ethtool -S eth0` (the interface's own name) what the card counts.", host),
		"`nstat -az TcpRetransSegs TcpExtTCPLostRetransmit TcpExtTCPTimeouts` on the sender.",
		fmt.Sprintf("From the other end: `mtr -n --tcp %s` shows at which hop loss begins.", host)}
}

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
