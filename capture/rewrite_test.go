package capture_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// rewritten is a copy of a packet, made anonymous.
func rewritten(a *capture.Anonymizer, p *capture.Packet) *capture.Packet {
	q := *p
	a.Rewrite(&q)
	q.Data = bytes.Clone(q.Data)
	return &q
}

func packetOf(link capture.LinkType, data []byte) *capture.Packet {
	return &capture.Packet{Number: 1, FileNumber: 1, Data: data, Length: len(data), Link: link}
}

// secrets are bytes that no anonymous packet holds.
var secrets = func() (all [][]byte) {
	for _, s := range []string{"10.0.0.1", "10.0.0.2", "192.0.2.1", "192.0.2.2", "192.0.2.9", "2001:db8::1", "2001:db8::2", "fd00::9", "198.51.100.7"} {
		all = append(all, netip.MustParseAddr(s).AsSlice())
	}
	return append(all, []byte("payload"), []byte("secret"), []byte("\x00\x11\x22\x33"))
}()

func checkNoSecret(t *testing.T, name string, b []byte) {
	t.Helper()
	for _, s := range secrets {
		if bytes.Contains(b, s) {
			t.Errorf("%s: %x is in %x", name, s, b)
		}
	}
}

// sameButAddresses compares what a decoder makes of a packet and of the anonymous one. What
// that hides may not be seen any more; what is seen is the same.
func sameButAddresses(t *testing.T, a *capture.Anonymizer, p, q *capture.Packet) (seen bool) {
	t.Helper()
	o := capture.DecoderOptions{VerifyChecksums: true}
	before, after := capture.NewDecoder(o), capture.NewDecoder(o)
	was, is := before.Decode(p), after.Decode(q)
	switch {
	case is == capture.OutcomeSkipped:
		return was == is
	case was != is:
		t.Fatalf("outcome %d, anonymous %d", was, is)
	}
	if is == capture.OutcomeQuote {
		x, y := before.Quote, after.Quote
		x.From, x.Src.Addr, x.Dst.Addr = a.Addr(x.From), a.Addr(x.Src.Addr), a.Addr(x.Dst.Addr)
		if x != y {
			t.Fatalf("quote\n%+v, anonymous\n%+v", x, y)
		}
		return true
	}
	x, y := before.Segment, after.Segment
	x.Src.Addr, x.Dst.Addr, x.Checksum, y.Checksum, x.Head, y.Head = a.Addr(x.Src.Addr), a.Addr(x.Dst.Addr), 0, 0, 0, 0
	if x != y {
		t.Fatalf("segment\n%+v, anonymous\n%+v", x, y)
	}
	if want := bytes.Repeat([]byte("x"), len(before.Payload)); !bytes.Equal(want, after.Payload) {
		t.Fatalf("payload %q", after.Payload)
	}
	return true
}

// However a segment is carried, it is the same afterwards but for addresses and payload, or
// it is not there any more; and nothing of what was there is.
func TestRewrite(t *testing.T) {
	a := capture.NewAnonymizer([32]byte{1})
	var hidden []string
	for _, c := range carriages() {
		p := packetOf(c.link, c.data)
		q := rewritten(a, p)
		if !sameButAddresses(t, a, p, q) {
			hidden = append(hidden, c.name)
		}
		checkNoSecret(t, c.name, q.Data)
		if n := len(q.Data); n != 0 && n != len(p.Data) || q.Length != p.Length {
			t.Errorf("%s: %d bytes of %d, before %d of %d", c.name, n, q.Length, len(p.Data), p.Length)
		}
	}
	t.Logf("not there any more: %s", strings.Join(hidden, "; "))
	if len(hidden) > len(carriages())*2/3 {
		t.Errorf("%d of %d are not there any more", len(hidden), len(carriages()))
	}
}

