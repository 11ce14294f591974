package capture

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
