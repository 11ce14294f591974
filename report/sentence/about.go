package sentence

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// LeftSummary says in which state each end was left: in parentheses one that nothing
// the end sent proves.
func LeftSummary(r *record.Record) string {
	left := ""
	for e, s := range r.States {
		switch e := record.End(e); {
		case s == record.Unknown:
		case Supposed(r, e):
			left = comma(left, fmt.Sprintf("%s (%s), proven %s", Who(e), State(s), State(r.Proven[e])))
		default:
			left = comma(left, Who(e)+" "+StateLeft(r, e))
		}
	}
	return left
}

// StateLeft is the state in which an end was left: in parentheses where nothing that
// it sent proves it.
func StateLeft(r *record.Record, e record.End) string {
	s := State(r.States[e])
	if r.States[e] != record.Unknown && r.Proven[e] != record.Unknown && r.Proven[e] != r.States[e] {
		return "(" + s + ")"
	}
	return s
}

// OpenSummary says how a connection opened, or why it did not.
func (p Phrases) OpenSummary(r *record.Record) string {
	o := &r.Open
	switch o.Kind {
	case record.OpenHandshake, record.OpenSimultaneous, record.OpenMidstream:
	default:
		what, why := p.failed(r)
		if what == "" {
			return ""
		}
		return "not: " + bracketed(what, why)
	}
	what, why := p.opened(r)
	if o.Felt.OK && o.Kind != record.OpenMidstream {
		what = "in " + what
	}
	if OneSided(r) {
		what += " for the client only; " + refusedOrRepeated(r)
	}
	s := strings.TrimSpace(what + " " + why)
	if o.LastSYN.OK && o.SYNs > 1 {
		s = comma(s, p.Span(o.LastSYN.V)+" from the last SYN")
	}
	if o.Resp.OK {
		s = comma(s, "SYN/ACK after "+p.Span(o.Resp.V))
	}
	if o.Orig.OK {
		s = comma(s, "final ACK "+p.Span(o.Orig.V)+" later")
	}
	return s
}

// refusedOrRepeated says why only the client holds a connection to be open.
func refusedOrRepeated(r *record.Record) string {
	if diagnose.RefusedLate(r) {
		return "the server answered the handshake's final ACK with a RST"
	}
	return "the server retransmitted its SYN/ACK and nothing shows that it accepted the ACK"
}

// bracketed joins what happened and why; an explanation in brackets takes no comma.
func bracketed(what, why string) string {
	if strings.HasPrefix(why, "(") {
		return strings.TrimSpace(what + " " + why)
	}
	if why == "" {
		return what
	}
	return comma(what, why)
}

// EndSummary says what one end sent, and what became of it.
func (p Phrases) EndSummary(r *record.Record, e record.End) string {
	end := &r.Ends[e]
	if end.Packets == 0 {
		return "no packet seen"
	}
	s := say.Plural(end.Packets, "packet")
	if end.Bytes.OK {
		s += ", " + say.Bytes(end.Bytes.V)
	}
	if end.Retx > 0 {
		s += fmt.Sprintf(", %s (%s)", say.Plural(uint64(end.Retx), "retransmission"), say.Bytes(end.RetxBytes))
	}
	if end.OutOfOrder > 0 {
		s += fmt.Sprintf(", %s out of order", say.Thousands(uint64(end.OutOfOrder)))
	}
	if end.ZeroWindows > 0 {
		s += fmt.Sprintf(", zero window %s for %s%s", say.Plural(uint64(end.ZeroWindows), "time"), p.Span(end.ZeroWindow), p.episodes(end.ZeroWindowList))
	}
	if end.MissingBytes > 0 {
		s += fmt.Sprintf(", %s not captured", say.Bytes(end.MissingBytes))
	}
	switch {
	case end.RTT.N == 0:
	case end.RTT.Source == record.RTTHandshake:
		part := "SYN"
		if e == record.Resp {
			part = "SYN/ACK"
		}
		s += fmt.Sprintf(", its %s acknowledged after %s", part, p.Span(end.RTT.P50))
	default:
		s += fmt.Sprintf(", acknowledged after %s (median of %s)", p.About(end.RTT.P50, end.RTT.Min, end.RTT.Max, record.RTTError), say.Thousands(uint64(end.RTT.N)))
	}
	return s
}

