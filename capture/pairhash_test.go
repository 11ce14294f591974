package capture

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tcpwatch/capture/capturetest"
)

// What PeekPair and PeekHash say must be what decoding finds: a worker that looked would
// otherwise leave a packet to another that leaves it too.
func TestPeekAgreesWithDecode(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pcaps/*")
	if corpus := os.Getenv("TCPWATCH_CORPUS"); corpus != "" {
		more, _ := filepath.Glob(filepath.Join(corpus, "captures/*/*"))
		files = append(files, more...)
	}
	agreed := 0
	for _, name := range files {
		f, err := Open(name)
		if err != nil {
			continue
		}
		plain, byVLAN := NewDecoder(DecoderOptions{}), NewDecoder(DecoderOptions{ByVLAN: true})
		var p Packet
		for f.Next(&p) == nil {
			what := fmt.Sprintf("%s: packet %d", name, p.Number)
			agreed += checkPeek(t, what, &p, plain, false)
			checkPeek(t, what, &p, byVLAN, true)
		}
		f.Close()
	}
	if agreed < 1000 {
		t.Errorf("%d segments", agreed)
	}
}

// checkPeek decodes a packet at which was looked, and is 1 where both found a segment.
func checkPeek(t *testing.T, what string, p *Packet, d *Decoder, byVLAN bool) int {
	t.Helper()
	h, ok := PeekHash(p, byVLAN)
	one, single := PeekPair(p)
	if single && (!ok || one != h) {
		t.Errorf("%s: %x, %v: %x without tags and tunnels", what, h, ok, one)
	}
	outcome := d.Decode(p)
	s := &d.Segment
	switch {
	case !ok:
	case outcome == OutcomeQuote:
		t.Errorf("%s is a quote", what)
	case outcome == OutcomeSkipped && (d.Skip == SkipFragment || d.Skip == SkipFragmentLimit):
		t.Errorf("%s is a fragment", what)
	case outcome != OutcomeSegment:
	case s.Marks&MarkFragmented != 0:
		t.Errorf("%s is of fragments", what)
	case single && (s.Tunnel != TunnelNone || s.NVLAN > 0):
		t.Errorf("%s is in a tunnel or a VLAN", what)
	case byVLAN && s.NVLAN > 0:
		t.Errorf("%s is in a VLAN, which counts", what)
	default:
		if want := PairHash(&s.Src, &s.Dst); h != want || PairHash(&s.Dst, &s.Src) != want {
			t.Errorf("%s: %x, want %x", what, h, want)
		}
		return 1
	}
	return 0
}

// carriedPackets are segments between the same two ends, carried in every way that PeekHash
// looks through (true) and in some that it does not.
func carriedPackets() (all []Packet, through []bool) {
	segment := capturetest.TCP{Src: 40000, Dst: 80, Seq: 1, Flags: 0x10}.Bytes()
	ip4 := capturetest.IPv4("10.0.0.1", "10.0.0.2", 6, segment)
	ip6 := capturetest.IPv6("2001:db8::1", "2001:db8::2", 6, segment)
	frame := capturetest.Ethernet(0x0800, ip4)
	udp := func(port uint16, payload []byte) []byte {
		return capturetest.IPv4("192.0.2.1", "192.0.2.2", 17, capturetest.UDP(50000, port, payload))
	}
	gre := func(flags, proto uint16, fields, payload []byte) []byte {
		return capturetest.IPv4("192.0.2.1", "192.0.2.2", 47, capturetest.GRE(flags, proto, fields, payload))
	}
	add := func(ok bool, link LinkType, b []byte) {
		all = append(all, Packet{Link: link, Data: b, Length: len(b)})
		through = append(through, ok)
	}
	for _, p := range []struct {
		ok bool
		ip []byte
	}{
		{true, ip4}, {true, udp(4789, capturetest.VXLAN(7, frame))}, {true, udp(8472, capturetest.VXLAN(7, frame))},
		{true, udp(4789, capturetest.VXLAN(7, capturetest.Ethernet(0x8100, capturetest.Tag(3, 0x86dd, ip6))))},
		{true, udp(6081, capturetest.Geneve(7, 0x6558, []byte{1, 2, 3, 4}, frame))}, {true, udp(6081, capturetest.Geneve(7, 0x0800, nil, ip4))},
		{true, gre(0, 0x0800, nil, ip4)}, {true, gre(greKey, 0x6558, []byte{0, 0, 7, 0}, frame)}, {true, gre(0, 0x86dd, nil, ip6)},
		{true, udp(4789, capturetest.VXLAN(7, capturetest.Ethernet(0x0800, gre(0, 0x0800, nil, ip4))))},
		{false, udp(4789, capturetest.VXLAN(7, capturetest.Ethernet(0x0800, udp(4789, capturetest.VXLAN(8, capturetest.Ethernet(0x0800, gre(0, 0x0800, nil, ip4)))))))},
		{false, gre(greSequence, 0x0800, []byte{0, 0, 0, 1}, ip4)}, {false, udp(4790, capturetest.VXLAN(7, frame))}, {false, udp(53, frame)},
	} {
		add(p.ok, LinkEthernet, capturetest.Ethernet(0x0800, p.ip))
		add(p.ok, LinkRaw, p.ip)
		add(p.ok, LinkEthernet, capturetest.Ethernet(0x8100, capturetest.Tag(5, 0x0800, p.ip)))
		add(p.ok, LinkEthernet, capturetest.Ethernet(0x88a8, capturetest.Tag(5, 0x8100, capturetest.Tag(6, 0x0800, p.ip))))
		add(false, LinkEthernet, capturetest.Ethernet(0x88a8, capturetest.Tag(5, 0x8100, capturetest.Tag(6, 0x8100, capturetest.Tag(7, 0x0800, p.ip)))))
	}
	return all, through
}

