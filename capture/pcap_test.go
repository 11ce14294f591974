package capture_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
)

const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34
	version24     = 2<<16 | 4
)

func TestPcap(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	plain := func(number uint64, time int64, data string, length int, link capture.LinkType) got {
		return got{Number: number, Time: time, Data: data, Length: length, Link: link, FileNumber: number}
	}
	one := []got{plain(1, 10_000_000_020, "abc", 60, 1)}
	micro := []got{plain(1, 10_000_020_000, "abc", 60, 1)}
	for _, c := range []struct {
		name  string
		order byteOrder
		magic uint32
		// version, snaplen and network word of the file header
		version, snaplen, network uint32
		packets                   [][]uint32 // header words
		data                      []string
		want                      []got
	}{
		{"micro little", little, magicMicro, version24, 65535, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, micro},
		{"micro big", big, magicMicro, version24, 65535, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, micro},
		{"nano little", little, magicNano, version24, 65535, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, one},
		{"nano big", big, magicNano, version24, 65535, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, one},
		{"modified little", little, magicModified, version24, 65535, 1, [][]uint32{{10, 20, 3, 60, 2, 8}}, []string{"abc"}, micro},
		{"modified big", big, magicModified, version24, 65535, 1, [][]uint32{{10, 20, 3, 60, 2, 8}}, []string{"abc"}, micro},
		{"no packet", little, magicMicro, version24, 65535, 1, nil, nil, nil},
		{"empty packet", little, magicMicro, version24, 65535, 1, [][]uint32{{10, 20, 0, 60}}, []string{""}, []got{plain(1, 10_000_020_000, "", 60, 1)}},
		{"length of the FCS in the network word", little, magicMicro, version24, 65535, 0x2400_0065, [][]uint32{{10, 20, 3, 60}}, []string{"abc"},
			[]got{plain(1, 10_000_020_000, "abc", 60, capture.LinkRaw)}},
		{"link type of more than 8 bits", big, magicMicro, version24, 65535, 276, [][]uint32{{10, 20, 3, 60}}, []string{"abc"},
			[]got{plain(1, 10_000_020_000, "abc", 60, capture.LinkLinuxSLL2)}},
		{"longer than the snaplen", little, magicMicro, version24, 2, 1, [][]uint32{{10, 20, 3, 60}, {11, 0, 1, 1}}, []string{"abc", "d"},
			[]got{plain(1, 10_000_020_000, "abc", 60, 1), plain(2, 11_000_000_000, "d", 1, 1)}},
		{"modified, cooked", little, magicModified, version24, 2, 1, [][]uint32{{10, 20, 17, 60, 0, 0}}, []string{"0123456789abcdefg"},
			[]got{plain(1, 10_000_020_000, "0123456789abcdefg", 60, 1)}},
		{"snaplen 0 is none", little, magicMicro, version24, 0, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, micro},
		{"snaplen of 2^31 and more is none", little, magicMicro, version24, 0xffff_ffff, 1, [][]uint32{{10, 20, 3, 60}}, []string{"abc"}, micro},
		{"more captured than sent", little, magicMicro, version24, 65535, 1, [][]uint32{{10, 20, 3, 2}}, []string{"abc"}, []got{plain(1, 10_000_020_000, "abc", 3, 1)}},
		{"fraction of more than a second", little, magicMicro, version24, 65535, 1, [][]uint32{{10, 1_000_001, 3, 60}}, []string{"abc"},
			[]got{plain(1, 11_000_001_000, "abc", 60, 1)}},
		{"fraction below zero", little, magicMicro, version24, 65535, 1, [][]uint32{{10, 0xffff_ffff, 3, 60}}, []string{"abc"},
			[]got{plain(1, 9_999_999_000, "abc", 60, 1)}},
		{"after 2038", little, magicMicro, version24, 65535, 1, [][]uint32{{0xffff_ffff, 0, 3, 60}}, []string{"abc"},
			[]got{plain(1, 4294967295_000_000_000, "abc", 60, 1)}},
		{"version 2.2 has the lengths the other way round", big, magicMicro, 2<<16 | 2, 65535, 1, [][]uint32{{10, 20, 60, 3}}, []string{"abc"}, micro},
		{"version 543.0 too", little, magicMicro, 543 << 16, 65535, 1, [][]uint32{{10, 20, 60, 3}}, []string{"abc"}, micro},
		{"version 2.3 has them either way", little, magicMicro, 2<<16 | 3, 65535, 1, [][]uint32{{10, 20, 60, 3}, {10, 20, 3, 60}}, []string{"abc", "abc"},
			[]got{micro[0], plain(2, 10_000_020_000, "abc", 60, 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := pcapHeader(c.order, c.magic, c.version, c.snaplen, c.network)
			for i, p := range c.packets {
				b = append(b, words(c.order, p...)...)
				b = append(b, c.data[i]...)
			}
			packets, damages, f := read(t, b)
			if !slices.Equal(packets, c.want) {
				t.Errorf("got  %v\nwant %v", packets, c.want)
			}
			if damages != nil {
				t.Error(damages)
			}
			if i := f.Interfaces(); len(i) != 1 || i[0].Link != capture.LinkType(c.network) {
				t.Errorf("interfaces %v", i)
			}
			if _, known := f.Drops(); known {
				t.Error("a pcap file counts no drops")
			}
		})
	}
}

func TestPcapDamage(t *testing.T) {
	order := binary.LittleEndian
	header := pcapHeader(order, magicMicro, version24, 65535, 1)
	packet := append(words(order, 10, 20, 3, 3), "abc"...)
	for _, c := range []struct {
		name   string
		tail   []byte
		offset int64
		reason string
	}{
		{"header cut", words(order, 10, 20), 43, "the file ends inside a packet header (8 of 16 bytes)"},
		{"packet cut", words(order, 10, 20, 30, 30, 0), 43, "the file ends inside a packet (20 of 46 bytes)"},
		{"packet without bytes", words(order, 10, 20, 30, 30), 43, "the file ends inside a packet (16 of 46 bytes)"},
		{"too long", words(order, 10, 20, 262145, 262145), 43, "a packet of 262145 captured bytes, more than the 262144 a capture may hold"},
		{"absurd", words(order, 10, 20, 0xffff_fff0, 60), 43, "a packet of 4294967280 captured bytes, more than the 262144 a capture may hold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, damages, _ := read(t, slices.Concat(header, packet, c.tail))
			want := capture.Damage{File: "x", Packet: 2, Offset: c.offset, Reason: c.reason}
			if len(packets) != 1 || !slices.Equal(damages, []capture.Damage{want}) {
				t.Errorf("%d packets, then %v; want %v", len(packets), damages, want)
			}
		})
	}
}

