package capture

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What PeekPair says must be what decoding finds: a worker that looked would
// otherwise leave a packet to another that leaves it too.
func TestPeekPairAgreesWithDecode(t *testing.T) {
	files, _ := filepath.Glob("../testdata/pcaps/*")
	if corpus := os.Getenv("TCPWATCH_CORPUS"); corpus != "" {
		more, _ := filepath.Glob(filepath.Join(corpus, "captures/*/*"))
		files = append(files, more...)
	}
	looked, agreed := 0, 0
	for _, name := range files {
		f, err := Open(name)
		if err != nil {
			continue
		}
		d := NewDecoder(DecoderOptions{})
		var p Packet
		for f.Next(&p) == nil {
			h, ok := PeekPair(&p)
			outcome := d.Decode(&p)
			if !ok {
				continue
			}
			looked++
			s := &d.Segment
			switch {
			case outcome == OutcomeQuote:
				t.Errorf("%s: packet %d is a quote", name, p.Number)
			case outcome == OutcomeSegment && (s.Tunnel != TunnelNone || s.NVLAN > 0 || s.Marks&MarkFragmented != 0):
				t.Errorf("%s: packet %d is in a tunnel, a VLAN or fragments", name, p.Number)
			case outcome == OutcomeSkipped && (d.Skip == SkipFragment || d.Skip == SkipFragmentLimit):
				t.Errorf("%s: packet %d is a fragment", name, p.Number)
			case outcome == OutcomeSegment:
				agreed++
				if want := PairHash(&s.Src, &s.Dst); h != want || PairHash(&s.Dst, &s.Src) != want {
					t.Fatalf("%s: packet %d: %x, want %x", name, p.Number, h, want)
				}
			}
		}
		f.Close()
	}
	if agreed < 1000 {
		t.Errorf("%d packets looked at, %d segments", looked, agreed)
	}
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
