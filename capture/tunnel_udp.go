package capture

import "github.com/google/gopacket/layers"

// UDP ports of tunnels.
const (
	portL2TP      = 1701
	portGTPU      = 2152
	portTeredo    = 3544
	portGRE       = 4754 // RFC 8086
	portVXLAN     = 4789
	portVXLANGPE  = 4790
	portAYIYA     = 5072
	portGeneve    = 6081
	portMPLS      = 6635 // RFC 7510
	portVXLANOld  = 8472 // Linux before the port was assigned
	udpHeaderLen  = 8
	tunnelIDShift = 8 // network identifiers are the upper 24 bits of 32
)

// udp reads a UDP header, and what the ports say is carried. A port that is
// no tunnel's in truth shows by a header that does not fit: that is no
// fault of the packet.
func (d *Decoder) udp(v view) Outcome {
	if len(v.data) < udpHeaderLen {
		return d.short(v, udpHeaderLen)
	}
	if d.rewrite != nil {
		d.rewrite.udp(v.data)
	}
	src, dst, length := be16(v.data), be16(v.data[2:]), int(be16(v.data[4:]))
	if length >= udpHeaderLen { // 0 in a jumbogram (RFC 2675 section 4)
		v = v.clip(length)
	}
	v = v.from(udpHeaderLen)
	port, next := dst, udpTunnel(dst)
	if next == nil {
		port, next = src, udpTunnel(src)
	}
	if next == nil {
		return d.skip(udpUnread(src, dst, v))
	}
	if d.rewrite != nil && !d.rewrite.knowsTunnel(port) {
		return d.skip(SkipNotTCP)
	}
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	return next(d, v)
}

// udpTunnel is what reads the payload to or from a port, nil when it is no tunnel's.
func udpTunnel(port uint16) func(*Decoder, view) Outcome {
	switch port {
	case portVXLAN, portVXLANOld:
		return (*Decoder).vxlan
	case portVXLANGPE:
		return (*Decoder).vxlanGPE
	case portGeneve:
		return (*Decoder).geneve
	case portGTPU:
		return (*Decoder).gtpU
	case portL2TP:
		return (*Decoder).l2tp
	case portTeredo:
		return (*Decoder).teredo
	case portAYIYA:
		return (*Decoder).ayiya
	case portMPLS:
		return (*Decoder).mplsInUDP
	case portGRE:
		return (*Decoder).gre
	case portCAPWAP:
		return (*Decoder).capwap
	case portTZSP:
		return (*Decoder).tzsp
	}
	return nil
}

// vxlan reads RFC 7348. A header without the I flag names no network.
func (d *Decoder) vxlan(v view) Outcome {
	const header = 8
	var x layers.VXLAN
	if x.DecodeFromBytes(v.data, feedback{}) != nil {
		return d.short(v, header)
	}
	if !x.ValidIDFlag {
		return d.skip(SkipNotTCP)
	}
	d.tunnelID(TunnelVXLAN, x.VNI, true)
	return d.ethernet(v.from(header))
}

// vxlanGPE reads draft-ietf-nvo3-vxlan-gpe: as VXLAN, with a next protocol
// where the P flag says so.
func (d *Decoder) vxlanGPE(v view) Outcome {
	const header, flagI, flagP = 8, 0x08, 0x04
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if b[0]&flagI == 0 {
		return d.skip(SkipNotTCP)
	}
	d.tunnelID(TunnelVXLAN, be32(b[4:])>>tunnelIDShift, true)
	next := b[3]
	if b[0]&flagP == 0 {
		next = 3
	}
	return d.nextProtocol(v.from(header), next)
}

// geneve reads RFC 8926. gopacket's layer loses bits of the options' lengths
// and allocates for each option; nobody needs them here.
func (d *Decoder) geneve(v view) Outcome {
	const header = 8
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if b[0]>>6 != 0 { // version
		return d.skip(SkipNotTCP)
	}
	n := header + int(b[0]&0x3f)*4
	if len(b) < n {
		return d.short(v, n)
	}
	if d.rewrite != nil {
		clear(b[header:n])
	}
	d.tunnelID(TunnelGeneve, be32(b[4:])>>tunnelIDShift, true)
	return d.etherType(layers.EthernetType(be16(b[2:])), v.from(n))
}

