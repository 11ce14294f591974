package capture_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// check compares d's segment with theSegment as c carries it. Marks that depend
// on how much was captured are the caller's.
func (c carried) check(t *testing.T, d *capture.Decoder) {
	t.Helper()
	s := &d.Segment
	if s.Src.Port != theSegment.Src || s.Dst.Port != theSegment.Dst || s.Seq != theSegment.Seq || s.Ack != theSegment.Ack ||
		s.Window != theSegment.Window || s.Flags != capture.ACK|capture.PSH || s.TTL != 64 {
		t.Fatalf("%s: %+v", c.name, s)
	}
	v6 := s.Marks&capture.MarkIPv6 != 0
	if src, dst := s.Src.Addr.String(), s.Dst.Addr.String(); v6 && (src != "2001:db8::1" || dst != "2001:db8::2") ||
		!v6 && (src != "10.0.0.1" || dst != "10.0.0.2") || v6 == s.Src.Addr.Is4() || s.IPID != map[bool]uint16{false: 1}[v6] {
		t.Fatalf("%s: %v %v IPv6 %v id %d", c.name, src, dst, v6, s.IPID)
	}
	if s.Tunnel != c.tunnel || s.TunnelID != c.id || s.TunnelPart != c.part {
		t.Fatalf("%s: tunnel %v id %#x part %v, want %v %#x %v", c.name, s.Tunnel, s.TunnelID, s.TunnelPart, c.tunnel, c.id, c.part)
	}
	if !slices.Equal(s.VLAN[:s.NVLAN], c.vlans) {
		t.Fatalf("%s: VLANs %v, want %v", c.name, s.VLAN[:s.NVLAN], c.vlans)
	}
	if int(s.Captured) != len(d.Payload) || !bytes.HasPrefix(theSegment.Payload, d.Payload) {
		t.Fatalf("%s: captured %d, payload %q", c.name, s.Captured, d.Payload)
	}
}

