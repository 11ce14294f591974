package report

import (
	"fmt"
	"strings"
	"time"

	"tcpwatch/tracker"
)

// LiveLineOptions choose how LiveLine writes. The zero value is usable.
type LiveLineOptions struct {
	Width    int            // columns; a longer line goes on, indented, on a second one. 0: never
	ASCII    bool           // no character outside ASCII
	Location *time.Location // of the times of day; nil means UTC
}

// LiveLine tells in a line, without its end, what happened to a connection:
// when, what, which connection, and the reason in words. Nothing is ever cut.
func LiveLine(e *tracker.Event, o LiveLineOptions) string {
	r := e.Record
	p := phrases{ASCII: o.ASCII, Location: o.Location}
	kind, what, why := p.event(e)
	head := fmt.Sprintf("%s %-7s #%d %s > %s", p.clockMicro(e.Time), kind, r.ID, r.Orig, r.Resp)
	return joinParts(head, []string{what, why}, o.Width, len("12:00:01.234567 "))
}

// joinParts sets parts behind head, two columns apart, and goes on in an
// indented line where width columns are not enough.
func joinParts(head string, parts []string, width, indent int) string {
	var b strings.Builder
	b.WriteString(head)
	used := runes(head)
	for _, part := range parts {
		if part == "" {
			continue
		}
		for i, line := range wrap(part, width-indent) {
			if i == 0 && (width <= 0 || used+2+runes(part) <= width) {
				b.WriteString("  ")
				b.WriteString(part)
				used += 2 + runes(part)
				break
			}
			b.WriteString("\n" + strings.Repeat(" ", indent) + line)
			used = indent + runes(line)
		}
	}
	return b.String()
}

// event returns the word for what happened, what there is to say about it,
// and, when there is more to it, why.
func (p phrases) event(e *tracker.Event) (kind, what, why string) {
	r := e.Record
	switch e.Kind {
	case tracker.EventOpened:
		what, why = p.opened(r)
		return "open", what, why
	case tracker.EventFailed:
		what, why = p.failed(r)
		return "failed", what, why
	case tracker.EventClosed:
		what, why = p.closed(r)
		return "closed", comma(what, p.span(e.Time-r.Start)), why
	case tracker.EventReset:
		what, why = p.reset(r)
		return "reset", what, why
	default:
		what, why = p.timedOut(r)
		return "timeout", what, why
	}
}

func (p phrases) opened(r *tracker.Record) (what, why string) {
	o := &r.Open
	switch {
	case o.Kind == tracker.OpenMidstream || r.Capture.Midstream:
		return "was open before the capture began", ""
	case o.Kind == tracker.OpenSimultaneous:
		why = "(both ends sent a SYN: simultaneous open)"
	case o.FastOpen:
		why = "(fast open: data on the SYN was accepted)"
	default:
		why = repeatsNote(o)
	}
	if o.Felt.OK {
		what = p.span(o.Felt.V)
	}
	return what, why
}

// repeatsNote says in brackets what the repeats of an opening mean; "" when
// there were none.
func repeatsNote(o *tracker.OpenRecord) string {
	// The server half runs from the SYN that the SYN/ACK names by its timestamp.
	first := o.SYNs > 1 && o.Resp.OK && o.LastSYN.OK && o.Resp.V > o.LastSYN.V
	x := openRepeats{syns: o.SYNs, synacks: o.SYNACKs, answersFirst: first, oldAnswered: o.OldConn != 0, old: o.OldConn}
	if o.Felt.OK && o.LastSYN.OK {
		x.spread = o.Felt.V - o.LastSYN.V
	}
	lost := x.lost()
	switch {
	case lost == "" && x.hasty():
		lost = "too close together for a loss"
	case lost == "":
		return ""
	}
	counts := plural(uint64(o.SYNs), "SYN")
	if o.SYNACKs > 1 {
		counts += ", " + plural(uint64(o.SYNACKs), "SYN/ACK")
	}
	return fmt.Sprintf("(%s: %s)", counts, lost)
}

// shortestRTO is a time after which no sender believes a first SYN to be lost:
// RFC 6298 section 2.1 and 5.7 want 1 s or 3 s, Linux never less than 200 ms.
const shortestRTO = int64(200 * time.Millisecond)

