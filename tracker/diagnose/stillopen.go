package diagnose

import (
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// open sums up connections that were open when the input ended.
type open struct {
	tally
	idle    uint64 // silent for a minute or more
	vague   uint64 // silent for a time that is not known
	closing uint64 // a step of the close was still to come
	longest int64  // silence
}

// Fields walks over what is summed up.
func (x *open) Fields(w *fold.Walk) {
	x.tally.Fields(w)
	fold.Sum(w, &x.idle, &x.vague, &x.closing)
	fold.Max(w, &x.longest)
}

func stillOpen() Detector {
	return Detector{
		Name: "still-open", Group: GroupClose, needs: traitUnclosed, atEnd: true,
		Doc: `Connections were open when the input ended: that is no trouble, and counted apart.

Rule: nothing on the wire says that an idle connection has ended (RFC 9293 section
3.8.4: keepalive is optional), so at the end of a capture an open connection is only
that. Busy ones sent something in the last minute, idle ones did not, where no jump of the
clock lies between; of those whose
close had begun the missing step was not yet due. A lone segment that no connection has, or one packet alone without SYN, is left out. None of them is counted as a leak
or as lost, and none that died while idle as open. CLOSE-WAIT, unanswered data and
unanswered FINs of some age have findings of their own.`,
		New: func(*Options) Fold { return newFold(addOpen, tellOpen) },
	}
}

func addOpen(s *subjects[open, *open], r *record.Record) {
	v := JudgeClose(r)
	closing := v.StillClosing(r) && !v.Hidden(r) // what was done out of sight is not open
	if !r.Unfinished || r.Close.Kind != record.CloseOpen && !closing || diedAtRest(r) {
		return
	}
	if tooLittle(r) {
		return // nothing shows a connection
	}
	x := s.At(Subject{Kind: SubjectCapture})
	x.hit(r, r.LastPacket, r.Start, r.End)
	x.longest = max(x.longest, r.Silent)
	switch {
	case closing:
		x.closing++
	case r.Silent >= openAge:
		x.idle++
	case r.Vague:
		x.vague++
	}
}

func tellOpen(c *Context, _ Subject, x *open) (Finding, bool) {
	idle := "."
	if x.longest >= millisecond {
		idle = "; the longest idle time was " + span(x.longest) + "."
	}
	busy := x.n - x.idle - x.vague - x.closing
	if busy == x.n && c.End-c.Start < openAge { // it says nothing of a shorter input
		busy = 0
	}
	var parts []string
	for _, part := range []struct {
		n    uint64
		what string
	}{
		{busy, "with packets in the last minute"}, {x.idle, "idle for a minute or more"}, {x.closing, "about to close"},
		{x.vague, "idle for an unknown time, because the clock jumped"},
	} {
		if part.n == x.n && x.n == 1 {
			parts = append(parts, part.what)
		} else if part.n > 0 {
			parts = append(parts, say.Thousands(part.n)+" "+part.what)
		}
	}
	return Finding{
		Severity: Info, Confidence: Proven,
		Title:       strings.TrimSuffix(areOpen(x.n)+" still open when the input ended: "+strings.Join(parts, ", "), ": "),
		Explanation: "The input ended, they did not" + idle + " Only keepalive or its next segment shows whether an idle connection still lives (RFC 9293 section 3.8.4).",
	}, true
}

func areOpen(n uint64) string {
	if n == 1 {
		return "1 connection was"
	}
	return say.Thousands(n) + " connections were"
}
