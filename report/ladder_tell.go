package report

import (
	"fmt"

	"tcpwatch/tracker"
)

// tellOnce is the set of kinds whose sentence is told at the first row only.
const tellOnce = 1<<tracker.MomentDuplicate | 1<<tracker.MomentHalfCloseData

// tell adds the sentences of s to its row.
func (f *figure) tell(r *rung, s *tracker.Step) {
	for i := range s.Moments {
		if len(r.words) >= maxWords {
			break
		}
		m := &s.Moments[i]
		if f.told&r.kinds&tellOnce&(1<<m.Kind) != 0 {
			continue
		}
		if words := f.sentence(m, r, s); words != "" {
			r.words = append(r.words, words)
		}
	}
	f.told |= r.kinds
	if s.Segment == nil && s.Quote == nil && len(s.Moments) == 0 {
		r.words = append(r.words, f.timePassed(s))
	}
}

// timePassed says what an edge that time drove means.
func (f *figure) timePassed(s *tracker.Step) string {
	for e := range s.Before {
		if s.Before[e] == tracker.TimeWait && s.After[e] == tracker.Closed {
			return fmt.Sprintf("2MSL = %s passed: TIME-WAIT ends", f.words.span(2*f.words.MSL))
		}
	}
	return "time passed without a packet"
}

// has reports whether the row holds a moment of kind k as well.
func (r *rung) has(k tracker.MomentKind) bool { return r.kinds&(1<<k) != 0 }

// sentence says what m means; "" when another sentence of the row says it.
func (f *figure) sentence(m *tracker.Moment, r *rung, s *tracker.Step) string {
	switch k := m.Kind; {
	case k <= tracker.MomentMidstream:
		return f.openSentence(m, r)
	case k <= tracker.MomentHalfCloseData:
		return f.closeSentence(m, r)
	case k <= tracker.MomentChallengeACK:
		return f.resetSentence(m, r, s)
	case k <= tracker.MomentWindowProbe:
		return f.waitSentence(m, s)
	default:
		return f.streamSentence(m)
	}
}

func (f *figure) openSentence(m *tracker.Moment, r *rung) string {
	w := f.words
	switch m.Kind {
	case tracker.MomentSYNAgain:
		if f.answered {
			return again("SYN", m, w) + ": the SYN/ACK did not get through"
		}
		return again("SYN", m, w) + ": no answer had come"
	case tracker.MomentSYNACKAgain:
		if m.ThirdACKSeen {
			return again("SYN/ACK", m, w) + " although the third ACK passed here: that ACK was lost further on," +
				" or the server's accept queue is full, or it waits for data (deferred accept)"
		}
		return again("SYN/ACK", m, w) + ": no third ACK had come"
	case tracker.MomentEstablished:
		words := "third ACK: established"
		if r.has(tracker.MomentSimultaneousOpen) {
			words = "established"
		}
		if m.Span > 0 {
			words += " after " + w.span(m.Span)
		}
		if lost := lostOpening(uint32(m.N), uint32(m.M), f.answersFirst); lost != "" {
			words += ", because " + lost
		}
		return words
	case tracker.MomentSimultaneousOpen:
		return "both ends sent a SYN: simultaneous open"
	case tracker.MomentFastOpen:
		return fmt.Sprintf("fast open: %s accepted with the SYN", plural(m.N, "byte"))
	case tracker.MomentRefused:
		return "RST answers the SYN: refused; " + resetCause(tracker.ResetRefused)
	case tracker.MomentUnreachable:
		return "the SYN could not be delivered: unreachable"
	case tracker.MomentICMP:
		return "the error is about a segment of this connection; that alone does not end it"
	case tracker.MomentMidstream:
		return "the capture began after the connection did: states are inferred"
	}
	return ""
}

// again says that what was sent again, which repeat it is and how long after the first.
func again(what string, m *tracker.Moment, w phrases) string {
	s := what + " again"
	if m.N > 1 {
		s += fmt.Sprintf(" (repeat %s)", thousands(m.N))
	}
	if m.Since > 0 {
		s += ", " + w.span(m.Since) + " after the first"
		if m.Ref > 0 {
			s += fmt.Sprintf(" (packet %d)", m.Ref)
		}
	}
	return s
}

