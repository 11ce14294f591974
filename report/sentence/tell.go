package sentence

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// tellOnce is the set of kinds whose sentence is told at the first row only.
const tellOnce = 1<<record.MomentDuplicate | 1<<record.MomentHalfCloseData

// tell adds the sentences of s to its row.
func (f *Teller) tell(r *Told, s *record.Step) {
	for i := range s.Moments {
		if len(r.Words) >= MaxWords {
			break
		}
		m := &s.Moments[i]
		if f.told&r.Kinds&tellOnce&(1<<m.Kind) != 0 {
			continue
		}
		if words := f.sentence(m, r, s); words != "" {
			r.Words = append(r.Words, words)
		}
	}
	f.told |= r.Kinds
	if s.Segment == nil && s.Quote == nil && len(s.Moments) == 0 {
		r.Words = append(r.Words, f.timePassed(s))
	}
}

// timePassed says what an edge that time drove means.
func (f *Teller) timePassed(s *record.Step) string {
	for e := range s.Before {
		if s.Before[e] == record.TimeWait && s.After[e] == record.Closed {
			return fmt.Sprintf("2MSL = %s passed: TIME-WAIT ends", f.Phrases.Span(2*f.Phrases.MSL))
		}
	}
	return "time passed without a packet"
}

// has reports whether the row holds a moment of kind k as well.
func (r *Told) has(k record.MomentKind) bool { return r.Kinds&(1<<k) != 0 }

// sentence says what m means; "" when another sentence of the row says it.
func (f *Teller) sentence(m *record.Moment, r *Told, s *record.Step) string {
	switch k := m.Kind; {
	case k <= record.MomentMidstream:
		return f.openSentence(m, r)
	case k <= record.MomentHalfCloseData:
		return f.closeSentence(m, r)
	case k <= record.MomentChallengeACK:
		return f.resetSentence(m, r, s)
	case k <= record.MomentWindowProbe:
		return f.waitSentence(m)
	default:
		return f.streamSentence(m, r)
	}
}

func (f *Teller) openSentence(m *record.Moment, r *Told) string {
	w := f.Phrases
	switch m.Kind {
	case record.MomentSYNAgain:
		f.spread, f.oldAnswered = m.Since, f.oldAnswered || m.M != 0
		return f.again("SYN", m, f.whySYNAgain(m))
	case record.MomentSYNACKAgain:
		if m.ThirdACKSeen {
			return f.again("SYN/ACK", m, "the capture saw the handshake's final ACK; it was lost on its way to the server, or the accept queue"+
				" is full, or the server waits for data (deferred accept)")
		}
		return f.again("SYN/ACK", m, "the handshake's final ACK was not seen")
	case record.MomentEstablished:
		words := "handshake complete"
		if r.has(record.MomentSimultaneousOpen) {
			words = "established"
		}
		o := openRepeats{syns: uint32(m.N), synacks: uint32(m.M), answersFirst: f.answersFirst, oldAnswered: f.oldAnswered, old: f.old, spread: f.spread}
		lost := o.lost()
		if m.Span > 0 && lost != "" {
			words += " only"
		}
		if m.Span > 0 {
			words += " after " + w.Span(m.Span)
		}
		if lost != "" {
			words += ", because " + lost
		}
		f.third = true
		return words
	case record.MomentSimultaneousOpen:
		return "both ends sent a SYN: simultaneous open"
	case record.MomentFastOpen:
		return fmt.Sprintf("fast open: %s accepted with the SYN", say.Plural(m.N, "byte"))
	case record.MomentRefused:
		return "a RST answers the SYN: refused; " + ResetCause(record.ResetRefused)
	case record.MomentUnreachable:
		return "the SYN could not be delivered: unreachable"
	case record.MomentICMP:
		return "the error concerns a segment of this connection; it does not end the connection"
	case record.MomentMidstream:
		return "the capture began after the connection did: states are inferred"
	}
	return ""
}

// whySYNAgain says what made the opener send its SYN again.
func (f *Teller) whySYNAgain(m *record.Moment) string {
	switch {
	case m.M != 0:
		s := fmt.Sprintf("%s still had %s and answered with its ACK (packet %d)", The(other(m.End)), oldConnection(f.old), m.M)
		if m.To == record.Closed {
			s += "; " + The(m.End) + " reset it"
		}
		return s
	case f.answered:
		return "the SYN/ACK had not arrived"
	case m.Since > 0 && m.Since < shortestRTO:
		return "too early for a loss"
	}
	return "no answer was seen"
}

