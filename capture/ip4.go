package capture

import "github.com/google/gopacket/layers"

const (
	ip4HeaderLen = 20
	ip4MoreFrags = 0x2000 // RFC 791 section 3.1, with the offset's 13 bits
	ip4Offset    = 0x1fff
)

// ip reads whichever IP version v begins with.
func (d *Decoder) ip(v view) Outcome {
	switch v.version() {
	case 4:
		return d.ip4(v)
	case 6:
		return d.ip6(v)
	}
	if len(v.data) == 0 {
		return d.short(v, 1)
	}
	return d.skip(SkipNotIP)
}

// ip4 reads an IPv4 header.
//
// The length of what follows is what the header says. Where that is more than
// was on the wire, a mirror cut the packet before it was captured (switches
// that truncate what they mirror; a host would have dropped such a packet):
// the sender's segment had the length of its header. Padding behind it is cut
// off.
func (d *Decoder) ip4(v view) Outcome {
	b := v.data
	if len(b) < ip4HeaderLen {
		return d.short(v, ip4HeaderLen)
	}
	header := int(b[0]&15) * 4
	total := int(be16(b[2:]))
	if b[0]>>4 != 4 || header < ip4HeaderLen {
		return d.skip(SkipMalformed)
	}
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	d.marks &^= MarkIPv6 | MarkOffload
	switch {
	case total == 0:
		// Segmentation offload, or IPv4 BIG TCP: longer than the field can say.
		d.marks |= MarkOffload
	case total < header:
		return d.skip(SkipMalformed)
	case total > v.wire:
		v.wire = total
	default:
		v = v.clip(total)
	}
	if len(v.data) < header {
		return d.short(v, header)
	}

	s := &d.Segment
	d.v6 = false
	s.TTL, s.ECN, s.IPID = b[8], b[1]&3, be16(b[4:])
	s.Src.Addr, s.Dst.Addr = AddrFrom4(b[12:16]), AddrFrom4(b[16:20])
	proto := layers.IPProtocol(b[9])
	v = v.from(header)
	if f := be16(b[6:]); f&(ip4MoreFrags|ip4Offset) != 0 {
		return d.fragment(proto, uint32(s.IPID), int(f&ip4Offset)*8, f&ip4MoreFrags != 0, v)
	}
	return d.transport(proto, v)
}