// KeepaliveSummary tells the keepalive probes of both ends; "" without any.
func (p Phrases) KeepaliveSummary(r *record.Record) string {
	s := ""
	for e := range r.Keepalive {
		k := &r.Keepalive[e]
		if k.Probes == 0 {
			continue
		}
		part := fmt.Sprintf("%s from the %s, %s unanswered", say.Plural(uint64(k.Probes), "probe"), Who(record.End(e)),
			say.Thousands(uint64(k.Unanswered)))
		if k.Idle.OK {
			part += ", the first after " + p.Span(k.Idle.V)
		}
		if k.Interval.OK {
			part += ", then every " + p.Span(k.Interval.V)
		}
		s = comma(s, part)
	}
	if s != "" && r.KeepaliveOutcome != record.KeepaliveNone {
		s += ": " + r.KeepaliveOutcome.String()
	}
	return s
}

// CloseSummary says how a connection closed, or what is missing.
func (p Phrases) CloseSummary(r *record.Record) string {
	c := &r.Close
	s := ""
	switch c.Kind {
	case record.CloseNormal:
		s = "normally"
		if c.First != record.NoEnd {
			s += ", first by " + The(c.First)
		}
		if c.Segments > 0 {
			s += fmt.Sprintf(", in %d segments", c.Segments)
		}
	case record.CloseReset:
		s = "by a RST" + resetSummary(r)
	case record.CloseHalfClosed:
		s = halfClosed(r)
	case record.CloseUnackedFIN:
		s = "not: a FIN was never acknowledged"
	case record.CloseTimedOut:
		s = "not: data was retransmitted and never acknowledged"
	case record.CloseEvicted:
		s = "not seen: evicted because the table was full"
	case record.CloseUnknown:
		if r.Open.Kind == record.OpenUnknown {
			s = "unknown: nothing was captured but a SYN/ACK"
		} else if diagnose.OnlyFlagged(r) {
			s = "unknown: " + ackLeftOut
		} else if r.Capture.Midstream && (c.FINAcked[record.Orig].OK || c.FINAcked[record.Resp].OK) {
			s = "unknown: the other FIN may have passed before the capture began"
		}
	case record.CloseOpen:
		if s = "not yet: still open at the end"; p.Running {
			s = "not yet: it is open"
		}
	}
	if c.HalfClose.OK && c.BytesAfterFIN.OK && c.BytesAfterFIN.V > 0 {
		s = comma(s, fmt.Sprintf("half-closed for %s, with %s sent after the FIN", p.Span(c.HalfClose.V), say.Bytes(c.BytesAfterFIN.V)))
	}
	return s
}

// ackLeftOut is what is not known of a close where a filter on flags took the ACKs out.
const ackLeftOut = "only segments with SYN, FIN or RST were captured, so no ACK of a FIN"

// resetSummary says whose RST ended the connection, in which state and why.
func resetSummary(r *record.Record) string {
	c := &r.Close
	if c.ResetCause == record.ResetMiddlebox {
		return " from a middlebox, in the name of " + The(c.ResetBy) + StrangeTTL(r)
	}
	s := ""
	if c.ResetBy != record.NoEnd {
		s += " of " + The(c.ResetBy)
	}
	if c.ResetIn != record.Unknown {
		s += " in " + State(c.ResetIn)
	}
	if diagnose.RefusedLate(r) {
		return s + ": " + refusedLateCause
	}
	return s + because(ResetWhy(r)) + ResetText(r)
}

// ResetText is what a RST says itself, quoted and escaped; "" for nothing.
func ResetText(r *record.Record) string {
	if r.Close.ResetText == "" {
		return ""
	}
	return "; it carries the text \"" + say.Escape(r.Close.ResetText) + "\""
}

// forgotten is why an end that lost the connection sends a bare RST.
const forgotten = "it no longer knew the connection"

