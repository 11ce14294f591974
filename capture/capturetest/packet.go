// Package capturetest makes packets up, for tests: each function puts a header
// before the bytes it is given, so that a packet reads from the outside in:
//
//	Ethernet(0x0800, IPv4("10.0.0.1", "10.0.0.2", 6, TCP{Src: 1000, Dst: 80, Flags: 2}.Bytes()))
//
// Lengths and checksums are right; a test that wants them wrong changes the
// bytes afterwards.
package capturetest

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// IP protocol numbers and EtherTypes that tests use most.
const (
	ProtoTCP = 6
	ProtoUDP = 17

	TypeIPv4 = 0x0800
	TypeIPv6 = 0x86dd
	TypeVLAN = 0x8100
)

var be = binary.BigEndian

// TCP is a TCP header and its payload.
type TCP struct {
	Src, Dst uint16
	Seq, Ack uint32
	Flags    uint16 // FIN 1, SYN 2, RST 4, PSH 8, ACK 16, ...
	Window   uint16
	Options  []byte // padded to 4 bytes with zeros
	Payload  []byte
}

// Bytes is the segment with a checksum of 0; IPv4 and IPv6 fill it in.
func (t TCP) Bytes() []byte {
	options := slices.Clone(t.Options)
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	b := make([]byte, 20, 20+len(options)+len(t.Payload))
	be.PutUint16(b, t.Src)
	be.PutUint16(b[2:], t.Dst)
	be.PutUint32(b[4:], t.Seq)
	be.PutUint32(b[8:], t.Ack)
	be.PutUint16(b[12:], uint16(5+len(options)/4)<<12|t.Flags)
	be.PutUint16(b[14:], t.Window)
	return append(append(b, options...), t.Payload...)
}

// UDP makes a datagram without a checksum.
func UDP(src, dst uint16, payload []byte) []byte {
	b := be.AppendUint16(nil, src)
	b = be.AppendUint16(b, dst)
	b = be.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// IPv4 makes a packet with TTL 64 and identification 1.
func IPv4(src, dst string, proto byte, payload []byte) []byte {
	return IPv4Header{Src: src, Dst: dst, Proto: proto, ID: 1}.Bytes(payload)
}

// IPv4Header is an IPv4 header with what IPv4 leaves at its usual values.
type IPv4Header struct {
	Src, Dst string
	Proto    byte
	ID       uint16
	Offset   int  // bytes, for fragments
	More     bool // more fragments follow
	Options  []byte
}

// Bytes is the packet. The TCP checksum is filled in unless it is a fragment.
func (h IPv4Header) Bytes(payload []byte) []byte {
	s, d := netip.MustParseAddr(h.Src).As4(), netip.MustParseAddr(h.Dst).As4()
	n := 20 + len(h.Options)
	b := []byte{0x40 | byte(n/4), 0}
	b = be.AppendUint16(b, uint16(n+len(payload)))
	b = be.AppendUint16(b, h.ID)
	frag := uint16(h.Offset / 8)
	if h.More {
		frag |= 0x2000
	}
	b = be.AppendUint16(b, frag)
	b = append(b, 64, h.Proto, 0, 0)
	b = append(append(append(b, s[:]...), d[:]...), h.Options...)
	be.PutUint16(b[10:], Checksum(b))
	if frag == 0 {
		payload = withChecksum(h.Proto, s[:], d[:], payload)
	}
	return append(b, payload...)
}

// IPv6 makes a packet with hop limit 64. Payload may begin with extension headers.
func IPv6(src, dst string, next byte, payload []byte) []byte {
	s, d := netip.MustParseAddr(src).As16(), netip.MustParseAddr(dst).As16()
	b := be.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(len(payload)))
	b = append(b, next, 64)
	b = append(append(b, s[:]...), d[:]...)
	return append(b, withChecksum(next, s[:], d[:], payload)...)
}

