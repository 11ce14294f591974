package capture

import "github.com/google/gopacket/layers"

// Link types whose header was made by the capturing host, not by a wire.

// Hardware types of the Linux "any" device that say more than the protocol
// field (linux/if_arp.h).
const (
	arphrdRadiotap = 803
	arphrdNetlink  = 824
)

// sll reads LINKTYPE_LINUX_SLL: packet type, hardware type, address length,
// address of 8 bytes, protocol.
func (d *Decoder) sll(v view) Outcome {
	const header = 16
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if d.rewrite != nil {
		d.rewrite.cooked(b, header, 6, 14)
	}
	return d.cooked(be16(b), be16(b[2:]), be16(b[14:]), v.from(header))
}

// sll2 reads LINKTYPE_LINUX_SLL2: protocol, 2 reserved, interface index,
// hardware type, packet type, address length, address of 8 bytes.
func (d *Decoder) sll2(v view) Outcome {
	const header = 20
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if d.rewrite != nil {
		d.rewrite.cooked(b, header, 12, 20)
	}
	return d.cooked(uint16(b[10]), be16(b[8:]), be16(b), v.from(header))
}

// cooked reads what is behind a header of the "any" device.
func (d *Decoder) cooked(packetType, hardware, proto uint16, v view) Outcome {
	switch packetType {
	case 0: // to us
		d.marks |= MarkInbound
	case 4: // from us
		d.marks |= MarkOutbound
	}
	switch hardware {
	case arphrdRadiotap:
		return d.radiotap(v)
	case arphrdNetlink:
		return d.skip(SkipNotIP)
	}
	if proto == 4 { // 802.2, without a length
		return d.llc(v)
	}
	if proto <= uint16(etherTypeMaxLength) { // other pseudo protocols of Linux
		return d.skip(SkipNotIP)
	}
	return d.etherType(layers.EthernetType(proto), v)
}

// nflog reads LINKTYPE_NFLOG: address family, version, resource, then
// attributes (length, type, value, padded to 4) in the byte order of the
// capturing host, one of which is the packet.
func (d *Decoder) nflog(v view) Outcome {
	const header, attribute, payload = 4, 4, 9
	if len(v.data) < header {
		return d.short(v, header)
	}
	v = v.from(header)
	for d.deeper() {
		b := v.data
		if len(b) < attribute {
			return d.short(v, attribute)
		}
		n, kind := int(le16(b)), le16(b[2:])
		if kind&0x7fff > 255 { // no such attribute: the other byte order
			n, kind = int(be16(b)), be16(b[2:])
		}
		if n < attribute || n > v.wire {
			return d.skip(SkipMalformed)
		}
		if kind&0x7fff == payload {
			return d.ip(v.clip(n).from(attribute))
		}
		n = min((n+3)&^3, v.wire)
		if len(b) < n {
			return d.short(v, n)
		}
		v = v.from(n)
	}
	return d.skip(SkipTooDeep)
}

// ppi reads a per-packet information header, which is little endian: version,
// flags, length, link type.
func (d *Decoder) ppi(v view) Outcome {
	const header = 8
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n, inner := int(le16(b[2:])), le32(b[4:])
	if n < header || inner > 0xffff || b[1]&1 != 0 && len(b) < n {
		return d.skip(SkipMalformed)
	}
	if len(b) < n {
		return d.short(v, n)
	}
	return d.link(LinkType(inner), v.from(n))
}

// pktap reads Apple's header, which is little endian: length, record type
// (1: a packet), link type.
func (d *Decoder) pktap(v view) Outcome {
	const header = 12
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n, record, inner := le32(b), le32(b[4:]), le32(b[8:])
	if record != 1 {
		return d.skip(SkipNotIP)
	}
	if n < header || n > 1<<16 || inner > 0xffff {
		return d.skip(SkipMalformed)
	}
	if len(b) < int(n) {
		return d.short(v, int(n))
	}
	return d.link(LinkType(inner), v.from(int(n)))
}

// pflog reads a header of OpenBSD's pf, padded to 4 bytes.
func (d *Decoder) pflog(v view) Outcome {
	if len(v.data) < 1 {
		return d.short(v, 1)
	}
	return d.behind((int(v.data[0])+3)&^3, v, (*Decoder).ip)
}

// juniper reads the header of Juniper's routers: magic number, flags, and
// where they say so a length of extensions.
func (d *Decoder) juniper(t LinkType, v view) Outcome {
	const header, withoutLink, extended = 4, 0x02, 0x80
	if len(v.data) < header {
		return d.short(v, header)
	}
	if string(v.data[:3]) != "MGC" {
		return d.skip(SkipMalformed)
	}
	flags := v.data[3]
	v = v.from(header)
	if flags&extended != 0 {
		if len(v.data) < 2 {
			return d.short(v, 2)
		}
		n := 2 + int(be16(v.data))
		if len(v.data) < n {
			return d.short(v, n)
		}
		v = v.from(n)
	}
	if flags&withoutLink != 0 { // 4 bytes of protocol
		return d.behind(4, v, (*Decoder).ip)
	}
	switch t {
	case LinkJuniperPPP:
		return d.ppp(v)
	case LinkJuniperFrameRelay:
		return d.frameRelay(v)
	case LinkJuniperCHDLC:
		return d.cHDLC(v)
	}
	return d.ethernet(v) // also PPPoE, which is Ethernet
}
