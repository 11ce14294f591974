package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"tcpwatch/capture"
)

// samples are small captures of every format, by name.
func samples(t testing.TB) map[string][]byte {
	little, big := binary.LittleEndian, binary.BigEndian
	pcap := func(order byteOrder, magic uint32, extra ...uint32) []byte {
		b := pcapHeader(order, magic, version24, 65535, 1)
		for i := range uint32(4) {
			b = append(b, words(order, append([]uint32{100 + i, 7, 5 + i, 60}, extra...)...)...)
			b = append(b, "packetdata"[:5+i]...)
		}
		return b
	}
	ng := func(order byteOrder) []byte {
		return slices.Concat(section(order), describe(order, 1, 65535, option(order, 2, []byte("eth0"))),
			enhanced(order, 0, 1e6, 60, "abc"), block(order, 4, []byte("names")), enhanced(order, 0, 2e6, 60, "abcd"),
			block(order, 3, words(order, 2), []byte("ab")),
			block(order, 5, words(order, 0, 0, 0), option(order, 5, order.AppendUint64(nil, 1))))
	}
	plain := pcap(little, magicMicro)
	return map[string][]byte{
		"pcap":           plain,
		"pcap big":       pcap(big, magicNano),
		"pcap modified":  pcap(little, magicModified, 1, 2),
		"pcapng":         ng(little),
		"pcapng both":    slices.Concat(ng(big), ng(little)),
		"gzip":           gzipped(t, plain),
		"gzip members":   slices.Concat(gzipped(t, plain[:50]), gzipped(t, nil), gzipped(t, plain[50:])),
		"gzip in gzip":   gzipped(t, gzipped(t, plain)),
		"gzip pcapng":    gzipped(t, ng(little)),
		"zstd":           zstandard(t, plain),
		"zstd frames":    slices.Concat(zstandard(t, plain[:50]), zstandard(t, plain[50:])),
		"zstd skippable": slices.Concat([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00ab"), zstandard(t, plain)),
	}
}

// TestCut cuts every sample at every byte: what is whole before the cut is
// read, and unless the cut is between packets, damage is reported.
func TestCut(t *testing.T) {
	for name, whole := range samples(t) {
		t.Run(name, func(t *testing.T) {
			all, damages, _ := read(t, whole)
			if len(all) < 3 || damages != nil {
				t.Fatalf("the whole file: %d packets, %v", len(all), damages)
			}
			previous := 0
			for n := range whole {
				f, err := capture.NewFile("x", bytes.NewReader(whole[:n]))
				if err != nil {
					if previous > 0 || !strings.HasPrefix(err.Error(), "x: ") {
						t.Fatalf("%d bytes: %v", n, err)
					}
					continue
				}
				packets, damages := drain(t, f)
				if len(packets) > len(all) || !slices.Equal(packets, all[:len(packets)]) {
					t.Fatalf("%d bytes: %v", n, packets)
				}
				if len(packets) < previous || len(damages) > 1 {
					t.Fatalf("%d bytes: %d packets, %d bytes less gave %d; %v", n, len(packets), 1, previous, damages)
				}
				if len(damages) == 1 && damages[0].Packet != uint64(len(packets)+1) {
					t.Fatalf("%d bytes: %d packets, then %v", n, len(packets), damages)
				}
				previous = len(packets)
			}
		})
	}
}

// TestPcapCutIsExact: in a plain pcap file it is known what each cut leaves.
func TestPcapCutIsExact(t *testing.T) {
	whole := samples(t)["pcap"]
	ends := []int{24, 24 + 21, 24 + 21 + 22, 24 + 21 + 22 + 23, 24 + 21 + 22 + 23 + 24}
	if len(whole) != ends[4] {
		t.Fatal(len(whole))
	}
	for n := 24; n <= len(whole); n++ {
		packets, damages, _ := read(t, whole[:n])
		i, between := slices.BinarySearch(ends, n)
		if !between {
			i--
		}
		if len(packets) != i || (damages == nil) != between {
			t.Errorf("%d bytes: %d packets, %v", n, len(packets), damages)
		}
		if !between && damages[0].Offset != int64(ends[i]) {
			t.Errorf("%d bytes: %v", n, damages)
		}
	}
}

// TestPipe: however the bytes come, the packets are the same.
func TestPipe(t *testing.T) {
	for name, b := range samples(t) {
		want, _, _ := read(t, b)
		for way, r := range map[string]io.Reader{
			"one byte":  iotest.OneByteReader(bytes.NewReader(b)),
			"half":      iotest.HalfReader(bytes.NewReader(b)),
			"last, EOF": iotest.DataErrReader(bytes.NewReader(b)),
			"pipe":      pipe(b),
		} {
			f, err := capture.NewFile("x", r)
			if err != nil {
				t.Fatal(name, way, err)
			}
			packets, damages := drain(t, f)
			if !slices.Equal(packets, want) || damages != nil {
				t.Errorf("%s, %s: got %v %v, want %v", name, way, packets, damages, want)
			}
		}
	}
}

func pipe(b []byte) io.Reader {
	r, w := io.Pipe()
	go func() {
		w.Write(b)
		w.Close()
	}()
	return r
}

// TestPipeIsNotWaitedFor: a packet is delivered before the one behind it is written.
func TestPipeIsNotWaitedFor(t *testing.T) {
	b := samples(t)["pcap"]
	r, w := io.Pipe()
	defer r.Close()
	go w.Write(b[:24+21])
	f, err := capture.NewFile("x", r)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	if err := f.Next(&p); err != nil || string(p.Data) != "packe" {
		t.Fatalf("%v %q", err, p.Data)
	}
}

func TestReadError(t *testing.T) {
	b := samples(t)["pcap"]
	f, err := capture.NewFile("x", io.MultiReader(bytes.NewReader(b[:50]), iotest.ErrReader(errors.New("device gone"))))
	if err != nil {
		t.Fatal(err)
	}
	packets, damages := drain(t, f)
	want := "x: damaged at packet 2, offset 45: reading stops (device gone) inside a packet header (5 of 16 bytes)"
	if len(packets) != 1 || len(damages) != 1 || damages[0].Error() != want {
		t.Errorf("%d packets, %v", len(packets), damages)
	}
	f, err = capture.NewFile("x", io.MultiReader(bytes.NewReader(b), iotest.ErrReader(errors.New("device gone"))))
	if err != nil {
		t.Fatal(err)
	}
	if packets, damages = drain(t, f); len(packets) != 4 || len(damages) != 1 {
		t.Errorf("an error between packets: %d packets, %v", len(packets), damages)
	}
	f, err = capture.NewFile("x", io.MultiReader(bytes.NewReader(b), stuck{}))
	if err != nil {
		t.Fatal(err)
	}
	if packets, damages = drain(t, f); len(packets) != 4 || len(damages) != 1 {
		t.Errorf("a reader that gives nothing: %d packets, %v", len(packets), damages)
	}
}

// stuck never gives a byte or an error.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestGzipTail: what follows the last member is damage after all packets.
func TestGzipTail(t *testing.T) {
	all, _, _ := read(t, samples(t)["gzip"])
	packets, damages, _ := read(t, append(samples(t)["gzip"], "and then some text"...))
	if !slices.Equal(packets, all) || len(damages) != 1 {
		t.Errorf("%v %v", packets, damages)
	}
	sum := samples(t)["gzip"]
	sum[len(sum)-8] ^= 1
	packets, damages, _ = read(t, sum)
	if !slices.Equal(packets, all) || len(damages) != 1 {
		t.Errorf("wrong checksum: %v %v", packets, damages)
	}
}

// TestLongPackets: packets longer than a block, at all places in it.
func TestLongPackets(t *testing.T) {
	order := binary.LittleEndian
	b := pcapHeader(order, magicNano, version24, 0, uint32(capture.LinkDBus))
	var want []got
	for i, n := range []int{100, 65536, 3, 200_000, 2_000_000, 7, 1 << 20, 262_144, 5_000_000, 1} {
		data := strings.Repeat(string(rune('a'+i)), n)
		b = append(append(b, words(order, uint32(i), 0, uint32(n), uint32(n))...), data...)
		want = append(want, got{uint64(i + 1), int64(i) * 1e9, data, n, capture.LinkDBus, 0, uint64(i + 1), 0})
	}
	packets, damages, _ := read(t, b)
	if !slices.Equal(packets, want) || damages != nil {
		t.Errorf("%d packets, %v", len(packets), damages)
	}
}

// endless is a capture that repeats a packet for ever.
type endless struct {
	header, packet []byte
	at             int
}

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if e.at < len(e.header) {
			m := copy(b[n:], e.header[e.at:])
			e.at, n = e.at+m, n+m
			continue
		}
		from := (e.at - len(e.header)) % len(e.packet)
		m := copy(b[n:], e.packet[from:])
		e.at, n = e.at+m, n+m
	}
	return n, nil
}

