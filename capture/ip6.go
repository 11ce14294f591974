package capture

import "github.com/google/gopacket/layers"

const (
	ip6HeaderLen = 40

	protoMobility layers.IPProtocol = 135 // RFC 6275
	protoHIP      layers.IPProtocol = 139 // RFC 7401
	protoShim6    layers.IPProtocol = 140 // RFC 5533

	optJumbo = 0xc2 // RFC 2675 section 2
)

// ip6 reads an IPv6 header. For lengths see ip4.
func (d *Decoder) ip6(v view) Outcome {
	b := v.data
	if len(b) < ip6HeaderLen {
		return d.short(v, ip6HeaderLen)
	}
	if b[0]>>4 != 6 {
		return d.skip(SkipMalformed)
	}
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	s := &d.Segment
	d.v6, d.header = true, nil
	d.marks = d.marks&^MarkOffload | MarkIPv6
	s.TTL, s.ECN, s.IPID = b[7], b[1]>>4&3, 0
	copy(s.Src.Addr[:], b[8:24])
	copy(s.Dst.Addr[:], b[24:40])
	next := layers.IPProtocol(b[6])
	if d.rewrite != nil {
		d.rewrite.ip6(b, s.Src.Addr, s.Dst.Addr)
	}
	v = v.from(ip6HeaderLen)
	payload := int(be16(b[4:]))
	if payload == 0 && next == layers.IPProtocolIPv6HopByHop {
		payload = jumboLen(v.data)
	}
	switch {
	case payload == 0:
		// Segmentation offload: longer than the field can say.
		d.marks |= MarkOffload
	case payload > v.wire:
		d.stretch(&v, payload)
	default:
		v = v.clip(payload)
	}
	d.bounded = false
	return d.transport(next, v)
}

// jumboLen is the length in the jumbo payload option of a hop-by-hop header
// (RFC 2675 section 2), or 0.
func jumboLen(b []byte) int {
	if len(b) < 8 {
		return 0
	}
	o := b[2:min(len(b), (int(b[1])+1)*8)]
	for len(o) > 0 {
		if o[0] == 0 { // Pad1 (RFC 8200 section 4.2)
			o = o[1:]
			continue
		}
		if len(o) < 2 || len(o) < 2+int(o[1]) {
			return 0
		}
		if o[0] == optJumbo && o[1] == 4 {
			return int(be32(o[2:]))
		}
		o = o[2+int(o[1]):]
	}
	return 0
}

// transport follows an IP protocol number, or an IPv6 next header, to what
// carries TCP. Extension headers are passed over here.
func (d *Decoder) transport(proto layers.IPProtocol, v view) Outcome {
	for {
		switch proto {
		case layers.IPProtocolTCP:
			return d.tcp(v)
		case layers.IPProtocolUDP:
			return d.udp(v)
		case layers.IPProtocolICMPv4:
			if d.v6 {
				return d.skip(SkipNotTCP)
			}
			return d.icmp4(v)
		case layers.IPProtocolICMPv6:
			if !d.v6 {
				return d.skip(SkipNotTCP)
			}
			return d.icmp6(v)
		case layers.IPProtocolIPv4:
			d.tunnel(TunnelIPIP)
			return d.ip4(v)
		case layers.IPProtocolIPv6:
			d.tunnel(TunnelIPIP)
			return d.ip6(v)
		case layers.IPProtocolGRE:
			return d.gre(v)
		case layers.IPProtocolEtherIP:
			return d.etherIP(v)
		case protoEthernet:
			d.tunnel(TunnelOther)
			return d.ethernet(v)
		case protoIPComp:
			return d.ipComp(v)
		case layers.IPProtocolMPLSInIP:
			d.tunnel(TunnelOther)
			return d.mpls(v)
		case layers.IPProtocolESP:
			return d.skip(SkipEncrypted)
		case layers.IPProtocolIPv6Fragment:
			if d.v6 {
				return d.ip6Fragment(v)
			}
			return d.skip(SkipNotTCP)
		}

		// Headers with a next header; only AH exists in IPv4 too.
		unit := 8
		switch proto {
		case layers.IPProtocolAH: // RFC 4302 section 2.2: in units of 4, minus 2
			d.tunnel(TunnelAH)
			unit = 4
		case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination,
			protoMobility, protoHIP, protoShim6:
			if !d.v6 {
				return d.skip(SkipNotTCP)
			}
		default:
			return d.skip(ipUnread(proto))
		}
		if len(v.data) < 2 {
			return d.short(v, 2)
		}
		n := (int(v.data[1]) + 1) * unit // RFC 8200 section 4.2: in units of 8, minus 1
		if unit == 4 {
			n += 4
		}
		if len(v.data) < n {
			return d.short(v, n)
		}
		if !d.deeper() {
			return d.skip(SkipTooDeep)
		}
		if proto == layers.IPProtocolIPv6Routing {
			finalDestination(v.data[:n], &d.Segment.Dst.Addr)
		}
		if d.rewrite != nil {
			d.rewrite.extension(proto, v.data[:n], d.Segment.Dst.Addr)
		}
		proto, v = layers.IPProtocol(v.data[0]), v.from(n)
	}
}

