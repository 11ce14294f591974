package report

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// tellOnce is the set of kinds whose sentence is told at the first row only.
const tellOnce = 1<<record.MomentDuplicate | 1<<record.MomentHalfCloseData

// tell adds the sentences of s to its row.
func (f *teller) tell(r *rung, s *record.Step) {
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
func (f *teller) timePassed(s *record.Step) string {
	for e := range s.Before {
		if s.Before[e] == record.TimeWait && s.After[e] == record.Closed {
			return fmt.Sprintf("2MSL = %s passed: TIME-WAIT ends", f.words.span(2*f.words.MSL))
		}
	}
	return "time passed without a packet"
}

// has reports whether the row holds a moment of kind k as well.
func (r *rung) has(k record.MomentKind) bool { return r.kinds&(1<<k) != 0 }

// sentence says what m means; "" when another sentence of the row says it.
func (f *teller) sentence(m *record.Moment, r *rung, s *record.Step) string {
	switch k := m.Kind; {
	case k <= record.MomentMidstream:
		return f.openSentence(m, r)
	case k <= record.MomentHalfCloseData:
		return f.closeSentence(m, r)
	case k <= record.MomentChallengeACK:
		return f.resetSentence(m, r, s)
	case k <= record.MomentWindowProbe:
		return f.waitSentence(m, s)
	default:
		return f.streamSentence(m, r)
	}
}

func (f *teller) openSentence(m *record.Moment, r *rung) string {
	w := f.words
	switch m.Kind {
	case record.MomentSYNAgain:
		f.spread, f.oldAnswered = m.Since, f.oldAnswered || m.M != 0
		return f.again("SYN", m, f.whySYNAgain(m))
	case record.MomentSYNACKAgain:
		if m.ThirdACKSeen {
			return f.again("SYN/ACK", m, "the third ACK passed here, but was lost further on, or the server's accept queue"+
				" is full, or it waits for data (deferred accept)")
		}
		return f.again("SYN/ACK", m, "no third ACK had come")
	case record.MomentEstablished:
		words := "third ACK: established"
		if r.has(record.MomentSimultaneousOpen) {
			words = "established"
		}
		if m.Span > 0 {
			words += " after " + w.span(m.Span)
		}
		o := openRepeats{syns: uint32(m.N), synacks: uint32(m.M), answersFirst: f.answersFirst, oldAnswered: f.oldAnswered, old: f.old, spread: f.spread}
		if lost := o.lost(); lost != "" {
			words += ", because " + lost
		}
		f.third = true
		return words
	case record.MomentSimultaneousOpen:
		return "both ends sent a SYN: simultaneous open"
	case record.MomentFastOpen:
		return fmt.Sprintf("fast open: %s accepted with the SYN", say.Plural(m.N, "byte"))
	case record.MomentRefused:
		return "RST answers the SYN: refused; " + resetCause(record.ResetRefused)
	case record.MomentUnreachable:
		return "the SYN could not be delivered: unreachable"
	case record.MomentICMP:
		return "the error is about a segment of this connection; that alone does not end it"
	case record.MomentMidstream:
		return "the capture began after the connection did: states are inferred"
	}
	return ""
}

// whySYNAgain says what made the opener send its SYN again.
func (f *teller) whySYNAgain(m *record.Moment) string {
	switch {
	case m.M != 0:
		s := fmt.Sprintf("%s still held %s and answered with its ACK (packet %d)", the(other(m.End)), oldConnection(f.old), m.M)
		if m.To == record.Closed {
			s += "; " + the(m.End) + " reset that one"
		}
		return s
	case f.answered:
		return "the SYN/ACK did not get through"
	case m.Since > 0 && m.Since < shortestRTO:
		return "too soon to mean a loss"
	}
	return "no answer had come"
}

// oldConnection names an older connection on the same addresses and ports; 0
// is one whose number is not known.
func oldConnection(id uint64) string {
	if id == 0 {
		return "an older connection"
	}
	return fmt.Sprintf("the old connection #%d", id)
}

// again says that what was sent again, and why; a reason that was told at the
// row before is not repeated.
func (f *teller) again(what string, m *record.Moment, why string) string {
	s := resentWords(what, m, f.words)
	if m.N > 1 && f.why == why {
		return s
	}
	f.why = why
	return s + ": " + why
}

// resentWords says that what was sent again, which repeat it is and how long after the first.
func resentWords(what string, m *record.Moment, w phrases) string {
	s := what + " again"
	if m.N > 1 {
		s += fmt.Sprintf(" (repeat %s)", say.Thousands(m.N))
	}
	if m.Since > 0 {
		s += ", " + w.span(m.Since) + " after the first"
		if m.Ref > 0 {
			s += fmt.Sprintf(" (packet %d)", m.Ref)
		}
	}
	return s
}

func (f *teller) closeSentence(m *record.Moment, r *rung) string {
	w, peer := f.words, m.End
	if m.End <= record.Resp {
		peer = m.End.Peer()
	}
	switch m.Kind {
	case record.MomentFIN:
		first := !f.finSent[0] && !f.finSent[1]
		if m.End <= record.Resp {
			f.finSent[m.End] = true
		}
		switch {
		case r.has(record.MomentSimultaneousClose):
			return ""
		case first && m.End <= record.Resp && r.states[m.End] == record.LastAck:
			if r.has(record.MomentAckedUnseen) {
				return fmt.Sprintf("%s closes too (passive close)", the(m.End))
			}
			return fmt.Sprintf("%s closed first, its FIN was not captured; %s closes too (passive close)", the(peer), the(m.End))
		case first && m.M == 1:
			return fmt.Sprintf("%s closes: it will send no more data; the other FIN may have passed before the capture began", the(m.End))
		case first:
			return fmt.Sprintf("%s closes first (active close): it will send no more data", the(m.End))
		case r.has(record.MomentFINAcked):
			return fmt.Sprintf("%s acknowledges the FIN and closes too, in one segment", the(m.End))
		}
		return fmt.Sprintf("%s closes too (passive close)", the(m.End))
	case record.MomentFINAcked:
		switch {
		case r.has(record.MomentClosed), r.has(record.MomentFIN), r.has(record.MomentSimultaneousClose):
			return ""
		case m.M == 1, m.End <= record.Resp && f.finSent[peer]:
			return fmt.Sprintf("the FIN of %s is acknowledged", the(m.End))
		}
		return fmt.Sprintf("the FIN of %s is acknowledged: half closed, %s may still send", the(m.End), the(peer))
	case record.MomentFINAgain:
		if r.has(record.MomentLastACKLost) {
			return ""
		}
		return f.again("FIN", m, "it or its ACK was lost")
	case record.MomentLastACKLost:
		return "FIN again: the last ACK was lost, 2MSL starts again"
	case record.MomentTimeWait:
		until := ""
		switch {
		case m.Span > 0 && r.untimed:
			until = " for 2MSL = " + w.span(m.Span)
		case m.Span > 0:
			until = fmt.Sprintf(" for 2MSL = %s, until %s", w.span(m.Span), w.clock(r.time+m.Span))
		}
		return "TIME-WAIT held by " + the(m.End) + until
	case record.MomentTimeWaitRestart:
		if r.has(record.MomentLastACKLost) {
			return ""
		}
		return "2MSL starts again"
	case record.MomentTimeWaitReuse:
		return "a new SYN ends TIME-WAIT: the same addresses and ports are used again"
	case record.MomentSimultaneousClose:
		return "the FINs crossed: simultaneous close, both ends pass CLOSING and hold TIME-WAIT"
	case record.MomentClosed:
		words := "closed"
		if m.N > 0 {
			words += " in " + say.Plural(m.N, "segment")
		}
		if m.Span > 0 {
			words = comma(words, w.span(m.Span)+" after the first FIN")
		}
		return words + ": both FINs are acknowledged"
	case record.MomentHalfCloseData:
		return fmt.Sprintf("%s after the other end's FIN: half-close, which is legal", say.Plural(m.N, "byte"))
	}
	return ""
}

func (f *teller) resetSentence(m *record.Moment, r *rung, s *record.Step) string {
	switch m.Kind {
	case record.MomentReset:
		if r.has(record.MomentKeepaliveDead) {
			return ""
		}
		return f.resetWords(m, s)
	case record.MomentResetIgnored:
		return "a RST that the receiver must ignore: its number is not the one expected (RFC 5961)"
	case record.MomentResetHarmless:
		return "RST after both FINs were acknowledged: harmless"
	case record.MomentChallengeACK:
		f.challenged = m.End
		return "challenge ACK (RFC 5961): the connection lives on"
	}
	return ""
}

// resetWords says who sent a RST that ends the connection, in which state and why.
func (f *teller) resetWords(m *record.Moment, s *record.Step) string {
	if m.End > record.Resp {
		return "reset: " + resetCause(m.Reset)
	}
	bare := s.Segment != nil && !s.Segment.Flags.Has(capture.ACK)
	in, cause := m.From, resetCause(m.Reset)
	if in == record.Unknown {
		in = s.Before[m.End]
	}
	switch {
	case m.Reset == record.ResetMiddlebox:
		words := "reset by a box between the two ends, in the name of " + the(m.End)
		if own := f.ttl[m.End]; own.OK && s.Segment != nil {
			words += fmt.Sprintf(": TTL %d, that end's other packets have %d", s.Segment.TTL, own.V)
		}
		return words
	case f.third && m.End == record.Resp && in == record.SynReceived:
		cause = refusedLateCause
	case bare && f.challenged == m.End.Peer():
		cause = "it has no such connection any more (it restarted, or began a new one) and says so to the challenge ACK"
	}
	at := ""
	if in != record.Unknown && in < record.NStates {
		at = " in " + in.String()
	}
	return fmt.Sprintf("reset by %s%s: %s", the(m.End), at, cause)
}

func (f *teller) waitSentence(m *record.Moment, s *record.Step) string {
	w := f.words
	after := ""
	if m.Span > 0 {
		after = " after " + w.span(m.Span)
	}
	switch m.Kind {
	case record.MomentKeepalive:
		if m.N <= 1 {
			return "keepalive probe" + after + " of silence"
		}
		return fmt.Sprintf("keepalive probe %s%s: no answer yet", say.Thousands(m.N), after)
	case record.MomentKeepaliveAnswer:
		return "the probe is answered" + after + ": " + the(m.End) + " is alive"
	case record.MomentKeepaliveDead:
		return fmt.Sprintf("%s unanswered: %s gives the connection up and resets it", say.Plural(m.N, "keepalive probe"), the(m.End))
	case record.MomentZeroWindow:
		return fmt.Sprintf("%s has no room left (window 0): its program does not read, %s must wait", the(m.End), the(other(m.End)))
	case record.MomentZeroWindowEnd:
		return the(m.End) + " has room again" + after
	case record.MomentWindowProbe:
		return fmt.Sprintf("window probe %s: is there room again?", say.Thousands(m.N))
	}
	return ""
}

func (f *teller) streamSentence(m *record.Moment, r *rung) string {
	switch m.Kind {
	case record.MomentRetransmission:
		return resentWords(say.Plural(m.N, "byte"), &record.Moment{Since: m.Since, Ref: m.Ref}, f.words)
	case record.MomentOutOfOrder:
		return "late: it fills a gap"
	case record.MomentGap:
		return say.Plural(m.N, "byte") + " before this segment not seen (yet)"
	case record.MomentAckedUnseen:
		return f.unseenWords(m, r)
	case record.MomentRetracted:
		if back := [3]uint8{uint8(m.End), uint8(m.From), uint8(m.To)}; f.takenBack != back {
			f.takenBack = back
			return fmt.Sprintf("taken back: %s did not reach %s, it is still in %s", the(m.End), stateOr(m.From), stateOr(m.To))
		}
	case record.MomentUnknownSegment:
		return "nothing explains this segment: an anomaly, and no state changes"
	case record.MomentDuplicate:
		return "the capture saw this packet twice (a mirror port, or every interface at once)"
	case record.MomentDataRefused:
		if m.M == 2 {
			return "its TCP checksum is wrong: the receiver throws it away"
		}
		return fmt.Sprintf("an ACK at once that stays where it was: the timestamp of packet %d is too old, its data is thrown away (PAWS, RFC 7323)", m.Ref)
	case record.MomentReusedTuple:
		f.old = m.Ref
		if m.Ref == 0 {
			return "a SYN with another number: a new connection on the same addresses and ports"
		}
		return fmt.Sprintf("a SYN with another number: a new connection on the addresses and ports of #%d (its packets: --why %d)",
			m.Ref, m.Ref)
	}
	return ""
}

// unseenWords says what was acknowledged unseen: data, the FIN of an end that
// by now must have closed, or the one or the other.
func (f *teller) unseenWords(m *record.Moment, r *rung) string {
	what := say.Plural(m.N, "byte")
	hidden := m.End <= record.Resp && !f.finSent[m.End] && r.states[other(m.End)] == record.LastAck
	switch {
	case hidden && m.N == 1:
		return fmt.Sprintf("acknowledges the FIN of %s, which closed first; the capture never saw that FIN", the(m.End))
	case hidden:
		what = fmt.Sprintf("%s and the FIN of %s, which closed first,", say.Plural(m.N-1, "byte"), the(m.End))
	case m.N == 1:
		what = "a byte or a FIN"
	}
	words := "acknowledges " + what + " that the capture never saw"
	if f.told&(1<<record.MomentAckedUnseen) != 0 {
		return words
	}
	return words + ": missed by the capture, not lost in the network"
}

// other is the other end, or both for both.
func other(e record.End) record.End {
	if e <= record.Resp {
		return e.Peer()
	}
	return e
}
