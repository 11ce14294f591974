package capture_test

import (
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
)

// Whether the IP header checksum is wrong is told of the innermost IPv4 header, and not of
// one that was not filled in.
func TestWrongIPChecksum(t *testing.T) {
	tcp := capturetest.TCP{Src: 1000, Dst: 80, Flags: uint16(capture.SYN)}.Bytes()
	packet := func(change func(ip []byte)) []byte {
		ip := capturetest.IPv4("10.0.0.1", "10.0.0.2", 6, tcp)
		change(ip)
		return ip
	}
	right, damaged := packet(func([]byte) {}), packet(func(ip []byte) { ip[15] ^= 0x40 })
	empty := packet(func(ip []byte) { ip[10], ip[11] = 0, 0 })
	for _, x := range []struct {
		name  string
		frame []byte
		wrong bool
	}{
		{"right", capturetest.Ethernet(0x0800, right), false},
		{"damaged", capturetest.Ethernet(0x0800, damaged), true},
		{"not filled in", capturetest.Ethernet(0x0800, empty), false},
		{"right, behind a tag", capturetest.Ethernet(0x8100, capturetest.Tag(5, 0x0800, right)), false},
		{"damaged, behind a tag", capturetest.Ethernet(0x8100, capturetest.Tag(5, 0x0800, damaged)), true},
		{"damaged, with options", capturetest.Ethernet(0x0800, func() []byte {
			ip := capturetest.IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, Options: []byte{1, 1, 1, 0}}.Bytes(tcp)
			ip[15] ^= 0x40
			return ip
		}()), true},
		{"IPv6 has none", capturetest.Ethernet(0x86dd, capturetest.IPv6("fd00::1", "fd00::2", 6, tcp)), false},
	} {
		d := capture.NewDecoder(capture.DecoderOptions{})
		d.Decode(&capture.Packet{Data: capturetest.Ethernet(0x0800, damaged), Length: 54, Link: capture.LinkEthernet})
		if o := d.Decode(&capture.Packet{Data: x.frame, Length: len(x.frame), Link: capture.LinkEthernet}); o != capture.OutcomeSegment {
			t.Fatalf("%s: %v", x.name, o)
		}
		if got := d.WrongIPChecksum(); got != x.wrong {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}