// openRepeats are what was sent again while a connection opened.
type openRepeats struct {
	syns, synacks uint32
	answersFirst  bool   // the SYN/ACK answers the first SYN
	oldAnswered   bool   // an older connection on the same addresses and ports answered the SYN
	old           uint64 // its ID; 0 when unknown
	spread        int64  // ns from the first SYN to the last; 0 when unknown
}

// hasty reports whether the last SYN came too soon after the first for a timer.
func (x openRepeats) hasty() bool { return x.syns > 1 && x.spread > 0 && x.spread < shortestRTO }

// lost says which segments of an opening were lost; "" for none. That the
// SYN/ACK answers the first SYN proves that this one arrived; else a SYN
// without an answer was lost, or its answer before it came to the capture.
func (x openRepeats) lost() string {
	switch {
	case x.syns > 1 && x.oldAnswered:
		return "the server still held " + oldConnection(x.old)
	case x.syns > 1 && x.answersFirst:
		return "the first SYN arrived, its answer was lost"
	case x.synacks > 2:
		return "SYN/ACKs or their ACKs were lost"
	case x.synacks == 2:
		return "a SYN/ACK or its ACK was lost"
	case x.hasty():
		return ""
	case x.syns > 2:
		return fmt.Sprintf("the first %d SYNs were lost, or their answers", x.syns-1)
	case x.syns == 2:
		return "the first SYN was lost, or its answer"
	}
	return ""
}

func (p phrases) failed(r *tracker.Record) (what, why string) {
	o := &r.Open
	after := ""
	if o.Waited.OK {
		after = " after " + p.span(o.Waited.V)
	}
	switch o.Kind {
	case tracker.OpenRefused:
		what = "refused" + after
		why = resetCause(tracker.ResetRefused)
	case tracker.OpenUnreachable:
		what = "unreachable" + after
		v6 := o.Answer.Kind == tracker.AnswerICMPv6
		if v6 || o.Answer.Kind == tracker.AnswerICMP {
			why = fmt.Sprintf("%s from %s", icmpError(v6, o.Answer.Type, o.Answer.Code), o.Answer.From)
		}
	case tracker.OpenNoAnswer:
		what = "no answer" + after
		why = fmt.Sprintf("(%s: filtered, host down, or accept queue full)", plural(uint64(o.SYNs), "SYN"))
	case tracker.OpenHalfOpen:
		what = "half-open" + after
		why = fmt.Sprintf("(%s sent, no ACK came back)", plural(uint64(o.SYNACKs), "SYN/ACK"))
	case tracker.OpenAborted:
		what = "aborted by the client" + after
	default:
		what = escape(o.Kind) + after
	}
	return what, why
}

func (p phrases) closed(r *tracker.Record) (what, why string) {
	c := &r.Close
	switch {
	case c.First == tracker.Both:
		what = "by both ends at once"
	case c.First != tracker.NoEnd:
		what = "by the " + client(c.First)
	}
	if c.Segments > 0 {
		what = comma(what, fmt.Sprintf("%d segments", c.Segments))
	}
	if tw := &r.TimeWait; tw.Holder != tracker.NoEnd {
		why = fmt.Sprintf("TIME-WAIT: %s", client(tw.Holder))
		if tw.Until > tw.Since {
			why += " until " + p.clock(tw.Until)
		}
	}
	return what, why
}

func (p phrases) reset(r *tracker.Record) (what, why string) {
	c := &r.Close
	if c.ResetBy != tracker.NoEnd {
		what = "by the " + client(c.ResetBy)
	}
	if c.ResetIn != tracker.Unknown {
		what += " in " + c.ResetIn.String()
	}
	return strings.TrimSpace(what), resetCause(c.ResetCause)
}

func (p phrases) timedOut(r *tracker.Record) (what, why string) {
	switch r.Close.Kind {
	case tracker.CloseTimedOut:
		why = "data was repeated without an answer, then silence"
	case tracker.CloseHalfClosed:
		why = halfClosed(r)
	case tracker.CloseUnackedFIN:
		why = "a FIN that nobody acknowledged"
	case tracker.CloseEvicted:
		why = "dropped from a full table"
	}
	return fmt.Sprintf("left in %s, %s", stateOr(r.States[0]), stateOr(r.States[1])), why
}
