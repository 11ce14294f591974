package capture_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"tcpwatch/capture"
	. "tcpwatch/capture/capturetest"
)

// piece is one fragment: bytes [from, to) of what is fragmented.
type piece struct {
	from, to int
	last     bool
}

func (p piece) four(id uint16, whole []byte) []byte {
	return IPv4Header{Src: "10.0.0.1", Dst: "10.0.0.2", Proto: 6, ID: id, Offset: p.from, More: !p.last}.Bytes(whole[p.from:p.to])
}

func (p piece) six(id uint32, whole []byte) []byte {
	h := binary.BigEndian.AppendUint32([]byte{6, 0, 0, 0}, id)
	binary.BigEndian.PutUint16(h[2:], uint16(p.from))
	if !p.last {
		h[3] |= 1
	}
	return IPv6("2001:db8::1", "2001:db8::2", 44, append(h, whole[p.from:p.to]...))
}

func raw(data []byte) *capture.Packet {
	return &capture.Packet{Data: data, Length: len(data), Link: capture.LinkRaw}
}

func TestFragments(t *testing.T) {
	whole := four()[20:] // 54 bytes
	end := len(whole)
	tests := []struct {
		name   string
		pieces []piece
	}{
		{"in order", []piece{{0, 16, false}, {16, 40, false}, {40, end, true}}},
		{"backwards", []piece{{40, end, true}, {16, 40, false}, {0, 16, false}}},
		{"header in two", []piece{{8, 24, false}, {0, 8, false}, {24, end, true}}},
		{"one twice", []piece{{0, 16, false}, {0, 16, false}, {16, end, true}}},
		{"overlap", []piece{{0, 32, false}, {16, 40, false}, {24, end, true}}},
		{"not a multiple of 8", []piece{{0, 21, false}, {16, end, true}}},
	}
	for _, tt := range tests {
		for _, v6 := range []bool{false, true} {
			whole := whole
			if v6 {
				whole = six()[40:]
			}
			d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
			for i, f := range tt.pieces {
				p := raw(f.four(7, whole))
				if v6 {
					p = raw(f.six(7, whole))
				}
				p.Number = uint64(i + 1)
				o := d.Decode(p)
				clear(p.Data) // the store has to have its own copy
				if i < len(tt.pieces)-1 {
					if o != capture.OutcomeSkipped || d.Skip != capture.SkipFragment {
						t.Fatalf("%s, fragment %d: outcome %d, skipped as %q", tt.name, i, o, d.Skip)
					}
					continue
				}
				if o != capture.OutcomeSegment {
					t.Fatalf("%s: skipped as %q", tt.name, d.Skip)
				}
			}
			s := d.Segment
			want := capture.MarkFragmented | capture.MarkChecksumOK
			if v6 {
				want |= capture.MarkIPv6
			}
			if s.Marks != want || int(s.Len) != len(theSegment.Payload) || !bytes.Equal(d.Payload, theSegment.Payload) || s.Packet != uint64(len(tt.pieces)) || s.TTL != 64 {
				t.Errorf("%s: %+v %q", tt.name, s, d.Payload)
			}
			if d.Joined != uint64(len(tt.pieces)-1) || d.Skipped[capture.SkipFragment] != d.Joined {
				t.Errorf("%s: %d fragments skipped", tt.name, d.Skipped[capture.SkipFragment])
			}
		}
	}
}

// TestFragmentFirstWins: of overlapping bytes those that came first stay.
func TestFragmentFirstWins(t *testing.T) {
	whole := four()[20:]
	other := bytes.Clone(whole)
	for i := 32; i < 48; i++ {
		other[i] ^= 0xff
	}
	d := capture.NewDecoder(capture.DecoderOptions{})
	d.Decode(raw(piece{0, 40, false}.four(7, whole)))
	if d.Decode(raw(piece{32, len(whole), true}.four(7, other))) != capture.OutcomeSegment {
		t.Fatalf("skipped as %q", d.Skip)
	}
	want := bytes.Clone(theSegment.Payload)
	copy(want[8:], other[40:])
	if !bytes.Equal(d.Payload, want) {
		t.Errorf("%q, want %q", d.Payload, want)
	}
}

