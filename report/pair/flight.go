package pair

import (
	"tcpwatch/tracker/record"
)

// load reads the packets of a pair.
func (x *comparison) load(p *Pair) (err error) {
	if x.bufs[0], err = x.A.load(p.A, x.bufs[0]); err == nil {
		x.bufs[1], err = x.B.load(p.B, x.bufs[1])
	}
	return err
}

// fly divides the packets of a pair by direction.
func (x *comparison) fly(p *Pair) {
	for d := range x.flights {
		f := &x.flights[d]
		sender := record.End(d) // Forth: what the originator sends
		near, far := x.bufs[0], x.bufs[1]
		nearEnd, farEnd := sender, p.endAt(sender)
		nearConn, farConn := p.A, p.B
		if d == Back {
			near, far, nearEnd, farEnd, nearConn, farConn = far, near, farEnd, nearEnd, farConn, nearConn
		}
		f.sentBase, f.gotBase = bases(nearConn.ISN[nearEnd], farConn.ISN[farEnd])
		f.sentAck, f.gotAck = bases(nearConn.ISN[nearEnd.Peer()], farConn.ISN[farEnd.Peer()])
		f.remade = differ(nearConn.ISN[nearEnd], farConn.ISN[farEnd]) || differ(nearConn.ISN[nearEnd.Peer()], farConn.ISN[farEnd.Peer()])
		f.sent = pick(f.sent, near, nearEnd, mirrored(near))
		f.got = pick(f.got, far, farEnd, mirrored(far))
		f.doubles = 4*copies(far, farEnd.Peer()) < copies(far, farEnd)
		f.acknowledge(far, uint8(farEnd))
		f.hear(near, uint8(nearEnd))
	}
}

// bases are the initial sequence numbers by place; where one is unknown, nothing rewrote it.
func bases(sent, got record.Opt[uint32]) (uint32, uint32) {
	if !sent.OK || !got.OK {
		return 0, 0
	}
	return sent.V, got.V
}

// pick gives the packets of one end in the memory of to, without those that have one of the marks.
func pick(to, all []packet, end record.End, without packetMarks) []packet {
	to = to[:0]
	for i := range all {
		if all[i].end == uint8(end) && all[i].marks&without == 0 {
			to = append(to, all[i])
		}
	}
	return to
}

// mirrored is the mark of copies where the capture made one of nearly every packet, as one of all
// interfaces does: then they are none that the path made.
func mirrored(all []packet) packetMarks {
	if n := copies(all, record.Orig) + copies(all, record.Resp); 10*n >= 9*(len(all)-n) {
		return copied
	}
	return 0
}

// copies is how many packets of an end are marked as copies.
func copies(all []packet, end record.End) (n int) {
	for i := range all {
		if all[i].end == uint8(end) && all[i].marks&copied != 0 {
			n++
		}
	}
	return n
}

// unitOf is the payload of a full segment in a direction, by what its receiver offered.
func unitOf(p *Pair, d int, f *flight) uint32 {
	const ethernet = 1460 // without an offer that was captured
	receiver := record.End(d).Peer()
	unit := uint32(0)
	for _, o := range [...]*Offer{&p.A.Offers[receiver], &p.B.Offers[p.endAt(receiver)]} {
		if o.MSS.OK && o.MSS.V > 0 && (unit == 0 || uint32(o.MSS.V) < unit) {
			unit = uint32(o.MSS.V)
		}
	}
	if unit == 0 {
		unit = ethernet
	}
	if len(f.sent) > 0 && f.sent[len(f.sent)-1].marks&hasTS != 0 {
		const timestamps = 12 // RFC 7323 appendix A
		unit -= min(timestamps, unit-1)
	}
	return unit
}
