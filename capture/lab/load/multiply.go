package load

import (
	"encoding/binary"
	"net/netip"

	"tcpwatch/capture/lab/wire"
)

// template is the Ethernet frames of one real IPv4 connection, its SYN first,
// to be copied with other addresses, ports and sequence numbers.
type template struct {
	frames []wire.Frame
	orig   netip.AddrPort
}

// guise is what a copy of a template has for its own.
type guise struct {
	orig         [4]byte
	origPort     uint16
	resp         [4]byte
	fromO, fromR uint32 // added to the sequence numbers of the originator and of the responder
}

// Offsets in a frame without VLAN tags and IP options, which the lab's have not.
const (
	atIPSum  = 24
	atSource = 26
	atTarget = 30
	atTCP    = 34
	atSeq    = atTCP + 4
	atAck    = atTCP + 8
	atFlags  = atTCP + 13
	atTCPSum = atTCP + 16
	endOfTCP = atTCP + 20
)

// templateOf takes the frames of one connection out of all.
func templateOf(frames []wire.Frame, orig netip.AddrPort) *template {
	t := &template{orig: orig}
	for _, f := range frames {
		s, ok := wire.ParseFrame(wire.Ethernet, f)
		if ok && len(f.Data) >= endOfTCP && (s.Src == orig || s.Dst == orig) {
			t.frames = append(t.frames, f)
		}
	}
	return t
}

// rewrite puts frame k in a guise into b, which is used again, and returns it. The
// checksums are changed by what changed (RFC 1624): the snaplen may have cut
// the data that they cover.
func (t *template) rewrite(b []byte, k int, g guise) []byte {
	b = append(b[:0], t.frames[k].Data...)
	var ip, tcp sum
	address := func(at int, to [4]byte) {
		ip.replace(b[at:at+4], to[:])
		tcp.replace(b[at:at+4], to[:])
		copy(b[at:], to[:])
	}
	number := func(at int, add uint32) {
		var to [4]byte
		binary.BigEndian.PutUint32(to[:], binary.BigEndian.Uint32(b[at:])+add)
		tcp.replace(b[at:at+4], to[:])
		copy(b[at:], to[:])
	}
	var port [2]byte
	binary.BigEndian.PutUint16(port[:], g.origPort)
	seq, ack, atPort := g.fromO, g.fromR, atTCP
	if netip.AddrFrom4([4]byte(b[atSource:])) == t.orig.Addr() && binary.BigEndian.Uint16(b[atTCP:]) == t.orig.Port() {
		address(atSource, g.orig)
		address(atTarget, g.resp)
	} else {
		address(atSource, g.resp)
		address(atTarget, g.orig)
		seq, ack, atPort = g.fromR, g.fromO, atTCP+2
	}
	tcp.replace(b[atPort:atPort+2], port[:])
	copy(b[atPort:], port[:])
	number(atSeq, seq)
	if b[atFlags]&wire.ACK != 0 {
		number(atAck, ack)
	}
	ip.apply(b[atIPSum:])
	tcp.apply(b[atTCPSum:])
	return b
}

// sum is what a ones' complement checksum changes by.
type sum uint32

// replace counts bytes, whole words, that give way to others.
func (s *sum) replace(old, by []byte) {
	for i := 0; i < len(old); i += 2 {
		*s += sum(^binary.BigEndian.Uint16(old[i:])) + sum(binary.BigEndian.Uint16(by[i:]))
	}
}

// apply changes a checksum (RFC 1624, equation 3).
func (s sum) apply(at []byte) {
	n := uint32(s) + uint32(^binary.BigEndian.Uint16(at))
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	binary.BigEndian.PutUint16(at, ^uint16(n))
}
