package tracker

import (
	"tcpwatch/reassembly"
	"tcpwatch/tracker/record"
)

// unscaled tells of an end's new data by whether it reaches beyond the other end's window as
// it stands in the header: what takes the scale of RFC 7323 section 2 for none (a
// firewall that did not see it) drops all that does.
type unscaled struct {
	within, beyond         uint32 // segments sent
	withinLost, beyondLost uint32 // of those, segments that were sent again because they were lost
	least                  uint32 // payload of the smallest of those lost beyond
	lostAt                 uint64 // packet of the first repeat of one of them
}

// reaches notes new data of an end up to to, which is the last in its flight.
func (x *sender) reaches(e, p *endpoint, to reassembly.Seq) {
	shift, known := p.shift(e)
	if !known || shift == 0 || p.window == 0 || !e.stream.Acked() || x.flight.Len() == 0 {
		return
	}
	if uint32(to-e.stream.Una()) <= uint32(p.window) {
		x.unscaled.within++
		return
	}
	x.unscaled.beyond++
	x.flight.At(x.flight.Len() - 1).Far = true
}

// lose notes that a segment was sent again for the first time because it was lost.
func (x *unscaled) lose(was reassembly.Sent, packet uint64) {
	switch {
	case was.Times > 1:
	case was.Far:
		x.beyondLost++
		if x.least == 0 || was.Len() < x.least {
			x.least = was.Len()
		}
		noteFirst(&x.lostAt, packet)
	default:
		x.withinLost++
	}
}

// unscaled walks over it.
func (w *packer[W]) unscaled(n int, x *unscaled, c *conn) int {
	there := *x != unscaled{}
	if n = w.flag(n, &there); !there {
		return n
	}
	for _, v := range [...]*uint32{&x.within, &x.beyond, &x.withinLost, &x.beyondLost, &x.least} {
		n = number(w, n, v)
	}
	return w.packet(n, &x.lostAt, c.lastPacket)
}

func (x *unscaled) fill(r *record.UnscaledRecord) {
	if x.beyond > 0 {
		*r = record.UnscaledRecord{Within: x.within, WithinLost: x.withinLost, Beyond: x.beyond, BeyondLost: x.beyondLost, Least: x.least, Packet: x.lostAt}
	}
}
