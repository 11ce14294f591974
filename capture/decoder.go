package capture

import (
	"encoding/binary"
)

// Outcome says what a Decoder found in a packet.
type Outcome uint8

const (
	OutcomeSkipped Outcome = iota // nothing for us: Decoder.Skip says why
	OutcomeSegment                // Decoder.Segment and Decoder.Payload are filled
	OutcomeQuote                  // Decoder.Quote is filled
)

// SkipReason says why a packet held nothing for us.
type SkipReason uint8

const (
	SkipNone          SkipReason = iota
	SkipNotIP                    // ARP, LLDP, ...
	SkipNotTCP                   // UDP, ICMP without a quoted TCP header, ...
	SkipLinkType                 // a link type that cannot be read
	SkipFragment                 // a fragment still waiting for the others (or never completed)
	SkipCut                      // cut by the snaplen before the TCP header's first 16 bytes
	SkipMalformed                // lengths that contradict each other
	SkipEncrypted                // ESP, WireGuard, protected 802.11
	SkipTooDeep                  // more layers than we follow
	SkipFragmentLimit            // fragments dropped to keep memory bounded
	SkipCompressed               // IPComp
	SkipTunnel                   // a tunnel that is known, and not read
	SkipUnknown                  // an EtherType or IP protocol that nobody knows
	NSkipReasons
)

// String is the reason as reports show it: "not IP", "not TCP", ...
func (r SkipReason) String() string {
	return [...]string{"", "not IP", "not TCP", "unknown link type", "fragment", "cut before the TCP header",
		"malformed", "encrypted", "too many layers", "fragment limit", "compressed", "tunnel not decoded", "unknown protocol"}[r]
}

// MayHold reports whether packets skipped for this reason may hold segments all
// the same, which other means than ours would find; see Decoder.Joined.
func (r SkipReason) MayHold() bool {
	switch r {
	case SkipLinkType, SkipFragment, SkipCut, SkipEncrypted, SkipTooDeep, SkipFragmentLimit, SkipCompressed, SkipTunnel, SkipUnknown:
		return true
	}
	return false
}

// DecoderOptions choose what a Decoder does beyond the least.
type DecoderOptions struct {
	// ByVLAN keeps IP fragments of different VLANs apart, for runs in which
	// the VLAN is part of a connection's identity.
	ByVLAN bool
	// VerifyChecksums sets MarkChecksumOK or MarkBadChecksum on segments that
	// were captured whole. It costs 75 ns for 1,000 bytes of payload.
	VerifyChecksums bool
}

// Decoder finds the innermost TCP segment of a packet, or the TCP header that
// an ICMP error quotes. It reads no further than the first TCP header: TCP
// carried in TCP is payload.
//
// The walk over the headers is our own. For Ethernet, IPv4 and TCP it takes 18
// to 30 ns (plain, which most packets take, 9), gopacket's DecodingLayerParser 75 to 90 (BenchmarkDecode and
// BenchmarkGopacket); that parser gives up on a TCP or IPv4 header whose
// options are malformed or cut; and gopacket's GRE, ERSPAN, MPLS, PPP, PPPoE,
// SLL and radiotap layers read past the end of short packets
// (TestWhereGopacketIsNotUsed). Where its layers are sound and time does not
// matter, they are used: LLC, SNAP, VXLAN, ICMP.
//
// A Decoder allocates nothing per packet; only IP fragments take memory, of
// which it keeps a bounded store. It is for one goroutine.
type Decoder struct {
	Segment Segment // after OutcomeSegment
	Payload []byte  // after OutcomeSegment: Segment.Captured bytes, valid until the next Decode or Source.Next
	Quote   Quote   // after OutcomeQuote
	Skip    SkipReason
	// Datagram tells fragments of one datagram from those of others: a number
	// that they share, as the packet has that completes them. 0 for other packets.
	Datagram uint64
	// Skipped counts packets by why they held nothing for us. Fragments that
	// were still waiting when memory ran out move from SkipFragment to
	// SkipFragmentLimit.
	Skipped [NSkipReasons]uint64
	// Joined counts fragments under Skipped that were put together later.
	Joined uint64

	options DecoderOptions
	rewrite *rewriter // nil but in an Anonymizer's
	segment []byte    // the TCP segment, its header included, as far as captured
	header  []byte    // the innermost IPv4 header; nil for none
	layers  int       // headers followed in this packet
	marks   Marks     // of the segment, known so far
	tagged  bool      // the Ethernet header being read had a VLAN tag
	bounded bool      // a link or tunnel header said where the IP packet ends
	v6      bool      // the innermost IP header is IPv6
	now     int64     // the packet's time
	frags   fragments

	aggregate aggregate // of this packet
}

