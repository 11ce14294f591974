package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// stormLimits are how much of an end's data must be repeats; loss leaves such connections to retx-storm.
type stormLimits struct{ share, least uint64 }

func stormLimitsOf(o *Options) stormLimits {
	return stormLimits{share: o.share("retx-storm", 20, "of an end's bytes that were repeats"),
		least: o.count("retx-storm-least", 10, "repeats by that end")}
}

func retxStorm() Detector {
	return Detector{
		Name: "retx-storm", Group: GroupTransfer, needs: traitRepeated, onACKs: true,
		Doc: `Connections repeat so much of their data that they hardly get on.

Rule: every repeat halves the congestion window (RFC 5681 section 3.2), and a timeout
takes it down to one segment and doubles the pause (RFC 6298 section 5.5), so a loss of a
few per cent already ruins the throughput. Counted are connections in which a fifth
of an end's bytes were repeats that were needed; those that died of it are vanished,
those in which large segments alone are lost mtu-black-hole, and lesser loss is loss.`,
		New: func(o *Options) Fold { return newFold(stormLimitsOf(o).add, tellStorm) },
	}
}

// meets tells that a connection repeated so much that it hardly got on.
func (l stormLimits) meets(r *record.Record) (record.End, bool) {
	for _, e := range sides() {
		x, needed := &r.Ends[e], uint64(neededRepeats(r, e))
		if needed >= l.least && needed*2 >= uint64(x.Retx) && x.RetxBytes*100 >= x.WireBytes*l.share &&
			r.Close.Kind != record.CloseTimedOut && !blackHoled(r, e) && !diesJoined(r, e) && !diedAtRest(r) {
			return e, true
		}
	}
	return 0, false
}

func (l stormLimits) add(s *subjects[losses, *losses], r *record.Record) {
	if e, ok := l.meets(r); ok {
		s.At(sideOf(r, e)).add(r, r.Evidence.Ends[e].Repeat)
	}
}

func tellStorm(_ *Context, s Subject, x *losses) (Finding, bool) {
	e := record.Resp
	if s.Kind == SubjectPair {
		e = record.Orig
	}
	lost := " Of the segments " + whichSide(x.before[e], x.after[e]) + "."
	if x.blind[e] == x.repeats[e] {
		lost = ""
	}
	return Finding{
		Severity: Warning, Confidence: Likely,
		Title:       fmt.Sprintf("%s retransmitted %s of its data on %s", s.who(), percentOf(x.again[e], x.bytes[e]), say.Plural(x.n, "connection")),
		Explanation: say.Plural(x.repeats[e], "repeat") + x.byTimeout(e) + "." + lost,
		causes:      []Cause{onPath("a link on the path loses packets: overload, a bad cable or radio, a duplex mismatch"), onPath("a policer or shaper drops what exceeds its rate")},
		Advice:      x.advice(s, e),
	}, true
}

// byTimeout tells how many repeats of an end came by timeout, where its ACKs were captured: they tell.
func (x *losses) byTimeout(e record.End) string {
	switch {
	case x.blind[e] == x.repeats[e]:
		return "; why is not known, for no ACK was captured"
	case x.timeouts[e] == 0 && x.afar[e] > 0:
		return "; how many came by timeout is not known, for no round trip tells how long an ACK takes from the capture point to their sender"
	case x.timeouts[e] == 0:
		return ", none by timeout"
	}
	least := ""
	if x.afar[e] > 0 {
		least = "at least "
	}
	return fmt.Sprintf(", of them %s%s by timeout, which doubles the pause each time (RFC 6298 section 5.5)", least, say.Thousands(x.timeouts[e]))
}

// advice is for the host on whose side most was lost.
func (x *losses) advice(s Subject, e record.End) []string {
	at := s.A.Addr.String()
	if x.after[e] > x.before[e] {
		at = x.receiver[e].V.Addr.String()
	}
	return lossAdvice(at)
}

// intoSilence tells that data was repeated to an end that was gone, or through
// something that let none of it pass: that tells nothing of a link.
func intoSilence(r *record.Record) bool {
	return r.Close.Kind == record.CloseTimedOut || diedAtRest(r) || blackHoled(r, record.Orig) || blackHoled(r, record.Resp) || unheardAfterSYN(r) ||
		noneTaken(r) || stuckTowards(r, record.Orig) || stuckTowards(r, record.Resp)
}

// noneTaken tells that an end sent data again, of which not one byte was ever acknowledged: all
// of it is kept away, by whatever, or the end that it is for is gone.
func noneTaken(r *record.Record) bool {
	for _, e := range sides() {
		if r.Path[e].NoneTaken && r.Ends[e].Retx > 0 {
			return true
		}
	}
	return false
}
