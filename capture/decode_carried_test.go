package capture_test

import (
	"encoding/binary"
	"slices"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// carried is how the same segment is carried, and what a Decoder has to say of that.
type carried struct {
	name   string
	link   capture.LinkType
	data   []byte
	tunnel capture.TunnelKind
	id     uint32
	part   bool
	vlans  []uint16
	marks  capture.Marks // beside MarkIPv6 and MarkTruncated
	// bounded: a header in front says where the IP packet ends, so that the
	// segment is shorter when the packet was cut before it was captured.
	bounded bool
}

var theSegment = TCP{Src: 40000, Dst: 80, Seq: 1000, Ack: 2000, Flags: 0x18, Window: 500,
	Options: []byte{1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 8}, Payload: []byte("payload of the segment")}

func four() []byte { return IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, theSegment.Bytes()) }
func six() []byte  { return IPv6("2001:db8::1", "2001:db8::2", ProtoTCP, theSegment.Bytes()) }

func join(b ...[]byte) []byte { return slices.Concat(b...) }

// outer is an IPv4 packet in Ethernet around proto.
func outer(proto byte, payload []byte) []byte {
	return Ethernet(TypeIPv4, IPv4("192.0.2.1", "192.0.2.2", proto, payload))
}

func outerUDP(port uint16, payload []byte) []byte {
	return outer(ProtoUDP, UDP(50000, port, payload))
}

