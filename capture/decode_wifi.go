package capture

// IEEE 802.11 clause 9.2: frame control bits, first byte and second.
const (
	wifiTypeMask  = 0x0c
	wifiData      = 0x08
	wifiNoData    = 0x40 // data subtypes without data
	wifiQoS       = 0x80
	wifiToFrom    = 0x03 // to and from the distribution system: a fourth address
	wifiMoreFrags = 0x04
	wifiProtected = 0x40
	wifiOrder     = 0x80 // with QoS: an HT control field

	wifiHeaderLen = 24
	wifiAMSDU     = 0x80 // in the QoS control field
)

// radiotap reads a radiotap header (radiotap.org), which is little endian:
// version, padding, length, bitmaps, fields. Of the fields only the flags
// matter, as they say whether the 802.11 header is padded.
func (d *Decoder) radiotap(v view) Outcome {
	const header, fields, dataPad = 8, 0x80000000, 0x20
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n := int(le16(b[2:]))
	if n < header {
		return d.skip(SkipMalformed)
	}
	if len(b) < n {
		return d.short(v, n)
	}
	present := le32(b[4:])
	at := header
	for more := present; more&fields != 0 && at+4 <= n; at += 4 { // further bitmaps
		more = le32(b[at:])
	}
	if present&1 != 0 { // timestamp: 8 bytes, aligned
		at = (at+7)&^7 + 8
	}
	padded := present&2 != 0 && at < n && b[at]&dataPad != 0
	return d.wifi(v.from(n), padded)
}

// prism reads the headers of the Prism and AVS drivers: both name their
// length, AVS in network byte order behind a magic number.
func (d *Decoder) prism(v view) Outcome {
	const header, avsMagic = 8, 0x80211000
	b := v.data
	if len(b) < header {
		return d.short(v, header)
	}
	n := le32(b[4:])
	if be32(b)&^0xf == avsMagic {
		n = be32(b[4:])
	}
	if n < header || n > 1<<12 {
		return d.skip(SkipMalformed)
	}
	if len(b) < int(n) {
		return d.short(v, int(n))
	}
	return d.wifi(v.from(int(n)), false)
}

// wifi reads an IEEE 802.11 data frame. Of an aggregate (A-MSDU) the first
// frame is read, and the others by Again. padded says that the driver padded the
// header to 4 bytes.
func (d *Decoder) wifi(v view, padded bool) Outcome {
	b := v.data
	if len(b) < wifiHeaderLen {
		if len(b) > 0 && b[0]&wifiTypeMask != wifiData {
			return d.skip(SkipNotIP) // control frames are shorter
		}
		return d.short(v, wifiHeaderLen)
	}
	return d.wifiFrame(v, b[0], b[1], padded)
}

// wifiFrame is wifi of a frame whose frame control is known.
func (d *Decoder) wifiFrame(v view, kind, flags byte, padded bool) Outcome {
	if d.rewrite != nil { // it has too many addresses
		return d.skip(SkipLinkType)
	}
	b := v.data
	if len(b) < wifiHeaderLen {
		return d.short(v, wifiHeaderLen)
	}
	if kind&wifiTypeMask != wifiData || kind&wifiNoData != 0 {
		return d.skip(SkipNotIP)
	}
	if flags&wifiProtected != 0 {
		return d.skip(SkipEncrypted)
	}
	if flags&wifiMoreFrags != 0 || b[22]&0x0f != 0 { // fragment number
		return d.skip(SkipFragment)
	}
	n := wifiHeaderLen
	if flags&wifiToFrom == wifiToFrom {
		n += 6
	}
	several := false
	if kind&wifiQoS != 0 {
		several = len(b) > n && b[n]&wifiAMSDU != 0
		n += 2
		if flags&wifiOrder != 0 {
			n += 4
		}
	}
	if padded {
		n = (n + 3) &^ 3
	}
	if len(b) < n {
		return d.short(v, n)
	}
	v = v.from(n)
	if several {
		return d.subframe(v)
	}
	return d.llc(v)
}

// aggregate is what follows the frame that was read last of an IEEE 802.11
// aggregate (A-MSDU), and what was known before it.
type aggregate struct {
	rest       view
	layers     int
	marks      Marks
	tunnel     TunnelKind
	tunnelID   uint32
	tunnelPart bool
	nVLAN      uint8
	vlan       [2]uint16
	skip       SkipReason // why the packet was counted as skipped: no frame so far held anything
	begun      bool
}

// subframe reads a frame of an aggregate (IEEE 802.11 clause 9.3.2.2.2): two
// addresses, length, LLC, and padding to 4 bytes where another one follows.
func (d *Decoder) subframe(v view) Outcome {
	d.aggregate.rest = view{}
	if len(v.data) < ethernetHeaderLen {
		return d.short(v, ethernetHeaderLen)
	}
	length := int(be16(v.data[ethernetAddressesLen:]))
	next := (ethernetHeaderLen + length + 3) &^ 3
	if next <= len(v.data) && v.wire-next > ethernetHeaderLen {
		s := &d.Segment
		d.aggregate = aggregate{v.from(next), d.layers, d.marks, s.Tunnel, s.TunnelID, s.TunnelPart, s.NVLAN, s.VLAN,
			d.aggregate.skip, d.aggregate.begun}
	}
	return d.llc(d.bound(v.from(ethernetHeaderLen), length))
}

// Again reads, after Decode, the next frame of the same packet; more is false
// when there is none, as in nearly every packet. Only aggregates of IEEE 802.11
// (A-MSDU) hold several. The outcome is as Decode's, but for Skipped, which
// counts a packet once, and not at all when one of its frames holds anything.
func (d *Decoder) Again() (o Outcome, more bool) {
	a := &d.aggregate
	if a.rest.wire == 0 {
		return OutcomeSkipped, false
	}
	if !a.begun {
		a.begun, a.skip = true, d.Skip
	}
	s := &d.Segment
	d.layers, d.marks, d.tagged, d.bounded = a.layers, a.marks, false, false
	s.Tunnel, s.TunnelID, s.TunnelPart, s.NVLAN, s.VLAN = a.tunnel, a.tunnelID, a.tunnelPart, a.nVLAN, a.vlan
	d.Skip, d.Payload, d.Datagram = SkipNone, nil, 0
	d.frags.recycle()
	o = d.subframe(a.rest)
	switch {
	case d.Skip == SkipFragment: // counted until its datagram is complete
	case o == OutcomeSkipped:
		d.Skipped[d.Skip]--
	case a.skip != SkipNone && a.skip != SkipFragment:
		d.Skipped[a.skip]--
		a.skip = SkipNone
	}
	return o, true
}