func TestDecodeCarried(t *testing.T) {
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for _, c := range carriages() {
		p := capture.Packet{Number: 9, FileNumber: 8, Time: 7, File: 6, Interface: 5, Data: slices.Clip(c.data), Length: len(c.data), Link: c.link}
		if o := d.Decode(&p); o != capture.OutcomeSegment {
			t.Errorf("%s: outcome %d, skipped as %q", c.name, o, d.Skip)
			continue
		}
		c.check(t, d)
		s := &d.Segment
		if want := c.marks | capture.MarkChecksumOK; s.Marks&^capture.MarkIPv6 != want {
			t.Errorf("%s: marks %b, want %b", c.name, s.Marks, want)
		}
		if int(s.Len) != len(theSegment.Payload) || s.Len != s.Captured || s.TSVal != 7 || s.TSEcr != 8 || s.Options != capture.OptTimestamps {
			t.Errorf("%s: %+v", c.name, s)
		}
		if s.Packet != 9 || s.FileNumber != 8 || s.Time != 7 || s.File != 6 || s.Interface != 5 {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

// TestDecodeCut cuts each packet at each byte: by the snaplen, and before it was
// captured. What is found of the segment has to be true.
func TestDecodeCut(t *testing.T) {
	d := capture.NewDecoder(capture.DecoderOptions{})
	whole := uint32(len(theSegment.Payload))
	for _, c := range carriages() {
		found := 0
		for n := range c.data {
			p := capture.Packet{Data: c.data[:n:n], Length: len(c.data), Link: c.link}
			if d.Decode(&p) == capture.OutcomeSegment {
				found++
				c.check(t, d)
				s := &d.Segment
				if s.Len != whole || s.Captured < whole != (s.Marks&capture.MarkTruncated != 0) ||
					s.Marks&capture.MarkBadOptions != 0 || s.Captured > 0 && s.Marks&capture.MarkCutOptions != 0 ||
					s.Marks&capture.MarkCutOptions == 0 && s.TSVal != 7 {
					t.Fatalf("%s cut to %d: %+v", c.name, n, s)
				}
			} else if d.Skip != capture.SkipCut {
				t.Fatalf("%s cut to %d: skipped as %q", c.name, n, d.Skip)
			}
			p.Length = n
			if d.Decode(&p) == capture.OutcomeSegment {
				c.check(t, d)
				if d.Segment.Len > whole || !c.bounded && d.Segment.Len != whole {
					t.Fatalf("%s, %d bytes long: %d bytes of payload", c.name, n, d.Segment.Len)
				}
			}
		}
		if found < len(theSegment.Payload)+len(theSegment.Options) {
			t.Errorf("%s: found when cut in %d places only", c.name, found)
		}
	}
}

// TestDecodePadded puts bytes behind each packet, as Ethernet does with short ones
// and some captures with a frame check sequence: none is payload.
func TestDecodePadded(t *testing.T) {
	d := capture.NewDecoder(capture.DecoderOptions{})
	for _, c := range carriages() {
		data := append(slices.Clip(c.data), make([]byte, 18)...)
		p := capture.Packet{Data: data, Length: len(data), Link: c.link}
		if d.Decode(&p) != capture.OutcomeSegment {
			t.Fatalf("%s: skipped as %q", c.name, d.Skip)
		}
		if c.check(t, d); d.Segment.Len != uint32(len(theSegment.Payload)) {
			t.Errorf("%s: %d bytes of payload", c.name, d.Segment.Len)
		}
	}
}

func TestDecodeSkipped(t *testing.T) {
	deep := four()
	for range 60 {
		deep = IPv4("10.0.0.1", "10.0.0.2", 4, deep)
	}
	udp := UDP(1, 53, []byte("a question"))
	tests := []struct {
		name string
		link capture.LinkType
		data []byte
		want capture.SkipReason
	}{
		{"arp", capture.LinkEthernet, Ethernet(0x0806, make([]byte, 28)), capture.SkipNotIP},
		{"udp", capture.LinkEthernet, outer(17, udp), capture.SkipNotTCP},
		{"udp to a tunnel's port", capture.LinkEthernet, outerUDP(4789, []byte("a message to a port, no tunnel")), capture.SkipNotTCP},
		{"udp in vxlan", capture.LinkEthernet, outerUDP(4789, VXLAN(1, outer(17, udp))), capture.SkipNotTCP},
		{"sctp", capture.LinkEthernet, outer(132, make([]byte, 40)), capture.SkipNotTCP},
		{"esp", capture.LinkEthernet, outer(50, make([]byte, 40)), capture.SkipEncrypted},
		{"esp in udp", capture.LinkEthernet, outerUDP(4500, append([]byte{0, 0, 1, 1}, make([]byte, 40)...)), capture.SkipEncrypted},
		{"esp in udp, from its port", capture.LinkEthernet, outer(17, UDP(4500, 1024, append([]byte{0, 0, 1, 1}, make([]byte, 40)...))), capture.SkipEncrypted},
		{"key exchange beside esp", capture.LinkEthernet, outerUDP(4500, make([]byte, 40)), capture.SkipNotTCP},
		{"wireguard", capture.LinkEthernet, outerUDP(51820, append([]byte{4, 0, 0, 0}, make([]byte, 60)...)), capture.SkipEncrypted},
		{"wireguard handshake", capture.LinkEthernet, outerUDP(51820, append([]byte{1, 0, 0, 0}, make([]byte, 144)...)), capture.SkipNotTCP},
		{"openvpn", capture.LinkEthernet, outerUDP(1194, append([]byte{0x48}, make([]byte, 60)...)), capture.SkipEncrypted},
		{"openvpn, the older form", capture.LinkEthernet, outerUDP(1194, append([]byte{0x30}, make([]byte, 60)...)), capture.SkipEncrypted},
		{"openvpn control", capture.LinkEthernet, outerUDP(1194, append([]byte{0x38}, make([]byte, 60)...)), capture.SkipNotTCP},
		{"lisp", capture.LinkEthernet, outerUDP(4341, join(make([]byte, 8), four())), capture.SkipTunnel},
		{"gue", capture.LinkEthernet, outerUDP(6080, join([]byte{0, 4, 0, 0}, four())), capture.SkipTunnel},
		{"gue control", capture.LinkEthernet, outerUDP(6080, []byte{0x20, 1, 0, 0}), capture.SkipNotTCP},
		{"l2tp over ip", capture.LinkEthernet, outer(115, join([]byte{0, 0, 0, 5}, Ethernet(TypeIPv4, four()))), capture.SkipTunnel},
		{"minimal encapsulation", capture.LinkEthernet, outer(55, four()[8:]), capture.SkipTunnel},
		{"ipip of old", capture.LinkEthernet, outer(94, four()), capture.SkipTunnel},
		{"encap", capture.LinkEthernet, outer(98, four()), capture.SkipTunnel},
		{"a protocol for experiments", capture.LinkEthernet, outer(253, four()), capture.SkipUnknown},
		{"a protocol not assigned", capture.LinkEthernet, outer(150, four()), capture.SkipUnknown},
		{"ospf", capture.LinkEthernet, outer(89, make([]byte, 60)), capture.SkipNotTCP},
		{"an EtherType nobody knows", capture.LinkEthernet, Ethernet(0x9999, four()), capture.SkipUnknown},
		{"the same, too short for data", capture.LinkEthernet, Ethernet(0x9999, make([]byte, 46)), capture.SkipNotIP},
		{"lldp", capture.LinkEthernet, Ethernet(0x88cc, make([]byte, 100)), capture.SkipNotIP},
		{"macsec", capture.LinkEthernet, Ethernet(0x88e5, append([]byte{0x2c}, make([]byte, 60)...)), capture.SkipEncrypted},
		{"protected 802.11", capture.LinkIEEE80211, join(wifi(0x08, 0x41, 24), make([]byte, 60)), capture.SkipEncrypted},
		{"802.11 beacon", capture.LinkIEEE80211, wifi(0x80, 0, 60), capture.SkipNotIP},
		{"802.11 acknowledgment", capture.LinkIEEE80211, wifi(0xd4, 0, 10), capture.SkipNotIP},
		{"802.11 fragment", capture.LinkIEEE80211, wifi(0x08, 0x05, 60), capture.SkipFragment},
		{"ppp, encrypted", capture.LinkPPP, PPP(0xfd, make([]byte, 60)), capture.SkipEncrypted},
		{"ppp, lcp", capture.LinkPPP, PPP(0xc021, make([]byte, 60)), capture.SkipNotIP},
		{"null, another family", capture.LinkNull, join([]byte{7, 0, 0, 0}, four()), capture.SkipNotIP},
		{"sll, netlink", capture.LinkLinuxSLL, join([]byte{0, 4, 3, 0x38}, make([]byte, 10), []byte{8, 0}, four()), capture.SkipNotIP},
		{"sll, CAN", capture.LinkLinuxSLL, join(make([]byte, 14), []byte{0, 0x0c}, four()), capture.SkipNotIP},
		{"pktap, no packet", capture.LinkPKTAP, make([]byte, 40), capture.SkipNotIP},
		{"gre keepalive", capture.LinkEthernet, outer(47, GRE(0, 0, nil, nil)), capture.SkipNotTCP},
		{"l2tp control", capture.LinkEthernet, outerUDP(1701, []byte{0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0}), capture.SkipNotTCP},
		{"gtp echo", capture.LinkEthernet, outerUDP(2152, []byte{0x30, 1, 0, 0, 0, 0, 0, 0}), capture.SkipNotTCP},
		{"gtp, empty extension header", capture.LinkEthernet, outerUDP(2152, []byte{0x34, 255, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0x85, 0, 0, 0, 0}), capture.SkipMalformed},
		{"pppoe, no session", capture.LinkEthernet, Ethernet(0x8864, []byte{0x11, 9, 0, 0, 0, 0, 0, 0}), capture.SkipNotIP},
		{"stp", capture.LinkEthernet, Ethernet8023([]byte{0x42, 0x42, 3, 0, 0, 0}), capture.SkipNotIP},
		{"cdp", capture.LinkEthernet, Ethernet8023([]byte{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1}), capture.SkipNotIP},
		{"no such link type", 999, four(), capture.SkipLinkType},
		{"too deep", capture.LinkRaw, deep, capture.SkipTooDeep},
		{"tags without end", capture.LinkEthernet, Ethernet(TypeVLAN, bytes.Repeat([]byte{0, 1, 0x81, 0}, 100)), capture.SkipTooDeep},
		{"labels without end", capture.LinkEthernet, Ethernet(0x8847, make([]byte, 1000)), capture.SkipTooDeep},
		{"packets in packets", capture.LinkPPI, bytes.Repeat([]byte{0, 0, 8, 0, 192, 0, 0, 0}, 100), capture.SkipTooDeep},
		{"ip header of 16 bytes", capture.LinkRaw, join([]byte{0x44}, four()[1:]), capture.SkipMalformed},
		{"ip length below its header", capture.LinkRaw, join(four()[:2], []byte{0, 19}, four()[4:]), capture.SkipMalformed},
		{"IP version 5 where IPv4 should be", capture.LinkEthernet, Ethernet(TypeIPv4, join([]byte{0x55}, four()[1:])), capture.SkipMalformed},
		{"data offset 4", capture.LinkRaw, IPv4("10.0.0.1", "10.0.0.2", 6, join(theSegment.Bytes()[:12], []byte{0x40}, theSegment.Bytes()[13:])), capture.SkipMalformed},
		{"data offset beyond the end", capture.LinkRaw, IPv4("10.0.0.1", "10.0.0.2", 6, join(theSegment.Bytes()[:12], []byte{0xf0}, theSegment.Bytes()[13:50])), capture.SkipMalformed},
		{"19 bytes of tcp", capture.LinkRaw, IPv4("10.0.0.1", "10.0.0.2", 6, theSegment.Bytes()[:19]), capture.SkipMalformed},
		{"empty", capture.LinkEthernet, nil, capture.SkipMalformed},
	}
	for _, tt := range tests {
		d := capture.NewDecoder(capture.DecoderOptions{})
		o := d.Decode(&capture.Packet{Data: tt.data, Length: len(tt.data), Link: tt.link})
		if o != capture.OutcomeSkipped || d.Skip != tt.want || d.Skipped[tt.want] != 1 {
			t.Errorf("%s: outcome %d, skipped as %q, want %q", tt.name, o, d.Skip, tt.want)
		}
		if strings.TrimSpace(tt.want.String()) == "" {
			t.Errorf("reason %d has no name", tt.want)
		}
	}
}

// TestDecodeLengths has what IP headers say of the length, and what is made of it.
func TestDecodeLengths(t *testing.T) {
	set16 := func(b []byte, at int, v uint16) []byte {
		binary.BigEndian.PutUint16(b[at:], v)
		return b
	}
	n := uint32(len(theSegment.Payload))
	const header = 32 // of TCP
	jumbo := Extension(6, []byte{0xc2, 4, 0, 1, 0x11, 0x90}, theSegment.Bytes())
	tests := []struct {
		name     string
		data     []byte
		length   int
		want     uint32
		captured uint32
		marks    capture.Marks
	}{
		{"IPv4 length 0", set16(four(), 2, 0), 5000, 5000 - 20 - header, n, capture.MarkOffload | capture.MarkTruncated},
		{"IPv6 length 0", set16(six(), 4, 0), 100000, 100000 - 40 - header, n, capture.MarkOffload | capture.MarkTruncated | capture.MarkIPv6},
		{"jumbogram", set16(IPv6("2001:db8::1", "2001:db8::2", 0, jumbo), 4, 0), 70072, 70032 - 8 - header, n, capture.MarkTruncated | capture.MarkIPv6},
		{"cut by a mirror", set16(set16(four(), 2, 1500), 10, binary.BigEndian.Uint16(four()[10:])+uint16(len(four()))-1500), len(four()), 1500 - 20 - header, n, capture.MarkTruncated},
		{"a damaged length: the checksum is right for what is there", set16(four(), 2, 1500), len(four()), n, n, 0},
		{"cut, and its addresses were rewritten", set16(set16(four(), 2, 1500), 16, 0x0a09), len(four()), 1500 - 20 - header, n, capture.MarkTruncated},
		{"cut, and its checksum not filled in", set16(set16(four(), 2, 1500), 10, 0), len(four()), 1500 - 20 - header, n, capture.MarkTruncated},
		{"padding counted, but PPPoE knows better", nil, 0, n - 6, n - 6, 0},
		{"length unknown to the capture", four(), 0, n, n, 0},
	}
	for _, tt := range tests {
		p := capture.Packet{Data: tt.data, Length: tt.length, Link: capture.LinkRaw}
		if tt.data == nil {
			p.Data = Ethernet(0x8864, set16(PPPoE(1, PPP(0x21, four())), 4, uint16(2+len(four())-6)))
			p.Link = capture.LinkEthernet
		}
		d := capture.NewDecoder(capture.DecoderOptions{})
		if d.Decode(&p) != capture.OutcomeSegment {
			t.Errorf("%s: skipped as %q", tt.name, d.Skip)
			continue
		}
		if s := d.Segment; s.Len != tt.want || s.Captured != tt.captured || s.Marks != tt.marks {
			t.Errorf("%s: %d bytes, %d captured, marks %b; want %d, %d, %b", tt.name, s.Len, s.Captured, s.Marks, tt.want, tt.captured, tt.marks)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for _, c := range carriages() {
		p := capture.Packet{Data: c.data, Length: len(c.data), Link: c.link}
		if n := testing.AllocsPerRun(100, func() { d.Decode(&p) }); n != 0 {
			t.Errorf("%s: %v allocations a packet", c.name, n)
		}
	}
}
