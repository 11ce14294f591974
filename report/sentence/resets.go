package sentence

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

func (f *Teller) resetSentence(m *record.Moment, r *Told, s *record.Step) string {
	switch m.Kind {
	case record.MomentReset:
		if r.has(record.MomentKeepaliveDead) {
			return ""
		}
		return f.resetWords(m, s)
	case record.MomentResetIgnored:
		switch m.M {
		case 3:
			return fmt.Sprintf("both ends go on after #%d, which is no RST but a damaged segment: its flags, or its checksum, are none that a TCP sends", m.Ref)
		case 2:
			return "no RST, but a damaged segment: its flags, or its checksum, are none that a TCP sends"
		case 1:
			return fmt.Sprintf("%s did not obey the RST #%d: it acknowledges what came after it", The(m.End.Peer()), m.Ref)
		}
		return "the receiver must ignore this RST: its sequence number is not the expected one (RFC 5961)"
	case record.MomentResetHarmless:
		return "RST after both FINs were acknowledged: harmless"
	case record.MomentChallengeACK:
		f.challenged = m.End
		return "challenge ACK (RFC 5961): it rejects that segment and repeats its own sequence numbers"
	}
	return ""
}

// resetWords says who sent a RST that ends the connection, in which state and why.
func (f *Teller) resetWords(m *record.Moment, s *record.Step) string {
	if m.End > record.Resp {
		return "reset" + because(ResetCause(m.Reset))
	}
	bare := s.Segment != nil && !s.Segment.Flags.Has(capture.ACK)
	in, cause := m.From, ResetCause(m.Reset)
	if in == record.Unknown {
		in = s.Before[m.End]
	}
	switch {
	case m.Reset == record.ResetMiddlebox:
		words := "reset by a middlebox, in the name of " + The(m.End)
		if own := f.ttl[m.End]; own.OK && s.Segment != nil {
			if first := f.firstTTL[m.End]; first.OK && first.V == s.Segment.TTL && own.V != first.V {
				return fmt.Sprintf("reset by what opened the connection in the name of %s: TTL %d as its %s, but that end's data has %d", The(m.End), first.V, openedBy(m.End), own.V)
			}
			words += fmt.Sprintf(": TTL %d, but that end's other packets have %d", s.Segment.TTL, own.V)
		}
		return words
	case f.third && m.End == record.Resp && in == record.SynReceived:
		cause = refusedLateCause
	case bare && f.challenged == m.End.Peer():
		cause = "it answers the challenge ACK, because it no longer knows the connection (it restarted, or opened a new one)"
	}
	if bare && m.M == 1 && m.Reset == record.ResetUnknown {
		cause = forgotten
	}
	at := ""
	if in != record.Unknown && in < record.NStates {
		at = " in " + in.String()
	}
	return "reset by " + The(m.End) + at + because(cause)
}
