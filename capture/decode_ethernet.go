package capture

import "github.com/google/gopacket/layers"

// EtherTypes that gopacket does not name.
const (
	etherTypeQinQOld    = layers.EthernetType(0x9100)
	etherTypeQinQOlder  = layers.EthernetType(0x9200)
	etherTypeFabricPath = layers.EthernetType(0x8903) // Cisco FabricPath
	etherTypeCMD        = layers.EthernetType(0x8909) // Cisco metadata
	etherTypeVNTag      = layers.EthernetType(0x8926) // Cisco VN-Tag
	etherTypeETag       = layers.EthernetType(0x893f) // IEEE 802.1BR
	etherTypeBackbone   = layers.EthernetType(0x88e7) // IEEE 802.1ah I-tag
	etherTypeMACsec     = layers.EthernetType(0x88e5) // IEEE 802.1AE
	etherTypeEDSA       = layers.EthernetType(0xdada) // Marvell switches
	etherTypeMaxLength  = layers.EthernetType(1500)   // IEEE 802.3: a length up to here

	ethernetHeaderLen    = 14
	ethernetAddressesLen = 12
)

// ethernet reads an Ethernet II or IEEE 802.3 header.
func (d *Decoder) ethernet(v view) Outcome {
	if len(v.data) < ethernetHeaderLen {
		return d.short(v, ethernetHeaderLen)
	}
	d.tagged = false
	if d.rewrite != nil {
		d.rewrite.ethernet(v.data)
	}
	return d.etherType(layers.EthernetType(be16(v.data[ethernetAddressesLen:])), v.from(ethernetHeaderLen))
}

// etherType reads what an EtherType names, through any stack of tags.
func (d *Decoder) etherType(t layers.EthernetType, v view) Outcome {
	for d.deeper() {
		var header int // of a tag, at the end of which the next EtherType stands
		switch t {
		case layers.EthernetTypeIPv4: // some write it before IPv6 too
			if v.version() == 6 {
				return d.ip6(v)
			}
			return d.ip4(v)
		case layers.EthernetTypeIPv6:
			if v.version() == 4 {
				return d.ip4(v)
			}
			return d.ip6(v)
		case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, etherTypeQinQOld, etherTypeQinQOlder:
			if len(v.data) >= 2 {
				d.vlan(be16(v.data))
			}
			header = 4
		case layers.EthernetTypeMPLSUnicast, layers.EthernetTypeMPLSMulticast:
			return d.mpls(v)
		case layers.EthernetTypePPPoESession:
			return d.pppoe(v)
		case layers.EthernetTypePPP:
			return d.ppp(v)
		case layers.EthernetTypeTransparentEthernetBridging:
			return d.ethernet(v)
		case etherTypeNSH:
			return d.nsh(v)
		case etherTypeVNTag:
			header = 6
		case etherTypeETag, etherTypeEDSA:
			header = 8
		case etherTypeBackbone:
			return d.behind(4, v, (*Decoder).ethernet)
		case etherTypeFabricPath:
			return d.behind(2, v, (*Decoder).ethernet)
		case layers.EthernetTypeARP:
			if d.rewrite != nil {
				d.rewrite.arp(v.data)
			}
			return d.skip(SkipNotIP)
		case etherTypeCMD: // version, length in units of 4 behind the first, options
			if len(v.data) < 2 {
				return d.short(v, 2)
			}
			header = 4 + 4*int(v.data[1])
			if d.rewrite != nil { // what options there are, nobody knows
				return d.skip(SkipNotIP)
			}
		case etherTypeMACsec: // IEEE 802.1AE clause 9
			if len(v.data) < 1 {
				return d.short(v, 1)
			}
			if v.data[0]&0x0c != 0 { // encrypted, or changed
				return d.skip(SkipEncrypted)
			}
			header = 8
			if v.data[0]&0x20 != 0 { // with the 8 bytes of a channel identifier
				header += 8
			}
			if d.rewrite != nil { // a hardware address is in it
				return d.skip(SkipEncrypted)
			}
		default:
			if t <= etherTypeMaxLength {
				return d.llc(d.bound(v, int(t)))
			}
			return d.skip(frameUnread(t, v))
		}
		if len(v.data) < header {
			return d.short(v, header)
		}
		t, v = layers.EthernetType(be16(v.data[header-2:])), v.from(header)
	}
	return d.skip(SkipTooDeep)
}

