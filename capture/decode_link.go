package capture

import "github.com/google/gopacket/layers"

// link reads a link-layer header. What a link type looks like is documented
// at www.tcpdump.org/linktypes.html.
func (d *Decoder) link(t LinkType, v view) Outcome {
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	switch t {
	case LinkEthernet:
		return d.ethernet(v)
	case LinkLinuxSLL2:
		return d.sll2(v)
	case LinkLinuxSLL:
		return d.sll(v)
	case LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6:
		return d.ip(v)
	case LinkNull, LinkLoop:
		return d.null(v)

	case LinkPPP, LinkPPPHDLC:
		return d.ppp(v)
	case LinkPPPPPPD, LinkPPPWithDir: // a byte of direction first
		return d.behind(1, v, (*Decoder).ppp)
	case LinkPPPEther:
		return d.pppoe(v)
	case LinkCHDLC:
		return d.cHDLC(v)
	case LinkCHDLCWithDir:
		return d.behind(1, v, (*Decoder).cHDLC)
	case LinkFrameRelay:
		return d.frameRelay(v)
	case LinkFrameRelayWithDir:
		return d.behind(1, v, (*Decoder).frameRelay)
	case LinkSLIP:
		return d.behind(16, v, (*Decoder).ip)

	case LinkFDDI: // frame control, two addresses (whatever their bit order)
		return d.behind(13, v, (*Decoder).llc)
	case LinkTokenRing:
		return d.tokenRing(v)
	case LinkATMRFC1483:
		return d.llc(v)
	case LinkIPOverFC: // two addresses of 8 bytes
		return d.behind(16, v, (*Decoder).llc)
	case LinkIPoIB: // 40 bytes of address, EtherType, 2 reserved
		return d.typed(40, 44, v)
	case LinkAppleIPOverIEEE1394: // two addresses of 8 bytes, EtherType
		return d.typed(16, 18, v)
	case LinkARCNETLinux:
		return d.arcnet(v)

	case LinkIEEE80211:
		return d.wifi(v, false)
	case LinkIEEE80211Radiotap:
		return d.radiotap(v)
	case LinkPrism, LinkAVS:
		return d.prism(v)

	case LinkNFLOG:
		return d.nflog(v)
	case LinkPPI:
		return d.ppi(v)
	case LinkPKTAP:
		return d.pktap(v)
	case LinkPFLog:
		return d.pflog(v)
	case LinkEnc:
		return d.behind(12, v, (*Decoder).ip)
	case LinkIPNET:
		return d.behind(24, v, (*Decoder).ip)
	case LinkERF:
		return d.erf(v)
	case LinkNetAnalyzer:
		return d.behind(4, v, (*Decoder).ethernet)
	case LinkNetAnalyzerTransparent: // and a preamble
		return d.behind(12, v, (*Decoder).ethernet)
	case LinkEPON:
		return d.behind(8, v, (*Decoder).ethernet)

	case LinkDSATagBRCM, LinkDSATagDSA:
		return d.typed(ethernetAddressesLen+4, ethernetAddressesLen+6, v)
	case LinkDSATagEDSA:
		return d.typed(ethernetAddressesLen+8, ethernetAddressesLen+10, v)
	case LinkDSATagBRCMPrepend:
		return d.behind(4, v, (*Decoder).ethernet)

	case LinkJuniperEthernet, LinkJuniperPPP, LinkJuniperFrameRelay, LinkJuniperCHDLC, LinkJuniperPPPoE:
		return d.juniper(t, v)
	}
	return d.skip(SkipLinkType)
}

// typed reads a header of n bytes with an EtherType at offset at.
func (d *Decoder) typed(at, n int, v view) Outcome {
	if len(v.data) < n {
		return d.short(v, n)
	}
	return d.etherType(layers.EthernetType(be16(v.data[at:])), v.from(n))
}

// null reads an address family, in either byte order: the capturing host's
// for LinkNull, and too many files were written by programs that did not know
// of LinkLoop's. Some have an EtherType there.
func (d *Decoder) null(v view) Outcome {
	const header = 4
	if len(v.data) < header {
		return d.short(v, header)
	}
	family := be32(v.data)
	if family > 0xffff {
		family = le32(v.data)
	}
	v = v.from(header)
	switch family {
	case 2: // AF_INET
		return d.ip4(v)
	case 10, 24, 28, 30: // AF_INET6 of Linux; NetBSD, OpenBSD; FreeBSD; macOS
		return d.ip6(v)
	}
	if family > uint32(etherTypeMaxLength) && family <= 0xffff {
		return d.etherType(layers.EthernetType(family), v)
	}
	return d.skip(SkipNotIP)
}

// tokenRing reads an IEEE 802.5 header with its source route, if any.
func (d *Decoder) tokenRing(v view) Outcome {
	const header, source = 14, 8
	if len(v.data) < header+1 {
		return d.short(v, header+1)
	}
	n := header
	if v.data[source]&0x80 != 0 {
		n += int(v.data[header] & 0x1f)
	}
	return d.behind(n, v, (*Decoder).llc)
}

// arcnet reads Linux's ARCNET header: source, destination, 2 bytes of offset,
// type; and where that is not of RFC 1051, a split flag and sequence number
// (RFC 1201 section 2).
func (d *Decoder) arcnet(v view) Outcome {
	const old, header = 5, 8
	if len(v.data) < header {
		return d.short(v, header)
	}
	switch v.data[4] {
	case 240: // RFC 1051
		return d.ip4(v.from(old))
	case 212, 196:
		if v.data[5] != 0 {
			return d.skip(SkipFragment)
		}
		return d.ip(v.from(header))
	}
	return d.skip(SkipNotIP)
}

// erf reads a record of Endace's format: time, type, flags, record length, lost
// packets, length on the wire; extension headers of 8 bytes where the type's
// first bit says so, each telling whether another follows.
func (d *Decoder) erf(v view) Outcome {
	const header, extension, more, onWire = 16, 8, 0x80, 14
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	kind, wire := b[8], int(be16(b[onWire:]))
	n := header
	for extended := kind; extended&more != 0; n += extension {
		if len(b) < n+extension {
			return d.short(v, n+extension)
		}
		extended = b[n]
	}
	kind &^= more
	v = v.from(n)
	switch kind {
	case 2, 11, 16, 20: // Ethernet: in colours, and with a hash
		const pad = 2
		if len(v.data) < pad {
			return d.short(v, pad)
		}
		return d.ethernet(v.from(pad).of(wire))
	case 1, 10, 15, 19: // packets over SONET, likewise: PPP or Cisco HDLC
		return d.ppp(v.of(wire))
	case 22:
		return d.ip4(v.of(wire))
	case 23:
		return d.ip6(v.of(wire))
	case 27, 48: // about the capture; padding
		return d.skip(SkipNotIP)
	}
	return d.skip(SkipLinkType)
}

// of is v where the packet in it had n bytes on the wire, whatever was captured
// and padded.
func (v view) of(n int) view { return view{v.data[:min(n, len(v.data))], n} }
