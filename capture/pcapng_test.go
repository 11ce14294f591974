package capture_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"tcpwatch/capture"
)

func TestPcapngTime(t *testing.T) {
	order := binary.LittleEndian
	offset := func(s int64) []byte { return option(order, 14, order.AppendUint64(nil, uint64(s))) }
	resolution := func(r byte) []byte { return option(order, 9, []byte{r}) }
	const none = 0 // that can be used
	for _, c := range []struct {
		name    string
		options [][]byte
		ticks   uint64
		want    int64
	}{
		{"microseconds without option", nil, 1_700_000_000_123456, 1_700_000_000_123456_000},
		{"seconds", [][]byte{resolution(0)}, 1_700_000_000, 1_700_000_000e9},
		{"milliseconds", [][]byte{resolution(3)}, 1_700_000_000_123, 1_700_000_000_123e6},
		{"nanoseconds", [][]byte{resolution(9)}, 1_700_000_000_123456789, 1_700_000_000_123456789},
		{"picoseconds", [][]byte{resolution(12)}, 1_700_000_123456789012, 1_700_000_123456789},
		{"10^-19 s", [][]byte{resolution(19)}, 1_2345678901234567890, 1_234567890},
		{"1/4 s", [][]byte{resolution(0x82)}, 4*1_700_000_000 + 3, 1_700_000_000_750e6},
		{"2^-32 s", [][]byte{resolution(0xa0)}, 1_700_000_000<<32 | 1<<31, 1_700_000_000_500e6},
		{"2^-63 s", [][]byte{resolution(0xbf)}, 1<<63 | 1<<61, 1_250e6},
		{"1 s as 2^0", [][]byte{resolution(0x80)}, 7, 7e9},
		{"offset", [][]byte{resolution(3), offset(1_700_000_000)}, 5, 1_700_000_000_005e6},
		{"offset below zero", [][]byte{offset(-10)}, 11_000_000, 1e9},
		{"before 1970", [][]byte{offset(-10)}, 1_000_000, -9e9},
		{"beyond 2262", [][]byte{resolution(0)}, math.MaxUint64, none},
		{"beyond 2262, binary", [][]byte{resolution(0x80 | 10)}, math.MaxUint64, none},
		{"beyond 2262 by the offset", [][]byte{offset(math.MaxInt64)}, 1_000_000, none},
		{"long before 1970", [][]byte{offset(math.MinInt64)}, 0, math.MinInt64},
		{"an option of a wrong length is none", [][]byte{option(order, 9, []byte{3, 3}), option(order, 14, []byte{1})}, 5, 5000},
		{"options that end in the middle of one are none", [][]byte{option(order, 9, []byte{3}), {9, 0, 200, 0}}, 5, 5e6},
		{"half an option is none", [][]byte{option(order, 9, []byte{3}), {0, 1}}, 5, 5e6},
		{"options after the end are none", [][]byte{option(order, 0, nil), resolution(0)}, 5, 5000},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, damages, _ := read(t, slices.Concat(section(order), describe(order, 1, 0, c.options...), enhanced(order, 0, c.ticks, 60, "abc")))
			if damages != nil || len(packets) != 1 || packets[0].Time != c.want {
				t.Errorf("got %v %v, want %d", packets, damages, c.want)
			}
		})
	}
}

