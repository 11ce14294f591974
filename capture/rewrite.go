package capture

import (
	"fmt"
	"slices"

	"github.com/google/gopacket/layers"
)

// rewriter makes a packet anonymous: what the decoder reads on its way is kept, with other
// addresses; whatever it does not read is zeros. So nothing that it does not know is let
// through. Payload of TCP becomes as many letters x: a program that finds names in it finds
// none, and a router's padding, zeros, stays apart from it.
type rewriter struct {
	*Decoder
	to      *Anonymizer
	buf     []byte     // the packet
	end     int        // of what is kept
	dst6    []byte     // the destination in the IPv6 header read last
	icmp    []byte     // the ICMP message; nil for none
	unknown []LinkType // that came, each once
}

// Rewrite makes a packet anonymous. Its data are the Anonymizer's then, valid until the next
// call. A packet of a link type that it cannot rewrite has no data any more; the first of each
// type is an error.
func (a *Anonymizer) Rewrite(p *Packet) error {
	w := &a.rewriter
	w.buf = append(w.buf[:0], p.Data...)
	p.Data = w.buf
	w.end, w.dst6, w.icmp = 0, nil, nil
	if !w.knows(p.Link) {
		p.Data = w.buf[:0]
		if slices.Contains(w.unknown, p.Link) {
			return nil
		}
		w.unknown = append(w.unknown, p.Link)
		return fmt.Errorf("packets of link type %s cannot be made anonymous: they are left empty", p.Link)
	}
	w.Decode(p)
	w.finish()
	return nil
}

// knows reports whether all that a link type's header may tell is known.
func (w *rewriter) knows(t LinkType) bool {
	switch t {
	case LinkEthernet, LinkLinuxSLL, LinkLinuxSLL2, LinkRaw, LinkRaw12, LinkRaw14, LinkIPv4, LinkIPv6, LinkNull, LinkLoop,
		LinkPPP, LinkPPPHDLC, LinkPPPPPPD, LinkPPPWithDir, LinkPPPEther, LinkCHDLC:
		return true
	}
	return false
}

// keep keeps the first n bytes of b, and what is before them.
func (w *rewriter) keep(b []byte, n int) { w.end = cap(w.buf) - cap(b) + min(n, len(b)) }

// ethernet takes the header at the start of b.
func (w *rewriter) ethernet(b []byte) {
	w.to.mac(b[:6])
	w.to.mac(b[6:12])
	w.keep(b, ethernetHeaderLen)
}

// cooked takes a header of n bytes, with a hardware address in it.
func (w *rewriter) cooked(b []byte, n, from, to int) {
	w.to.mac(b[from:to])
	w.keep(b, n)
}

// arp takes a message of RFC 826 about Ethernet and IPv4.
func (w *rewriter) arp(b []byte) {
	const message = 28
	if len(b) < message || be32(b) != 0x10800 || be16(b[4:]) != 0x604 {
		return
	}
	for _, at := range [2]int{8, 18} {
		w.to.mac(b[at : at+6])
		ip := w.to.Addr(AddrFrom4(b[at+6 : at+10]))
		copy(b[at+6:], ip.Wire())
	}
	w.keep(b, message)
}

// ip4 takes a header of n bytes, whose addresses those are. Its options go, because they may
// hold routes; its checksum is right when it was.
func (w *rewriter) ip4(b []byte, n int, src, dst Addr) {
	sum := be16(b[10:])
	put16(b[10:], 0)
	before := addWords(0, b[:n])
	src, dst = w.to.Addr(src), w.to.Addr(dst)
	copy(b[12:16], src.Wire())
	copy(b[16:20], dst.Wire())
	clear(b[ip4HeaderLen:n])
	w.keep(b, n)
	if sum == 0 { // not filled in yet
		return
	}
	put16(b[10:], updated(sum, fold(before), fold(addWords(0, b[:n]))))
}

// updated is a checksum after the words that it covers were changed: right when it was right
// before, and wrong by as much when it was wrong (RFC 1624 section 3).
func updated(sum, before, after uint16) uint16 {
	return ^fold(uint64(^sum) + uint64(^before) + uint64(after))
}

func put16(b []byte, n uint16) { b[0], b[1] = byte(n>>8), byte(n) }

// ip6 takes a header.
func (w *rewriter) ip6(b []byte, src, dst Addr) {
	src, dst = w.to.Addr(src), w.to.Addr(dst)
	copy(b[8:24], src[:])
	copy(b[24:40], dst[:])
	w.dst6 = b[24:40]
	w.keep(b, ip6HeaderLen)
}

// extension takes a header between IP and what it carries: its length stays, what it says
// goes, but for the jumbo length. The IP header gets the destination that a routing header had.
func (w *rewriter) extension(proto layers.IPProtocol, b []byte, dst Addr) {
	from := 2
	switch proto {
	case layers.IPProtocolIPv6HopByHop:
		if len(b) >= 8 && b[2] == optJumbo {
			from = 8
		}
	case layers.IPProtocolIPv6Routing:
		if w.dst6 != nil {
			to := w.to.Addr(dst)
			copy(w.dst6, to[:])
		}
	case layers.IPProtocolAH:
		from = min(12, len(b)) // index and sequence number
	}
	clear(b[from:])
	w.keep(b, len(b))
}