// gtpU reads a G-PDU of GTPv1-U (3GPP TS 29.281 section 5).
func (d *Decoder) gtpU(v view) Outcome {
	const header, optional, gPDU = 8, 4, 255
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if b[0]&0xf0 != 0x30 || b[1] != gPDU { // version 1, GTP and not GTP'
		return d.skip(SkipNotTCP)
	}
	d.tunnelID(TunnelGTP, be32(b[4:]), false)
	flags := b[0]
	v = d.bound(v, header+int(be16(b[2:]))).from(header)
	if flags&0x07 == 0 {
		return d.ip(v)
	}
	if len(v.data) < optional {
		return d.short(v, optional)
	}
	next := v.data[3]
	v = v.from(optional)
	if flags&0x04 == 0 {
		next = 0
	}
	for next != 0 { // extension headers: length in units of 4, content, next type
		if !d.deeper() {
			return d.skip(SkipTooDeep)
		}
		if len(v.data) < 1 {
			return d.short(v, 1)
		}
		n := int(v.data[0]) * 4
		if n == 0 {
			return d.skip(SkipMalformed)
		}
		if len(v.data) < n {
			return d.short(v, n)
		}
		next = v.data[n-1]
		v = v.from(n)
	}
	return d.ip(v)
}

// l2tp reads a data message of L2TPv2 (RFC 2661 section 3.1).
func (d *Decoder) l2tp(v view) Outcome {
	const control, length, sequence, offset = 0x8000, 0x4000, 0x0800, 0x0200
	if len(v.data) < 2 {
		return d.short(v, 2)
	}
	flags := be16(v.data)
	if flags&control != 0 || flags&0x0f != 2 { // version
		return d.skip(SkipNotTCP)
	}
	n := 6
	ids := 2
	if flags&length != 0 {
		n, ids = n+2, ids+2
	}
	if flags&sequence != 0 {
		n += 4
	}
	pad := n
	if flags&offset != 0 {
		n += 2
	}
	if len(v.data) < n {
		return d.short(v, n)
	}
	b := v.data
	if flags&offset != 0 {
		n += int(be16(b[pad:]))
		if len(b) < n {
			return d.short(v, n)
		}
	}
	d.tunnelID(TunnelL2TP, be32(b[ids:]), false) // tunnel, then session
	if flags&length != 0 {
		if int(be16(b[2:])) < n {
			return d.skip(SkipMalformed)
		}
		v = d.bound(v, int(be16(b[2:])))
	}
	return d.ppp(v.from(n))
}

// teredo reads IPv6, behind an authentication or an origin indication where
// there is one (RFC 4380 section 5.1.1).
func (d *Decoder) teredo(v view) Outcome {
	const indication, origin = 2, 8
	if len(v.data) < indication {
		return d.short(v, indication)
	}
	if be16(v.data) == 1 {
		if d.rewrite != nil { // it names the client
			return d.skip(SkipNotTCP)
		}
		if len(v.data) < 4 {
			return d.short(v, 4)
		}
		n := 4 + int(v.data[2]) + int(v.data[3]) + 9 // client id, value, nonce of 8 and confirmation
		if len(v.data) < n+indication {
			return d.short(v, n+indication)
		}
		v = v.from(n)
	}
	if be16(v.data) == 0 {
		if len(v.data) < origin+1 {
			return d.short(v, origin+1)
		}
		if d.rewrite != nil {
			clear(v.data[2:origin])
		}
		v = v.from(origin)
	}
	if v.version() != 6 {
		return d.skip(SkipNotTCP)
	}
	d.tunnel(TunnelTeredo)
	return d.ip6(v)
}

// ayiya reads draft-massar-v6ops-ayiya: lengths, next header, time, identity,
// signature.
func (d *Decoder) ayiya(v view) Outcome {
	const header = 8
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n := header + 1<<(b[0]>>4) + 4*int(b[1]>>4)
	if next := layers.IPProtocol(b[3]); next != layers.IPProtocolIPv6 && next != layers.IPProtocolIPv4 {
		return d.skip(SkipNotTCP)
	}
	if len(b) < n {
		return d.short(v, n)
	}
	d.tunnel(TunnelOther)
	return d.ip(v.from(n))
}

// mplsInUDP reads RFC 7510.
func (d *Decoder) mplsInUDP(v view) Outcome {
	d.tunnel(TunnelOther)
	return d.mpls(v)
}
