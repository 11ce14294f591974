package sentence

import (
	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// MaxWords bounds the sentences of a step.
const MaxWords = 8

// Told is a step of a connection, and what there is to say of it: a segment, an ICMP
// error, or an edge that time drove.
type Told struct {
	Packet           uint64
	Time             int64
	Untimed          bool // that is not known
	From             record.End
	Flags            capture.Flags
	Seq, Ack, Length uint32
	ZeroWindow       bool
	Offered          record.Opt[uint32] // the window that it offers, bytes
	Window           record.Opt[uint32] // the same where it matters
	SACK             string             // blocks: "sack 2921:4381", "dsack 1:1461"
	Label            string             // of an ICMP error; the arrow's text
	Arrow            bool
	States           [2]record.State
	Bases            [2]record.Basis
	Kinds            uint64 // set of record.MomentKind
	Words            []string
}

// Teller finds the words for the packets of one connection, in order, and
// remembers of them what later words depend on. It is small: there may be one
// for each connection that is open.
type Teller struct {
	Phrases      Phrases
	finSent      [2]bool
	answered     bool               // a SYN/ACK passed
	synTime      record.Opt[uint32] // TSval of the first SYN
	answersFirst bool               // a SYN/ACK echoes synTime: the first SYN arrived
	old          uint64             // ID of an older connection on these endpoints, 0 for none
	oldAnswered  bool               // it answered the SYN
	spread       int64              // from the first SYN to the last
	third        bool               // the third ACK passed
	challenged   record.End         // sent a challenge ACK
	ttl          [2]record.Opt[uint8]
	firstTTL     [2]record.Opt[uint8] // of its SYN or SYN/ACK
	windows      [2]windows
	why          string   // of the last segment that was sent again
	takenBack    [3]uint8 // end, from and to of the last edge taken back
	told         uint64   // kinds whose sentence is told only once, and was
}

// NewTeller returns a Teller that has seen nothing of its connection. Without an MSL
// it is 30 s.
func NewTeller(p Phrases) Teller {
	if p.MSL <= 0 {
		p.MSL = 30e9
	}
	return Teller{Phrases: p, challenged: record.NoEnd,
		takenBack: [3]uint8{uint8(record.NoEnd)}}
}

// Take takes a step and tells it, sentences included.
func (f *Teller) Take(s *record.Step) Told {
	r := Told{Time: s.Time, Untimed: s.Untimed, From: s.From, States: s.After, Bases: s.AfterBasis}
	switch {
	case s.Segment != nil:
		g := s.Segment
		r.Arrow = true
		r.Packet, r.Flags, r.Length = g.Packet, g.Flags, g.Len
		r.Seq, r.Ack = s.RelSeq, s.RelAck
		r.ZeroWindow = g.Window == 0 && !g.Flags.Any(capture.RST|capture.SYN)
		r.Offered, r.Window = f.window(g, s.From)
		r.SACK = blocks(g, s.RelAck)
	case s.Quote != nil:
		q := s.Quote
		r.Arrow = true
		r.Packet = q.Packet
		// The error goes to the sender of the segment that it quotes.
		r.From = record.Resp
		if q.Src == s.Resp {
			r.From = record.Orig
		}
		r.Label = say.ICMPError(q.V6, q.Type, q.Code)
		r.Words = append(r.Words, "an error sent by "+q.From.String())
	}
	for i := range s.Moments {
		if k := s.Moments[i].Kind; k < 64 {
			r.Kinds |= 1 << k
		}
	}
	f.tell(&r, s)
	f.takeSYN(s.Segment, s.From)
	if g := s.Segment; g != nil && !g.Flags.Has(capture.RST) && s.From <= record.Resp {
		f.ttl[s.From] = record.Some(g.TTL)
		if g.Flags.Has(capture.SYN) {
			f.firstTTL[s.From] = record.Some(g.TTL)
		}
	}
	return r
}

// takeSYN remembers what SYN and SYN/ACK tell about which of them arrived.
func (f *Teller) takeSYN(g *capture.Segment, from record.End) {
	if g == nil || !g.Flags.Has(capture.SYN) {
		return
	}
	if from <= record.Resp {
		f.windows[from].learn(g)
	}
	stamped := g.Options&capture.OptTimestamps != 0
	if !g.Flags.Has(capture.ACK) {
		if stamped && !f.synTime.OK && !f.answered {
			f.synTime = record.Some(g.TSVal)
		}
		return
	}
	f.answered = true
	if stamped && f.synTime.OK && g.TSEcr == f.synTime.V {
		f.answersFirst = true
	}
}