// Every packet that is looked through is one that decoding finds, and no cut of it is taken
// for another's.
func TestPeekThroughTagsAndTunnels(t *testing.T) {
	all, through := carriedPackets()
	plain, byVLAN := NewDecoder(DecoderOptions{}), NewDecoder(DecoderOptions{ByVLAN: true})
	for i := range all {
		p := all[i]
		if _, ok := PeekHash(&p, false); ok != through[i] {
			t.Errorf("packet %d: looked through: %v", i, ok)
		}
		if n := checkPeek(t, fmt.Sprint("packet ", i), &p, plain, false); through[i] && n == 0 {
			t.Errorf("packet %d has no segment", i)
		}
		checkPeek(t, fmt.Sprint("by VLAN: packet ", i), &p, byVLAN, true)
		for cut := range all[i].Data {
			p.Data = all[i].Data[:cut]
			checkPeek(t, fmt.Sprintf("packet %d cut to %d", i, cut), &p, plain, false)
		}
	}
}

func FuzzPeekHash(f *testing.F) {
	all, _ := carriedPackets()
	for i := range all {
		f.Add(all[i].Data, all[i].Link == LinkRaw, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, raw, byVLAN bool) {
		p := Packet{Link: LinkEthernet, Data: b, Length: len(b)}
		if raw {
			p.Link = LinkRaw
		}
		checkPeek(t, "packet", &p, NewDecoder(DecoderOptions{ByVLAN: byVLAN}), byVLAN)
	})
}

// The shards take the upper bits: they must be even for addresses and ports
// that count up, as those of one client and one server do.
func TestPairHashSpreads(t *testing.T) {
	var shards [256]int
	server := Endpoint{Addr: AddrFrom4([]byte{192, 0, 2, 1}), Port: 80}
	const n = 256 * 200
	for i := range n {
		c := Endpoint{Addr: AddrFrom4([]byte{10, 0, byte(i >> 14), 7}), Port: uint16(i)}
		shards[PairHash(&c, &server)>>56]++
	}
	for i, c := range shards {
		if c < 120 || c > 280 { // 200, and more than five standard deviations
			t.Errorf("shard %d has %d of %d", i, c, n)
		}
	}
}

// Nor may anybody bring all connections into one shard by addresses of which one
// half is one of the hash's own numbers.
func TestPairHashOfChosenAddresses(t *testing.T) {
	server := Endpoint{Addr: Addr{0x20, 1, 0xd, 0xb8, 15: 1}, Port: 443}
	for name, address := range map[string]func(e *Endpoint, i int){
		"first half":  func(e *Endpoint, i int) { put(e.Addr[:8], hashA); put(e.Addr[8:], uint64(i)) },
		"second half": func(e *Endpoint, i int) { put(e.Addr[:8], uint64(i)); put(e.Addr[8:], uint64(e.Port)*hashB) },
		"product":     func(e *Endpoint, i int) { put(e.Addr[:8], uint64(i)^hashA); put(e.Addr[8:], uint64(i)*hashC) },
	} {
		var shards [256]int
		for i := range 256 * 50 {
			c := Endpoint{Port: uint16(1024 + i%60000)}
			address(&c, i)
			shards[PairHash(&c, &server)>>56]++
		}
		if most := slices.Max(shards[:]); most > 100 { // 50, and seven standard deviations
			t.Errorf("%s: %d of %d in one shard", name, most, 256*50)
		}
	}
}

func put(b []byte, n uint64) { binary.LittleEndian.PutUint64(b, n) }

func BenchmarkPeekPair(b *testing.B) {
	p := Packet{Link: LinkEthernet, Data: make([]byte, 80), Length: 80}
	copy(p.Data[12:], []byte{8, 0, 0x45, 0, 0, 60, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := PeekPair(&p); !ok {
			b.Fatal("not TCP")
		}
	}
}

func BenchmarkPeekHash(b *testing.B) {
	all, _ := carriedPackets()
	p := all[5] // VXLAN
	d := NewDecoder(DecoderOptions{})
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			if _, ok := PeekHash(&p, false); !ok {
				b.Fatal("not looked through")
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if d.Decode(&p) != OutcomeSegment {
				b.Fatal("no segment")
			}
		}
	})
}
