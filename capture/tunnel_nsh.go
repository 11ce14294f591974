package capture

import "github.com/google/gopacket/layers"

const etherTypeNSH = layers.EthernetType(0x894f)

// nsh reads a network service header (RFC 8300 section 2): version and length in
// units of 4, type of the metadata, next protocol.
func (d *Decoder) nsh(v view) Outcome {
	const header, unit = 8, 4
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n := int(b[1]&0x3f) * unit
	switch {
	case b[0]>>6 != 0: // version
		return d.skip(SkipNotTCP)
	case n < header:
		return d.skip(SkipMalformed)
	case len(b) < n:
		return d.short(v, n)
	}
	if d.rewrite != nil {
		clear(b[header:n])
	}
	if d.Segment.Tunnel == TunnelNone {
		d.tunnel(TunnelOther)
	}
	return d.nextProtocol(v.from(n), b[3])
}

// nextProtocol reads what a next protocol number of NSH names (RFC 8300 section
// 9.1.4); VXLAN-GPE has the same.
func (d *Decoder) nextProtocol(v view, number byte) Outcome {
	switch number {
	case 1:
		return d.ip4(v)
	case 2:
		return d.ip6(v)
	case 3:
		return d.ethernet(v)
	case 4:
		return d.nsh(v)
	case 5:
		return d.mpls(v)
	}
	return d.skip(SkipNotTCP)
}
