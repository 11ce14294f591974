package live

import (
	"tcpwatch/capture"
)

// Weakness is a set of things that a filter hides, each of which some verdict
// rests on.
type Weakness uint16

const (
	HidesICMP      Weakness = 1 << iota // ICMP errors about a connection
	HidesDirection                      // everything that one end sent
	HidesOpening                        // SYN or SYN/ACK
	HidesClosing                        // FIN or RST
	HidesACKs                           // segments that only acknowledge
	HidesPayload                        // segments with data
	HidesFragments                      // later IP fragments
	HidesVLAN                           // frames with a tag
	HidesTunnels                        // connections in GRE, IPIP or VXLAN
)

// Hides names for people what w hides and, in brackets, which verdicts that
// weakens; the worst first.
func (w Weakness) Hides() []string {
	var out []string
	for _, x := range []struct {
		w    Weakness // all of these
		text string
	}{
		{HidesDirection, "one direction (the other end's states, times and losses are guesses)"},
		{HidesOpening, "SYNs (handshakes cannot be timed)"},
		{HidesACKs | HidesPayload, "what follows a SYN/ACK (completed handshakes, states and losses are unknown)"},
		{HidesClosing, "FINs or RSTs (how connections end is unknown)"},
		{HidesACKs, "pure ACKs (states, keepalives and losses are unknown)"},
		{HidesPayload, "data (keepalives and losses are unknown)"},
		{HidesICMP, "ICMP errors (some failed opens look unanswered)"},
		{HidesFragments, "fragments"},
		{HidesVLAN, "VLANs"},
		{HidesTunnels, "tunnels"},
	} {
		if w&x.w == x.w {
			out = append(out, x.text)
			w &^= x.w
		}
	}
	return out
}

// Weakens finds out what a filter hides of the connection that s, which it let
// through, belongs to: match is asked about made-up packets of that connection.
// With stripped, VLAN tags are off the frame when the filter sees it (live, on
// Linux). Where the link type cannot be made up, or the filter rejects even the
// plain copy of s, nothing can be said and the answer is 0.
func Weakens(match func(*capture.Packet) bool, link capture.LinkType, s *capture.Segment, stripped bool) Weakness {
	t := trial{match: match, link: link}
	there := half{src: s.Src, dst: s.Dst}
	back := half{src: s.Dst, dst: s.Src}
	if !t.passes(there.tcp(s.Flags, int(s.Len)), there.v6()) {
		return 0
	}
	segments := []struct {
		flags   capture.Flags
		payload int
		hides   Weakness
	}{
		{capture.SYN, 0, HidesOpening},
		{capture.SYN | capture.ACK, 0, HidesOpening},
		{capture.ACK, 0, HidesACKs},
		{capture.PSH | capture.ACK, 16, HidesPayload},
		{capture.FIN | capture.ACK, 0, HidesClosing},
		{capture.RST | capture.ACK, 0, HidesClosing},
	}
	var w Weakness
	deaf := true
	for _, x := range segments {
		if t.passes(back.tcp(x.flags, x.payload), back.v6()) {
			deaf = false
		}
	}
	if deaf {
		w |= HidesDirection
	}
	for _, x := range segments {
		if !t.passes(there.tcp(x.flags, x.payload), there.v6()) || !deaf && !t.passes(back.tcp(x.flags, x.payload), back.v6()) {
			w |= x.hides
		}
	}
	for _, h := range []half{there, back} {
		if !t.passes(h.icmp(), h.v6()) {
			w |= HidesICMP
		}
		if !(deaf && h == back) && !t.passes(h.fragment(), h.v6()) {
			w |= HidesFragments
		}
	}
	if !stripped && !t.passesTagged(there.tcp(capture.ACK, 0), there.v6()) {
		w |= HidesVLAN
	}
	for _, outer := range [][]byte{there.gre(), there.ipip(), there.vxlan()} {
		if !t.passes(outer, false) {
			w |= HidesTunnels
		}
	}
	return w
}

// trial asks a filter about IP packets put behind a link header.
type trial struct {
	match func(*capture.Packet) bool
	link  capture.LinkType
	buf   []byte
}

func (t *trial) passes(ip []byte, v6 bool) bool {
	header, ok := linkHeader(t.link, v6)
	return ok && t.ask(header, ip)
}

// passesTagged asks about a frame of VLAN 100; it says yes for link types that
// carry no tags.
func (t *trial) passesTagged(ip []byte, v6 bool) bool {
	if t.link != capture.LinkEthernet {
		return true
	}
	header, _ := linkHeader(t.link, v6)
	n := len(header) - 2
	tagged := append(append(append([]byte{}, header[:n]...), 0x81, 0x00, 0, 100), header[n:]...)
	return t.ask(tagged, ip)
}

func (t *trial) ask(header, ip []byte) bool {
	t.buf = append(append(t.buf[:0], header...), ip...)
	return t.match(&capture.Packet{Number: 1, FileNumber: 1, Data: t.buf, Length: len(t.buf), Link: t.link})
}
