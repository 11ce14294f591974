package live

import (
	"encoding/binary"

	"tcpwatch/capture"
)

// half is one direction of a connection, to make up packets from.
type half struct{ src, dst capture.Endpoint }

const (
	etherIP4 = 0x0800
	etherIP6 = 0x86dd

	protoICMP   = 1
	protoIPIP   = 4
	protoTCP    = 6
	protoUDP    = 17
	protoGRE    = 47
	protoFrag   = 44
	protoICMPv6 = 58
)

// linkHeader is what comes before IP on a link type, all addresses made up; not
// ok for link types that it does not know.
func linkHeader(link capture.LinkType, v6 bool) (b []byte, ok bool) {
	ether, family, ppp := uint16(etherIP4), uint32(2), uint16(0x0021)
	if v6 {
		ether, family, ppp = etherIP6, 10, 0x0057 // AF_INET6 as on Linux
	}
	switch link {
	case capture.LinkEthernet:
		b = append(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2)
		return binary.BigEndian.AppendUint16(b, ether), true
	case capture.LinkLinuxSLL:
		b = append(b, 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0)
		return binary.BigEndian.AppendUint16(b, ether), true
	case capture.LinkLinuxSLL2:
		b = binary.BigEndian.AppendUint16(b, ether)
		return append(b, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0), true
	case capture.LinkNull:
		return binary.NativeEndian.AppendUint32(b, family), true
	case capture.LinkLoop:
		return binary.BigEndian.AppendUint32(b, family), true
	case capture.LinkPPP:
		return binary.BigEndian.AppendUint16(append(b, 0xff, 0x03), ppp), true
	case capture.LinkRaw, capture.LinkRaw12, capture.LinkRaw14:
		return nil, true
	case capture.LinkIPv4:
		return nil, !v6
	case capture.LinkIPv6:
		return nil, v6
	}
	return nil, false
}

func (h half) v6() bool { return !h.src.Addr.Is4() }

// tcp is an IP packet with a TCP segment.
func (h half) tcp(f capture.Flags, payload int) []byte {
	return ip(h.src.Addr, h.dst.Addr, protoTCP, 0, h.tcpHeader(f, min(payload, 64)))
}

func (h half) tcpHeader(f capture.Flags, payload int) []byte {
	b := make([]byte, 20+payload)
	binary.BigEndian.PutUint16(b[0:], h.src.Port)
	binary.BigEndian.PutUint16(b[2:], h.dst.Port)
	b[4], b[8], b[12], b[13], b[14] = 1, 1, 5<<4, byte(f), 0x40
	return b
}

// icmp is a router's answer to what h sends: host unreachable, no route.
func (h half) icmp() []byte {
	quoted := h.tcp(capture.SYN, 0)
	if h.v6() {
		return ip(router6(1), h.src.Addr, protoICMPv6, 0, append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, quoted...))
	}
	return ip(router4(1), h.src.Addr, protoICMP, 0, append([]byte{3, 1, 0, 0, 0, 0, 0, 0}, quoted...))
}

// fragment is the second fragment of a segment: no TCP header in it.
func (h half) fragment() []byte { return ip(h.src.Addr, h.dst.Addr, protoTCP, 64, make([]byte, 64)) }

func (h half) gre() []byte {
	inner := h.tcp(capture.ACK, 0)
	kind := uint16(etherIP4)
	if h.v6() {
		kind = etherIP6
	}
	return ip(router4(1), router4(2), protoGRE, 0, append(binary.BigEndian.AppendUint16([]byte{0, 0}, kind), inner...))
}

func (h half) ipip() []byte {
	proto := uint8(protoIPIP)
	if h.v6() {
		proto = 41
	}
	return ip(router4(1), router4(2), proto, 0, h.tcp(capture.ACK, 0))
}

func (h half) vxlan() []byte {
	frame, _ := linkHeader(capture.LinkEthernet, h.v6())
	frame = append(frame, h.tcp(capture.ACK, 0)...)
	b := binary.BigEndian.AppendUint16(nil, 49152)
	b = binary.BigEndian.AppendUint16(b, 4789)
	b = binary.BigEndian.AppendUint16(b, uint16(16+len(frame)))
	b = append(b, 0, 0, 0x08, 0, 0, 0, 0, 0, 7, 0)
	return ip(router4(1), router4(2), protoUDP, 0, append(b, frame...))
}

// router4 is an address for documentation (RFC 5737) that no connection has.
func router4(n byte) capture.Addr { return capture.AddrFrom4([]byte{198, 51, 100, n}) }

// router6 is an address for documentation (RFC 3849) that no connection has.
func router6(n byte) capture.Addr { return capture.Addr{0x20, 0x01, 0x0d, 0xb8, 15: n} }

// ip puts an IP header before body; offset, in bytes, makes it a fragment.
func ip(src, dst capture.Addr, proto uint8, offset int, body []byte) []byte {
	if src.Is4() {
		b := make([]byte, 20, 20+len(body))
		b[0], b[8], b[9] = 0x45, 64, proto
		binary.BigEndian.PutUint16(b[2:], uint16(20+len(body)))
		binary.BigEndian.PutUint16(b[6:], uint16(offset/8))
		copy(b[12:], src[12:])
		copy(b[16:], dst[12:])
		return append(b, body...)
	}
	if offset > 0 {
		f := []byte{proto, 0, 0, 0, 0, 0, 0, 1}
		binary.BigEndian.PutUint16(f[2:], uint16(offset))
		proto, body = protoFrag, append(f, body...)
	}
	b := make([]byte, 40, 40+len(body))
	b[0], b[6], b[7] = 0x60, proto, 64
	binary.BigEndian.PutUint16(b[4:], uint16(len(body)))
	copy(b[8:], src[:])
	copy(b[24:], dst[:])
	return append(b, body...)
}
