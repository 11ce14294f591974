package capture_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// decodeTCP decodes t carried by IPv4 without a link header, cut to captured
// bytes of TCP (-1: whole).
func decodeTCP(t *testing.T, tcp []byte, captured int) capture.Segment {
	t.Helper()
	data := IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, tcp)
	length := len(data)
	if captured >= 0 {
		data = data[:20+captured]
	}
	d := capture.NewDecoder(capture.DecoderOptions{})
	if d.Decode(&capture.Packet{Data: data, Length: length, Link: capture.LinkRaw}) != capture.OutcomeSegment {
		t.Fatalf("skipped as %q", d.Skip)
	}
	return d.Segment
}

func TestTCPOptions(t *testing.T) {
	type want struct {
		options  capture.OptionSet
		marks    capture.Marks
		mss      uint16
		wscale   uint8
		nsack    uint8
		fastOpen uint8
		tsval    uint32
	}
	syn := []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7}
	synSet := capture.OptMSS | capture.OptSACKPermitted | capture.OptTimestamps | capture.OptWScale
	tests := []struct {
		name     string
		options  []byte
		captured int // of the options; -1: all
		want     want
	}{
		{"none", nil, -1, want{}},
		{"a Linux SYN", syn, -1, want{synSet, 0, 1460, 7, 0, 0, 9}},
		{"timestamps as usual", []byte{1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0}, -1, want{options: capture.OptTimestamps, tsval: 9}},
		{"timestamps first", []byte{8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 1}, -1, want{options: capture.OptTimestamps, tsval: 9}},
		{"what is behind the end does not count", []byte{0, 2, 4, 5}, -1, want{}},
		{"four SACK blocks", append([]byte{1, 1, 5, 34}, make([]byte, 32)...), -1, want{options: capture.OptSACK, nsack: 4}},
		{"SACK of odd length", []byte{5, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"SACK without a block", []byte{5, 2, 0, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"fast open asks", []byte{34, 2, 1, 1}, -1, want{options: capture.OptFastOpen}},
		{"fast open cookie", []byte{34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}, -1, want{options: capture.OptFastOpen, fastOpen: 8}},
		{"experimental fast open", []byte{254, 8, 0xf9, 0x89, 1, 2, 3, 4}, -1, want{options: capture.OptFastOpen, fastOpen: 4}},
		{"another experiment", []byte{253, 4, 0, 1}, -1, want{options: capture.OptOther}},
		{"mptcp, md5 and ao", []byte{30, 3, 0, 19, 3, 0, 29, 3, 0, 99, 2, 0}, -1, want{options: capture.OptMPTCP | capture.OptMD5 | capture.OptAO | capture.OptOther}},
		{"mptcp fast close", []byte{30, 12, 0x70, 0, 1, 2, 3, 4, 5, 6, 7, 8}, -1, want{options: capture.OptMPTCP | capture.OptFastClose}},
		{"mptcp of another subtype", []byte{30, 4, 0x80, 7}, -1, want{options: capture.OptMPTCP}},
		{"length 0 behind a good one", []byte{2, 4, 5, 0xb4, 3, 0, 7, 0}, -1, want{options: capture.OptMSS, marks: capture.MarkBadOptions, mss: 1460}},
		{"length 1", []byte{3, 1, 7, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"beyond the header", []byte{2, 4, 5, 0xb4, 8, 10, 0, 0}, -1, want{options: capture.OptMSS, marks: capture.MarkBadOptions, mss: 1460}},
		{"kind alone at the end", []byte{1, 1, 1, 8}, -1, want{marks: capture.MarkBadOptions}},
		{"mss of 3", []byte{2, 3, 5, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"window scale of 2", []byte{3, 4, 5, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"sack permitted of 3", []byte{4, 3, 5, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"timestamps of 6", []byte{8, 6, 0, 0, 0, 0, 0, 0}, -1, want{marks: capture.MarkBadOptions}},
		{"cut before the options", syn, 0, want{marks: capture.MarkCutOptions}},
		{"cut between two", syn, 6, want{options: capture.OptMSS | capture.OptSACKPermitted, marks: capture.MarkCutOptions, mss: 1460}},
		{"cut inside one", syn, 12, want{options: capture.OptMSS | capture.OptSACKPermitted, marks: capture.MarkCutOptions, mss: 1460}},
		{"cut behind a kind", syn, 7, want{options: capture.OptMSS | capture.OptSACKPermitted, marks: capture.MarkCutOptions, mss: 1460}},
		{"cut, and malformed before", []byte{3, 0, 0, 0, 0, 0, 0, 0}, 4, want{marks: capture.MarkCutOptions | capture.MarkBadOptions}},
	}
	for _, tt := range tests {
		captured := tt.captured
		if captured >= 0 {
			captured += 20
		}
		s := decodeTCP(t, TCP{Src: 1, Dst: 2, Flags: 2, Options: tt.options}.Bytes(), captured)
		got := want{s.Options, s.Marks, s.MSS, s.WScale, s.NSACK, s.FastOpen, s.TSVal}
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestHeaderCut: a header that the snaplen cut behind the window is a segment.
func TestHeaderCut(t *testing.T) {
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for _, options := range [][]byte{nil, {2, 4, 5, 0xb4}} {
		segment := TCP{Src: 1, Dst: 2, Seq: 3, Ack: 4, Flags: 0x12, Window: 5, Options: options, Payload: []byte("data")}.Bytes()
		data := IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, segment)
		for n := range 21 {
			p := capture.Packet{Data: data[:20+n], Length: len(data), Link: capture.LinkRaw}
			outcome := d.Decode(&p)
			if n < 16 {
				if outcome != capture.OutcomeSkipped || d.Skip != capture.SkipCut {
					t.Errorf("%d bytes: %d, skipped as %q", n, outcome, d.Skip)
				}
				continue
			}
			s := &d.Segment
			marks := capture.MarkTruncated
			if options != nil {
				marks |= capture.MarkCutOptions
			}
			if outcome != capture.OutcomeSegment || s.Src.Port != 1 || s.Dst.Port != 2 || s.Seq != 3 || s.Ack != 4 || s.Flags != capture.SYN|capture.ACK ||
				s.Window != 5 || s.Len != 4 || s.Captured != 0 || s.Marks != marks || s.Options != 0 || (s.Checksum != 0) != (n >= 18) {
				t.Errorf("%d bytes: %d, %+v", n, outcome, s)
			}
		}
	}
}

func TestSACKBlocks(t *testing.T) {
	o := []byte{1, 1, 5, 18}
	for _, x := range []uint32{100, 200, 0xfffffff0, 16} {
		o = binary.BigEndian.AppendUint32(o, x)
	}
	s := decodeTCP(t, TCP{Src: 1, Dst: 2, Flags: 16, Options: o}.Bytes(), -1)
	if s.NSACK != 2 || s.SACK[0] != (capture.SACKBlock{Left: 100, Right: 200}) || s.SACK[1] != (capture.SACKBlock{Left: 0xfffffff0, Right: 16}) {
		t.Errorf("%d blocks: %v", s.NSACK, s.SACK)
	}
}

func TestFlags(t *testing.T) {
	for bit, f := range []capture.Flags{capture.FIN, capture.SYN, capture.RST, capture.PSH, capture.ACK, capture.URG, capture.ECE, capture.CWR, capture.AE} {
		if s := decodeTCP(t, TCP{Src: 1, Dst: 2, Flags: 1 << bit}.Bytes(), -1); s.Flags != f {
			t.Errorf("bit %d: %v, want %v", bit, s.Flags, f)
		}
	}
	if s := decodeTCP(t, TCP{Src: 1, Dst: 2, Flags: 0xe00}.Bytes(), -1); s.Flags != 0 {
		t.Errorf("reserved bits: %v", s.Flags)
	}
}

// TestChecksum compares with the plainest way, over lengths around every
// boundary of the fast one, and changes one bit.
func TestChecksum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for n := range 200 {
		payload := make([]byte, n)
		for i := range payload {
			payload[i] = byte(random.Uint32() | random.Uint32()) // more ones: more carries
		}
		tcp := TCP{Src: 0xffff, Dst: 0xffff, Seq: 0xffffffff, Ack: 0xffffffff, Flags: 16, Window: 0xffff, Payload: payload}.Bytes()
		for _, data := range [][]byte{
			IPv4("255.255.255.255", "255.255.255.254", ProtoTCP, tcp),
			IPv6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", ProtoTCP, tcp),
		} {
			p := capture.Packet{Data: data, Length: len(data), Link: capture.LinkRaw}
			verdict := func() capture.Marks {
				if d.Decode(&p) != capture.OutcomeSegment {
					t.Fatalf("skipped as %q", d.Skip)
				}
				return d.Segment.Marks & (capture.MarkBadChecksum | capture.MarkChecksumOK)
			}
			if got := verdict(); got != capture.MarkChecksumOK {
				t.Fatalf("%d bytes: %b", n, got)
			}
			data[len(data)-1] ^= 1 << (n % 8) // payload, or for none the urgent pointer
			if got := verdict(); got != capture.MarkBadChecksum {
				t.Fatalf("%d bytes, one bit changed: %b", n, got)
			}
			if n == 0 {
				continue
			}
			p.Data = data[:len(data)-1]
			if got := verdict(); got != 0 {
				t.Fatalf("%d bytes, cut: %b", n, got)
			}
		}
	}
}

// What a card fills in is 0, or the sum over addresses, protocol and length.
func TestUnfilled(t *testing.T) {
	s := &capture.Segment{Src: capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 101, 0, 2})}, Dst: capture.Endpoint{Addr: capture.AddrFrom4([]byte{10, 102, 0, 2})}}
	for sum, want := range map[uint16]bool{0x14f1: true, 0x14e9: true, 0x14d5: true, 0: true, 0x5e1d: false, 0x14ea: false} {
		if got := s.Unfilled(sum); got != want {
			t.Errorf("%#x: %v", sum, got)
		}
	}
}

// TestVerifyChecksum: of what can't be verified nothing is said.
func TestVerifyChecksum(t *testing.T) {
	tcp := TCP{Src: 1, Dst: 2, Seq: 3, Ack: 4, Flags: 16, Window: 5, Payload: []byte("some payload")}.Bytes()
	right := IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, tcp)
	with := func(sum uint16) []byte {
		b := append([]byte(nil), right...)
		binary.BigEndian.PutUint16(b[20+16:], sum)
		return b
	}
	flipped := append([]byte(nil), right...)
	flipped[len(flipped)-1] ^= 1
	// The sum of the pseudo-header, which the card goes on from.
	pseudo := uint16(2*0x0a00 + 1 + 2 + 6 + len(tcp))
	for _, x := range []struct {
		name   string
		data   []byte
		length int
		want   capture.Marks
	}{
		{"right", right, len(right), capture.MarkChecksumOK},
		{"a bit flipped", flipped, len(right), capture.MarkBadChecksum},
		{"another field", with(0x1234), len(right), capture.MarkBadChecksum},
		{"zeroed on the way", with(0), len(right), capture.MarkBadChecksum},
		{"left to the card", with(pseudo), len(right), 0},
		{"left to a card that divides it", with(pseudo - uint16(len(tcp))), len(right), 0},
		{"cut", flipped[:len(flipped)-4], len(right), 0},
		{"the header cut", flipped[:38], len(right), 0},
	} {
		for _, link := range []capture.LinkType{capture.LinkRaw, capture.LinkEthernet} {
			data := x.data
			if link == capture.LinkEthernet {
				data = append([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0}, data...)
			}
			d := capture.NewDecoder(capture.DecoderOptions{})
			if d.Decode(&capture.Packet{Data: data, Length: x.length + len(data) - len(x.data), Link: link}) != capture.OutcomeSegment {
				t.Fatalf("%s: skipped as %q", x.name, d.Skip)
			}
			if got := d.VerifyChecksum(); got != x.want {
				t.Errorf("%s, link %d: %#x, want %#x", x.name, link, got, x.want)
			}
		}
	}
}
