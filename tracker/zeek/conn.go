package zeek

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// Conn follows one connection the way Zeek does, for the conn_state and
// history codes that many tools read. It is on purpose apart from the RFC 9293
// states: Zeek has seven states an end, moves on the bare flags, and never
// asks whether a segment was acceptable to its receiver.
//
// Facts are from Zeek's TCPSessionAdapter, TCP_Endpoint, TCP_Reassembler and
// conn/main.zeek. What is left out: its timers, which cut one connection into
// several; checksum errors ('c'; like zeek -C, since a capturing host often
// leaves the sums to its network card); its window-recision and other weirds.
//
// The zero value is ready. It is a value of fixed size without pointers.
type Conn struct {
	Ends     [2]Endpoint
	Seen     [2]Seen
	Letters  [MaxHistory]byte
	NLetters uint8 // of letters
	Partial  bool  // the handshake was missed: Zeek does not trust its first numbers
}

// MaxHistory bounds the history; what comes after is not told. The longest
// among the baselines of Zeek's own tests has 12 letters.
const MaxHistory = 20

// State is what Zeek knows of one end.
type State uint8

const (
	inactive    State = iota // nothing from this end
	synSent                  // SYN
	synAckSent               // SYN/ACK from the originator
	partial                  // segments, but no SYN
	established              // SYN answered, or this end's SYN is the answer
	closed                   // FIN
	reset                    // RST
)

// Seen are the history letters that an end has, each told at most once
// (s, h, f, r again with another number only).
type Seen uint8

const (
	seenSYN Seen = 1 << iota // s or h, whichever came first
	seenFIN
	seenRST
	seenFINRST // i
	seenMulti  // q
	seenData
	seenACK
	sentFIN // a FIN in any company
)

// Endpoint is one end: its sequence space counts from start, its SYN, whether
// that was seen or not.
type Endpoint struct {
	Start     uint32         // sequence number of its SYN, or one before the first number seen
	Last      reassembly.Seq // one past the last it sent, and
	Ack       reassembly.Seq // the highest acknowledgment of it; both are the low 32 bits,
	LastTurns uint16         // with how often they passed 2^32
	AckTurns  uint16
	FIN       reassembly.Seq // one past its FIN
	RST       reassembly.Seq // of its last RST
	Stream    Stream
	Counts    [NCounts]uint16
	State     State
	Was       State // the state before
}

// Observe takes a segment of the connection, in order, duplicates included.
func (z *Conn) Observe(from record.End, s *capture.Segment) {
	e, p := &z.Ends[from], &z.Ends[from^1]
	if z.goesOn(from, s) {
		return
	}
	z.judgePartial(from, s.Flags)
	promised := e.Start // what the peer acknowledged, if it did
	z.start(e, s)
	base, under := e.place(s.Seq, e.Last, e.LastTurns)
	z.tell(from, s, base)
	if s.Flags.Has(capture.FIN) {
		e.FIN = base.Add(sequenceLen(s))
		z.Seen[from] |= sentFIN
	}

	ack, acked := reassembly.Seq(0), false
	if s.Flags.Has(capture.ACK) {
		if p.State == inactive {
			p.begin(s.Ack - 1) // as though its SYN had been seen
		} else {
			ack, acked = p.acknowledge(s)
		}
	}
	z.advance(from, s, base)
	z.step(from, s, s.Seq == promised)
	if acked {
		z.ackReceived(from^1, ack)
	}
	// A payload that the snaplen cut cannot be put together: Zeek leaves a hole.
	if s.Len > 0 && s.Captured >= s.Len && !under && !s.Flags.Has(capture.RST) {
		if s.Flags.Has(capture.SYN) {
			base++
		}
		e.Stream.put(reassembly.Max(base, e.Ack), base.Add(s.Len))
	}
}

// goesOn takes a segment that goes on where its end was, of an open connection on which
// both ends are as they were: all that Observe finds is how far they have come. It reports
// whether it is one.
func (z *Conn) goesOn(from record.End, s *capture.Segment) bool {
	e, p := &z.Ends[from], &z.Ends[from^1]
	base, ack := reassembly.Seq(s.Seq-e.Start), reassembly.Seq(s.Ack-p.Start)
	told := seenACK
	if s.Len > 0 {
		told = seenData
	}
	ahead := ack.Sub(p.Ack)
	if s.Flags&^capture.PSH != capture.ACK || s.Window == 0 || e.State != established || p.State != established ||
		z.Seen[from]&told == 0 || base != e.Last || ahead < 0 || ahead > maxJump || s.Len > maxJump {
		return false
	}
	if ack < p.Ack {
		p.AckTurns++
	}
	p.Ack = ack
	last := base.Add(s.Len)
	if last < base {
		e.LastTurns++
	}
	e.Last = last
	if !ack.LessEq(p.Stream.Next) {
		z.ackReceived(from^1, ack)
	}
	if s.Len > 0 && s.Captured >= s.Len {
		e.Stream.put(reassembly.Max(base, e.Ack), last)
	}
	return true
}