func TestPcapHeaderErrors(t *testing.T) {
	order := binary.LittleEndian
	good := pcapHeader(order, magicMicro, version24, 65535, 1)
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "x: empty file"},
		{"three bytes", []byte("abc"), "x: not a capture file (3 bytes)"},
		{"text", []byte("hello, world"), "x: not a capture file (it begins with 68656c6c, which is neither pcap nor pcapng)"},
		{"Parquet", []byte("PAR1\x00"), "x: not a capture file (Parquet: tcpwatch report reads connections that are kept so)"},
		{"xz", []byte("\xfd7zXZ\x00"), "x: not a capture file (compressed with xz: unpack it first)"},
		{"cut header", good[:10], "x: not a capture that can be read: the file ends inside the file header (10 of 24 bytes)"},
		{"version 1.0", pcapHeader(order, magicMicro, 1<<16, 65535, 1), "x: not a capture that can be read: pcap version 1.0 is unknown"},
		{"version 2.5", pcapHeader(order, magicMicro, 2<<16|5, 65535, 1), "x: not a capture that can be read: pcap version 2.5 is unknown"},
		{"gzip of nothing", gzipped(t, nil), "x: empty file"},
		{"three layers of gzip", gzipped(t, gzipped(t, gzipped(t, good))), "x: not a capture file (compressed more than 2 times: unpack it first)"},
		{"zstd in two layers of gzip", gzipped(t, gzipped(t, zstandard(t, good))), "x: not a capture file (compressed more than 2 times: unpack it first)"},
		{"cut gzip", gzipped(t, good)[:9], "x: the compressed file ends before its first packet"},
		{"bad gzip", []byte("\x1f\x8b\x08\xff0123456789abcdef"), "x: the compressed file ends before its first packet"},
		{"not deflated", []byte("\x1f\x8b\x08\x000123456789abcdef"), "x: cannot be read: flate: corrupt input before offset 1"},
		{"zstd window too large", []byte("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00a"), "x: cannot be read: window size exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := capture.NewFile("x", bytes.NewReader(c.b))
			if err == nil || err.Error() != c.want {
				t.Errorf("got %q, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Error("more than a line")
			}
		})
	}
}

func TestNFLOGOrder(t *testing.T) {
	// Family, version, resource; then attributes: length, type, value.
	build := func(order byteOrder) []byte {
		b := []byte{2, 0, 0, 7}
		b = order.AppendUint16(b, 5)
		b = order.AppendUint16(b, 10)
		b = append(b, 1, 0, 0, 0)
		b = order.AppendUint16(b, 8)
		b = order.AppendUint16(b, 9)
		return append(b, 1, 2, 3, 4)
	}
	want := string(build(nativeOrder()))
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		data := build(order)
		file := pcapHeader(order, magicMicro, version24, 65535, uint32(capture.LinkNFLOG))
		file = append(file, words(order, 1, 2, uint32(len(data)), uint32(len(data)))...)
		packets, _, _ := read(t, append(file, data...))
		if len(packets) != 1 || packets[0].Data != want {
			t.Errorf("%v: got %x, want %x", order, packets, want)
		}
		ng := slices.Concat(section(order), describe(order, uint16(capture.LinkNFLOG), 0), enhanced(order, 0, 1, 20, string(data)))
		packets, _, _ = read(t, ng)
		if len(packets) != 1 || packets[0].Data != want {
			t.Errorf("%v, pcapng: got %x, want %x", order, packets, want)
		}
	}
}

func nativeOrder() byteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}