// oldConnection names an older connection on the same addresses and ports; 0
// is one whose number is not known.
func oldConnection(id uint64) string {
	if id == 0 {
		return "an older connection"
	}
	return fmt.Sprintf("the old connection #%d", id)
}

// again says that what was retransmitted, and why; the reason of the row before is not
// repeated.
func (f *Teller) again(what string, m *record.Moment, why string) string {
	s := resentWords(what+" retransmission", m, f.Phrases)
	if m.N > 1 && f.why == why {
		return s
	}
	f.why = why
	return s + ": " + why
}

// resentWords names a retransmission, which one it is and how long after the first.
func resentWords(what string, m *record.Moment, w Phrases) string {
	s := what
	if m.N > 1 {
		s += " " + say.Thousands(m.N)
	}
	if m.Since > 0 {
		s += ", " + w.Span(m.Since) + " after the first"
		if m.Ref > 0 {
			s += fmt.Sprintf(" (packet %d)", m.Ref)
		}
	}
	return s
}

func (f *Teller) closeSentence(m *record.Moment, r *Told) string {
	w, peer := f.Phrases, m.End
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
		case first && m.End <= record.Resp && r.States[m.End] == record.LastAck:
			if r.has(record.MomentAckedUnseen) {
				return fmt.Sprintf("%s closes too (passive close)", The(m.End))
			}
			return fmt.Sprintf("%s closed first, but its FIN was not captured; %s closes too (passive close)", The(peer), The(m.End))
		case first && m.M == 1:
			return fmt.Sprintf("%s closes: it sends no more data; the other FIN may have passed before the capture began", The(m.End))
		case first:
			return fmt.Sprintf("%s closes first (active close): it sends no more data", The(m.End))
		case r.has(record.MomentFINAcked):
			return fmt.Sprintf("%s acknowledges the FIN and closes too, in one segment", The(m.End))
		}
		return fmt.Sprintf("%s closes too (passive close)", The(m.End))
	case record.MomentFINAcked:
		switch {
		case r.has(record.MomentClosed), r.has(record.MomentFIN), r.has(record.MomentSimultaneousClose):
			return ""
		case m.M == 1, m.End <= record.Resp && f.finSent[peer]:
			return fmt.Sprintf("the FIN of %s is acknowledged", The(m.End))
		}
		return fmt.Sprintf("the FIN of %s is acknowledged: half-closed, %s may still send", The(m.End), The(peer))
	case record.MomentFINAgain:
		if r.has(record.MomentLastACKLost) {
			return ""
		}
		if m.M == 0 {
			return f.again("FIN", m, "no ACK of it was captured")
		}
		return f.again("FIN", m, "the capture saw its ACK, which was lost or late")
	case record.MomentLastACKLost:
		return "FIN retransmission: the last ACK was lost, 2MSL restarts"
	case record.MomentTimeWait:
		until := ""
		switch {
		case m.Span > 0 && r.Untimed:
			until = " for 2MSL = " + w.Span(m.Span)
		case m.Span > 0:
			until = fmt.Sprintf(" for 2MSL = %s, until %s", w.Span(m.Span), w.TimeOfDay(r.Time+m.Span))
		}
		return "TIME-WAIT held by " + The(m.End) + until
	case record.MomentTimeWaitRestart:
		if r.has(record.MomentLastACKLost) {
			return ""
		}
		return "2MSL restarts"
	case record.MomentTimeWaitReuse:
		return "a new SYN ends TIME-WAIT: the addresses and ports are reused"
	case record.MomentSimultaneousClose:
		return "the FINs crossed: simultaneous close, both ends go through CLOSING to TIME-WAIT"
	case record.MomentClosed:
		words := "closed"
		if m.N > 0 {
			words += " in " + say.Plural(m.N, "segment")
		}
		if m.Span > 0 {
			words = comma(words, w.Span(m.Span)+" after the first FIN")
		}
		return words + ": both FINs are acknowledged"
	case record.MomentHalfCloseData:
		return fmt.Sprintf("%s after the other end's FIN: half-close, which is legal", say.Plural(m.N, "byte"))
	}
	return ""
}

// openedBy is the segment with which an end takes part in a handshake.
func openedBy(e record.End) string {
	if e == record.Orig {
		return "SYN"
	}
	return "SYN/ACK"
}

