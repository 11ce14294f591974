package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
)

func captureClock() Detector {
	return Detector{
		Name: "capture-clock", Group: GroupCapture, needs: traitNone,
		Doc: `Packets are stamped by a clock that was wrong, or not in the order in which they came.

Rule: time in a capture should not go back. Cards with several queues stamp a little out
of order, and the order in the file is then not the order on the wire: such packets count
as sent when the one before was. A stamp more than 5 s off that the packets around it take back
counts as that of the packet before it, whichever way it is off. A clock that goes back and
stays there was stepped; one that goes forward was, where several connections go on with
what was under way, though a sender sends again (RFC 6298 section 5) before it waits so
long. No span has a step in it; round trips across one are left out.`,
		New: func(*Options) Fold { return fromQuality{tell: tellClock} },
	}
}

func tellClock(c *Context, q *quality) (Finding, *tally) {
	f := Finding{
		Severity: Info, Confidence: Proven,
		Advice: []string{"On the capturing host `chronyc tracking` or `timedatectl` shows whether its clock is steered, and how."},
	}
	switch {
	case c.Steps > 0:
		f.Title = fmt.Sprintf("the clock of the capture was stepped %s", say.Plural(c.Steps, "time"))
		f.Explanation = "Connections went on as if no time had passed, or time went back: spans are given without the steps, and nothing counts as silent for them."
		f.causes = []Cause{inCapture("the clock of the capturing host was set"), inCapture("interfaces with clocks of their own"), inCapture("files put together")}
	case c.Misstamped > 0:
		f.Title = fmt.Sprintf("%s stamped so far off that the packets around take it back", say.Plural(c.Misstamped, "packet"))
		f.Explanation = "Each counts as sent when the packet before it was: no silence, no timeout and no round trip is read from its stamp."
		f.causes = []Cause{inCapture("a damaged stamp"), inCapture("interfaces with clocks of their own"), inCapture("files put together")}
	case q.back > 0:
		f.Title = fmt.Sprintf("%s of %s stamped earlier than those before: the time went back", say.Plural(q.back, "packet"), say.Plural(q.backwards.n, "connection"))
		f.Explanation = "Their order in the file is not that of their times: short spans may be off, and reordering may be the capture's."
		f.causes = []Cause{inCapture("several receive queues, each with its own order"), inCapture("a clock that was set back, or files put together")}
		f.Advice = []string{"Capture with one queue: `ethtool -L eth0 combined 1` (the interface's own name); sort a file: `reordercap IN OUT`.",
			"Was the clock set at that time (the log of chronyd or systemd-timesyncd)? If it was not, and the steps are tiny, it is the queues."}
	default:
		return Finding{}, nil
	}
	if q.back > 0 && c.Steps+c.Misstamped == 0 {
		return f, &q.backwards
	}
	t := wholeCapture(c)
	if c.ClockAt > 0 {
		t.examples.Take(Example{Packet: c.ClockAt})
	}
	return f, t
}