func nflog(order binary.ByteOrder, attributes ...[]byte) []byte {
	b := []byte{2, 0, 0, 0}
	for i := 0; i < len(attributes); i += 2 {
		var head [4]byte
		order.PutUint16(head[:], uint16(4+len(attributes[i+1])))
		order.PutUint16(head[2:], uint16(attributes[i][0]))
		b = append(append(b, head[:]...), attributes[i+1]...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

// wifi is an 802.11 header of n bytes with frame control bytes a and b.
func wifi(a, b byte, n int) []byte {
	h := make([]byte, n)
	h[0], h[1] = a, b
	return h
}

func carriages() []carried {
	const eth = capture.LinkEthernet
	mark := func(c carried, m capture.Marks) carried { c.marks = m; return c }
	sll := func(packetType byte) []byte { return []byte{0, packetType, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0} }
	amsdu := join(wifi(0x88, 1, 24), []byte{0x80, 0}, Ethernet8023(SNAP(TypeIPv4, four())), make([]byte, 40))
	return []carried{
		{name: "ethernet", link: eth, data: Ethernet(TypeIPv4, four())},
		{name: "ethernet IPv6", link: eth, data: Ethernet(TypeIPv6, six())},
		{name: "vlan", link: eth, data: Ethernet(TypeVLAN, Tag(0x6005, TypeIPv4, four())), vlans: []uint16{5}},
		{name: "priority tag", link: eth, data: Ethernet(TypeVLAN, Tag(0x6000, TypeIPv4, four()))},
		{name: "qinq", link: eth, data: Ethernet(0x88a8, Tag(7, TypeVLAN, Tag(8, TypeIPv6, six()))), vlans: []uint16{7, 8}},
		{name: "old qinq, three", link: eth, data: Ethernet(0x9100, Tag(7, 0x9200, Tag(8, TypeVLAN, Tag(9, TypeIPv4, four())))), vlans: []uint16{7, 8}},
		{name: "snap", link: eth, data: Ethernet8023(SNAP(TypeIPv4, four())), bounded: true},
		{name: "llc ip", link: eth, data: Ethernet8023(join([]byte{6, 6, 3}, four())), bounded: true},
		{name: "llc nlpid", link: eth, data: Ethernet8023(join([]byte{0xfe, 0xfe, 3, 0x8e}, six())), bounded: true},
		{name: "bridged snap", link: eth, data: Ethernet8023(join([]byte{0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7}, Ethernet(TypeIPv4, four()))), bounded: true},
		{name: "vn-tag", link: eth, data: Ethernet(0x8926, join([]byte{0, 1, 0, 2, 8, 0}, four()))},
		{name: "e-tag", link: eth, data: Ethernet(0x893f, join([]byte{0, 1, 0, 2, 0, 0, 8, 0}, four()))},
		{name: "i-tag", link: eth, data: Ethernet(0x88a8, Tag(3, 0x88e7, join([]byte{0, 0, 0, 9}, Ethernet(TypeVLAN, Tag(4, TypeIPv4, four()))))), vlans: []uint16{4}},
		{name: "fabricpath", link: eth, data: Ethernet(0x8903, join([]byte{0, 1}, Ethernet(TypeIPv4, four())))},
		{name: "cisco metadata", link: eth, data: Ethernet(0x8909, join([]byte{1, 1, 0, 1, 0, 9, 8, 0}, four()))},
		{name: "macsec in clear", link: eth, data: Ethernet(0x88e5, join([]byte{0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0}, four(), make([]byte, 16)))},
		{name: "edsa", link: eth, data: Ethernet(0xdada, join([]byte{0, 0, 1, 2, 3, 4, 8, 0}, four()))},

		{name: "mpls", link: eth, data: Ethernet(0x8847, MPLS(four(), 16, 17))},
		{name: "mpls IPv6", link: eth, data: Ethernet(0x8848, MPLS(six(), 2))},
		{name: "mpls ethernet", link: eth, data: Ethernet(0x8847, MPLS(Ethernet(TypeIPv4, four()), 100))},
		{name: "mpls control word", link: eth, data: Ethernet(0x8847, MPLS(join([]byte{0, 0, 0, 0}, Ethernet(TypeVLAN, Tag(6, TypeIPv4, four()))), 100)), vlans: []uint16{6}},
		{name: "mpls control word, sequence", link: eth, data: Ethernet(0x8847, MPLS(join([]byte{0, 0, 0, 9}, Ethernet(TypeIPv4, four())), 100))},
		{name: "pppoe", link: eth, data: Ethernet(0x8864, PPPoE(77, PPP(0x21, four()))), tunnel: capture.TunnelPPPoE, id: 77, bounded: true},
		{name: "pppoe, IPv6", link: eth, data: Ethernet(0x8864, PPPoE(78, PPP(0x57, six()))), tunnel: capture.TunnelPPPoE, id: 78, bounded: true},

		mark(carried{name: "sll", link: capture.LinkLinuxSLL, data: join(sll(0), []byte{8, 0}, four())}, capture.MarkInbound),
		mark(carried{name: "sll out, vlan", link: capture.LinkLinuxSLL, data: join(sll(4), []byte{0x81, 0}, Tag(5, TypeIPv6, six())), vlans: []uint16{5}}, capture.MarkOutbound),
		{name: "sll 802.2", link: capture.LinkLinuxSLL, data: join(sll(1), []byte{0, 4}, SNAP(TypeIPv4, four()))},
		mark(carried{name: "sll, radiotap", link: capture.LinkLinuxSLL, data: join([]byte{0, 4, 3, 0x23}, make([]byte, 12), []byte{0, 0, 8, 0, 0, 0, 0, 0}, wifi(0x08, 1, 24), SNAP(TypeIPv4, four()))}, capture.MarkOutbound),
		mark(carried{name: "sll2", link: capture.LinkLinuxSLL2, data: join([]byte{0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6}, make([]byte, 8), six())}, capture.MarkOutbound),
		{name: "null, little endian", link: capture.LinkNull, data: join([]byte{2, 0, 0, 0}, four())},
		{name: "null, big endian", link: capture.LinkNull, data: join([]byte{0, 0, 0, 2}, four())},
		{name: "null, Linux", link: capture.LinkNull, data: join([]byte{10, 0, 0, 0}, six())},
		{name: "null, OpenBSD", link: capture.LinkNull, data: join([]byte{0, 0, 0, 24}, six())},
		{name: "null, FreeBSD", link: capture.LinkNull, data: join([]byte{28, 0, 0, 0}, six())},
		{name: "null, macOS", link: capture.LinkNull, data: join([]byte{30, 0, 0, 0}, six())},
		{name: "null, EtherType", link: capture.LinkNull, data: join([]byte{0, 0, 8, 0}, four())},
		{name: "loop", link: capture.LinkLoop, data: join([]byte{0, 0, 0, 24}, six())},
		{name: "raw", link: capture.LinkRaw, data: four()},
		{name: "raw 12", link: capture.LinkRaw12, data: six()},
		{name: "raw 14", link: capture.LinkRaw14, data: four()},
		{name: "ipv4", link: capture.LinkIPv4, data: four()},
		{name: "ipv6", link: capture.LinkIPv6, data: six()},

		{name: "ppp", link: capture.LinkPPP, data: PPP(0x21, four())},
		{name: "ppp, framed", link: capture.LinkPPPHDLC, data: join([]byte{0xff, 3}, PPP(0x57, six()))},
		{name: "ppp, compressed protocol", link: capture.LinkPPP, data: join([]byte{0x21}, four())},
		{name: "ppp, mpls", link: capture.LinkPPP, data: join([]byte{0xff, 3}, PPP(0x281, MPLS(four(), 3)))},
		{name: "ppp, bridged", link: capture.LinkPPP, data: PPP(0x31, join([]byte{0, 1}, Ethernet(TypeIPv4, four())))},
		{name: "ppp, in truth hdlc", link: capture.LinkPPPHDLC, data: join([]byte{0x0f, 0, 8, 0}, four())},
		{name: "ppp with direction", link: capture.LinkPPPWithDir, data: join([]byte{1, 0xff, 3}, PPP(0x21, four()))},
		{name: "ppp ether", link: capture.LinkPPPEther, data: PPPoE(5, PPP(0x21, four())), tunnel: capture.TunnelPPPoE, id: 5, bounded: true},
		{name: "c_hdlc", link: capture.LinkCHDLC, data: join([]byte{0x8f, 0, 0x86, 0xdd}, six())},
		{name: "frame relay", link: capture.LinkFrameRelay, data: join([]byte{0x18, 0x61, 3, 0xcc}, four())},
		{name: "frame relay, padded snap", link: capture.LinkFrameRelay, data: join([]byte{0x18, 0x61, 3, 0, 0x80, 0, 0, 0, 8, 0}, four())},
		{name: "frame relay, Cisco", link: capture.LinkFrameRelay, data: join([]byte{0x18, 0x61, 0x86, 0xdd}, six())},
		{name: "frame relay, 4 bytes", link: capture.LinkFrameRelay, data: join([]byte{0x18, 0x60, 0x60, 0x61, 3, 0x8e}, six())},
		{name: "slip", link: capture.LinkSLIP, marks: capture.MarkSmallLink, data: join(make([]byte, 16), four())},
		{name: "fddi", link: capture.LinkFDDI, data: join(make([]byte, 13), SNAP(TypeIPv4, four()))},
		{name: "token ring, source routed", link: capture.LinkTokenRing, data: join(make([]byte, 8), []byte{0x80, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0}, SNAP(TypeIPv4, four()))},
		{name: "atm", link: capture.LinkATMRFC1483, data: SNAP(TypeIPv6, six())},
		{name: "infiniband", link: capture.LinkIPoIB, data: join(make([]byte, 40), []byte{8, 0, 0, 0}, four())},
		{name: "firewire", link: capture.LinkAppleIPOverIEEE1394, data: join(make([]byte, 16), []byte{8, 0}, four())},
		{name: "fibre channel", link: capture.LinkIPOverFC, data: join(make([]byte, 16), SNAP(TypeIPv4, four()))},
		{name: "arcnet", link: capture.LinkARCNETLinux, marks: capture.MarkSmallLink, data: join([]byte{1, 2, 0, 0, 212, 0, 0, 0}, four())},
		{name: "arcnet, RFC 1051", link: capture.LinkARCNETLinux, marks: capture.MarkSmallLink, data: join([]byte{1, 2, 0, 0, 240}, four())},
		{name: "nflog", link: capture.LinkNFLOG, data: nflog(binary.LittleEndian, []byte{10}, []byte("a prefix\x00"), []byte{9}, four())},
		{name: "nflog, big endian", link: capture.LinkNFLOG, data: nflog(binary.BigEndian, []byte{10}, []byte("x"), []byte{9}, six())},

		{name: "802.11", link: capture.LinkIEEE80211, data: join(wifi(0x08, 1, 24), SNAP(TypeIPv4, four()), []byte{1, 2, 3, 4})},
		{name: "802.11 qos", link: capture.LinkIEEE80211, data: join(wifi(0x88, 2, 26), SNAP(TypeIPv6, six()))},
		{name: "802.11 four addresses, HT", link: capture.LinkIEEE80211, data: join(wifi(0x88, 0x83, 36), SNAP(TypeIPv4, four()))},
		{name: "802.11 aggregate", link: capture.LinkIEEE80211, data: amsdu, bounded: true},
		{name: "radiotap", link: capture.LinkIEEE80211Radiotap, data: join([]byte{0, 0, 8, 0, 0, 0, 0, 0}, wifi(0x08, 1, 24), SNAP(TypeIPv4, four()))},
		{name: "radiotap, padded", link: capture.LinkIEEE80211Radiotap, data: join([]byte{0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0}, make([]byte, 4), make([]byte, 8), []byte{0x20}, wifi(0x88, 1, 26), []byte{0, 0}, SNAP(TypeIPv4, four()))},
		{name: "prism", link: capture.LinkPrism, data: join([]byte{0x44, 0, 0, 0, 144, 0, 0, 0}, make([]byte, 136), wifi(0x08, 1, 24), SNAP(TypeIPv4, four()))},
		{name: "avs", link: capture.LinkAVS, data: join([]byte{0x80, 0x21, 0x10, 1, 0, 0, 0, 64}, make([]byte, 56), wifi(0x08, 1, 24), SNAP(TypeIPv4, four()))},
		{name: "ppi", link: capture.LinkPPI, data: join([]byte{0, 0, 12, 0, 1, 0, 0, 0, 9, 9, 9, 9}, Ethernet(TypeIPv4, four()))},
		{name: "pktap", link: capture.LinkPKTAP, data: join([]byte{16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9}, Ethernet(TypeIPv4, four()))},
		{name: "pflog", link: capture.LinkPFLog, data: join([]byte{61}, make([]byte, 63), four())},
		{name: "enc", link: capture.LinkEnc, data: join(make([]byte, 12), six())},
		{name: "ipnet", link: capture.LinkIPNET, data: join(make([]byte, 24), six())},
		{name: "netanalyzer", link: capture.LinkNetAnalyzer, data: join(make([]byte, 4), Ethernet(TypeIPv4, four()))},
		{name: "netanalyzer, transparent", link: capture.LinkNetAnalyzerTransparent, data: join(make([]byte, 12), Ethernet(TypeIPv4, four()))},
		{name: "epon", link: capture.LinkEPON, data: join(make([]byte, 8), Ethernet(TypeIPv4, four()))},
		{name: "broadcom tag", link: capture.LinkDSATagBRCM, data: join(make([]byte, 16), []byte{8, 0}, four())},
		{name: "broadcom tag in front", link: capture.LinkDSATagBRCMPrepend, data: join(make([]byte, 4), Ethernet(TypeIPv4, four()))},
		{name: "marvell tag", link: capture.LinkDSATagDSA, data: join(make([]byte, 16), []byte{8, 0}, four())},
		{name: "marvell EtherType tag", link: capture.LinkDSATagEDSA, data: join(make([]byte, 20), []byte{8, 0}, four())},
		{name: "juniper ethernet", link: capture.LinkJuniperEthernet, data: join([]byte("MGC\x80\x00\x02\x00\x00"), Ethernet(TypeIPv4, four()))},
		{name: "juniper, no link header", link: capture.LinkJuniperEthernet, data: join([]byte("MGC\x02\x00\x00\x00\x00"), six())},
		{name: "juniper ppp", link: capture.LinkJuniperPPP, data: join([]byte("MGC\x00"), PPP(0x21, four()))},
		{name: "juniper frame relay", link: capture.LinkJuniperFrameRelay, data: join([]byte("MGC\x00"), []byte{0x18, 0x61, 3, 0xcc}, four())},
		{name: "juniper c_hdlc", link: capture.LinkJuniperCHDLC, data: join([]byte("MGC\x00"), []byte{0x8f, 0, 8, 0}, four())},

		{name: "ipip", link: eth, data: outer(4, four()), tunnel: capture.TunnelIPIP},
		{name: "6in4", link: eth, data: outer(41, six()), tunnel: capture.TunnelIPIP},
		{name: "4in6", link: eth, data: Ethernet(TypeIPv6, IPv6("fd00::1", "fd00::2", 4, four())), tunnel: capture.TunnelIPIP},
		{name: "ah", link: eth, data: outer(51, join([]byte{4, 4, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1}, make([]byte, 12), four())), tunnel: capture.TunnelIPIP},
		{name: "ah, transport", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::2", 51, join([]byte{6, 4, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1}, make([]byte, 12), six()[40:]))), tunnel: capture.TunnelAH},
		{name: "etherip", link: eth, data: outer(97, join([]byte{0x30, 0}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelOther},
		{name: "mpls in ip", link: eth, data: outer(137, MPLS(four(), 5)), tunnel: capture.TunnelOther},
		{name: "gre", link: eth, data: outer(47, GRE(0, TypeIPv4, nil, four())), tunnel: capture.TunnelGRE},
		{name: "gre, all fields", link: eth, data: outer(47, GRE(0xb000, TypeIPv6, []byte{0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3}, six())), tunnel: capture.TunnelGRE, id: 0x102, part: true},
		{name: "nvgre", link: eth, data: outer(47, GRE(0x2000, 0x6558, []byte{0, 0, 7, 1}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelGRE, id: 0x701, part: true},
		{name: "pptp", link: eth, data: outer(47, GRE(0x3081, 0x880b, []byte{0, 66, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2}, join([]byte{0xff, 3}, PPP(0x21, four())))), tunnel: capture.TunnelGRE, id: 9},
		{name: "eoip", link: eth, data: outer(47, GRE(0x2001, 0x6400, []byte{0, 80, 4, 0}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelGRE, id: 0x400},
		{name: "wccp", link: eth, data: outer(47, GRE(0, 0x883e, nil, join([]byte{1, 0, 0, 0}, four()))), tunnel: capture.TunnelGRE},
		{name: "wccp, first version", link: eth, data: outer(47, GRE(0, 0x883e, nil, four())), tunnel: capture.TunnelGRE},
		{name: "aruba", link: eth, data: outer(47, GRE(0, 0x8240, nil, join(wifi(0x88, 1, 26), SNAP(TypeIPv4, four())))), tunnel: capture.TunnelGRE},
		{name: "gre mpls", link: eth, data: outer(47, GRE(0, 0x8847, nil, MPLS(six(), 5))), tunnel: capture.TunnelGRE},
		{name: "erspan I", link: eth, data: outer(47, GRE(0, 0x88be, nil, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelERSPAN},
		{name: "erspan II", link: eth, data: outer(47, GRE(0x1000, 0x88be, []byte{0, 0, 0, 1, 0x10, 5, 0, 42, 0, 0, 0, 0}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelERSPAN, id: 42},
		{name: "erspan III", link: eth, data: outer(47, GRE(0x1000, 0x22eb, []byte{0, 0, 0, 1, 0x20, 5, 0, 43, 0, 0, 0, 0, 0, 0, 0, 0}, Ethernet(TypeVLAN, Tag(11, TypeIPv4, four())))), tunnel: capture.TunnelERSPAN, id: 43, vlans: []uint16{11}},
		{name: "erspan III, platform header, ip", link: eth, data: outer(47, GRE(0x1000, 0x22eb, []byte{0, 0, 0, 1, 0x20, 5, 0, 43, 0, 0, 0, 0, 0, 0, 0x08, 1, 1, 2, 3, 4, 5, 6, 7, 8}, six())), tunnel: capture.TunnelERSPAN, id: 43},
		{name: "vxlan", link: eth, data: outerUDP(4789, VXLAN(7001, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelVXLAN, id: 7001, part: true},
		{name: "vxlan, old port, vlans outside", link: eth, data: Ethernet(TypeVLAN, Tag(5, TypeIPv4, IPv4("192.0.2.1", "192.0.2.2", 17, UDP(1, 8472, VXLAN(7002, Ethernet(TypeIPv6, six())))))), tunnel: capture.TunnelVXLAN, id: 7002, part: true, vlans: []uint16{5}},
		{name: "vxlan, vlans in both", link: eth, data: Ethernet(TypeVLAN, Tag(5, TypeIPv4, IPv4("192.0.2.1", "192.0.2.2", 17, UDP(1, 4789, VXLAN(0, Ethernet(TypeVLAN, Tag(6, TypeIPv4, four()))))))), tunnel: capture.TunnelVXLAN, part: true, vlans: []uint16{6}},
		{name: "vxlan-gpe", link: eth, data: outerUDP(4790, join([]byte{0x0c, 0, 0, 2, 0, 0, 9, 0}, six())), tunnel: capture.TunnelVXLAN, id: 9, part: true},
		{name: "vxlan-gpe, IPv4", link: eth, data: outerUDP(4790, join([]byte{0x0c, 0, 0, 1, 0, 0, 9, 0}, four())), tunnel: capture.TunnelVXLAN, id: 9, part: true},
		{name: "vxlan-gpe, Ethernet", link: eth, data: outerUDP(4790, join([]byte{0x08, 0, 0, 0, 0, 0, 9, 0}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelVXLAN, id: 9, part: true},
		{name: "vxlan-gpe, MPLS", link: eth, data: outerUDP(4790, join([]byte{0x0c, 0, 0, 5, 0, 0, 9, 0}, MPLS(four(), 5))), tunnel: capture.TunnelVXLAN, id: 9, part: true},
		{name: "ipip in vxlan", link: eth, data: outerUDP(4789, VXLAN(0, Ethernet(TypeIPv4, IPv4("10.9.0.1", "10.9.0.2", 4, four())))), tunnel: capture.TunnelVXLAN, part: true},
		{name: "geneve", link: eth, data: outerUDP(6081, Geneve(8001, 0x6558, nil, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelGeneve, id: 8001, part: true},
		{name: "geneve, long options, IP", link: eth, data: outerUDP(6081, Geneve(8002, TypeIPv6, make([]byte, 63*4), six())), tunnel: capture.TunnelGeneve, id: 8002, part: true},
		{name: "gtp-u", link: eth, data: outerUDP(2152, GTPU(0xabcd, four())), tunnel: capture.TunnelGTP, id: 0xabcd, bounded: true},
		{name: "gtp-u, plain, by source port", link: eth, data: outer(17, UDP(2152, 9, join([]byte{0x30, 255, 0, 94, 0, 0, 0, 1}, six()))), tunnel: capture.TunnelGTP, id: 1, bounded: true},
		{name: "l2tp", link: eth, data: outerUDP(1701, L2TP(3, 4, join([]byte{0xff, 3}, PPP(0x21, four())))), tunnel: capture.TunnelL2TP, id: 3<<16 | 4, bounded: true},
		{name: "l2tp, sequence and offset", link: eth, data: outerUDP(1701, join([]byte{0x0a, 2, 0, 3, 0, 4, 0, 0, 0, 0, 0, 2, 9, 9}, PPP(0x21, four()))), tunnel: capture.TunnelL2TP, id: 3<<16 | 4},
		{name: "teredo", link: eth, data: outerUDP(3544, join([]byte{0, 1, 1, 1, 'c', 'v', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6}, six())), tunnel: capture.TunnelTeredo},
		{name: "ayiya", link: eth, data: outerUDP(5072, join([]byte{0x41, 0x52, 0x11, 41, 0, 0, 0, 0}, make([]byte, 36), six())), tunnel: capture.TunnelOther},
		{name: "gre in udp", link: eth, data: outerUDP(4754, GRE(0x2000, TypeIPv4, []byte{0, 0, 0, 9}, four())), tunnel: capture.TunnelGRE, id: 9, part: true},
		{name: "nsh", link: eth, data: Ethernet(0x894f, NSH(1, four())), tunnel: capture.TunnelOther},
		{name: "nsh twice, Ethernet", link: eth, data: Ethernet(0x894f, NSH(4, NSH(3, Ethernet(TypeIPv6, six())))), tunnel: capture.TunnelOther},
		{name: "nsh in vxlan-gpe", link: eth, data: outerUDP(4790, join([]byte{0x0c, 0, 0, 4, 0, 0, 9, 0}, NSH(2, six()))), tunnel: capture.TunnelVXLAN, id: 9, part: true},
		{name: "nsh in gre", link: eth, data: outer(47, GRE(0, 0x894f, nil, NSH(5, MPLS(four(), 5)))), tunnel: capture.TunnelGRE},
		{name: "capwap, 802.3", link: eth, data: outerUDP(5247, join([]byte{0, 0x10, 0, 0, 0, 0, 0, 0}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelOther},
		{name: "capwap, 802.11, radio address", link: eth, data: outerUDP(5247, join([]byte{0, 0x20, 0x43, 0x10, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0}, wifi(8, 1, 24), SNAP(TypeIPv4, four()))), tunnel: capture.TunnelOther},
		{name: "capwap, frame control in turn", link: eth, data: outer(17, UDP(5247, 9, join([]byte{0, 0x10, 0x43, 0, 0, 0, 0, 0}, wifi(1, 0x88, 26), SNAP(TypeIPv6, six())))), tunnel: capture.TunnelOther},
		{name: "tzsp", link: eth, data: outerUDP(37008, join([]byte{1, 0, 0, 1, 0, 10, 1, 0xd0, 1}, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelOther},
		{name: "tzsp, 802.11", link: eth, data: outerUDP(37008, join([]byte{1, 1, 0, 18, 1}, wifi(8, 1, 24), SNAP(TypeIPv6, six()))), tunnel: capture.TunnelOther},
		{name: "ethernet in IPv6", link: eth, data: Ethernet(TypeIPv6, IPv6("fd00::1", "fd00::2", 143, Ethernet(TypeIPv4, four()))), tunnel: capture.TunnelOther},
		{name: "ethernet behind a segment routing header", link: eth, data: Ethernet(TypeIPv6, IPv6("fd00::1", "fd00::9", 43,
			Extension(143, join([]byte{4, 1, 1, 0, 0, 0}, make([]byte, 32)), Ethernet(TypeIPv6, six())))), tunnel: capture.TunnelOther},
		{name: "IPv6 behind the EtherType of IPv4", link: eth, data: Ethernet(TypeIPv4, six())},
		{name: "IPv4 behind the EtherType of IPv6", link: eth, data: Ethernet(TypeIPv6, four())},
		{name: "erf, Ethernet", link: capture.LinkERF, data: ERF(2, nil, join([]byte{0, 0}, Ethernet(TypeIPv4, four())), 2), bounded: true},
		{name: "erf, Ethernet, two extension headers", link: capture.LinkERF, data: ERF(0x82, []byte{0x90, 0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 2}, join([]byte{0, 0}, Ethernet(TypeIPv6, six())), 2), bounded: true},
		{name: "erf, PPP", link: capture.LinkERF, data: ERF(1, nil, join([]byte{0xff, 3}, PPP(0x21, four())), 0), bounded: true},
		{name: "erf, Cisco HDLC", link: capture.LinkERF, data: ERF(15, nil, join([]byte{0x0f, 0, 8, 0}, four()), 0), bounded: true},
		{name: "erf, IPv4", link: capture.LinkERF, data: ERF(22, nil, four(), 0), bounded: true},
		{name: "erf, IPv6", link: capture.LinkERF, data: ERF(23, nil, six(), 0), bounded: true},
		{name: "mpls in udp", link: eth, data: outerUDP(6635, MPLS(four(), 5)), tunnel: capture.TunnelOther},

		{name: "hop-by-hop, routing, destination", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::2", 0,
			Extension(43, make([]byte, 6), Extension(60, []byte{4, 0, 0, 0, 0, 0}, Extension(135, make([]byte, 14), Extension(6, make([]byte, 6), six()[40:]))))))},
		{name: "atomic fragment", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::2", 44, join([]byte{6, 0, 0, 0, 0, 0, 0, 9}, six()[40:])))},
		{name: "routing header, one segment left", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::99", 43,
			Extension(6, join([]byte{0, 1, 0, 0, 0, 0}, six()[24:40]), six()[40:])))},
		{name: "segment routing header", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::99", 43,
			Extension(6, join([]byte{4, 1, 1, 0, 0, 0}, six()[24:40], make([]byte, 16)), six()[40:])))},
		{name: "routing header of a lossy network", link: eth, data: Ethernet(TypeIPv6, IPv6("2001:db8::1", "2001:db8::99", 43,
			Extension(6, join([]byte{3, 2, 0xef, 0x50, 0, 0}, []byte{7, 7, 2, 0, 0, 0, 0, 0}), six()[40:])))},
		{name: "loose source route", link: eth, data: Ethernet(TypeIPv4,
			IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.9", Proto: 6, ID: 1, Options: []byte{1, 131, 7, 4, 10, 0, 0, 2}}.Bytes(four()[20:]))},
		{name: "source route, used up", link: eth, data: Ethernet(TypeIPv4,
			IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, Options: []byte{137, 7, 8, 10, 0, 0, 9, 0}}.Bytes(theSegment.Bytes()))},
	}
}