func (f *Teller) waitSentence(m *record.Moment) string {
	w := f.Phrases
	after := ""
	if m.Span > 0 {
		after = " after " + w.Span(m.Span)
	}
	switch m.Kind {
	case record.MomentKeepalive:
		if m.N <= 1 {
			return "keepalive probe" + after + " of idle time"
		}
		return fmt.Sprintf("keepalive probe %s%s: no answer yet", say.Thousands(m.N), after)
	case record.MomentKeepaliveAnswer:
		return "the probe is answered" + after + ": " + The(m.End) + " is alive"
	case record.MomentKeepaliveDead:
		return fmt.Sprintf("%s unanswered: %s gives up and resets the connection", say.Plural(m.N, "keepalive probe"), The(m.End))
	case record.MomentZeroWindow:
		return fmt.Sprintf("zero window: the program of %s does not read, %s must wait", The(m.End), The(other(m.End)))
	case record.MomentZeroWindowEnd:
		return "window update: " + The(m.End) + " can receive again" + after
	case record.MomentWindowProbe:
		return fmt.Sprintf("zero-window probe %s", say.Thousands(m.N))
	}
	return ""
}

func (f *Teller) streamSentence(m *record.Moment, r *Told) string {
	switch m.Kind {
	case record.MomentRetransmission:
		return resentWords("retransmission of "+say.Plural(m.N, "byte"), &record.Moment{Since: m.Since, Ref: m.Ref}, f.Phrases)
	case record.MomentOutOfOrder:
		return "out of order: it fills a gap"
	case record.MomentConflict:
		return fmt.Sprintf("other bytes than packet %d has under the same sequence number, both with a right checksum", m.Ref)
	case record.MomentGap:
		return say.Plural(m.N, "byte") + " missing before this segment"
	case record.MomentAckedUnseen:
		return f.unseenWords(m, r)
	case record.MomentRetracted:
		if back := [3]uint8{uint8(m.End), uint8(m.From), uint8(m.To)}; f.takenBack != back {
			f.takenBack = back
			return fmt.Sprintf("retracted: %s did not reach %s, it is still in %s", The(m.End), State(m.From), State(m.To))
		}
	case record.MomentUnknownSegment:
		return "no rule of RFC 9293 explains this segment: no state changes"
	case record.MomentDuplicate:
		if m.M == 1 {
			return "left out: its file was captured at another place and holds the same packets again"
		}
		if m.M == 2 {
			return "the same again, within 5 ms and without IP identification: captured twice, or sent twice"
		}
		return "duplicate: the packet was captured twice (at a mirror port, or on two interfaces)"
	case record.MomentDataRefused:
		if m.M == 2 {
			return "its TCP checksum is wrong: the receiver discards it"
		}
		return fmt.Sprintf("an immediate duplicate ACK: the timestamp of packet %d is too old, so its data is discarded (PAWS, RFC 7323)", m.Ref)
	case record.MomentOldAnswer:
		return fmt.Sprintf("an ACK of an older connection on the same addresses and ports, which was not captured: %s still had it", The(m.End))
	case record.MomentOldReset:
		return The(m.End) + " does not know that connection and resets it: this RST does not concern the new one"
	case record.MomentReusedTuple:
		f.old = m.Ref
		if m.Ref == 0 {
			return "a SYN with a new sequence number: a new connection on the same addresses and ports"
		}
		return fmt.Sprintf("a SYN with a new sequence number: a new connection on the addresses and ports of #%d", m.Ref)
	}
	return ""
}

// unseenWords says what was acknowledged unseen: data, the FIN of an end that
// by now must have closed, or the one or the other.
func (f *Teller) unseenWords(m *record.Moment, r *Told) string {
	what := say.Plural(m.N, "byte")
	hidden := m.End <= record.Resp && !f.finSent[m.End] && r.States[other(m.End)] == record.LastAck
	switch {
	case hidden && m.N == 1:
		return fmt.Sprintf("acknowledges the FIN of %s, which closed first; that FIN was not captured", The(m.End))
	case hidden:
		what = fmt.Sprintf("%s and the FIN of %s, which closed first,", say.Plural(m.N-1, "byte"), The(m.End))
	case m.N == 1:
		what = "a byte or a FIN"
	}
	words := "acknowledges " + what + " that the capture did not see"
	if f.told&(1<<record.MomentAckedUnseen) != 0 {
		return words
	}
	return words + ": not captured, but not lost in the network"
}

// other is the other end, or both for both.
func other(e record.End) record.End {
	if e <= record.Resp {
		return e.Peer()
	}
	return e
}