// TestPcapng reads two sections of different byte orders, with interfaces of
// different link types, snaplens and clocks, and every kind of block.
func TestPcapng(t *testing.T) {
	little, big := byteOrder(binary.LittleEndian), byteOrder(binary.BigEndian)
	drops := func(order byteOrder, id uint32, code uint16, n uint64) []byte {
		return block(order, 5, words(order, id, 0, 0), option(order, code, order.AppendUint64(nil, n)), option(order, 0, nil))
	}
	one := func(order byteOrder) []byte {
		return slices.Concat(
			section(order),
			describe(order, 1, 65535, option(order, 2, []byte("eth0")), option(order, 9, []byte{9})),
			describe(order, 276, 4, option(order, 2, []byte("any"))),
			block(order, 4, []byte("a name resolution block")),
			block(order, 0x8000_0001),
			enhanced(order, 0, 1_000_000_007, 60, "abc"),
			enhanced(order, 1, 2_000_000, 61, "abcde"),
			drops(order, 0, 5, 3),
			block(order, 2, order.AppendUint16(order.AppendUint16(nil, 1), 0xffff), words(order, 0, 3_000_000, 2, 62), []byte("xy")),
			drops(order, 0, 7, 5), // the later of two counters of eth0 holds
			drops(order, 1, 5, 10),
			drops(order, 9, 5, 1000), // nobody's
		)
	}
	b := slices.Concat(one(little), one(big),
		section(little),
		describe(little, 101, 4, option(little, 2, []byte("tun0"))),
		block(little, 3, words(little, 3), []byte("abc")),
		block(little, 3, words(little, 70), []byte("abcd")),
	)
	section := func(n uint64) []got {
		return []got{
			{n, 1_000_000_007, "abc", 60, 1, 0, n, 0},
			{n + 1, 2e9, "abcde", 61, 276, 0, n + 1, 1},
			{n + 2, 3e9, "xy", 62, 276, 0, n + 2, 1},
		}
	}
	want := slices.Concat(section(1), section(4), []got{{7, 3e9, "abc", 3, 101, 0, 7, 2}, {8, 3e9, "abcd", 70, 101, 0, 8, 2}})
	packets, damages, f := read(t, b)
	if damages != nil {
		t.Error(damages)
	}
	if !slices.Equal(packets, want) {
		t.Errorf("got  %v\nwant %v", packets, want)
	}
	if lost, known := f.Drops(); lost != 2*(5+10) || !known {
		t.Errorf("drops %d, %t; want 30", lost, known)
	}
	interfaces := []capture.Interface{{"eth0", 1, 65535, 9}, {"any", 276, 4, 6}, {"tun0", 101, 4, 6}}
	if !slices.Equal(f.Interfaces(), interfaces) {
		t.Errorf("interfaces %v, want %v", f.Interfaces(), interfaces)
	}
}

func TestPcapngWithoutCounters(t *testing.T) {
	order := binary.LittleEndian
	statistics := block(order, 5, words(order, 0, 0, 0), option(order, 4, order.AppendUint64(nil, 1000)))
	short := block(order, 5, words(order, 0))
	_, _, f := read(t, slices.Concat(section(order), describe(order, 1, 0), statistics, short))
	if lost, known := f.Drops(); lost != 0 || known {
		t.Errorf("drops %d, %t; none are reported", lost, known)
	}
}

