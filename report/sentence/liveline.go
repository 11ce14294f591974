package sentence

import (
	"fmt"
	"strings"
	"time"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// LiveLineOptions choose how LiveLine writes. The zero value is usable.
type LiveLineOptions struct {
	say.Clock      // of the times of day
	Width     int  // columns: explanations are left out of a longer line, then it goes on, indented, in a second one. 0: any
	ASCII     bool // no character outside ASCII
}

// LiveLine tells in a line, without its end, what happened to a connection:
// when, what and which connection; and why, where the line has room for it. No
// address and no number is ever cut.
func LiveLine(e *record.Event, o LiveLineOptions) string {
	r := e.Record
	p := Phrases{ASCII: o.ASCII, Clock: o.Clock}
	kind, what, why := p.event(e)
	line := strings.TrimRight(fmt.Sprintf("%s %-6s #%d %s%s%s  %s", p.eventClock(e), kind, r.ID, r.Orig, Arrow, r.Resp, what), " ")
	if o.Width <= 0 || say.Width(line) <= o.Width {
		for _, w := range why {
			if full := comma(line, w); w != "" && (o.Width <= 0 || say.Width(full) <= o.Width) {
				line = full
			}
		}
		return line
	}
	indent := len("12:00:01.234 ")
	blanks := strings.Repeat(" ", indent)
	head := strings.TrimSuffix(line, "  "+what)
	return head + "\n" + blanks + strings.Join(say.Wrap(what, o.Width-indent), "\n"+blanks)
}

// event returns the word for what happened, what there is to say about it,
// and, when there is more to it, why, what matters most first.
func (p Phrases) event(e *record.Event) (kind, what string, why [2]string) {
	r := e.Record
	switch e.Kind {
	case record.EventOpened:
		what, why[0] = p.openedLive(r)
		return "open", what, why
	case record.EventFailed:
		return "failed", p.failedLive(r), why
	case record.EventClosed:
		what, why[0] = p.closed(r)
		return "closed", comma(what, p.lasted(r, e.Time)), why
	case record.EventReset:
		what, why = p.reset(r)
		return "reset", what, why
	default:
		what, why[0] = p.timedOut(r)
		return "timeout", what, why
	}
}

// eventClock is the time of day of an event.
func (p Phrases) eventClock(e *record.Event) string {
	if e.Record.Capture.Untimed > 0 {
		return "no time     "
	}
	return p.TimeOfDayMilli(e.Time)
}

// lasted is how long the connection lasted until a time; nothing where that is not known.
func (p Phrases) lasted(r *record.Record, until int64) string {
	if r.Capture.Untimed > 0 {
		return ""
	}
	return p.Span(until - r.Start - r.Capture.Stepped)
}

// openedLive is opened with the counts of what was repeated among the facts.
func (p Phrases) openedLive(r *record.Record) (what, why string) {
	o := &r.Open
	what, _ = p.opened(r)
	switch {
	case o.Kind == record.OpenMidstream || r.Capture.Midstream:
	case o.Kind == record.OpenSimultaneous:
		what = comma(what, "simultaneous open")
	case o.FastOpen:
		what = comma(what, "fast open")
	default:
		var counts string
		if counts, why = repeated(r); why != "" {
			what = comma(what, counts)
		}
	}
	return what, why
}

// failedLive is failed without what it may mean: that is for the report.
func (p Phrases) failedLive(r *record.Record) string {
	what, why := p.failed(r)
	switch o := &r.Open; o.Kind {
	case record.OpenUnreachable:
		return comma(what, why)
	case record.OpenNoAnswer:
		return comma(what, say.Plural(uint64(o.SYNs), "SYN"))
	case record.OpenHalfOpen:
		return comma(what, say.Plural(uint64(o.SYNACKs), "SYN/ACK"))
	}
	return what
}

func (p Phrases) opened(r *record.Record) (what, why string) {
	o := &r.Open
	switch {
	case o.Kind == record.OpenMidstream || r.Capture.Midstream:
		return "was open before the capture began", ""
	case o.Kind == record.OpenSimultaneous:
		why = "(both ends sent a SYN: simultaneous open)"
	case o.FastOpen:
		why = "(fast open: data on the SYN was accepted)"
	default:
		why = repeatsNote(r)
	}
	if o.Felt.OK {
		what = p.Span(o.Felt.V)
	}
	return what, why
}

// repeatsNote says in brackets what the repeats of an opening mean; "" when
// there were none.
func repeatsNote(r *record.Record) string {
	counts, why := repeated(r)
	if why == "" {
		return ""
	}
	return fmt.Sprintf("(%s: %s)", counts, why)
}

// repeated counts what was sent again while the connection opened, and says
// why; "" when nothing was.
func repeated(r *record.Record) (counts, why string) {
	o := &r.Open
	// The server half runs from the SYN that the SYN/ACK names by its timestamp.
	first := o.SYNs > 1 && o.Resp.OK && o.LastSYN.OK && o.Resp.V > o.LastSYN.V
	x := openRepeats{syns: o.SYNs, synacks: o.SYNACKs, answersFirst: first, oldAnswered: diagnose.OldAnswered(r), old: o.OldConn,
		late: o.SYNACKLate > 0 && (o.NSYNACKsAgain > 0 || o.SYNAnswered || o.SYNHeard) || diagnose.EachSYNAnswered(r)}
	if o.Felt.OK && o.LastSYN.OK {
		x.spread = o.Felt.V - o.LastSYN.V
	}
	why = x.lost()
	if why == "" && x.hasty() {
		why = "too early for a loss"
	}
	counts = say.Plural(uint64(o.SYNs), "SYN")
	if o.SYNACKs > 1 {
		counts += ", " + say.Plural(uint64(o.SYNACKs), "SYN/ACK")
	}
	return counts, why
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
	late          bool   // SYN/ACKs arrived, but late
	spread        int64  // ns from the first SYN to the last; 0 when unknown
}

// hasty reports whether the last SYN came too soon after the first for a timer.
func (x openRepeats) hasty() bool { return x.syns > 1 && x.spread > 0 && x.spread < shortestRTO }

// lost says which segments of an opening were lost, or late; "" for none. That the
// SYN/ACK answers the first SYN proves that this one arrived; else a SYN
// without an answer was lost, or its answer before it came to the capture. What came late
// shows in later packets, if at all.
func (x openRepeats) lost() string {
	switch {
	case x.syns > 1 && x.oldAnswered:
		return "the server still had " + oldConnection(x.old)
	case x.late:
		return "the answers came late"
	case x.syns > 1 && x.answersFirst:
		return "the first SYN arrived, its answer was lost or late"
	case x.synacks > 2:
		return "SYN/ACKs or their ACKs were lost or late"
	case x.synacks == 2:
		return "a SYN/ACK or its ACK was lost or late"
	case x.hasty():
		return ""
	case x.syns > 2:
		return fmt.Sprintf("the first %d SYNs were lost, or their answers", x.syns-1)
	case x.syns == 2:
		return "the first SYN was lost, or its answer"
	}
	return ""
}

func (p Phrases) failed(r *record.Record) (what, why string) {
	o := &r.Open
	after := ""
	if o.Waited.OK {
		after = " after " + p.Span(o.Waited.V)
	}
	switch o.Kind {
	case record.OpenRefused:
		what = "refused" + after
		why = ResetCause(record.ResetRefused)
	case record.OpenUnreachable:
		what = "unreachable" + after
		v6 := o.Answer.Kind == record.AnswerICMPv6
		if v6 || o.Answer.Kind == record.AnswerICMP {
			why = fmt.Sprintf("%s from %s", say.ICMPError(v6, o.Answer.Type, o.Answer.Code), o.Answer.From)
		}
	case record.OpenNoAnswer:
		what = "no answer" + after
		why = fmt.Sprintf("(%s: filtered, host down, or accept queue full)", say.Plural(uint64(o.SYNs), "SYN"))
	case record.OpenHalfOpen:
		what = "half-open" + after
		why = fmt.Sprintf("(%s sent, no ACK received)", say.Plural(uint64(o.SYNACKs), "SYN/ACK"))
	case record.OpenAborted:
		what = "aborted by the client" + after
	default:
		what = o.Kind.String() + after
	}
	return what, why
}

func (p Phrases) closed(r *record.Record) (what, why string) {
	c := &r.Close
	switch {
	case c.First == record.Both:
		what = "by both ends"
	case c.First != record.NoEnd:
		what = "by " + Who(c.First)
	}
	switch tw := &r.TimeWait; tw.Holder {
	case record.NoEnd:
	case c.First:
		why = "TIME-WAIT"
	default:
		why = "TIME-WAIT: " + Who(tw.Holder)
	}
	return what, why
}

func (p Phrases) reset(r *record.Record) (what string, why [2]string) {
	c := &r.Close
	switch {
	case c.ResetCause == record.ResetMiddlebox:
		return "by a middlebox, as " + Who(c.ResetBy), why
	case c.ResetBy != record.NoEnd:
		what = "by " + Who(c.ResetBy)
	}
	if c.ResetIn != record.Unknown {
		why[0] = "in " + c.ResetIn.String()
	}
	why[1] = ResetWhy(r)
	if diagnose.RefusedLate(r) {
		why[1] = "it refused after the handshake's final ACK"
	}
	return what, why
}

func (p Phrases) timedOut(r *record.Record) (what, why string) {
	switch r.Close.Kind {
	case record.CloseTimedOut:
		why = "data was retransmitted and never acknowledged"
	case record.CloseHalfClosed:
		why = halfClosed(r)
	case record.CloseUnknown:
		if diagnose.OnlyFlagged(r) {
			why = ackLeftOut
			break
		}
		why = "one FIN; the other may have passed before the capture began"
	case record.CloseUnackedFIN:
		why = "a FIN was never acknowledged"
	case record.CloseEvicted:
		why = "evicted: the table was full"
	}
	return fmt.Sprintf("client %s, server %s", StateLeft(r, record.Orig), StateLeft(r, record.Resp)), why
}
