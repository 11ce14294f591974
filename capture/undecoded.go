package capture

import "github.com/google/gopacket/layers"

// Encapsulations that are known by their number and whose content is not read.
const (
	portOpenVPN   = 1194
	portLISP      = 4341 // RFC 9300
	portESP       = 4500 // RFC 3948
	portGUE       = 6080
	portWireGuard = 51820

	protoMOBILE layers.IPProtocol = 55  // RFC 2004
	protoIPIP   layers.IPProtocol = 94  // KA9Q
	protoENCAP  layers.IPProtocol = 98  // RFC 1241
	protoL2TPv3 layers.IPProtocol = 115 // RFC 3931
)

// udpUnread is why the payload to or from a port is not read.
func udpUnread(src, dst uint16, payload view) SkipReason {
	b := payload.data
	for _, port := range [2]uint16{dst, src} {
		switch port {
		case portESP: // a key exchange begins with four zeros, and one byte keeps a NAT's entry
			if len(b) >= 8 && be32(b) != 0 {
				return SkipEncrypted
			}
		case portWireGuard:
			if len(b) >= 4 && be32(b) == 4<<24 {
				return SkipEncrypted
			}
		case portOpenVPN:
			if len(b) > 0 && (b[0]>>3 == 6 || b[0]>>3 == 9) { // P_DATA_V1, P_DATA_V2
				return SkipEncrypted
			}
		case portLISP:
			return SkipTunnel
		case portGUE:
			if len(b) > 0 && b[0]&0x20 == 0 { // else a control message
				return SkipTunnel
			}
		}
	}
	return SkipNotTCP
}

// ipUnread is why an IP protocol is not read.
func ipUnread(proto layers.IPProtocol) SkipReason {
	switch {
	case proto == protoMOBILE, proto == protoIPIP, proto == protoENCAP, proto == protoL2TPv3:
		return SkipTunnel
	case proto >= 150 && proto < 255: // not assigned, or for experiments (RFC 3692)
		return SkipUnknown
	}
	return SkipNotTCP
}

// frameUnread is why a frame of an EtherType is not read. What is padded to the least
// length of a frame holds no segment with data to speak of.
func frameUnread(t layers.EthernetType, v view) SkipReason {
	const padded = 46
	if v.wire <= padded {
		return SkipNotIP
	}
	switch t {
	case 0x0842, // wake on LAN
		0x2000,                         // CDP
		0x22f0,                         // AVTP
		0x6002, 0x6003, 0x6004, 0x6007, // DEC
		0x8035, 0x809b, 0x80f3, 0x8137, 0x8138, // RARP, AppleTalk, IPX
		0x8808, 0x8809, 0x880b, 0x8863, 0x886c, 0x888e, // pause, slow protocols, PPP, PPPoE discovery, HomePNA, EAPOL
		0x8892, 0x88a2, 0x88a4, 0x88ab, 0x88b8, 0x88b9, // PROFINET, ATA, EtherCAT, POWERLINK, GOOSE, GSE
		0x88ba, 0x88cc, 0x88cd, 0x88e1, 0x88f5, 0x88f7, // sampled values, LLDP, SERCOS, HomePlug, MVRP, PTP
		0x88fb, 0x8902, 0x8906, 0x8914, 0x8915, 0x892f, // PRP, CFM, FCoE, FIP, RoCE, HSR
		0x893a, 0x8940, 0x9000: // IEEE 1905, ECP, loopback
		return SkipNotIP
	}
	return SkipUnknown
}
