package tracker

import (
	"bytes"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

func (e *zeekEnd) enter(s zeekState) {
	if s != e.state {
		e.was, e.state = e.state, s
	}
}

// step moves the sender's state, and with it perhaps its peer's. promised: the
// segment's number is the one that the peer has acknowledged already.
func (z *zeek) step(from record.End, s *capture.Segment, promised bool) {
	e, p := &z.ends[from], &z.ends[from^1]
	switch e.state {
	case zeekInactive:
		z.first(from, s, promised)
	case zeekSynSent, zeekSynAckSent:
		if s.Flags.Has(capture.FIN) {
			e.enter(zeekClosed)
		}
		if s.Flags.Has(capture.RST) {
			e.enter(zeekReset)
		}
	case zeekPartial, zeekEstablished:
		e.going(p, s.Flags)
	case zeekClosed:
		// After both FINs a RST changes nothing.
		if s.Flags.Has(capture.RST) && p.state != zeekClosed {
			e.enter(zeekReset)
		}
	case zeekReset: // nothing leads out of it but the peer's FIN
	}
}

// first is the first segment that counts of an end.
func (z *zeek) first(from record.End, s *capture.Segment, promised bool) {
	e, p := &z.ends[from], &z.ends[from^1]
	ack := s.Flags.Has(capture.ACK)
	if s.Flags.Has(capture.SYN) {
		z.opens(from, ack, promised)
	}
	if s.Flags.Has(capture.FIN) {
		e.enter(zeekClosed)
	}
	if s.Flags.Has(capture.RST) {
		e.enter(zeekReset)
	}
	if e.state != zeekInactive {
		return
	}
	switch {
	case from == record.Resp && s.Len == 0 && p.state == zeekSynSent:
		// Some answer a SYN with an ACK before their SYN/ACK.
	case ack && p.state == zeekEstablished:
		// The SYN/ACK was seen, the SYN was not.
		e.enter(zeekEstablished)
		z.partial = false
	default:
		e.enter(zeekPartial)
	}
}

// opens takes an end's SYN or SYN/ACK.
func (z *zeek) opens(from record.End, ack, promised bool) {
	e, p := &z.ends[from], &z.ends[from^1]
	switch {
	case from == record.Resp:
		if p.state == zeekSynSent {
			p.enter(zeekEstablished)
		}
		e.enter(zeekEstablished)
	case ack:
		e.enter(zeekSynAckSent)
	case promised && p.state == zeekEstablished:
		// The capture has SYN and SYN/ACK in the wrong order.
		e.enter(zeekEstablished)
		z.partial = false
	default:
		e.enter(zeekSynSent)
	}
}

// going is a segment of an end that is established, or was met midway.
func (e *zeekEnd) going(p *zeekEnd, f capture.Flags) {
	if f.Has(capture.SYN) && !f.Has(capture.ACK) && e.state == zeekPartial && p.state == zeekInactive {
		e.enter(zeekSynSent)
	}
	if f.Has(capture.RST) {
		e.enter(zeekReset)
	} else if f.Has(capture.FIN) {
		e.enter(zeekClosed)
		if p.state == zeekReset && p.was == zeekClosed {
			// The peer's RST came after its FIN: a normal close after all.
			p.enter(zeekClosed)
		}
	}
}

// connState is Zeek's conn_state as of the last segment.
func (z *zeek) connState() string {
	o, r := z.ends[record.Orig].state, z.ends[record.Resp].state
	unseen := func(s zeekState) bool { return s == zeekInactive || s == zeekPartial }
	pick := func(c bool, yes, no string) string {
		if c {
			return yes
		}
		return no
	}
	switch {
	case r == zeekReset:
		if o == zeekSynSent || o == zeekSynAckSent || o == zeekReset && z.bytes(record.Orig) == 0 && z.bytes(record.Resp) == 0 {
			return "REJ"
		}
		return pick(unseen(o), "RSTRH", "RSTR")
	case o == zeekReset && unseen(r):
		return pick(z.onlySYNThenRST(), "RSTOS0", "OTH")
	case o == zeekReset:
		return "RSTO"
	case o == zeekClosed && r == zeekClosed:
		return "SF"
	case o == zeekClosed:
		return pick(unseen(r), "SH", "S2")
	case r == zeekClosed:
		return pick(unseen(o), "SHR", "S3")
	case o == zeekSynSent && r == zeekInactive:
		return "S0"
	case o == zeekEstablished && r == zeekEstablished:
		return "S1"
	}
	return "OTH"
}

// onlySYNThenRST reports whether the originator's history begins with its SYN
// and holds nothing that shows more than an attempt before its RST.
func (z *zeek) onlySYNThenRST() bool {
	h := bytes.TrimPrefix(z.letters[:z.n], []byte{'^'})
	if len(h) == 0 || h[0] != 'S' {
		return false
	}
	i := bytes.IndexAny(h, "HAFGIQR")
	return i >= 0 && h[i] == 'R'
}