// finalDestination sets a packet's destination from a routing header with
// segments left: TCP's pseudo-header, and so the connection, has the final
// one (RFC 8200 section 8.1), not the next router's.
func finalDestination(b []byte, to *Addr) {
	const fixed, addr = 8, 16
	if b[3] == 0 {
		return
	}
	last, n := 0, addr
	switch b[2] {
	case 0, 2: // RFC 2460 section 4.4; RFC 6275 section 6.4: in the order of travel
		last = fixed + ((len(b)-fixed)/addr-1)*addr
	case 3: // RFC 6554 section 3: without the bytes that the destination has too
		n -= int(b[4] & 15)
		last = len(b) - int(b[5]>>4) - n
	case 4: // RFC 8754 section 2: the last segment first
		last = fixed
	default:
		return
	}
	if last >= fixed && last+n <= len(b) {
		copy(to[addr-n:], b[last:last+n])
	}
}

// ip6Fragment reads a fragment header (RFC 8200 section 4.5).
func (d *Decoder) ip6Fragment(v view) Outcome {
	const header = 8
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	proto, f, id := layers.IPProtocol(b[0]), be16(b[2:]), be32(b[4:])
	if d.rewrite != nil {
		d.rewrite.keep(b, header)
	}
	v = v.from(header)
	if f&^6 == 0 { // alone: an atomic fragment (RFC 6946)
		return d.transport(proto, v)
	}
	return d.fragment(proto, id, int(f&^7), f&1 != 0, v)
}

const (
	protoIPComp   layers.IPProtocol = 108
	protoEthernet layers.IPProtocol = 143 // RFC 8986 section 10.1
)

// ipComp reads an IPComp header (RFC 3173 section 3): next header, flags,
// compression parameter. What is behind it is read where it can be without
// decompression: a single stored block of DEFLATE (RFC 1951 section 3.2.4), or
// what a sender left as it was, which the packet's own checksum or length shows.
func (d *Decoder) ipComp(v view) Outcome {
	const header, deflate, storedHeader = 4, 2, 5
	if len(v.data) < header {
		return d.short(v, header)
	}
	if d.rewrite != nil {
		return d.skip(SkipCompressed)
	}
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	next, parameter := layers.IPProtocol(v.data[0]), be16(v.data[2:])
	v = v.from(header)
	b := v.data
	if len(b) >= storedHeader && parameter == deflate && b[0]&7 == 1 && le16(b[1:]) == ^le16(b[3:]) && storedHeader+int(le16(b[1:])) <= v.wire {
		return d.transport(next, v.from(storedHeader).clip(int(le16(b[1:]))))
	}
	if d.uncompressed(next, v) {
		return d.transport(next, v)
	}
	return d.skip(SkipCompressed)
}

// uncompressed reports whether v is plainly what a protocol number says.
func (d *Decoder) uncompressed(proto layers.IPProtocol, v view) bool {
	b := v.data
	switch proto {
	case layers.IPProtocolTCP:
		return len(b) == v.wire && len(b) >= tcpHeaderLen && d.Segment.checksumOK(b)
	case layers.IPProtocolIPv4:
		return len(b) >= ip4HeaderLen && b[0]>>4 == 4 && int(be16(b[2:])) == v.wire &&
			len(b) >= int(b[0]&15)*4 && fold(addWords(0, b[:int(b[0]&15)*4])) == 0xffff
	case layers.IPProtocolIPv6:
		return len(b) >= ip6HeaderLen && b[0]>>4 == 6 && ip6HeaderLen+int(be16(b[4:])) == v.wire
	}
	return false
}