// sequenceLen is the sequence space a segment takes. Payload of a RST is none.
func sequenceLen(s *capture.Segment) uint32 {
	n := s.Len
	if s.Flags.Has(capture.RST) {
		n = 0
	}
	if s.Flags.Has(capture.SYN) {
		n++
	}
	if s.Flags.Has(capture.FIN) {
		n++
	}
	return n
}

// judgePartial decides, at the first segment of each end, whether the
// handshake was missed.
func (z *Conn) judgePartial(from record.End, f capture.Flags) {
	switch {
	case z.Seen[from] != 0:
	case from == record.Orig:
		z.Partial = !f.Has(capture.SYN) || f.Has(capture.ACK)
	case !z.Partial:
		z.Partial = !f.Has(capture.SYN)
	}
}

// begin counts the end's sequence space from seq on.
func (e *Endpoint) begin(seq uint32) {
	e.Start = seq
	e.Last, e.Ack, e.LastTurns, e.AckTurns = 0, 0, 0, 0
}

// start fixes where the sender's sequence space begins; a SYN before the end
// of the handshake, and (Zeek guesses that the first attempt failed) one
// within the connection, sets it anew.
func (z *Conn) start(e *Endpoint, s *capture.Segment) {
	syn := s.Flags.Has(capture.SYN)
	switch e.State {
	case inactive:
		e.Stream.Next = 1
		if !syn {
			e.begin(s.Seq - 1)
			e.Last = 1 // so that the first segment is no repeat
			return
		}
	case synSent, synAckSent:
		syn = syn && s.Seq != e.Start
	case reset:
		// The RST that began the numbering may have been forged.
		syn = syn && e.Was == inactive
	case closed:
		return
	}
	if syn {
		e.begin(s.Seq)
		e.Last = reassembly.Seq(sequenceLen(s))
	}
}

// place is seq relative to the end's start; under when it lies before that.
// near and turns are a number of that end close to it.
func (e *Endpoint) place(seq uint32, near reassembly.Seq, turns uint16) (rel reassembly.Seq, under bool) {
	rel = reassembly.Seq(seq - e.Start)
	full := int64(turns)<<32 | int64(near)
	return rel, full+int64(rel.Sub(near)) < 0
}

// maxJump is how far the number of a SYN, a RST or an acknowledgment of 0 may
// lead before Zeek takes it for garbage.
const maxJump = 1 << 20

// acknowledge moves the end's highest acknowledgment on; ok is false when the
// number lies before the end's start. A RST's acknowledgment moves nothing.
func (e *Endpoint) acknowledge(s *capture.Segment) (ack reassembly.Seq, ok bool) {
	ack, under := e.place(s.Ack, e.Ack, e.AckTurns)
	if under {
		return 0, false
	}
	ahead := ack.Sub(e.Ack)
	if s.Flags.Has(capture.RST) || ahead <= 0 || s.Ack == 0 && ahead > maxJump {
		return ack, true
	}
	if ack < e.Ack {
		e.AckTurns++
	}
	e.Ack = ack
	return ack, true
}

// advance moves the sender's last number on, and notes payload that does not:
// Zeek's retransmission ('t').
func (z *Conn) advance(from record.End, s *capture.Segment, base reassembly.Seq) {
	e := &z.Ends[from]
	last := base.Add(sequenceLen(s))
	ahead := last.Sub(e.Last)
	switch {
	case s.Flags.Any(capture.SYN|capture.RST) && (ahead > maxJump || ahead < -maxJump):
	case s.Flags.Has(capture.FIN) && e.Last == 1 && e.LastTurns == 0:
		// Only SYN and FIN were seen of a connection that may be larger than 2 GB.
		e.Last = last
	case e.State == reset:
	case ahead > 0:
		if last < e.Last {
			e.LastTurns++
		}
		e.Last = last
	case s.Len > 0:
		z.count(from, countRetx)
	}
}

// bytes is Zeek's size of what an end sent: from its SYN to the later of what
// it sent last and what was acknowledged, less the octets of SYN and FIN.
func (z *Conn) bytes(of record.End) uint64 {
	e, p := &z.Ends[of], &z.Ends[of^1]
	last := uint64(e.LastTurns)<<32 | uint64(e.Last)
	ack := uint64(e.AckTurns)<<32 | uint64(e.Ack)
	if e.Was == synSent && e.State == reset && p.State == inactive && ack > 1 {
		// A half-open connection was found out: these numbers are of another one.
		return 0
	}
	n := max(last, ack)
	if n > 0 {
		n-- // SYN
	}
	if n > 0 && z.Seen[of]&sentFIN != 0 {
		n--
	}
	return n
}

// Started reports whether anything is known of the end.
func (e *Endpoint) Started() bool { return *e != Endpoint{} }