// Extension makes an IPv6 extension header: body is padded to 8 bytes.
func Extension(next byte, body, payload []byte) []byte {
	b := append([]byte{next, 0}, body...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	b[1] = byte(len(b)/8 - 1)
	return append(b, payload...)
}

// withChecksum is a TCP segment with its checksum, and anything else, or one
// that has a checksum, as it is.
func withChecksum(proto byte, src, dst, payload []byte) []byte {
	if proto != ProtoTCP || len(payload) < 20 || payload[16] != 0 || payload[17] != 0 {
		return payload
	}
	payload = slices.Clone(payload)
	pseudo := append(slices.Clone(src), dst...)
	pseudo = be.AppendUint32(pseudo, uint32(len(payload)))
	pseudo = append(pseudo, 0, 0, 0, proto)
	be.PutUint16(payload[16:], Checksum(append(pseudo, payload...)))
	return payload
}

// Checksum is the Internet checksum (RFC 1071), in the plainest way.
func Checksum(b []byte) uint16 {
	sum := 0
	for i, x := range b {
		if i%2 == 0 {
			sum += int(x) << 8
		} else {
			sum += int(x)
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// Ethernet makes an Ethernet II frame.
func Ethernet(etherType uint16, payload []byte) []byte {
	b := be.AppendUint16([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, etherType)
	return append(b, payload...)
}

// Ethernet8023 makes an IEEE 802.3 frame, whose payload begins with LLC.
func Ethernet8023(payload []byte) []byte { return Ethernet(uint16(len(payload)), payload) }

// Tag makes a VLAN tag; the tag's own EtherType stands in what is before it.
func Tag(vlan, etherType uint16, payload []byte) []byte {
	b := be.AppendUint16(nil, vlan)
	return append(be.AppendUint16(b, etherType), payload...)
}

// SNAP makes LLC and SNAP headers with an EtherType (RFC 1042).
func SNAP(etherType uint16, payload []byte) []byte {
	return append(be.AppendUint16([]byte{0xaa, 0xaa, 3, 0, 0, 0}, etherType), payload...)
}

// MPLS makes a stack of labels, the last one at the bottom.
func MPLS(payload []byte, labels ...uint32) []byte {
	var b []byte
	for i, l := range labels {
		entry := l<<12 | 64
		if i == len(labels)-1 {
			entry |= 0x100
		}
		b = be.AppendUint32(b, entry)
	}
	return append(b, payload...)
}

// PPP makes a PPP header without address and control.
func PPP(proto uint16, payload []byte) []byte {
	return append(be.AppendUint16(nil, proto), payload...)
}

// PPPoE makes a PPPoE session header.
func PPPoE(session uint16, ppp []byte) []byte {
	b := be.AppendUint16([]byte{0x11, 0}, session)
	b = be.AppendUint16(b, uint16(len(ppp)))
	return append(b, ppp...)
}

// GRE makes a GRE header; fields are what flags say follows, as they stand.
func GRE(flags, proto uint16, fields, payload []byte) []byte {
	b := be.AppendUint16(nil, flags)
	b = be.AppendUint16(b, proto)
	return append(append(b, fields...), payload...)
}

// VXLAN makes a VXLAN header.
func VXLAN(vni uint32, frame []byte) []byte {
	return append(be.AppendUint32([]byte{8, 0, 0, 0}, vni<<8), frame...)
}

// Geneve makes a Geneve header; options are a multiple of 4 bytes.
func Geneve(vni uint32, etherType uint16, options, payload []byte) []byte {
	b := be.AppendUint16([]byte{byte(len(options) / 4), 0}, etherType)
	b = be.AppendUint32(b, vni<<8)
	return append(append(b, options...), payload...)
}

// GTPU makes a G-PDU with an extension header, as 5G has them.
func GTPU(teid uint32, packet []byte) []byte {
	b := []byte{0x34, 255}
	b = be.AppendUint16(b, uint16(8+len(packet)))
	b = be.AppendUint32(b, teid)
	b = append(b, 0, 0, 0, 0x85, 1, 0x10, 0x01, 0)
	return append(b, packet...)
}

// L2TP makes a data message with a length.
func L2TP(tunnel, session uint16, ppp []byte) []byte {
	b := be.AppendUint16([]byte{0x40, 0x02}, uint16(8+len(ppp)))
	b = be.AppendUint16(b, tunnel)
	return append(be.AppendUint16(b, session), ppp...)
}
