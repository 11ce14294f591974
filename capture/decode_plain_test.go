package capture

import (
	"bytes"
	"testing"

	. "tcpwatch/capture/capturetest"
)

// plainPackets are as those of nearly every capture.
func plainPackets() (all [][]byte) {
	usual := []byte{1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8}
	for _, options := range [][]byte{nil, usual, {2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7},
		{1, 1, 5, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}} {
		b := TCP{Src: 40000, Dst: 80, Seq: 1 << 31, Ack: 77, Flags: 0x118, Window: 501, Options: options, Payload: []byte("payload")}.Bytes()
		all = append(all, Ethernet(TypeIPv4, IPv4("192.0.2.1", "198.51.100.2", ProtoTCP, b)),
			Ethernet(TypeIPv6, IPv6("2001:db8:1:2:3:4:5:6", "2001:db8::9", ProtoTCP, b)))
	}
	return all
}

// samePlain decodes a packet in both ways, which find the same: with checksums
// every packet is walked through, header after header.
func samePlain(t *testing.T, plain, walk *Decoder, p *Packet) {
	t.Helper()
	plain.Segment, walk.Segment = stale, Segment{}
	got, want := plain.Decode(p), walk.Decode(p)
	if got != want || plain.Skip != walk.Skip || plain.Skipped != walk.Skipped {
		t.Fatalf("outcome %d, %q; walked through %d, %q\n%x", got, plain.Skip, want, walk.Skip, p.Data)
	}
	if got != OutcomeSegment {
		return
	}
	a, b := plain.Segment, walk.Segment
	b.Marks &^= MarkChecksumOK | MarkBadChecksum
	clear(a.SACK[a.NSACK:])
	clear(b.SACK[b.NSACK:])
	if a != b || !bytes.Equal(plain.Payload, walk.Payload) || plain.Datagram != walk.Datagram {
		t.Fatalf("%+v, %d bytes\nwalked through %+v, %d bytes\n%x", a, len(plain.Payload), b, len(walk.Payload), p.Data)
	}
}

// stale is a segment that is not set anew.
var stale = Segment{Packet: 9, FileNumber: 9, Time: 9, Src: Endpoint{Addr: Addr{9, 9, 9, 9, 9, 9, 9, 9, 9}, Port: 9},
	Dst: Endpoint{Addr: Addr{9, 9, 9, 9, 9, 9, 9, 9, 9}, Port: 9}, Seq: 9, Ack: 9, Len: 9, Captured: 9, Window: 9, Flags: 9, Marks: 9,
	Options: 9, MSS: 9, WScale: 9, NSACK: 9, FastOpen: 9, Order: 9, TTL: 9, ECN: 9, Tunnel: 9, IPID: 9, Checksum: 9, TSVal: 9, TSEcr: 9, TunnelID: 9,
	TunnelPart: true, NVLAN: 9, VLAN: [2]uint16{9, 9}, File: 9, Interface: 9}

// TestPlain changes each byte of plain packets' headers to each value, cuts them
// at each length and lengthens them.
func TestPlain(t *testing.T) {
	plain, walk := NewDecoder(DecoderOptions{}), NewDecoder(DecoderOptions{VerifyChecksums: true})
	for _, data := range plainPackets() {
		if !plain.plain(&Packet{Data: data, Length: len(data)}) {
			t.Fatalf("not plain: %x", data)
		}
		for cut := range len(data) + 1 {
			for missing := range 10 {
				b := data[:cut:cut]
				samePlain(t, plain, walk, &Packet{Data: b, Length: cut + missing, Link: LinkEthernet})
			}
			samePlain(t, plain, walk, &Packet{Data: data[:cut:cut], Length: len(data), Link: LinkEthernet})
		}
		for i := range data {
			b := bytes.Clone(data)
			for v := range 256 {
				b[i] = byte(v)
				samePlain(t, plain, walk, &Packet{Data: b, Length: len(b), Link: LinkEthernet})
				samePlain(t, plain, walk, &Packet{Data: append(b, 0, 0, 0, 0), Length: len(b) + 4, Link: LinkEthernet})
			}
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, data := range plainPackets() {
		f.Add(data, uint16(0))
		f.Add(data[:60], uint16(len(data)-60))
	}
	f.Fuzz(func(t *testing.T, data []byte, missing uint16) {
		plain, walk := NewDecoder(DecoderOptions{}), NewDecoder(DecoderOptions{VerifyChecksums: true})
		samePlain(t, plain, walk, &Packet{Data: data[:len(data):len(data)], Length: len(data) + int(missing), Link: LinkEthernet})
	})
}