// NewDecoder returns a Decoder with an empty fragment store.
func NewDecoder(o DecoderOptions) *Decoder {
	return &Decoder{options: o}
}

// Decode reads one packet, of several frames the first; see Again. Segment, Payload, Quote and Skip are set according
// to the outcome; what belongs to another outcome is meaningless.
func (d *Decoder) Decode(p *Packet) Outcome {
	s := &d.Segment
	s.Packet, s.FileNumber, s.Time = p.Number, p.FileNumber, p.Time-p.Amiss
	s.File, s.Interface = uint16(p.File), uint16(p.Interface)
	s.Untimed, s.Misstamped, s.Stepped, s.Uncovered = p.Untimed, p.Amiss != 0 && !p.Untimed, p.Stepped, p.Uncovered
	s.Tunnel, s.TunnelID, s.TunnelPart = TunnelNone, 0, false
	s.NVLAN, s.VLAN = 0, [2]uint16{}
	d.Skip, d.Payload, d.Datagram = SkipNone, nil, 0
	d.aggregate.rest.wire = 0
	d.frags.recycle()
	if p.Link == LinkEthernet && !d.options.VerifyChecksums && d.plain(p) {
		return OutcomeSegment
	}
	return d.walk(p)
}

// walk reads header after header.
func (d *Decoder) walk(p *Packet) Outcome {
	d.layers, d.marks, d.tagged, d.bounded, d.now = 0, 0, false, false, p.Time-p.Amiss
	d.aggregate = aggregate{}
	v := view{p.Data, max(p.Length, len(p.Data))}
	if p.Link == LinkEthernet {
		return d.ethernet(v)
	}
	outcome := d.link(p.Link, v)
	if smallLink(p.Link) {
		d.Segment.Marks |= MarkSmallLink
	}
	return outcome
}

// smallLink reports whether a kind of link has a small MTU of its own: ARCNET (RFC 1201),
// SLIP (RFC 1055).
func smallLink(l LinkType) bool { return l == LinkARCNETLinux || l == LinkSLIP }

func (d *Decoder) skip(r SkipReason) Outcome {
	d.Skip = r
	d.Skipped[r]++
	return OutcomeSkipped
}

// short is the outcome of a header that needs n bytes where fewer were captured.
func (d *Decoder) short(v view, n int) Outcome {
	if v.wire < n {
		return d.skip(SkipMalformed)
	}
	return d.skip(SkipCut)
}

// bound is v up to n bytes, where a link or tunnel header says that the packet
// in it ends.
func (d *Decoder) bound(v view, n int) view {
	d.bounded = true
	return v.clip(n)
}

// deeper counts a header and reports whether it may be followed.
func (d *Decoder) deeper() bool {
	d.layers++
	return d.layers <= maxLayers
}

// tunnel notes that what follows was carried in a tunnel without an
// identifier; one outside that has an identifier keeps its place.
func (d *Decoder) tunnel(k TunnelKind) {
	s := &d.Segment
	if s.Tunnel == TunnelNone || s.TunnelID == 0 && !s.TunnelPart {
		s.Tunnel = k
	}
}

// tunnelID is tunnel for one with an identifier. part says that the identifier
// names a network of its own, so that equal addresses in two of them are
// different hosts.
func (d *Decoder) tunnelID(k TunnelKind, id uint32, part bool) {
	d.Segment.Tunnel, d.Segment.TunnelID, d.Segment.TunnelPart = k, id, part
}

// maxLayers bounds how many headers of one packet are followed, tags and
// IPv6 extension headers included. Real stacks stay below 20.
const maxLayers = 48

// view is what is left of a packet behind the headers read so far: the bytes
// that were captured, and how many there were on the wire. data is never
// longer than wire.
type view struct {
	data []byte
	wire int
}

// from is v behind its first n bytes; n is at most len(v.data).
func (v view) from(n int) view { return view{v.data[n:], v.wire - n} }

// clip is v without what comes after its first n bytes on the wire: padding, a
// frame check sequence, the next message.
func (v view) clip(n int) view {
	if n >= v.wire {
		return v
	}
	return view{v.data[:min(n, len(v.data))], n}
}

// version is the IP version nibble at the start of v, 0 when nothing was captured.
func (v view) version() byte {
	if len(v.data) == 0 {
		return 0
	}
	return v.data[0] >> 4
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