// ICMP errors quote headers with other addresses, and their checksums are right; ARP has other
// addresses; other protocols keep no more than their headers.
func TestRewriteOthers(t *testing.T) {
	a := capture.NewAnonymizer([32]byte{1})
	arp := append([]byte{0, 1, 8, 0, 6, 4, 0, 2}, "\x00\x11\x22\x33\x44\x55\x0a\x00\x00\x01\x00\x11\x22\x33\x44\x66\x0a\x00\x00\x02"...)
	routed := IPv6("2001:db8::1", "2001:db8::2", 43, Extension(ProtoTCP, slices.Concat([]byte{0, 1, 0, 0, 0, 0}, netip.MustParseAddr("fd00::9").AsSlice()), theSegment.Bytes()))
	addAddress := TCP{Src: 1, Dst: 2, Flags: 0x10, Options: slices.Concat([]byte{30, 8, 0x34, 1}, netip.MustParseAddr("198.51.100.7").AsSlice(), []byte{254, 8, 1, 2}, netip.MustParseAddr("198.51.100.7").AsSlice())}
	for _, test := range []struct {
		name string
		typ  uint16
		data []byte
		seen bool
	}{
		{"port unreachable", TypeIPv4, error4(3, 3, 0, four()), true},
		{"redirect", TypeIPv4, error4(5, 1, 0xc6336407, quoted4()), true},
		{"quoting options", TypeIPv4, error4(3, 13, 0, IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, Options: []byte{131, 7, 4, 198, 51, 100, 7, 0}}.Bytes(theSegment.Bytes())), true},
		{"too big", TypeIPv6, error6(2, 0, 1280, six()), true},
		{"ARP", 0x0806, arp, false},
		{"DNS", TypeIPv4, IPv4("10.0.0.1", "10.0.0.2", ProtoUDP, UDP(53, 53, []byte("secret.example 10.0.0.1"))), false},
		{"routing header", TypeIPv6, routed, true},
		{"options that hold addresses", TypeIPv4, IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, addAddress.Bytes()), true},
		{"unknown EtherType", 0x88cc, []byte("secret"), false},
		{"first fragment", TypeIPv4, IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, More: true}.Bytes(theSegment.Bytes()[:40]), false},
		{"later fragment", TypeIPv4, IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: 1, Offset: 40}.Bytes([]byte("payload, secret")), false},
		{"fragment of UDP", TypeIPv4, IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 17, ID: 1, Offset: 40}.Bytes([]byte("payload, secret")), false},
	} {
		for _, data := range [][]byte{Ethernet(test.typ, test.data), outerUDP(4789, VXLAN(6, Ethernet(TypeVLAN, Tag(4, test.typ, test.data))))} {
			p := packetOf(capture.LinkEthernet, data)
			q := rewritten(a, p)
			if seen := sameButAddresses(t, a, p, q); test.seen && !seen {
				t.Errorf("%s: not there any more", test.name)
			}
			checkNoSecret(t, test.name, q.Data)
			if test.typ == TypeIPv4 && Checksum(q.Data[14:34]) != 0 {
				t.Errorf("%s: the IP checksum is wrong", test.name)
			}
			if strings.Contains(test.name, "unreachable") && len(data) < 120 && Checksum(q.Data[34:]) != 0 {
				t.Errorf("%s: the ICMP checksum is wrong", test.name)
			}
		}
	}
}

// Whatever the checksum of a segment is, right (which may be 0), wrong, or one that a card was to
// fill in, it is so afterwards.
func TestRewriteChecksums(t *testing.T) {
	a := capture.NewAnonymizer([32]byte{1})
	d := capture.NewDecoder(capture.DecoderOptions{})
	mark := func(p *capture.Packet) capture.Marks {
		d.Decode(p)
		return d.VerifyChecksum()
	}
	const field = 14 + 20 + 16
	data := Ethernet(TypeIPv4, four())
	right := binary.BigEndian.Uint16(data[field:])
	zero := bytes.Clone(data)
	urgent := zero[field+2:] // one's complement: what is added here goes from the checksum
	binary.BigEndian.PutUint16(urgent, right)
	for _, data := range [][]byte{data, zero} {
		var seen capture.Marks
		for sum := range 1 << 16 {
			binary.BigEndian.PutUint16(data[field:], uint16(sum))
			p := packetOf(capture.LinkEthernet, data)
			was := mark(p)
			if is := mark(rewritten(a, p)); is != was {
				t.Errorf("%04x with mark %d becomes %04x with mark %d", sum, was, d.Segment.Checksum, is)
			}
			if seen |= was; sum == 0 && (was == capture.MarkChecksumOK) != (&data[0] == &zero[0]) {
				t.Errorf("0 has mark %d", was)
			}
		}
		if seen != capture.MarkChecksumOK|capture.MarkBadChecksum {
			t.Errorf("marks %b", seen)
		}
	}
}

// Whatever a packet is, what is seen afterwards is what was there, but for addresses.
func FuzzRewrite(f *testing.F) {
	for _, c := range carriages() {
		f.Add(c.data, uint16(c.link), uint16(0))
	}
	f.Add(Ethernet(TypeIPv4, error4(3, 3, 0, four())), uint16(capture.LinkEthernet), uint16(0))
	f.Add(error6(2, 0, 1280, six()), uint16(capture.LinkRaw), uint16(0))
	a := capture.NewAnonymizer([32]byte{1})
	f.Fuzz(func(t *testing.T, data []byte, link, more uint16) {
		p := packetOf(capture.LinkType(link), data)
		p.Length += int(more)
		q := rewritten(a, p)
		sameButAddresses(t, a, p, q)
		if len(q.Data) != 0 && len(q.Data) != len(data) {
			t.Errorf("%d bytes of %d", len(q.Data), len(data))
		}
		if again := rewritten(a, p); !bytes.Equal(again.Data, q.Data) {
			t.Error("another packet the second time")
		}
	})
}
