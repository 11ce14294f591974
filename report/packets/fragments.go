package packets

import (
	"bytes"
	"slices"

	"tcpwatch/capture"
)

// maxHeld is how many bytes of fragments wait for the rest of their datagram.
const maxHeld = 16 << 20

// fragments holds the packets of datagrams that are not complete, because only
// then it shows whether they are of a connection that is extracted. The oldest
// make room.
type fragments struct {
	pieces map[uint64][]capture.Packet // by datagram
	order  []uint64                    // datagrams by age; some may be gone
	bytes  int
	lost   uint64 // packets that made room
}

// hold keeps a copy of a packet.
func (f *fragments) hold(datagram uint64, p *capture.Packet) {
	if f.pieces == nil {
		f.pieces = make(map[uint64][]capture.Packet)
	}
	if _, ok := f.pieces[datagram]; !ok {
		f.order = append(f.order, datagram)
	}
	kept := *p
	kept.Data = bytes.Clone(p.Data)
	f.pieces[datagram] = append(f.pieces[datagram], kept)
	f.bytes += heldSize(&kept)
	for f.bytes > maxHeld && len(f.order) > 0 {
		oldest := f.order[0]
		f.order = f.order[1:]
		f.lost += uint64(len(f.take(oldest)))
	}
}

// heldSize is what a packet takes, about.
func heldSize(p *capture.Packet) int { return len(p.Data) + 128 }

// take hands out what waits of a datagram.
func (f *fragments) take(datagram uint64) []capture.Packet {
	pieces := f.pieces[datagram]
	for i := range pieces {
		f.bytes -= heldSize(&pieces[i])
	}
	delete(f.pieces, datagram)
	if len(f.pieces) == 0 {
		f.order = f.order[:0]
	}
	return pieces
}

// holds reports whether a packet is one of those that wait of a datagram.
func (f *fragments) holds(datagram, packet uint64) bool {
	return slices.ContainsFunc(f.pieces[datagram], func(p capture.Packet) bool { return p.Number == packet })
}

// drop forgets what waits of a datagram.
func (f *fragments) drop(datagram uint64) { f.take(datagram) }
