package capture

import "github.com/google/gopacket/layers"

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
