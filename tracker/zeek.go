package tracker

import (
	"tcpwatch/capture"
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// zeek follows one connection the way Zeek does, for the conn_state and
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
type zeek struct {
	ends    [2]zeekEnd
	seen    [2]zeekSeen
	letters [maxHistory]byte
	n       uint8 // of letters
	partial bool  // the handshake was missed: Zeek does not trust its first numbers
}

// maxHistory bounds the history; what comes after is not told. The longest
// among the baselines of Zeek's own tests has 12 letters.
const maxHistory = 20

// zeekState is what Zeek knows of one end.
type zeekState uint8

const (
	zeekInactive    zeekState = iota // nothing from this end
	zeekSynSent                      // SYN
	zeekSynAckSent                   // SYN/ACK from the originator
	zeekPartial                      // segments, but no SYN
	zeekEstablished                  // SYN answered, or this end's SYN is the answer
	zeekClosed                       // FIN
	zeekReset                        // RST
)

// zeekSeen are the history letters that an end has, each told at most once
// (s, h, f, r again with another number only).
type zeekSeen uint8

const (
	seenSYN zeekSeen = 1 << iota // s or h, whichever came first
	seenFIN
	seenRST
	seenFINRST // i
	seenMulti  // q
	seenData
	seenACK
	sentFIN // a FIN in any company
)

// zeekEnd is one end: its sequence space counts from start, its SYN, whether
// that was seen or not.
type zeekEnd struct {
	start     uint32         // sequence number of its SYN, or one before the first number seen
	last      reassembly.Seq // one past the last it sent, and
	ack       reassembly.Seq // the highest acknowledgment of it; both are the low 32 bits,
	lastTurns uint16         // with how often they passed 2^32
	ackTurns  uint16
	fin       reassembly.Seq // one past its FIN
	rst       reassembly.Seq // of its last RST
	stream    zeekStream
	counts    [nZeekCounts]uint16
	state     zeekState
	was       zeekState // the state before
}

// observe takes a segment of the connection, in order, duplicates included.
func (z *zeek) observe(from record.End, s *capture.Segment) {
	e, p := &z.ends[from], &z.ends[from^1]
	z.judgePartial(from, s.Flags)
	promised := e.start // what the peer acknowledged, if it did
	z.start(e, s)
	base, under := e.place(s.Seq, e.last, e.lastTurns)
	z.tell(from, s, base)
	if s.Flags.Has(capture.FIN) {
		e.fin = base.Add(zeekLen(s))
		z.seen[from] |= sentFIN
	}

	ack, acked := reassembly.Seq(0), false
	if s.Flags.Has(capture.ACK) {
		if p.state == zeekInactive {
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
		e.stream.put(reassembly.Max(base, e.ack), base.Add(s.Len))
	}
}

// zeekLen is the sequence space a segment takes. Payload of a RST is none.
func zeekLen(s *capture.Segment) uint32 {
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
func (z *zeek) judgePartial(from record.End, f capture.Flags) {
	switch {
	case z.seen[from] != 0:
	case from == record.Orig:
		z.partial = !f.Has(capture.SYN) || f.Has(capture.ACK)
	case !z.partial:
		z.partial = !f.Has(capture.SYN)
	}
}

// begin counts the end's sequence space from seq on.
func (e *zeekEnd) begin(seq uint32) {
	e.start = seq
	e.last, e.ack, e.lastTurns, e.ackTurns = 0, 0, 0, 0
}

// start fixes where the sender's sequence space begins; a SYN before the end
// of the handshake, and (Zeek guesses that the first attempt failed) one
// within the connection, sets it anew.
func (z *zeek) start(e *zeekEnd, s *capture.Segment) {
	syn := s.Flags.Has(capture.SYN)
	switch e.state {
	case zeekInactive:
		e.stream.next = 1
		if !syn {
			e.begin(s.Seq - 1)
			e.last = 1 // so that the first segment is no repeat
			return
		}
	case zeekSynSent, zeekSynAckSent:
		syn = syn && s.Seq != e.start
	case zeekReset:
		// The RST that began the numbering may have been forged.
		syn = syn && e.was == zeekInactive
	case zeekClosed:
		return
	}
	if syn {
		e.begin(s.Seq)
		e.last = reassembly.Seq(zeekLen(s))
	}
}

// place is seq relative to the end's start; under when it lies before that.
// near and turns are a number of that end close to it.
func (e *zeekEnd) place(seq uint32, near reassembly.Seq, turns uint16) (rel reassembly.Seq, under bool) {
	rel = reassembly.Seq(seq - e.start)
	full := int64(turns)<<32 | int64(near)
	return rel, full+int64(rel.Sub(near)) < 0
}

// maxJump is how far the number of a SYN, a RST or an acknowledgment of 0 may
// lead before Zeek takes it for garbage.
const maxJump = 1 << 20

// acknowledge moves the end's highest acknowledgment on; ok is false when the
// number lies before the end's start. A RST's acknowledgment moves nothing.
func (e *zeekEnd) acknowledge(s *capture.Segment) (ack reassembly.Seq, ok bool) {
	ack, under := e.place(s.Ack, e.ack, e.ackTurns)
	if under {
		return 0, false
	}
	ahead := ack.Sub(e.ack)
	if s.Flags.Has(capture.RST) || ahead <= 0 || s.Ack == 0 && ahead > maxJump {
		return ack, true
	}
	if ack < e.ack {
		e.ackTurns++
	}
	e.ack = ack
	return ack, true
}

// advance moves the sender's last number on, and notes payload that does not:
// Zeek's retransmission ('t').
func (z *zeek) advance(from record.End, s *capture.Segment, base reassembly.Seq) {
	e := &z.ends[from]
	last := base.Add(zeekLen(s))
	ahead := last.Sub(e.last)
	switch {
	case s.Flags.Any(capture.SYN|capture.RST) && (ahead > maxJump || ahead < -maxJump):
	case s.Flags.Has(capture.FIN) && e.last == 1 && e.lastTurns == 0:
		// Only SYN and FIN were seen of a connection that may be larger than 2 GB.
		e.last = last
	case e.state == zeekReset:
	case ahead > 0:
		if last < e.last {
			e.lastTurns++
		}
		e.last = last
	case s.Len > 0:
		z.count(from, countRetx)
	}
}

// bytes is Zeek's size of what an end sent: from its SYN to the later of what
// it sent last and what was acknowledged, less the octets of SYN and FIN.
func (z *zeek) bytes(of record.End) uint64 {
	e, p := &z.ends[of], &z.ends[of^1]
	last := uint64(e.lastTurns)<<32 | uint64(e.last)
	ack := uint64(e.ackTurns)<<32 | uint64(e.ack)
	if e.was == zeekSynSent && e.state == zeekReset && p.state == zeekInactive && ack > 1 {
		// A half-open connection was found out: these numbers are of another one.
		return 0
	}
	n := max(last, ack)
	if n > 0 {
		n-- // SYN
	}
	if n > 0 && z.seen[of]&sentFIN != 0 {
		n--
	}
	return n
}
