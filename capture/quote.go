package capture

import "github.com/google/gopacket/layers"

// icmpHeaderLen is the part of an ICMP error before the packet it quotes
// (RFC 792; RFC 4443 section 3 for ICMPv6).
const icmpHeaderLen = 8

// icmp4 reads an ICMP message. Its errors quote the IPv4 header and at least
// 8 bytes behind it of the packet they are about.
func (d *Decoder) icmp4(v view) Outcome {
	var m layers.ICMPv4
	if m.DecodeFromBytes(v.data, feedback{}) != nil {
		return d.short(v, icmpHeaderLen)
	}
	if d.rewrite != nil {
		d.rewrite.message(v.data)
	}
	q := &d.Quote
	q.MTU = 0
	switch m.TypeCode.Type() {
	case layers.ICMPv4TypeDestinationUnreachable:
		if m.TypeCode.Code() == layers.ICMPv4CodeFragmentationNeeded {
			q.MTU = uint32(m.Seq) // RFC 1191 section 4; 0 from routers that do not say
		}
	case layers.ICMPv4TypeSourceQuench, layers.ICMPv4TypeRedirect, layers.ICMPv4TypeTimeExceeded,
		layers.ICMPv4TypeParameterProblem:
	default:
		return d.skip(SkipNotTCP)
	}
	q.Type, q.Code, q.V6 = m.TypeCode.Type(), m.TypeCode.Code(), false

	b := v.data[icmpHeaderLen:]
	if len(b) < ip4HeaderLen {
		return d.short(v, icmpHeaderLen+ip4HeaderLen)
	}
	header := int(b[0]&15) * 4
	if b[0]>>4 != 4 || header < ip4HeaderLen {
		return d.skip(SkipMalformed)
	}
	if layers.IPProtocol(b[9]) != layers.IPProtocolTCP || be16(b[6:])&ip4Offset != 0 {
		return d.skip(SkipNotTCP)
	}
	q.Src.Addr, q.Dst.Addr = AddrFrom4(b[12:16]), AddrFrom4(b[16:20])
	return d.quoted(v, icmpHeaderLen+header, int(be16(b[2:]))-header)
}

// icmp6 reads an ICMPv6 message. Its errors quote as much of the packet as
// fits (RFC 4443 section 3).
func (d *Decoder) icmp6(v view) Outcome {
	b := v.data
	if len(b) < icmpHeaderLen {
		return d.short(v, icmpHeaderLen)
	}
	if d.rewrite != nil {
		d.rewrite.message(b)
	}
	q := &d.Quote
	q.MTU = 0
	switch b[0] {
	case layers.ICMPv6TypePacketTooBig:
		q.MTU = be32(b[4:])
	case layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6TypeTimeExceeded, layers.ICMPv6TypeParameterProblem:
	default:
		return d.skip(SkipNotTCP)
	}
	q.Type, q.Code, q.V6 = b[0], b[1], true

	at := icmpHeaderLen + ip6HeaderLen
	if len(b) < at {
		return d.short(v, at)
	}
	quoted := b[icmpHeaderLen:]
	if quoted[0]>>4 != 6 {
		return d.skip(SkipMalformed)
	}
	copy(q.Src.Addr[:], quoted[8:24])
	copy(q.Dst.Addr[:], quoted[24:40])
	next := layers.IPProtocol(quoted[6])
	for next != layers.IPProtocolTCP {
		n := 0
		switch next {
		case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination, protoMobility:
			if len(b) < at+8 {
				return d.short(v, at+8)
			}
			n = (int(b[at+1]) + 1) * 8
			if next == layers.IPProtocolIPv6Routing && len(b) >= at+n {
				finalDestination(b[at:at+n], &q.Dst.Addr)
			}
		case layers.IPProtocolIPv6Fragment:
			if len(b) < at+8 {
				return d.short(v, at+8)
			}
			if be16(b[at+2:])&^7 != 0 {
				return d.skip(SkipNotTCP)
			}
			n = 8
		default:
			return d.skip(SkipNotTCP)
		}
		if !d.deeper() {
			return d.skip(SkipTooDeep)
		}
		if len(b) < at+n {
			return d.short(v, at+n)
		}
		next = layers.IPProtocol(b[at])
		at += n
	}
	return d.quoted(v, at, int(be16(quoted[4:]))-(at-icmpHeaderLen-ip6HeaderLen))
}

// quoted reads the TCP header that begins at offset at: ports and sequence
// number are in its first 8 bytes, which every error has to quote. size is what the quoted
// IP header says of its length, and of what follows.
func (d *Decoder) quoted(v view, at, size int) Outcome {
	const needed = 8
	if len(v.data) < at+needed {
		return d.short(v, at+needed)
	}
	b, q, s := v.data[at:], &d.Quote, &d.Segment
	q.Src.Port, q.Dst.Port, q.Seq = be16(b), be16(b[2:]), be32(b[4:])
	if q.Len = 0; len(b) > 12 {
		if header := int(b[12]>>4) * 4; size > header && header >= tcpHeaderLen {
			q.Len = uint32(size - header)
		}
	}
	q.From = s.Src.Addr
	q.Packet, q.FileNumber, q.Time = s.Packet, s.FileNumber, s.Time
	q.Untimed, q.Stepped, q.Uncovered = s.Untimed, s.Stepped, s.Uncovered
	q.Tunnel, q.TunnelID, q.TunnelPart = s.Tunnel, s.TunnelID, s.TunnelPart
	q.NVLAN, q.VLAN = s.NVLAN, s.VLAN
	if d.rewrite != nil {
		d.rewrite.quoted(v.data, at)
	}
	return OutcomeQuote
}