// TestFragmentsCut: fragments that the snaplen cut still add up to the length.
func TestFragmentsCut(t *testing.T) {
	whole := TCP{Src: 1, Dst: 2, Flags: 16, Payload: make([]byte, 3000)}.Bytes()
	d := capture.NewDecoder(capture.DecoderOptions{})
	first, second := raw(piece{0, 1480, false}.four(7, whole)), raw(piece{1480, len(whole), true}.four(7, whole))
	first.Data, second.Data = first.Data[:75], second.Data[:75]
	d.Decode(second)
	if d.Decode(first) != capture.OutcomeSegment {
		t.Fatalf("skipped as %q", d.Skip)
	}
	if s := d.Segment; s.Len != 3000 || s.Captured != 48-20 || s.Marks != capture.MarkFragmented|capture.MarkTruncated {
		t.Errorf("%+v", s)
	}
	d.Decode(second)
	first.Data = first.Data[:30]
	if d.Decode(first) != capture.OutcomeSkipped || d.Skip != capture.SkipCut {
		t.Errorf("cut inside the TCP header: skipped as %q", d.Skip)
	}
}

func TestFragmentsApart(t *testing.T) {
	whole := four()[20:]
	first, second := piece{0, 16, false}, piece{16, len(whole), true}
	tests := []struct {
		name  string
		pair  [2]*capture.Packet
		o     capture.DecoderOptions
		joins bool
	}{
		{"another identification", [2]*capture.Packet{raw(first.four(1, whole)), raw(second.four(2, whole))}, capture.DecoderOptions{}, false},
		{"IPv6, same identification", [2]*capture.Packet{raw(first.four(1, whole)), raw(second.six(1, whole))}, capture.DecoderOptions{}, false},
		{"last without the first", [2]*capture.Packet{raw(second.four(1, whole)), raw(second.four(1, whole))}, capture.DecoderOptions{}, false},
		{"another VLAN", [2]*capture.Packet{tagged(4, first.four(1, whole)), tagged(5, second.four(1, whole))}, capture.DecoderOptions{}, true},
		{"another VLAN, by VLAN", [2]*capture.Packet{tagged(4, first.four(1, whole)), tagged(5, second.four(1, whole))}, capture.DecoderOptions{ByVLAN: true}, false},
		{"same VLAN, by VLAN", [2]*capture.Packet{tagged(4, first.four(1, whole)), tagged(4, second.four(1, whole))}, capture.DecoderOptions{ByVLAN: true}, true},
		{"another network", [2]*capture.Packet{inNetwork(4, first.four(1, whole)), inNetwork(5, second.four(1, whole))}, capture.DecoderOptions{}, false},
		{"same network", [2]*capture.Packet{inNetwork(4, first.four(1, whole)), inNetwork(4, second.four(1, whole))}, capture.DecoderOptions{}, true},
		{"within the time", [2]*capture.Packet{raw(first.four(1, whole)), after(29, raw(second.four(1, whole)))}, capture.DecoderOptions{}, true},
		{"too late", [2]*capture.Packet{raw(first.four(1, whole)), after(31, raw(second.four(1, whole)))}, capture.DecoderOptions{}, false},
	}
	for _, tt := range tests {
		d := capture.NewDecoder(tt.o)
		if d.Decode(tt.pair[0]) != capture.OutcomeSkipped || d.Skip != capture.SkipFragment {
			t.Errorf("%s: first skipped as %q", tt.name, d.Skip)
		}
		if joined := d.Decode(tt.pair[1]) == capture.OutcomeSegment; joined != tt.joins {
			t.Errorf("%s: joined %v, skipped as %q", tt.name, joined, d.Skip)
		}
	}
}

func tagged(vlan uint16, ip []byte) *capture.Packet {
	data := Ethernet(TypeVLAN, Tag(vlan, TypeIPv4, ip))
	return &capture.Packet{Data: data, Length: len(data), Link: capture.LinkEthernet}
}

func inNetwork(vni uint32, ip []byte) *capture.Packet {
	data := outerUDP(4789, VXLAN(vni, Ethernet(TypeIPv4, ip)))
	return &capture.Packet{Data: data, Length: len(data), Link: capture.LinkEthernet}
}

func after(seconds int64, p *capture.Packet) *capture.Packet {
	p.Time = seconds * 1e9
	return p
}

