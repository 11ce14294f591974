package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// stillLimits are for how long, and for what part of its life, a connection stood still.
type stillLimits struct{ least, share int64 }

// still sums up connections that stood still until timeouts repaired losses.
type still struct {
	tally
	stood    int64 // ns, in all
	lasted   int64 // ns that they lasted, in all
	timeouts uint64
	before   uint64
	after    uint64
	again    uint64             // of those, lost again when they were sent again
	sack     uint64             // connections on which both ends agreed on SACK
	long     uint64             // and those whose sender began with a timeout of longTimer or more
	first    int64              // the least of these timeouts
	sender   fold.First[teller] // of the connection with the least id, who had to send again
	receiver fold.First[teller] // and to whom
}

// Fields walks over what is summed up.
func (x *still) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.stood, &x.lasted)
	fold.Sum(w, &x.timeouts, &x.before, &x.after, &x.again, &x.sack, &x.long)
	fold.Least(w, &x.first)
	x.sender.Fields(w)
	x.receiver.Fields(w)
}

func stoodStill() Detector {
	return Detector{
		Name: "stood-still", Group: GroupTransfer, needs: traitRepeated, onACKs: true,
		Doc: `A connection stands still for most of its life: it waits for retransmission timeouts.

Rule: what is lost and draws no three duplicate ACKs is sent again only after the retransmission
timeout, and each one doubles the next (RFC 6298 section 5.5; up to 60 s or 120 s). So a few
losses, too few for loss or retx-storm, may cost minutes. Counted is the time in which nothing
came from either end before such a repeat of what had been lost; it must be half of the
connection's life or more. Where what is sent again arrives, nothing
doubles: a pause is a first timeout then. Where even pauses that all doubled would begin with more than 7 s, the timer is long. A connection that got on no more is vanished, fell-silent or
mtu-black-hole; the first SYN's wait is syn-lost.`,
		New: func(o *Options) Fold {
			l := stillLimits{least: o.span("stood-still", 10*second, "for which a connection stood still in all"),
				share: int64(o.share("stood-still-share", 50, "of its life that this was"))}
			return newFold(l.add, tellStill)
		},
	}
}

func (l stillLimits) add(s *subjects[still, *still], r *record.Record) {
	stood, lasted := r.Ends[record.Orig].Stood+r.Ends[record.Resp].Stood, r.Lasted()
	if stood == 0 || stood < l.least || !lasted.OK || stood*100 < lasted.V*l.share || r.Capture.OneWay || intoSilence(r) {
		return
	}
	x := s.At(listener(r.Resp))
	x.hitAt(r, firstRepeat(r))
	x.stood, x.lasted = x.stood+stood, x.lasted+lasted.V
	if r.Ends[record.Orig].SACK.V && r.Ends[record.Resp].SACK.V {
		x.sack++
	}
	for _, e := range sides() {
		y := &r.Ends[e]
		x.timeouts += uint64(y.RetxRTO)
		x.before += uint64(y.LostBeforeTap)
		x.after += uint64(y.LostAfterTap)
		x.again += uint64(y.LostAgain)
		if y.Stood*2 >= stood {
			if first := firstTimeout(y); first >= longTimer {
				x.long++
				fold.TakeLeast(&x.first, first)
			}
			ends := [...]capture.Addr{r.Orig.Addr, r.Resp.Addr}
			x.sender.Take(teller{r.ID, ends[e]})
			x.receiver.Take(teller{r.ID, ends[e.Peer()]})
		}
	}
}

func tellStill(c *Context, s Subject, x *still) (Finding, bool) {
	at := x.sender.V.Addr
	if x.after > x.before {
		at = x.receiver.V.Addr
	}
	f := Finding{
		Severity: Notice, Confidence: Likely,
		Title: fmt.Sprintf("%s to %s stood still for %s of %s, waiting for retransmission timeouts", c.wholeOf(s.A, x.n).of(x.n), name(s.A), span(x.stood), span(x.lasted)),
		Explanation: fmt.Sprintf("%s, %s by timeout, which doubles the pause up to a limit (RFC 6298 section 5.5). Nothing came from either end in these pauses. Of the segments %s.",
			say.Plural(x.before+x.after, "repeat"), say.Thousands(x.timeouts), whichSide(x.before, x.after)),
		causes: []Cause{onPath("the path drops packets for seconds at a time: a radio link, a link that goes up and down, routing that changes"),
			onPath("a link on the path loses packets: overload, a bad cable or radio"), onHost("the sender's first timeout is long, and it knows no faster repair" + x.lacks())},
		Advice: lossAdvice(at.String()),
	}
	if x.again == 0 && x.timeouts > 0 || x.long == x.n {
		f.Explanation = strings.Replace(f.Explanation, "which doubles the pause up to a limit (RFC 6298 section 5.5)", "after "+span(x.stood/int64(x.timeouts))+" on average (RFC 6298 section 5)", 1)
	}
	if x.again == 0 {
		f.Explanation += " What was sent again was not lost again, so no pause is a doubled one."
		f.causes = f.causes[1:] // what is away for seconds takes repeats as well
	}
	if x.long == x.n {
		f.causes = f.causes[:len(f.causes)-1]
		f.lead(onHost("the sender's timeout is long: it stands at its maximum (60 to 120 s), after a round trip that it measured wrong, or after SYNs that it had to repeat"),
			"its first timeout was "+span(x.first)+" or more, even if each later one doubled it")
		f.Advice = append(f.Advice, "Look at the sender's round trips and timeouts: on Linux `ss -ti` shows its rto.")
	}
	return f, true
}

// lacks names the faster repairs that the connections may be without.
func (x *still) lacks() string {
	if x.sack == x.n {
		return " (no tail loss probe)"
	}
	return " (no SACK, no tail loss probe)"
}

// longTimer is from where on a timeout is longer than the one that a system begins with: 1 s or 3 s (RFC 6298 section 2.1), on
// old BSD systems 6 s.
const longTimer = 7 * second

// firstTimeout is how long the first timeout was at least that made an end's pauses: if each of the others doubled it.
func firstTimeout(y *record.EndRecord) int64 {
	n := y.RetxRTO
	if n == 0 || n > 30 {
		return 0
	}
	return y.Stood / (1<<n - 1)
}