// tcp takes the header at the start of b, which ends with the segment, and its payload.
func (w *rewriter) tcp(b, payload []byte, header int) {
	s := &w.Segment
	ends := func(src, dst Addr) uint64 { return addWords(addWords(0, src.Wire()), dst.Wire()) }
	src, dst := w.to.Addr(s.Src.Addr), w.to.Addr(s.Dst.Addr)
	old, now := ends(s.Src.Addr, s.Dst.Addr), ends(src, dst)
	sum, right := s.Checksum, s.Marks&MarkChecksumOK != 0
	if len(b) >= 18 {
		b[16], b[17] = 0, 0
	}
	before := fold(addWords(old, b))
	header = min(header, len(b))
	scrubOptions(b[min(tcpHeaderLen, header):header])
	for i := range payload {
		payload[i] = 'x'
	}
	w.keep(b, header+len(payload))
	clear(b[header+len(payload):]) // padding
	after := fold(addWords(now, b))
	switch {
	case len(b) < 18:
	case right:
		put16(b[16:], updated(sum, before, after))
	case sum != 0 && s.Unfilled(sum):
		put16(b[16:], fold(uint64(sum)+uint64(^fold(old))+uint64(fold(now))))
	default:
		if sum != 0 {
			sum = updated(sum, before, after)
		}
		stayWrong(&Segment{Src: Endpoint{Addr: src}, Dst: Endpoint{Addr: dst}, Len: s.Len}, b, sum)
	}
}

// stayWrong writes the wrong checksum sum into the segment b of s, or the next one where that is
// right, or is what a host leaves for the card to fill in: then nothing would be wrong with it.
func stayWrong(s *Segment, b []byte, sum uint16) {
	put16(b[16:], sum)
	for s.checksumOK(b) || sum != 0 && s.Unfilled(sum) {
		sum++
		put16(b[16:], sum)
	}
}

// scrubOptions clears what TCP options say, but for those whose contents are numbers of the
// connection. Others may hold addresses (MPTCP's ADD_ADDR, the client's behind a load
// balancer), keys and cookies. Their kinds and lengths stay.
func scrubOptions(o []byte) {
	for len(o) > 0 {
		kind := o[0]
		if kind == optNOP {
			o = o[1:]
			continue
		}
		if kind == optEnd || len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) {
			clear(o[min(2, len(o)):])
			if kind == optEnd {
				clear(o)
			}
			return
		}
		value := o[2:o[1]]
		switch kind {
		case optMSS, optWScale, optSACKPermitted, optSACK, optTimestamps:
		case optExperiment1, optExperiment2:
			if len(value) >= 2 && be16(value) == fastOpenMagic {
				value = value[2:]
			}
			clear(value)
		default:
			clear(value)
		}
		o = o[o[1]:]
	}
}

// udp takes a header: it has no checksum any more.
func (w *rewriter) udp(b []byte) {
	put16(b[6:], 0)
	w.keep(b, udpHeaderLen)
}

// message takes the header of an ICMP message.
func (w *rewriter) message(b []byte) {
	if len(b) < icmpHeaderLen {
		return
	}
	if !w.v6 && b[0] == layers.ICMPv4TypeRedirect { // to a gateway
		to := w.to.Addr(AddrFrom4(b[4:8]))
		copy(b[4:8], to.Wire())
	}
	w.icmp = b
	w.keep(b, icmpHeaderLen)
}

// quoted takes the headers that an ICMP error quotes: IP's, up to the TCP header at offset at,
// and the first 16 bytes there, all but its checksum.
func (w *rewriter) quoted(b []byte, at int) {
	ip := b[icmpHeaderLen:]
	if w.Quote.V6 {
		to := w.dst6
		w.ip6(ip, w.Quote.Src.Addr, w.Quote.Dst.Addr)
		w.dst6 = to
		for from := icmpHeaderLen + ip6HeaderLen; from+8 <= at; from += 8 + 8*int(b[from+1]) {
			clear(b[from+2 : min(at, from+8+8*int(b[from+1]))])
		}
	} else {
		w.ip4(ip, at-icmpHeaderLen, w.Quote.Src.Addr, w.Quote.Dst.Addr)
	}
	if w.keep(b, at+16); len(b) >= at+18 {
		put16(b[at+16:], 0)
	}
}

// finish clears what was not read, and works out the checksum of an ICMP message.
func (w *rewriter) finish() {
	clear(w.buf[w.end:])
	if len(w.icmp) < icmpHeaderLen {
		return
	}
	sum := uint64(0)
	if w.v6 {
		s := &w.Segment
		src, dst := w.to.Addr(s.Src.Addr), w.to.Addr(s.Dst.Addr)
		sum = addWords(addWords(uint64(len(w.icmp))+uint64(layers.IPProtocolICMPv6), src[:]), dst[:])
	}
	put16(w.icmp[2:], 0)
	put16(w.icmp[2:], ^fold(addWords(sum, w.icmp)))
}

// fragment takes the bytes of a fragment. Datagrams are not put together here: of TCP all but
// the header becomes payload, of anything else nothing is kept. The checksum of a first
// fragment covers the others too, so it becomes 0, as a sender that leaves it to its card has it.
func (w *rewriter) fragment(proto layers.IPProtocol, offset int, b []byte) Outcome {
	if proto != layers.IPProtocolTCP {
		return w.skip(SkipFragment)
	}
	header := 0
	if offset == 0 {
		if len(b) < tcpHeaderLen {
			return w.skip(SkipFragment)
		}
		header = min(max(int(b[12]>>4)*4, tcpHeaderLen), len(b))
		scrubOptions(b[tcpHeaderLen:header])
		put16(b[16:], 0)
	}
	for i := range b[header:] {
		b[header+i] = 'x'
	}
	w.keep(b, len(b))
	return w.skip(SkipFragment)
}

// knowsTunnel reports whether all that the header of a UDP tunnel may tell is known.
func (w *rewriter) knowsTunnel(port uint16) bool {
	switch port {
	case portVXLAN, portVXLANOld, portVXLANGPE, portGeneve, portGTPU, portL2TP, portTeredo, portMPLS, portGRE:
		return true
	}
	return false
}
