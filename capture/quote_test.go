package capture_test

import (
	"encoding/binary"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// icmp is an ICMP or ICMPv6 error about the packet quoted.
func icmp(kind, code byte, rest uint32, quoted []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind, code, 0, 0}, rest), quoted...)
}

func quoted4() []byte { return four()[:28] }

func error4(kind, code byte, rest uint32, quoted []byte) []byte {
	return IPv4("192.0.2.9", "10.0.0.1", 1, icmp(kind, code, rest, quoted))
}

func error6(kind, code byte, rest uint32, quoted []byte) []byte {
	return IPv6("fd00::9", "2001:db8::1", 58, icmp(kind, code, rest, quoted))
}

func TestQuote(t *testing.T) {
	extended := IPv6("2001:db8::1", "2001:db8::2", 0, Extension(43, make([]byte, 6), Extension(60, make([]byte, 6), Extension(44, make([]byte, 14),
		append([]byte{6, 0, 0, 1, 0, 0, 0, 9}, theSegment.Bytes()...)))))
	tests := []struct {
		name       string
		data       []byte
		kind, code byte
		mtu        uint32
	}{
		{"port unreachable", error4(3, 3, 0, quoted4()), 3, 3, 0},
		{"fragmentation needed", error4(3, 4, 1400, quoted4()), 3, 4, 1400},
		{"source quench", error4(4, 0, 0, four()), 4, 0, 0},
		{"redirect", error4(5, 1, 0xc0000201, quoted4()), 5, 1, 0},
		{"ttl exceeded", error4(11, 0, 0, quoted4()), 11, 0, 0},
		{"parameter problem", error4(12, 0, 0, quoted4()), 12, 0, 0},
		{"unreachable, quoting options", error4(3, 13, 0, IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, Options: make([]byte, 8)}.Bytes(theSegment.Bytes())), 3, 13, 0},
		{"IPv6 unreachable", error6(1, 4, 0, six()), 1, 4, 0},
		{"IPv6 too big", error6(2, 0, 1280, six()[:48]), 2, 0, 1280},
		{"IPv6 time exceeded", error6(3, 0, 0, six()), 3, 0, 0},
		{"IPv6 parameter problem, behind extension headers", error6(4, 1, 40, extended), 4, 1, 0},
	}
	for _, tt := range tests {
		v6 := tt.data[0]>>4 == 6
		typ := uint16(TypeIPv4)
		if v6 {
			typ = TypeIPv6
		}
		data := outerUDP(4789, VXLAN(6, Ethernet(TypeVLAN, Tag(4, typ, tt.data))))
		d := capture.NewDecoder(capture.DecoderOptions{})
		p := capture.Packet{Number: 3, FileNumber: 2, Time: 1, File: 4, Data: data, Length: len(data), Link: capture.LinkEthernet}
		if d.Decode(&p) != capture.OutcomeQuote {
			t.Errorf("%s: skipped as %q", tt.name, d.Skip)
			continue
		}
		q := d.Quote
		if q.Type != tt.kind || q.Code != tt.code || q.MTU != tt.mtu || q.V6 != v6 {
			t.Errorf("%s: %+v", tt.name, q)
		}
		length := uint32(len(theSegment.Payload)) // by the quoted IP header, where the TCP header is quoted too
		if len(tt.data) == 20+8+28 || v6 && len(tt.data) == 40+8+48 {
			length = 0
		}
		if q.Len != length {
			t.Errorf("%s: quotes %d bytes of payload, want %d", tt.name, q.Len, length)
		}
		from, src, dst := "192.0.2.9", "10.0.0.1:40000", "10.0.0.2:80"
		if v6 {
			from, src, dst = "fd00::9", "[2001:db8::1]:40000", "[2001:db8::2]:80"
		}
		if q.From.String() != from || q.Src.String() != src || q.Dst.String() != dst || q.Seq != theSegment.Seq {
			t.Errorf("%s: %+v", tt.name, q)
		}
		if q.Packet != 3 || q.FileNumber != 2 || q.Time != 1 || q.Tunnel != capture.TunnelVXLAN || q.TunnelID != 6 || !q.TunnelPart || q.NVLAN != 1 || q.VLAN[0] != 4 {
			t.Errorf("%s: %+v", tt.name, q)
		}
		p.Link = capture.LinkRaw
		for n := range tt.data {
			p.Data, p.Length = tt.data[:n:n], len(tt.data)
			if o := d.Decode(&p); o == capture.OutcomeSkipped && d.Skip != capture.SkipCut || o == capture.OutcomeSegment {
				t.Errorf("%s cut to %d: outcome %d, skipped as %q", tt.name, n, o, d.Skip)
			}
		}
		if n := testing.AllocsPerRun(100, func() { d.Decode(&p) }); n != 0 {
			t.Errorf("%s: %v allocations", tt.name, n)
		}
	}
}

func TestNoQuote(t *testing.T) {
	fragment := quoted4()
	fragment[7] = 1
	udp := IPv4("10.0.0.1", "10.0.0.2", 17, UDP(1, 2, make([]byte, 8)))
	tests := []struct {
		name string
		data []byte
		want capture.SkipReason
	}{
		{"echo", error4(8, 0, 0, quoted4()), capture.SkipNotTCP},
		{"IPv6 echo", error6(128, 0, 0, six()), capture.SkipNotTCP},
		{"about udp", error4(3, 3, 0, udp), capture.SkipNotTCP},
		{"IPv6, about udp", error6(1, 4, 0, IPv6("2001:db8::1", "2001:db8::2", 17, UDP(1, 2, nil))), capture.SkipNotTCP},
		{"about a later fragment", error4(11, 1, 0, fragment), capture.SkipNotTCP},
		{"IPv6, about a later fragment", error6(3, 1, 0, IPv6("2001:db8::1", "2001:db8::2", 44, append([]byte{6, 0, 0, 8, 0, 0, 0, 1}, theSegment.Bytes()...))), capture.SkipNotTCP},
		{"7 bytes quoted", error4(3, 3, 0, quoted4()[:27]), capture.SkipMalformed},
		{"quotes no packet", error4(3, 3, 0, make([]byte, 60)), capture.SkipMalformed},
		{"ICMPv6 in IPv4", IPv4("10.0.0.1", "10.0.0.2", 58, icmp(1, 4, 0, six())), capture.SkipNotTCP},
	}
	for _, tt := range tests {
		d := capture.NewDecoder(capture.DecoderOptions{})
		o := d.Decode(&capture.Packet{Data: tt.data, Length: len(tt.data), Link: capture.LinkRaw})
		if o != capture.OutcomeSkipped || d.Skip != tt.want {
			t.Errorf("%s: outcome %d, skipped as %q", tt.name, o, d.Skip)
		}
	}
}
