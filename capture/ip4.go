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
// The length of what follows is what the header says; padding behind it is cut
// off. For a header that says more than there was see stretch and flipped.
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
		if !flipped(b[:min(header, len(b))], v.wire) {
			d.stretch(&v, total)
		}
	default:
		v = v.clip(total)
	}
	if len(v.data) < header {
		return d.short(v, header)
	}
	d.bounded = false

	s := &d.Segment
	d.v6, d.header = false, b[:header]
	s.TTL, s.ECN, s.IPID = b[8], b[1]&3, be16(b[4:])
	s.Src.Addr, s.Dst.Addr = AddrFrom4(b[12:16]), AddrFrom4(b[16:20])
	if header > ip4HeaderLen {
		d.sourceRoute(b[ip4HeaderLen:header])
	}
	proto := layers.IPProtocol(b[9])
	v = v.from(header)
	if d.rewrite != nil {
		d.rewrite.ip4(b, header, s.Src.Addr, s.Dst.Addr)
	}
	if f := be16(b[6:]); f&(ip4MoreFrags|ip4Offset) != 0 {
		return d.fragment(proto, uint32(s.IPID), int(f&ip4Offset)*8, f&ip4MoreFrags != 0, v)
	}
	return d.transport(proto, v)
}

// stretch gives v the length n that an IP header claims where that is more
// than there was on the wire: a mirror cut the packet before it was captured
// (switches and clouds that truncate what they mirror, programs that write the
// captured length for the true one), and the sender's segment was as long as
// its header says. A link or tunnel header that says where the packet ends is
// believed instead: there are routers that count Ethernet padding into the IP
// length.
func (d *Decoder) stretch(v *view, n int) {
	if !d.bounded {
		v.wire = n
	}
}

// flipped reports whether the length in an IPv4 header was damaged on the way: its checksum is
// wrong, and right for the length that there was.
func flipped(header []byte, wire int) bool {
	if len(header) < ip4HeaderLen || wire > 0xffff || be16(header[10:]) == 0 {
		return false
	}
	sum := addWords(0, header)
	total := be16(header[2:])
	return fold(sum) != 0xffff && fold(sum+uint64(0xffff-total)+uint64(wire)) == 0xffff
}

// sourceRoute sets the segment's destination from a source route that is not
// used up: the last address of the route is the one that TCP's pseudo-header
// has (RFC 791 section 3.1, RFC 1122 section 4.2.3.8).
func (d *Decoder) sourceRoute(o []byte) {
	const end, nop, loose, strict = 0, 1, 131, 137
	for len(o) >= 3 && o[0] != end {
		if o[0] == nop {
			o = o[1:]
			continue
		}
		n := int(o[1])
		if n < 2 || n > len(o) {
			return
		}
		if (o[0] == loose || o[0] == strict) && n >= 7 && int(o[2]) <= n-3 {
			d.Segment.Dst.Addr = AddrFrom4(o[n-4 : n])
			return
		}
		o = o[n:]
	}
}

// WrongIPChecksum reports whether the innermost IPv4 header of the packet decoded last
// has a wrong checksum: its receiver throws the packet away (RFC 1122 section 3.2.1.2).
// False where that can't be told: of what the capturing host sent or merged, and of a
// field that was not filled in.
func (d *Decoder) WrongIPChecksum() bool {
	const field = 10
	h := d.header
	return len(h) >= ip4HeaderLen && be16(h[field:]) != 0 && d.Segment.Marks&(MarkOffload|MarkOutbound) == 0 && fold(addWords(0, h)) != 0xffff
}
