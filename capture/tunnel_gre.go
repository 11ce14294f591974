package capture

import "github.com/google/gopacket/layers"

// GRE flags (RFC 2784, RFC 2890, RFC 1701; RFC 2637 for version 1).
const (
	greChecksum = 0x8000
	greRouting  = 0x4000
	greKey      = 0x2000
	greSequence = 0x1000
	greAck      = 0x0080
	greVersion  = 0x0007

	greWCCP      layers.EthernetType = 0x883e
	greERSPAN3   layers.EthernetType = 0x22eb
	greAruba     layers.EthernetType = 0x8200 // to 0x83ff, by the access point's radio
	greArubaMask layers.EthernetType = 0xfe00
	greMikroTik  layers.EthernetType = 0x6400 // EoIP, which puts a length and an id where the key is
)

// gre reads a GRE header, of PPTP too.
func (d *Decoder) gre(v view) Outcome {
	const header = 4
	if len(v.data) < header {
		return d.short(v, header)
	}
	flags, proto := be16(v.data), layers.EthernetType(be16(v.data[2:]))
	n := header
	if flags&(greChecksum|greRouting) != 0 {
		n += 4
	}
	key := n
	if flags&greKey != 0 {
		n += 4
	}
	if flags&greSequence != 0 {
		n += 4
	}
	version := flags & greVersion
	if version == 1 && flags&greAck != 0 {
		n += 4
	}
	if version > 1 || flags&greRouting != 0 {
		return d.skip(SkipNotTCP)
	}
	if len(v.data) < n {
		return d.short(v, n)
	}
	switch {
	case flags&greKey == 0:
		d.tunnel(TunnelGRE)
	case version == 1: // RFC 2637 section 4.1: payload length, call
		d.tunnelID(TunnelGRE, be32(v.data[key:])&0xffff, false)
	default: // NVGRE's is a network and, in its last byte, a flow (RFC 7637 section 3.2)
		d.tunnelID(TunnelGRE, be32(v.data[key:]), true)
	}
	if proto == layers.EthernetTypeERSPAN {
		return d.erspan(v.from(n), flags&greSequence != 0)
	}
	v = v.from(n)
	switch {
	case proto == layers.EthernetTypePPP:
		return d.ppp(v)
	case proto == greERSPAN3:
		return d.erspan3(v)
	case proto == greWCCP:
		if v.version() != 4 { // the second version has a redirect header
			return d.behind(4, v, (*Decoder).ip)
		}
		return d.ip4(v)
	case proto&greArubaMask == greAruba:
		return d.wifi(v, false)
	case proto == greMikroTik && version == 1:
		return d.ethernet(v)
	case proto <= etherTypeMaxLength: // keepalives of 0 among them
		return d.skip(SkipNotTCP)
	}
	return d.etherType(proto, v)
}

// erspan reads type II, whose session stands in a header of 8 bytes, or type
// I, which has none and no sequence number in its GRE header
// (draft-foschiano-erspan section 4).
func (d *Decoder) erspan(v view, second bool) Outcome {
	const header = 8
	if !second {
		d.tunnel(TunnelERSPAN)
		return d.ethernet(v)
	}
	if len(v.data) < header {
		return d.short(v, header)
	}
	d.tunnelID(TunnelERSPAN, uint32(be16(v.data[2:])&0x3ff), false)
	return d.ethernet(v.from(header))
}

// erspan3 reads type III (the same draft): 12 bytes, and 8 of a platform's
// own where the last bit says so. The frame is Ethernet or IP.
func (d *Decoder) erspan3(v view) Outcome {
	const header, platform = 12, 8
	if len(v.data) < header {
		return d.short(v, header)
	}
	d.tunnelID(TunnelERSPAN, uint32(be16(v.data[2:])&0x3ff), false)
	n := header
	if v.data[11]&1 != 0 {
		n += platform
	}
	if frame := v.data[10] >> 2 & 0x1f; frame == 2 {
		return d.behind(n, v, (*Decoder).ip)
	}
	return d.behind(n, v, (*Decoder).ethernet)
}

// etherIP reads RFC 3378: version 3, 12 reserved bits, an Ethernet frame.
func (d *Decoder) etherIP(v view) Outcome {
	d.tunnel(TunnelOther)
	return d.behind(2, v, (*Decoder).ethernet)
}