func TestPcapngDamage(t *testing.T) {
	order := binary.LittleEndian
	before := slices.Concat(section(order), describe(order, 1, 0), enhanced(order, 0, 1, 60, "abc"))
	at := int64(len(before))
	edit := func(b []byte, offset int, w uint32) []byte {
		order.PutUint32(b[offset:], w)
		return b
	}
	packet := func() []byte { return enhanced(order, 0, 1, 60, "abc") }
	for _, c := range []struct {
		name   string
		tail   []byte
		offset int64
		reason string
	}{
		{"no length", edit(packet(), 4, 0), at + 4, "a block of 0 bytes"},
		{"odd length", edit(packet(), 4, 39), at + 4, "a block of 39 bytes"},
		{"absurd length", edit(packet(), 4, 0x4000_0000), at + 4, "a block of 1073741824 bytes"},
		{"lengths differ", edit(packet(), 4, 44), at, "a block of 44 bytes that ends as one of 0"},
		{"lengths of a skipped block differ", edit(block(order, 77, []byte("1234")), 12, 20), at, "a block of 16 bytes that ends as one of 20"},
		{"skipped block is cut", edit(block(order, 77, []byte("1234")), 4, 0xffff_fff0), at, "the file ends inside a block"},
		{"captured beyond the block", edit(packet(), 20, 50), at, "a packet of 50 captured bytes in a block of 48"},
		{"unknown interface", enhanced(order, 1, 1, 60, "abc"), at, "a packet of interface 1, which is not described"},
		{"no interface in a new section", slices.Concat(section(order), packet()), at + 28, "a packet of interface 0, which is not described"},
		{"simple packet without interface", slices.Concat(section(order), block(order, 3, words(order, 1), []byte("a"))), at + 28, "a packet of interface 0, which is not described"},
		{"packet block too short", block(order, 6, words(order, 0, 0, 0)), at, "a packet block of 24 bytes"},
		{"section too short", block(order, 0x0a0d0d0a, words(order, 0x1a2b3c4d)), at, "a section header of 16 bytes"},
		{"no byte order mark", block(order, 0x0a0d0d0a, words(order, 1, 2, 3, 4)), at + 8, "a section without a byte order mark"},
		{"version 2", block(order, 0x0a0d0d0a, words(order, 0x1a2b3c4d, 2, 3, 4)), at + 12, "pcapng version 2.0 is unknown"},
		{"interface too short", block(order, 1, words(order, 1)), at, "an interface description of 16 bytes"},
		{"clock too fine", describe(order, 1, 0, option(order, 9, []byte{20})), at, "an interface clock of resolution 0x14"},
		{"binary clock too fine", describe(order, 1, 0, option(order, 9, []byte{0xc0})), at, "an interface clock of resolution 0xc0"},
		{"block header cut", packet()[:11], at, "the file ends inside a block header (11 of 12 bytes)"},
		{"block cut", packet()[:40], at, "the file ends inside a block (40 of 48 bytes)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			packets, damages, _ := read(t, slices.Concat(before, c.tail))
			want := capture.Damage{File: "x", Packet: 2, Offset: c.offset, Reason: c.reason}
			if len(packets) != 1 || !slices.Equal(damages, []capture.Damage{want}) {
				t.Errorf("%d packets, then %v; want %v", len(packets), damages, want)
			}
		})
	}
}

// TestPcapngInterfacesAreBounded: sections that repeat their interfaces cost
// nothing, ever new interfaces end as damage.
func TestPcapngInterfacesAreBounded(t *testing.T) {
	order := binary.LittleEndian
	var same, many []byte
	for range 1000 {
		same = append(same, section(order)...)
		same = append(same, describe(order, 1, 100)...)
		same = append(same, describe(order, 1, 100)...)
	}
	_, damages, f := read(t, same)
	if damages != nil || len(f.Interfaces()) != 2 {
		t.Errorf("%d interfaces, %v", len(f.Interfaces()), damages)
	}
	many = section(order)
	for i := range uint32(1<<16 + 1) {
		many = append(many, describe(order, 1, i)...)
	}
	_, damages, _ = read(t, many)
	if len(damages) != 1 || damages[0].Reason != "more than 65536 interfaces" {
		t.Error(damages)
	}
}

// A Simple Packet Block has no time (draft-ietf-opsawg-pcapng section 4.4): its
// packet is marked, and keeps its place. So is one whose time is beyond the year 2262: a negative one, written unsigned.
func TestPcapngWithoutTimes(t *testing.T) {
	order := binary.LittleEndian
	simple := block(order, 3, words(order, 4), []byte("abcd"))
	f, err := capture.NewFile("x", bytes.NewReader(slices.Concat(section(order), describe(order, 1, 0),
		simple, enhanced(order, 0, 7e6, 60, "abcd"), simple, enhanced(order, 0, 8e6, 60, "abcd"), enhanced(order, 0, 1<<64-5e8, 60, "abcd"), enhanced(order, 0, 9e6, 60, "abcd"))))
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	for _, want := range []struct {
		time    int64
		untimed bool
	}{{0, true}, {7e9, false}, {7e9, true}, {8e9, false}, {8e9, true}, {9e9, false}} {
		if err := f.Next(&p); err != nil || p.Time != want.time || p.Untimed != want.untimed {
			t.Errorf("packet %d: %d, untimed %t, %v; want %v", p.Number, p.Time, p.Untimed, err, want)
		}
	}
}