func (f *figure) closeSentence(m *tracker.Moment, r *rung) string {
	w, peer := f.words, m.End
	if m.End <= tracker.Resp {
		peer = m.End.Peer()
	}
	switch m.Kind {
	case tracker.MomentFIN:
		first := !f.finSent[0] && !f.finSent[1]
		if m.End <= tracker.Resp {
			f.finSent[m.End] = true
		}
		switch {
		case r.has(tracker.MomentSimultaneousClose):
			return ""
		case first:
			return fmt.Sprintf("%s closes first (active close): it will send no more data", the(m.End))
		case r.has(tracker.MomentFINAcked):
			return fmt.Sprintf("%s acknowledges the FIN and closes too, in one segment", the(m.End))
		}
		return fmt.Sprintf("%s closes too (passive close)", the(m.End))
	case tracker.MomentFINAcked:
		switch {
		case r.has(tracker.MomentClosed), r.has(tracker.MomentFIN), r.has(tracker.MomentSimultaneousClose):
			return ""
		case m.End <= tracker.Resp && f.finSent[peer]:
			return fmt.Sprintf("the FIN of %s is acknowledged", the(m.End))
		}
		return fmt.Sprintf("the FIN of %s is acknowledged: half closed, %s may still send", the(m.End), the(peer))
	case tracker.MomentFINAgain:
		if r.has(tracker.MomentLastACKLost) {
			return ""
		}
		return again("FIN", m, w) + ": it or its ACK was lost"
	case tracker.MomentLastACKLost:
		return "FIN again: the last ACK was lost, 2MSL starts again"
	case tracker.MomentTimeWait:
		until := ""
		if m.Span > 0 {
			until = fmt.Sprintf(" for 2MSL = %s, until %s", w.span(m.Span), w.clock(r.time+m.Span))
		}
		return "TIME-WAIT held by " + the(m.End) + until
	case tracker.MomentTimeWaitRestart:
		if r.has(tracker.MomentLastACKLost) {
			return ""
		}
		return "2MSL starts again"
	case tracker.MomentTimeWaitReuse:
		return "a new SYN ends TIME-WAIT: the same addresses and ports are used again"
	case tracker.MomentSimultaneousClose:
		return "the FINs crossed: simultaneous close, both ends pass CLOSING and hold TIME-WAIT"
	case tracker.MomentClosed:
		words := "closed"
		if m.N > 0 {
			words += " in " + plural(m.N, "segment")
		}
		if m.Span > 0 {
			words = comma(words, w.span(m.Span)+" after the first FIN")
		}
		return words + ": both FINs are acknowledged"
	case tracker.MomentHalfCloseData:
		return fmt.Sprintf("%s after the other end's FIN: half-close, which is legal", plural(m.N, "byte"))
	}
	return ""
}

func (f *figure) resetSentence(m *tracker.Moment, r *rung, s *tracker.Step) string {
	switch m.Kind {
	case tracker.MomentReset:
		if r.has(tracker.MomentKeepaliveDead) {
			return ""
		}
		in := ""
		if m.End <= tracker.Resp && s.Before[m.End] != tracker.Unknown && s.Before[m.End] < tracker.NStates {
			in = " in " + s.Before[m.End].String()
		}
		return fmt.Sprintf("reset by %s%s: %s", the(m.End), in, resetCause(m.Cause))
	case tracker.MomentResetIgnored:
		return "a RST that the receiver must ignore: its number is not the one expected (RFC 5961)"
	case tracker.MomentResetHarmless:
		return "RST after both FINs were acknowledged: harmless"
	case tracker.MomentChallengeACK:
		return "challenge ACK (RFC 5961): the connection lives on"
	}
	return ""
}

func (f *figure) waitSentence(m *tracker.Moment, s *tracker.Step) string {
	w := f.words
	after := ""
	if m.Span > 0 {
		after = " after " + w.span(m.Span)
	}
	switch m.Kind {
	case tracker.MomentKeepalive:
		if m.N <= 1 {
			return "keepalive probe" + after + " of silence"
		}
		return fmt.Sprintf("keepalive probe %s%s: no answer yet", thousands(m.N), after)
	case tracker.MomentKeepaliveAnswer:
		return "the probe is answered" + after + ": " + the(m.End) + " is alive"
	case tracker.MomentKeepaliveDead:
		return fmt.Sprintf("%s unanswered: %s gives the connection up and resets it", plural(m.N, "keepalive probe"), the(m.End))
	case tracker.MomentZeroWindow:
		return fmt.Sprintf("%s has no room left (window 0): its program does not read, %s must wait", the(m.End), the(other(m.End)))
	case tracker.MomentZeroWindowEnd:
		return the(m.End) + " has room again" + after
	case tracker.MomentWindowProbe:
		return fmt.Sprintf("window probe %s: is there room again?", thousands(m.N))
	}
	return ""
}

func (f *figure) streamSentence(m *tracker.Moment) string {
	switch m.Kind {
	case tracker.MomentRetransmission:
		return again(plural(m.N, "byte"), &tracker.Moment{Since: m.Since, Ref: m.Ref}, f.words)
	case tracker.MomentOutOfOrder:
		return "late: it fills a gap"
	case tracker.MomentGap:
		return plural(m.N, "byte") + " before this segment not seen (yet)"
	case tracker.MomentAckedUnseen:
		what := plural(m.N, "byte")
		if m.N == 1 {
			what = "a byte or a FIN"
		}
		return "acknowledges " + what + " that the capture never saw: missed by the capture, not lost in the network"
	case tracker.MomentRetracted:
		return fmt.Sprintf("taken back: %s did not reach %s, it is still in %s", the(m.End), stateOr(m.From), stateOr(m.To))
	case tracker.MomentUnknownSegment:
		return "nothing explains this segment: an anomaly, and no state changes"
	case tracker.MomentDuplicate:
		return "the capture saw this packet twice (a mirror port, or every interface at once)"
	case tracker.MomentReusedTuple:
		return "a SYN with another number: a new connection on the same addresses and ports"
	}
	return ""
}

// other is the other end, or both for both.
func other(e tracker.End) tracker.End {
	if e <= tracker.Resp {
		return e.Peer()
	}
	return e
}
