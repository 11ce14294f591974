package load

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/lab/wire"
)

// onesComplement is the checksum of RFC 1071 over whole words, 0 when b holds
// its right checksum.
func onesComplement(start uint32, b []byte) uint16 {
	for i := 0; i < len(b); i += 2 {
		start += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for start > 0xffff {
		start = start>>16 + start&0xffff
	}
	return ^uint16(start)
}

// pseudo is the sum of the pseudo-header of a frame.
func pseudo(b []byte) uint32 {
	n := uint32(6 + len(b) - atTCP)
	for i := atSource; i < atTCP; i += 2 {
		n += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	return n
}

// frameOf is a segment with 40 bytes of data and right checksums.
func frameOf(at int64, from, to netip.AddrPort, flags byte, seq, ack uint32) wire.Frame {
	be := binary.BigEndian
	b := append(make([]byte, 12), 8, 0, 0x45, 0, 0, 80, 1, 2, 0x40, 0, 64, 6, 0, 0)
	b = append(append(b, from.Addr().AsSlice()...), to.Addr().AsSlice()...)
	b = be.AppendUint16(be.AppendUint16(b, from.Port()), to.Port())
	b = be.AppendUint32(be.AppendUint32(b, seq), ack)
	b = append(b, 0x50, flags, 1, 0, 0, 0, 0, 0)
	b = append(b, bytes.Repeat([]byte("data"), 10)...)
	be.PutUint16(b[atIPSum:], onesComplement(0, b[14:atTCP]))
	be.PutUint16(b[atTCPSum:], onesComplement(pseudo(b), b[atTCP:]))
	return wire.Frame{Time: at, Data: b, Length: len(b)}
}

func TestRewrite(t *testing.T) {
	orig, resp := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")
	tmpl := templateOf([]wire.Frame{
		frameOf(1, orig, resp, wire.SYN, 100, 0),
		frameOf(2, netip.MustParseAddrPort("10.0.0.1:40001"), resp, wire.SYN, 1, 0),
		frameOf(3, resp, orig, wire.SYN|wire.ACK, 900, 101),
	}, orig)
	if len(tmpl.frames) != 2 {
		t.Fatalf("%d frames of the connection, want 2", len(tmpl.frames))
	}
	r := rand.New(rand.NewPCG(3, 4))
	var b []byte
	for range 10_000 {
		g := guise{orig: [4]byte{1, 2, byte(r.Uint32()), byte(r.Uint32())}, resp: [4]byte{byte(r.Uint32()), 255, 0, 1},
			origPort: uint16(r.Uint32()), fromO: r.Uint32(), fromR: r.Uint32()}
		o, s := netip.AddrPortFrom(netip.AddrFrom4(g.orig), g.origPort), netip.AddrPortFrom(netip.AddrFrom4(g.resp), 80)
		for k, want := range []wire.Frame{
			frameOf(1, o, s, wire.SYN, 100+g.fromO, 0),
			frameOf(3, s, o, wire.SYN|wire.ACK, 900+g.fromR, 101+g.fromO),
		} {
			if b = tmpl.rewrite(b, k, g); !bytes.Equal(b, want.Data) {
				t.Fatalf("frame %d of %v\n%x, want\n%x", k, g, b, want.Data)
			}
		}
	}
}

func TestBraid(t *testing.T) {
	orig, resp := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")
	tmpl := templateOf([]wire.Frame{frameOf(0, orig, resp, wire.SYN, 1, 0), frameOf(2500, resp, orig, wire.SYN|wire.ACK, 1, 2)}, orig)
	of := func(i int) (guise, int64, bool) { return guise{origPort: uint16(i)}, int64(i) * 1000, i != 1 }
	var file bytes.Buffer
	n, err := braid(&file, 60, []*strand{tmpl.copies(4, 0, 60, of), tmpl.copies(4, 1, 60, of), tmpl.copies(0, 1, 60, of)})
	if err != nil || n != 6 {
		t.Fatalf("%d packets, error %v", n, err)
	}
	f, err := capture.NewFile("memory", &file)
	if err != nil {
		t.Fatal(err)
	}
	var times []int64
	var p capture.Packet
	for err = f.Next(&p); err == nil; err = f.Next(&p) {
		times = append(times, p.Time)
		if len(p.Data) != 60 || p.Length != 94 {
			t.Errorf("%d bytes of %d", len(p.Data), p.Length)
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	for i, want := range []int64{0, 2000, 2000, 3000, 4000, 5000} {
		if times[i] != want {
			t.Fatalf("times %v", times)
		}
	}
}