// TestFragmentsInFragments: a tunnel's packet is put together, then the one in it.
func TestFragmentsInFragments(t *testing.T) {
	whole := four()[20:]
	var packets []*capture.Packet
	for i, f := range []piece{{0, 24, false}, {24, len(whole), true}} {
		inner := GRE(0, TypeIPv4, nil, f.four(3, whole))
		for _, g := range []piece{{0, 16, false}, {16, len(inner), true}} {
			packets = append(packets, raw(IPv4Header{Src: "192.0.2.1", Dst: "192.0.2.2", Proto: 47, ID: uint16(i), Offset: g.from, More: !g.last}.Bytes(inner[g.from:g.to])))
		}
	}
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for range 3 { // again, in memory that was used
		for i, p := range packets {
			if o := d.Decode(p); (o == capture.OutcomeSegment) != (i == len(packets)-1) {
				t.Fatalf("packet %d: outcome %d, skipped as %q", i, o, d.Skip)
			}
		}
		if !bytes.Equal(d.Payload, theSegment.Payload) || d.Segment.Marks != capture.MarkFragmented|capture.MarkChecksumOK || d.Segment.Tunnel != capture.TunnelGRE {
			t.Fatalf("%+v %q", d.Segment, d.Payload)
		}
	}
}

// TestFragmentLimit opens far more datagrams than the store keeps: the newest
// are kept, and what that cost is counted.
func TestFragmentLimit(t *testing.T) {
	const opened = 10000
	whole := TCP{Src: 1, Dst: 2, Flags: 16, Payload: make([]byte, 60000)}.Bytes()
	first, second := piece{0, 1480, false}, piece{1480, len(whole), true}
	tests := []struct {
		name      string
		f, rest   piece
		leastKept uint64
	}{
		{"many", first, second, 4000},
		{"many large", second, first, 200},
	}
	for _, tt := range tests {
		d := capture.NewDecoder(capture.DecoderOptions{})
		for i := range opened {
			d.Decode(raw(tt.f.four(uint16(i), whole)))
		}
		waiting, dropped := d.Skipped[capture.SkipFragment], d.Skipped[capture.SkipFragmentLimit]
		if waiting+dropped != opened || waiting < tt.leastKept || waiting > 4096 {
			t.Errorf("%s: %d wait, %d dropped", tt.name, waiting, dropped)
		}
		if d.Decode(raw(tt.rest.four(opened-1, whole))) != capture.OutcomeSegment || d.Segment.Len != 60000 {
			t.Errorf("%s: the newest is not kept: skipped as %q", tt.name, d.Skip)
		}
		if d.Decode(raw(tt.rest.four(0, whole))) == capture.OutcomeSegment {
			t.Errorf("%s: the oldest is still there", tt.name)
		}
	}
}

func TestFragmentsDoNotAllocate(t *testing.T) {
	whole := four()[20:]
	first, second := raw(piece{0, 16, false}.four(1, whole)), raw(piece{16, len(whole), true}.four(1, whole))
	d := capture.NewDecoder(capture.DecoderOptions{})
	if n := testing.AllocsPerRun(1000, func() {
		d.Decode(first)
		if d.Decode(second) != capture.OutcomeSegment {
			t.Fatal("not put together")
		}
	}); n != 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}

// TestFragmentsAnyWay cuts datagrams anywhere, shuffles and repeats the
// fragments, and expects the segment when the last one came.
func TestFragmentsAnyWay(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	d := capture.NewDecoder(capture.DecoderOptions{VerifyChecksums: true})
	for round := range 300 {
		payload := make([]byte, random.IntN(5000))
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		packet := IPv4("10.0.0.1", "10.0.0.2", ProtoTCP, TCP{Src: 1, Dst: 2, Flags: 16, Payload: payload}.Bytes())
		whole := packet[20:]
		var pieces []piece
		for from := 0; from < len(whole); {
			to := min(from+8*(1+random.IntN(100)), len(whole))
			pieces = append(pieces, piece{from, to, to == len(whole)})
			from = to
		}
		random.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		if len(pieces) == 1 {
			continue
		}
		for i, f := range pieces {
			if again := pieces[random.IntN(i+1)]; i > 0 && i < len(pieces)-1 && again != f {
				d.Decode(raw(again.four(uint16(round), whole)))
			}
			if o := d.Decode(raw(f.four(uint16(round), whole))); (o == capture.OutcomeSegment) != (i == len(pieces)-1) {
				t.Fatalf("round %d, fragment %d of %d: outcome %d", round, i, len(pieces), o)
			}
		}
		if !bytes.Equal(d.Payload, payload) || d.Segment.Marks != capture.MarkFragmented|capture.MarkChecksumOK {
			t.Fatalf("round %d: marks %b, %d bytes of %d", round, d.Segment.Marks, len(d.Payload), len(payload))
		}
	}
}
