package wire

import (
	"encoding/binary"
	"net/netip"
)

// TCP flags of the wire, as steps name them when they forge a segment.
const (
	FIN = 0x01
	SYN = 0x02
	RST = 0x04
	ACK = 0x10
	ECE = 0x40
	CWR = 0x80
)

// Segment is a TCP header as the lab itself reads it: a parser of its own, so
// that the truth owes nothing to the decoder it is compared with.
type Segment struct {
	Time     int64
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    uint8
	Window   uint16 // as in the header
	Length   int    // payload bytes
}

// End is the sequence number after the segment.
func (s *Segment) End() uint32 {
	n := s.Seq + uint32(s.Length)
	if s.Flags&SYN != 0 {
		n++
	}
	if s.Flags&FIN != 0 {
		n++
	}
	return n
}

// ParseFrame finds the TCP header in a frame the lab recorded.
func ParseFrame(link uint32, f Frame) (s Segment, ok bool) {
	b := f.Data
	be := binary.BigEndian
	at, protocol := 0, uint16(0)
	switch {
	case link == Ethernet && len(b) >= 14:
		at, protocol = 14, be.Uint16(b[12:])
	case link == SLL && len(b) >= 16:
		at, protocol = 16, be.Uint16(b[14:])
	case link == SLL2 && len(b) >= 20:
		at, protocol = 20, be.Uint16(b)
	}
	if protocol == 0x8100 && len(b) >= at+4 {
		at, protocol = at+4, be.Uint16(b[at+2:])
	}
	b = b[at:]
	var src, dst netip.Addr
	var tcp, total int
	switch {
	case protocol == 0x0800 && len(b) >= 20 && b[9] == 6:
		src, dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		tcp, total = int(b[0]&15)*4, int(be.Uint16(b[2:]))
	case protocol == 0x86dd && len(b) >= 40 && b[6] == 6:
		src, dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		tcp, total = 40, 40+int(be.Uint16(b[4:]))
	default:
		return s, false
	}
	if len(b) < tcp+20 {
		return s, false
	}
	h := b[tcp:]
	return Segment{
		Time: f.Time,
		Src:  netip.AddrPortFrom(src, be.Uint16(h)), Dst: netip.AddrPortFrom(dst, be.Uint16(h[2:])),
		Seq: be.Uint32(h[4:]), Ack: be.Uint32(h[8:]), Flags: h[13], Window: be.Uint16(h[14:]),
		Length: max(0, total-tcp-int(h[12]>>4)*4),
	}, true
}

// Forge builds the IPv4 packet of a segment without payload, checksums right.
func Forge(s *Segment, ttl uint8) []byte {
	be := binary.BigEndian
	b := make([]byte, 40)
	b[0], b[8], b[9] = 0x45, ttl, 6
	be.PutUint16(b[2:], uint16(len(b)))
	be.PutUint16(b[4:], 0xbeef)
	src, dst := s.Src.Addr().As4(), s.Dst.Addr().As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	be.PutUint16(b[10:], checksum(b[:20], 0))
	h := b[20:]
	be.PutUint16(h, s.Src.Port())
	be.PutUint16(h[2:], s.Dst.Port())
	be.PutUint32(h[4:], s.Seq)
	be.PutUint32(h[8:], s.Ack)
	h[12], h[13] = 5<<4, s.Flags
	if s.Flags&RST == 0 {
		be.PutUint16(h[14:], 512)
	}
	be.PutUint16(h[16:], checksum(append(append([]byte{}, b[12:20]...), h...), 6+uint32(len(h))))
	return b
}

// checksum is the Internet checksum of RFC 1071 over b and a start value.
func checksum(b []byte, sum uint32) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
