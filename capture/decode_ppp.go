package capture

import "github.com/google/gopacket/layers"

// PPP protocol numbers (IANA, PPP DLL protocol numbers).
const (
	pppIPv4       = 0x0021
	pppBridging   = 0x0031 // RFC 3518
	pppEncrypted  = 0x0053 // RFC 1968
	pppLinkEncr   = 0x0055
	pppIPv6       = 0x0057
	pppCompressed = 0x00fd // RFC 1962, MPPE among others
	pppMPLS       = 0x0281
	pppMPLSMulti  = 0x0283

	maxPPPHeader = 4
)

// ppp reads a PPP header with or without address and control (RFC 1662
// section 3.1), and with or without its protocol field compressed (RFC 1661
// section 6.5). Captures of serial lines that say PPP may hold Cisco HDLC,
// whose address is 0f or 8f.
func (d *Decoder) ppp(v view) Outcome {
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	if len(v.data) < maxPPPHeader {
		return d.short(v, maxPPPHeader)
	}
	switch b := v.data; {
	case b[0] == 0xff && b[1] == 0x03:
		v = v.from(2)
	case (b[0] == 0x0f || b[0] == 0x8f) && b[1] == 0:
		return d.cHDLC(v)
	}
	proto := uint16(v.data[0])
	if proto&1 != 0 { // the last byte of a protocol number is odd, all others even
		v = v.from(1)
	} else {
		proto = be16(v.data)
		v = v.from(2)
	}
	switch proto {
	case pppIPv4:
		return d.ip4(v)
	case pppIPv6:
		return d.ip6(v)
	case pppMPLS, pppMPLSMulti:
		return d.mpls(v)
	case pppBridging:
		return d.bridgedPPP(v)
	case pppEncrypted, pppLinkEncr, pppCompressed:
		return d.skip(SkipEncrypted)
	}
	return d.skip(SkipNotIP)
}

// bridgedPPP reads a bridged frame (RFC 3518 section 4.2): flags and padding,
// MAC type 1 for 802.3, and nothing else where that is set.
func (d *Decoder) bridgedPPP(v view) Outcome {
	if len(v.data) < 2 {
		return d.short(v, 2)
	}
	if v.data[1] != 1 {
		return d.skip(SkipNotIP)
	}
	return d.ethernet(v.from(2))
}

// cHDLC reads a Cisco HDLC header: address, control, EtherType.
func (d *Decoder) cHDLC(v view) Outcome {
	const header = 4
	if len(v.data) < header {
		return d.short(v, header)
	}
	return d.etherType(layers.EthernetType(be16(v.data[2:])), v.from(header))
}

// pppoe reads a session header (RFC 2516 section 4).
func (d *Decoder) pppoe(v view) Outcome {
	const header = 6
	if len(v.data) < header {
		return d.short(v, header)
	}
	b := v.data
	if b[0] != 0x11 || b[1] != 0 {
		return d.skip(SkipNotIP)
	}
	d.tunnelID(TunnelPPPoE, uint32(be16(b[2:])), false)
	return d.ppp(d.bound(v.from(header), int(be16(b[4:]))))
}

// frameRelay reads a Q.922 address of 2 to 4 bytes, and behind it either
// Cisco's EtherType or RFC 2427: control 03 and an NLPID.
func (d *Decoder) frameRelay(v view) Outcome {
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	n := 1
	for n < 4 && len(v.data) >= n && v.data[n-1]&1 == 0 { // the extension bit ends the address
		n++
	}
	if len(v.data) < n+2 {
		return d.short(v, n+2)
	}
	if v.data[n-1]&1 == 0 || n < 2 {
		return d.skip(SkipMalformed)
	}
	v = v.from(n)
	if v.data[0] != 0x03 {
		return d.cisco(v)
	}
	v = v.from(1)
	if v.data[0] == 0 { // padding to an even length
		v = v.from(1)
	}
	return d.nlpid(v)
}

// cisco reads an EtherType.
func (d *Decoder) cisco(v view) Outcome {
	if len(v.data) < 2 {
		return d.short(v, 2)
	}
	return d.etherType(layers.EthernetType(be16(v.data)), v.from(2))
}

// nlpid reads what a network layer protocol identifier names (RFC 2427
// section 4; ISO/IEC TR 9577).
func (d *Decoder) nlpid(v view) Outcome {
	if len(v.data) < 1 {
		return d.short(v, 1)
	}
	switch v.data[0] {
	case 0xcc:
		return d.ip4(v.from(1))
	case 0x8e:
		return d.ip6(v.from(1))
	case 0xcf:
		return d.ppp(v.from(1))
	case 0x80:
		return d.snap(v.from(1))
	}
	return d.skip(SkipNotIP)
}