// ResetWhy says in words why a connection was reset: the same in the live line, in a
// connection's own lines and in the tables; "" where the connection does not show it.
func ResetWhy(r *record.Record) string {
	switch {
	case diagnose.Forgot(r):
		return forgotten
	case diagnose.BehindFIN(r):
		return "a request came behind the close after " + say.Duration(r.Close.Quiet.V, false) + " of idle time"
	case diagnose.Crossed(r):
		return "a request crossed the close after " + say.Duration(r.Close.Quiet.V, false) + " of idle time"
	}
	return ResetCause(r.Close.ResetCause)
}

// halfClosed says which FIN was acknowledged, and what became of the other.
func halfClosed(r *record.Record) string {
	c, e := &r.Close, record.Orig
	if c.FINAcked[record.Resp].OK {
		e = record.Resp
	}
	if r.Capture.OneWay && r.Ends[e].Packets == 0 {
		return "first by " + The(e) + ", whose FIN was not captured; the last ACK is unknown: only one direction was captured"
	}
	s := "by one end only: the FIN of " + The(e) + " was acknowledged, "
	switch {
	case c.FINs[e.Peer()] > 0 && r.Capture.OneWay:
		return s + "the other one's ACK is unknown: only one direction was captured"
	case c.FINs[e.Peer()] > 0:
		return s + "the other one was not"
	case r.Capture.OneWay:
		return s + "the other direction was not captured"
	}
	return s + The(e.Peer()) + " never sent its own"
}

// TimeWaitSummary says who held TIME-WAIT, from when to when; "" when nobody did.
func (p Phrases) TimeWaitSummary(r *record.Record) string {
	t := &r.TimeWait
	if t.Holder == record.NoEnd || t.Since == 0 && r.Capture.Untimed == 0 {
		return ""
	}
	s := "held by " + The(t.Holder)
	if t.Until > t.Since && r.Capture.Untimed == 0 {
		s += fmt.Sprintf(" for %s, from %s until %s", p.Span(t.Until-t.Since), p.TimeOfDay(t.Since), p.TimeOfDay(t.Until))
	}
	switch t.EndedBy {
	case record.TimeWait2MSL:
		s += ", ended by 2MSL"
	case record.TimeWaitReuse:
		s += ", ended by a new SYN"
	case record.TimeWaitReset:
		s += ", ended by a RST"
	case record.TimeWaitInputEnd:
		s += " (after the end of the capture)"
	}
	if t.Restarts > 0 {
		s += ", restarted " + say.Plural(uint64(t.Restarts), "time")
	}
	return s
}

// OneSided tells that the client completed the handshake and the server never
// took its ACK: it repeated its SYN/ACK, or answered with a RST.
func OneSided(r *record.Record) bool {
	if r.Open.Kind != record.OpenHandshake {
		return false
	}
	return r.Proven[record.Resp] == record.SynReceived && r.Open.SYNACKs > 1 || diagnose.RefusedLate(r)
}

// StrangeTTL is what gives a RST away that its sender did not send.
func StrangeTTL(r *record.Record) string {
	if r.Close.ResetBy > record.Resp {
		return ""
	}
	own := r.Ends[r.Close.ResetBy].OwnTTL()
	if !r.Close.ResetTTL.OK || !own.OK {
		return ""
	}
	if r.Close.OpenedForIt(&r.Ends[r.Close.ResetBy]) {
		return fmt.Sprintf(" (TTL %d, as the %s; that host's data has %d)", r.Close.ResetTTL.V, openedBy(r.Close.ResetBy), own.V)
	}
	return fmt.Sprintf(" (TTL %d; that host's other packets have %d)", r.Close.ResetTTL.V, own.V)
}

// Supposed tells that nothing an end sent proves the state it was left in,
// though it would have: what brings an end to CLOSED or FIN-WAIT-2 needs no
// answer.
func Supposed(r *record.Record, e record.End) bool {
	s := r.States[e]
	return s != record.Closed && s != record.FinWait2 && r.Proven[e] != record.Unknown && r.Proven[e] != s
}
