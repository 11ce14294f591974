package zeek

import (
	"bytes"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

func (e *Endpoint) enter(s State) {
	if s != e.State {
		e.Was, e.State = e.State, s
	}
}

// step moves the sender's state, and with it perhaps its peer's. promised: the
// segment's number is the one that the peer has acknowledged already.
func (z *Conn) step(from record.End, s *capture.Segment, promised bool) {
	e, p := &z.Ends[from], &z.Ends[from^1]
	switch e.State {
	case inactive:
		z.first(from, s, promised)
	case synSent, synAckSent:
		if s.Flags.Has(capture.FIN) {
			e.enter(closed)
		}
		if s.Flags.Has(capture.RST) {
			e.enter(reset)
		}
	case partial, established:
		e.going(p, s.Flags)
	case closed:
		// After both FINs a RST changes nothing.
		if s.Flags.Has(capture.RST) && p.State != closed {
			e.enter(reset)
		}
	case reset: // nothing leads out of it but the peer's FIN
	}
}

// first is the first segment that counts of an end.
func (z *Conn) first(from record.End, s *capture.Segment, promised bool) {
	e, p := &z.Ends[from], &z.Ends[from^1]
	ack := s.Flags.Has(capture.ACK)
	if s.Flags.Has(capture.SYN) {
		z.opens(from, ack, promised)
	}
	if s.Flags.Has(capture.FIN) {
		e.enter(closed)
	}
	if s.Flags.Has(capture.RST) {
		e.enter(reset)
	}
	if e.State != inactive {
		return
	}
	switch {
	case from == record.Resp && s.Len == 0 && p.State == synSent:
		// Some answer a SYN with an ACK before their SYN/ACK.
	case ack && p.State == established:
		// The SYN/ACK was seen, the SYN was not.
		e.enter(established)
		z.Partial = false
	default:
		e.enter(partial)
	}
}

// opens takes an end's SYN or SYN/ACK.
func (z *Conn) opens(from record.End, ack, promised bool) {
	e, p := &z.Ends[from], &z.Ends[from^1]
	switch {
	case from == record.Resp:
		if p.State == synSent {
			p.enter(established)
		}
		e.enter(established)
	case ack:
		e.enter(synAckSent)
	case promised && p.State == established:
		// The capture has SYN and SYN/ACK in the wrong order.
		e.enter(established)
		z.Partial = false
	default:
		e.enter(synSent)
	}
}

// going is a segment of an end that is established, or was met midway.
func (e *Endpoint) going(p *Endpoint, f capture.Flags) {
	if f.Has(capture.SYN) && !f.Has(capture.ACK) && e.State == partial && p.State == inactive {
		e.enter(synSent)
	}
	if f.Has(capture.RST) {
		e.enter(reset)
	} else if f.Has(capture.FIN) {
		e.enter(closed)
		if p.State == reset && p.Was == closed {
			// The peer's RST came after its FIN: a normal close after all.
			p.enter(closed)
		}
	}
}

// ConnState is Zeek's conn_state as of the last segment.
func (z *Conn) ConnState() string {
	o, r := z.Ends[record.Orig].State, z.Ends[record.Resp].State
	unseen := func(s State) bool { return s == inactive || s == partial }
	pick := func(c bool, yes, no string) string {
		if c {
			return yes
		}
		return no
	}
	switch {
	case r == reset:
		if o == synSent || o == synAckSent || o == reset && z.bytes(record.Orig) == 0 && z.bytes(record.Resp) == 0 {
			return "REJ"
		}
		return pick(unseen(o), "RSTRH", "RSTR")
	case o == reset && unseen(r):
		return pick(z.onlySYNThenRST(), "RSTOS0", "OTH")
	case o == reset:
		return "RSTO"
	case o == closed && r == closed:
		return "SF"
	case o == closed:
		return pick(unseen(r), "SH", "S2")
	case r == closed:
		return pick(unseen(o), "SHR", "S3")
	case o == synSent && r == inactive:
		return "S0"
	case o == established && r == established:
		return "S1"
	}
	return "OTH"
}

// onlySYNThenRST reports whether the originator's history begins with its SYN
// and holds nothing that shows more than an attempt before its RST.
func (z *Conn) onlySYNThenRST() bool {
	h := bytes.TrimPrefix(z.Letters[:z.NLetters], []byte{'^'})
	if len(h) == 0 || h[0] != 'S' {
		return false
	}
	i := bytes.IndexAny(h, "HAFGIQR")
	return i >= 0 && h[i] == 'R'
}