// vlan notes a VLAN tag. Those of the innermost Ethernet header that has any
// are kept, the outermost two of them. Identifier 0 is a priority without a
// VLAN (IEEE 802.1Q clause 9.6).
func (d *Decoder) vlan(tci uint16) {
	s := &d.Segment
	if !d.tagged {
		d.tagged = true
		s.NVLAN, s.VLAN = 0, [2]uint16{}
	}
	if id := tci & 0xfff; id != 0 && int(s.NVLAN) < len(s.VLAN) {
		s.VLAN[s.NVLAN] = id
		s.NVLAN++
	}
}

// behind reads what comes after n bytes of no interest.
func (d *Decoder) behind(n int, v view, next func(*Decoder, view) Outcome) Outcome {
	if len(v.data) < n {
		return d.short(v, n)
	}
	return next(d, v.from(n))
}

// llc reads an IEEE 802.2 header, with SNAP or without.
func (d *Decoder) llc(v view) Outcome {
	if !d.deeper() {
		return d.skip(SkipTooDeep)
	}
	const header = 3
	var llc layers.LLC
	if err := llc.DecodeFromBytes(v.data, feedback{}); err != nil {
		return d.short(v, header)
	}
	v = v.from(len(llc.Contents))
	switch llc.DSAP {
	case 0x06: // IP
		return d.ip4(v)
	case 0xfe: // ISO network layer: an NLPID comes first (RFC 2427 section 4)
		return d.nlpid(v)
	case 0xaa:
		return d.snap(v)
	}
	return d.skip(SkipNotIP)
}

// snap reads an organization's code and its protocol number.
func (d *Decoder) snap(v view) Outcome {
	const header = 5
	var snap layers.SNAP
	if err := snap.DecodeFromBytes(v.data, feedback{}); err != nil {
		return d.short(v, header)
	}
	v = v.from(header)
	switch oui := snap.OrganizationalCode; {
	case oui[0] == 0 && oui[1] == 0 && (oui[2] == 0 || oui[2] == 0xf8): // RFC 1042; IEEE 802.1H
		return d.etherType(snap.Type, v)
	case oui[0] == 0 && oui[1] == 0x80 && oui[2] == 0xc2 && (snap.Type == 1 || snap.Type == 7): // RFC 2427: bridged 802.3
		return d.ethernet(v)
	}
	return d.skip(SkipNotIP)
}

// feedback is what gopacket's layers may call when they find a packet cut:
// their error says as much. (An empty value of our own: passing one does not
// allocate.)
type feedback struct{}

func (feedback) SetTruncated() {}

// mpls pops a stack of labels (RFC 3032) and guesses what is below it, as
// nothing says.
func (d *Decoder) mpls(v view) Outcome {
	const entry = 4
	for d.deeper() {
		if len(v.data) < entry {
			return d.short(v, entry)
		}
		bottom := v.data[2]&1 != 0
		v = v.from(entry)
		if bottom {
			return d.belowLabels(v)
		}
	}
	return d.skip(SkipTooDeep)
}

// belowLabels guesses: IP by its version nibble (RFC 4928 section 3), else an
// Ethernet pseudowire, behind a control word when that nibble is 0 (RFC 4385).
// A MAC address may begin with 4 or 6, so what follows has to look like IP.
func (d *Decoder) belowLabels(v view) Outcome {
	b := v.data
	switch v.version() {
	case 4:
		if len(b) < ip4HeaderLen || b[0]&15 >= 5 && int(be16(b[2:])) <= v.wire {
			return d.ip4(v)
		}
	case 6:
		if len(b) < ip6HeaderLen || ip6HeaderLen+int(be16(b[4:])) <= v.wire {
			return d.ip6(v)
		}
	case 0:
		const word = 4
		if len(b) < word+ethernetHeaderLen {
			return d.short(v, word+ethernetHeaderLen)
		}
		if be32(b) == 0 || knownEtherType(b[word+ethernetAddressesLen:]) {
			return d.ethernet(v.from(word))
		}
	}
	return d.ethernet(v)
}

// knownEtherType reports whether b begins with the EtherType of something that
// may hold TCP.
func knownEtherType(b []byte) bool {
	switch layers.EthernetType(be16(b)) {
	case layers.EthernetTypeIPv4, layers.EthernetTypeIPv6, layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, layers.EthernetTypeMPLSUnicast,
		layers.EthernetTypePPPoESession:
		return true
	}
	return false
}