func endlessPcap() io.Reader {
	order := binary.LittleEndian
	return &endless{
		header: pcapHeader(order, magicMicro, version24, 65535, 1),
		packet: append(words(order, 1, 2, 700, 700), make([]byte, 700)...),
	}
}

func endlessPcapng() io.Reader {
	order := binary.LittleEndian
	return &endless{
		header: slices.Concat(section(order), describe(order, 1, 0)),
		packet: slices.Concat(enhanced(order, 0, 1, 700, string(make([]byte, 700))), block(order, 5, words(order, 0, 0, 0), option(order, 5, make([]byte, 8)))),
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	for name, r := range map[string]io.Reader{"pcap": endlessPcap(), "pcapng": endlessPcapng()} {
		f, err := capture.NewFile(name, r)
		if err != nil {
			t.Fatal(err)
		}
		m := capture.Merge([]*capture.File{f})
		var p capture.Packet
		next := func() {
			if err := m.Next(&p); err != nil {
				t.Fatal(err)
			}
		}
		for range 10_000 { // the block grows to its full size
			next()
		}
		if n := testing.AllocsPerRun(10_000, next); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	for name, r := range map[string]io.Reader{"pcap": endlessPcap(), "pcapng": endlessPcapng()} {
		b.Run(name, func(b *testing.B) {
			benchmarkFile(b, r, 716)
		})
	}
	order := binary.LittleEndian
	small := &endless{pcapHeader(order, magicMicro, version24, 65535, 1), append(words(order, 1, 2, 60, 60), make([]byte, 60)...), 0}
	b.Run("pcap of 60 byte packets", func(b *testing.B) { benchmarkFile(b, small, 76) })
}

func benchmarkFile(b *testing.B, r io.Reader, bytes int64) {
	f, err := capture.NewFile("x", r)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(bytes)
	b.ReportAllocs()
	var p capture.Packet
	for b.Loop() {
		if err := f.Next(&p); err != nil {
			b.Fatal(err)
		}
	}
}
