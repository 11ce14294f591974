package capture

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// Addr is an IPv6 address, or an IPv4 address behind a prefix that no IPv6
// packet carries: an IPv4-mapped address (::ffff:a.b.c.d) in an IPv6 header is
// another address than a.b.c.d in an IPv4 header. It is an array, not a
// netip.Addr, so that a Segment holds no pointer.
type Addr [16]byte

// The prefix of IPv4 addresses, ::fefe:0:0/96, lies in the block that RFC 4291
// section 2.4 keeps unassigned.
const ip4Mark = 0xfe

// AddrFrom4 is the four bytes of an IPv4 address.
func AddrFrom4(b []byte) (a Addr) {
	a[10], a[11] = ip4Mark, ip4Mark
	copy(a[12:], b[:4])
	return a
}

// put sets the two halves, little endian. Two words are written: one that is
// read soon after bytes of it were written waits for them.
func (a *Addr) put(first, second uint64) {
	binary.LittleEndian.PutUint64(a[:8], first)
	binary.LittleEndian.PutUint64(a[8:], second)
}

// AddrFrom is AddrFrom4 for an IPv4 address, and the bytes of any other; the
// zone is lost.
func AddrFrom(ip netip.Addr) Addr {
	if ip.Is4() {
		b := ip.As4()
		return AddrFrom4(b[:])
	}
	return ip.As16()
}

// Netip returns the address as net/netip has it.
func (a Addr) Netip() netip.Addr {
	if a.Is4() {
		return netip.AddrFrom4([4]byte(a[12:]))
	}
	return netip.AddrFrom16(a)
}

// Is4 reports whether the address is of IPv4.
func (a Addr) Is4() bool {
	return [12]byte(a[:12]) == [12]byte{10: ip4Mark, 11: ip4Mark}
}

// Wire is the address as an IP header carries it: 4 or 16 bytes, borrowed.
func (a *Addr) Wire() []byte {
	if a.Is4() {
		return a[12:]
	}
	return a[:]
}

func (a Addr) String() string { return a.Netip().String() }

// Endpoint is one end of a connection: address and port.
type Endpoint struct {
	Addr Addr
	Port uint16
}

// Is is e == *o, which the compiler makes two calls of.
func (e *Endpoint) Is(o *Endpoint) bool {
	return e.Port == o.Port && binary.LittleEndian.Uint64(e.Addr[8:]) == binary.LittleEndian.Uint64(o.Addr[8:]) &&
		binary.LittleEndian.Uint64(e.Addr[:8]) == binary.LittleEndian.Uint64(o.Addr[:8])
}

// String is 192.0.2.1:80 or [2001:db8::1]:80.
func (e Endpoint) String() string {
	if e.Addr.Is4() {
		return e.Addr.String() + ":" + strconv.Itoa(int(e.Port))
	}
	return "[" + e.Addr.String() + "]:" + strconv.Itoa(int(e.Port))
}

// Flags are the control bits of a TCP header (RFC 9293 section 3.1, and AE of RFC 9768).
type Flags uint16

const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE
)

// Has reports whether all of f are set.
func (s Flags) Has(f Flags) bool { return s&f == f }

// Any reports whether at least one of f is set.
func (s Flags) Any(f Flags) bool { return s&f != 0 }

// String is tcpdump's notation: S, S., ., P., F., R.
func (s Flags) String() string {
	var b [10]byte
	n := 0
	for _, x := range [...]struct {
		f Flags
		c byte
	}{{FIN, 'F'}, {SYN, 'S'}, {RST, 'R'}, {PSH, 'P'}, {ACK, '.'}, {URG, 'U'}, {ECE, 'E'}, {CWR, 'W'}, {AE, 'e'}} {
		if s.Has(x.f) {
			b[n] = x.c
			n++
		}
	}
	if n == 0 {
		return "none"
	}
	return string(b[:n])
}

// Marks say what is special about how a segment was captured or carried.
type Marks uint16

const (
	MarkTruncated   Marks = 1 << iota // the snaplen cut the payload
	MarkCutOptions                    // the snaplen cut the TCP options: some are unknown
	MarkBadOptions                    // malformed TCP options; those before the fault are kept
	MarkOffload                       // length came from the wire length (IPv4 total length or IPv6 payload length 0)
	MarkFragmented                    // put together from IP fragments
	MarkBadChecksum                   // TCP checksum verified and wrong (only possible on whole segments)
	MarkChecksumOK                    // TCP checksum verified and right
	MarkIPv6                          // carried by IPv6
	MarkOutbound                      // SLL, SLL2: sent by the capturing host
	MarkInbound                       // SLL, SLL2: received by the capturing host
	MarkSmallLink                     // captured on a link whose own MTU is far below Ethernet's
)

// OptionSet says which TCP options a segment carried.
type OptionSet uint16

const (
	OptMSS OptionSet = 1 << iota
	OptWScale
	OptSACKPermitted
	OptSACK
	OptTimestamps
	OptFastOpen  // RFC 7413 kind 34, or experimental 254 with magic 0xF989
	OptMPTCP     // RFC 8684 kind 30
	OptMD5       // RFC 2385 kind 19
	OptAO        // RFC 5925 kind 29
	OptOther     // anything else but NOP and end
	OptFastClose // RFC 8684 section 3.5: an MPTCP option of subtype MP_FASTCLOSE
)

