package lab

import (
	"encoding/binary"
	"net/netip"
)

// TCP flags of the wire, as steps name them when they forge a segment.
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

// segment is a TCP header as the lab itself reads it: a parser of its own, so
// that the truth owes nothing to the decoder it is compared with.
type segment struct {
	time     int64
	src, dst netip.AddrPort
	seq, ack uint32
	flags    uint8
	length   int // payload bytes
}

// end is the sequence number after the segment.
func (s *segment) end() uint32 {
	n := s.seq + uint32(s.length)
	if s.flags&flagSYN != 0 {
		n++
	}
	if s.flags&flagFIN != 0 {
		n++
	}
	return n
}

// parseFrame finds the TCP header in a frame the lab recorded.
func parseFrame(link uint32, f frame) (s segment, ok bool) {
	b := f.data
	be := binary.BigEndian
	at, protocol := 0, uint16(0)
	switch {
	case link == linkEthernet && len(b) >= 14:
		at, protocol = 14, be.Uint16(b[12:])
	case link == linkSLL && len(b) >= 16:
		at, protocol = 16, be.Uint16(b[14:])
	case link == linkSLL2 && len(b) >= 20:
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
	return segment{
		time: f.time,
		src:  netip.AddrPortFrom(src, be.Uint16(h)), dst: netip.AddrPortFrom(dst, be.Uint16(h[2:])),
		seq: be.Uint32(h[4:]), ack: be.Uint32(h[8:]), flags: h[13],
		length: max(0, total-tcp-int(h[12]>>4)*4),
	}, true
}

// forge builds the IPv4 packet of a segment without payload, checksums right.
func forge(s *segment, ttl uint8) []byte {
	be := binary.BigEndian
	b := make([]byte, 40)
	b[0], b[8], b[9] = 0x45, ttl, 6
	be.PutUint16(b[2:], uint16(len(b)))
	be.PutUint16(b[4:], 0xbeef)
	src, dst := s.src.Addr().As4(), s.dst.Addr().As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	be.PutUint16(b[10:], checksum(b[:20], 0))
	h := b[20:]
	be.PutUint16(h, s.src.Port())
	be.PutUint16(h[2:], s.dst.Port())
	be.PutUint32(h[4:], s.seq)
	be.PutUint32(h[8:], s.ack)
	h[12], h[13] = 5<<4, s.flags
	if s.flags&flagRST == 0 {
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