// SACKBlock is one block of a selective acknowledgment (RFC 2018): [Left, Right).
type SACKBlock struct{ Left, Right uint32 }

// TunnelKind says what a connection was carried in; only VXLAN and Geneve
// network identifiers and GRE keys are part of its identity.
type TunnelKind uint8

const (
	TunnelNone TunnelKind = iota
	TunnelIPIP
	TunnelGRE
	TunnelERSPAN
	TunnelVXLAN
	TunnelGeneve
	TunnelGTP
	TunnelL2TP
	TunnelPPPoE
	TunnelAH
	TunnelTeredo
	TunnelOther

	NTunnelKinds
)

// String is the name used in records: "vxlan", "geneve", ...; "" for none.
func (k TunnelKind) String() string {
	return [...]string{"", "ipip", "gre", "erspan", "vxlan", "geneve", "gtp-u", "l2tp", "pppoe", "ah", "teredo", "other"}[k]
}

// Segment is one TCP segment, with nothing in it that points into the packet.
// Reuse one and hand it on by pointer; it is a value of fixed size.
type Segment struct {
	Packet     uint64 // Packet.Number
	FileNumber uint64 // Packet.FileNumber
	Time       int64  // nanoseconds since 1970-01-01 UTC
	Src, Dst   Endpoint
	Seq, Ack   uint32 // Ack is meaningless without the ACK flag
	Len        uint32 // payload bytes by the IP header, whatever was captured
	Captured   uint32 // payload bytes captured
	Window     uint16 // as in the header, unscaled
	Flags      Flags
	Marks      Marks
	Options    OptionSet

	MSS        uint16
	WScale     uint8       // shift count as sent (RFC 7323 allows 14)
	NSACK      uint8       // how many of SACK are set
	FastOpen   uint8       // bytes of fast-open cookie
	Order      OptionOrder // of a SYN or SYN/ACK
	TTL        uint8       // or hop limit
	ECN        uint8       // the two ECN bits of the IP header
	Tunnel     TunnelKind
	IPID       uint16 // IPv4 identification; 0 for IPv6
	Checksum   uint16 // 0 when the snaplen cut the header before it
	Head       uint16 // digest of the first 8 bytes of the payload, of 14 bits; 0 where fewer were captured
	TSVal      uint32
	TSEcr      uint32
	SACK       [4]SACKBlock
	TunnelID   uint32    // VNI, GRE key, TEID, ERSPAN session, L2TP tunnel<<16|session
	TunnelPart bool      // TunnelID is part of the identity (VXLAN, Geneve, GRE key)
	NVLAN      uint8     // how many of VLAN are set
	VLAN       [2]uint16 // outermost first
	File       uint16    // Packet.File
	Interface  uint16    // Packet.Interface
	Untimed    bool      // Packet.Untimed
	Misstamped bool      // Packet.Amiss is not 0
	Stepped    int64     // Packet.Stepped
	Uncovered  int64     // Packet.Uncovered
}

// headOf is the digest Segment.Head of a payload.
func headOf(payload []byte) uint16 {
	if len(payload) < 8 {
		return 0
	}
	return uint16(binary.LittleEndian.Uint64(payload)*0x9e3779b97f4a7c15>>50) | 1
}

// PayloadSum is the sum of the payload, of 14 bits, that the TCP checksum of the segment stands
// for, but for what is equal in every segment of one sender with the same sequence number:
// segments of equal length that carry the same bytes have the same, whatever they
// acknowledge. It says nothing where the checksum is wrong or was not finished, and ok is
// false where the header has other options than timestamps.
func (s *Segment) PayloadSum() (sum uint16, ok bool) {
	n := uint32(^s.Checksum) + uint32(^uint16(s.Ack>>16)) + uint32(^uint16(s.Ack)) + uint32(^s.Window) + uint32(^uint16(s.Flags)) +
		uint32(^uint16(s.TSVal>>16)) + uint32(^uint16(s.TSVal)) + uint32(^uint16(s.TSEcr>>16)) + uint32(^uint16(s.TSEcr))
	n = n>>16 + n&0xffff
	n = (n>>16 + n) & 0xffff
	if n == 0xffff {
		n = 0
	}
	return uint16(n^n>>14) & 0x3fff, s.Options&^OptTimestamps == 0 && s.Marks&(MarkCutOptions|MarkBadOptions) == 0
}

// Quote is an ICMP or ICMPv6 error that quotes the start of a TCP segment:
// evidence about the connection Src -> Dst of the quoted header.
type Quote struct {
	Packet     uint64
	FileNumber uint64
	Time       int64
	From       Addr // who sent the error
	Src, Dst   Endpoint
	Seq        uint32 // of the quoted segment
	Type, Code uint8
	V6         bool   // ICMPv6
	MTU        uint32 // of "fragmentation needed" and "packet too big", else 0
	Len        uint32 // payload bytes of the quoted segment by its IP header; 0 where that is not known
	Tunnel     TunnelKind
	TunnelID   uint32
	TunnelPart bool
	NVLAN      uint8
	VLAN       [2]uint16
	Untimed    bool  // Packet.Untimed
	Stepped    int64 // Packet.Stepped
	Uncovered  int64 // Packet.Uncovered
}
