package capture_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"tcpwatch/capture"
)

// joinable are captures of one packet of three bytes, by name, and the packet.
func joinable() (files map[string][]byte, packets map[string]got) {
	little, big := byteOrder(binary.LittleEndian), byteOrder(binary.BigEndian)
	pcap := func(order byteOrder, magic, version uint32, link capture.LinkType, extra ...uint32) []byte {
		b := pcapHeader(order, magic, version, 65535, uint32(link))
		lengths := []uint32{3, 60}
		if version != version24 {
			lengths = []uint32{60, 3}
		}
		b = append(b, words(order, slices.Concat([]uint32{10, 20}, lengths, extra)...)...)
		return append(b, "abc"...)
	}
	ng := func(order byteOrder) []byte {
		return slices.Concat(section(order), describe(order, 1, 65535, option(order, 2, []byte("eth0"))), enhanced(order, 0, 10_000_020, 60, "abc"))
	}
	files = map[string][]byte{
		"micro":           pcap(little, magicMicro, version24, 1),
		"micro, big":      pcap(big, magicMicro, version24, 1),
		"nano, raw":       pcap(little, magicNano, version24, capture.LinkRaw),
		"nano, big":       pcap(big, magicNano, version24, 1),
		"modified":        pcap(little, magicModified, version24, 1, 2, 8),
		"version 2.2":     pcap(big, magicMicro, 2<<16|2, 1),
		"pcapng":          ng(little),
		"pcapng, big":     ng(big),
		"without packets": pcapHeader(little, magicMicro, version24, 100, 1),
	}
	packets = map[string]got{}
	for name := range files {
		p := got{Time: 10_000_020_000, Data: "abc", Length: 60, Link: 1}
		switch name {
		case "nano, raw":
			p.Time, p.Link = 10_000_000_020, capture.LinkRaw
		case "nano, big":
			p.Time = 10_000_000_020
		case "without packets":
			continue
		}
		packets[name] = p
	}
	return files, packets
}

// TestJoined: captures joined end to end, as cat does, are read one behind the
// other, whatever their formats, byte orders, resolutions and link types.
func TestJoined(t *testing.T) {
	files, packets := joinable()
	for first := range files {
		for second := range files {
			b := slices.Concat(files[first], files[second], files[first])
			var want []got
			for _, name := range []string{first, second, first} {
				if p, ok := packets[name]; ok {
					p.Number = uint64(len(want) + 1)
					p.FileNumber = p.Number
					want = append(want, p)
				}
			}
			have, damages, f := read(t, b)
			for i := range have {
				if on := f.Interfaces()[have[i].Interface]; on.Link != have[i].Link {
					t.Errorf("%s and %s: packet %d of link type %s is on interface %v", first, second, i+1, have[i].Link, on)
				}
				have[i].Interface = 0
			}
			if !slices.Equal(have, want) || damages != nil {
				t.Errorf("%s and %s: got %v, %v; want %v", first, second, have, damages, want)
			}
			if n := len(f.Interfaces()); first == second && n != 1 || n > 2 {
				t.Errorf("%s and %s: %d interfaces", first, second, n)
			}
		}
	}
}

// Drops of all joined files count.
func TestJoinedDrops(t *testing.T) {
	order := binary.LittleEndian
	files, _ := joinable()
	ng := slices.Concat(files["pcapng"], block(order, 5, words(order, 0, 0, 0), option(order, 5, order.AppendUint64(nil, 7))))
	_, damages, f := read(t, slices.Concat(ng, files["micro"], ng))
	if n, known := f.Drops(); n != 14 || !known || damages != nil {
		t.Errorf("%d drops, %t, %v", n, known, damages)
	}
}

// What looks like a file header in part only is none.
func TestJoinedDamage(t *testing.T) {
	order := binary.LittleEndian
	files, _ := joinable()
	micro, ng := files["micro"], files["pcapng"]
	for name, c := range map[string]struct {
		b      []byte
		offset int
		reason string
	}{
		"pcap header is cut":      {slices.Concat(micro, micro[:20]), len(micro), "the file ends inside the file header (20 of 24 bytes)"},
		"section header is cut":   {slices.Concat(micro, ng[:20]), len(micro), "the file ends inside a block (20 of 28 bytes)"},
		"section of version 2":    {slices.Concat(micro, block(order, 0x0a0d0d0a, words(order, 0x1a2b3c4d, 2, 3, 4))), len(micro) + 12, "pcapng version 2.0 is unknown"},
		"no version":              {slices.Concat(ng, pcapHeader(order, magicMicro, 9<<16|9, 65535, 1)), len(ng) + 4, "a block of 589833 bytes"},
		"a packet of that second": {slices.Concat(micro, words(order, magicMicro, 2<<16|4, 3, 3), []byte("ab")), len(micro), "the file ends inside a packet (18 of 19 bytes)"},
	} {
		packets, damages, _ := read(t, c.b)
		want := capture.Damage{File: "x", Packet: 2, Offset: int64(c.offset), Reason: c.reason}
		if len(packets) != 1 || !slices.Equal(damages, []capture.Damage{want}) {
			t.Errorf("%s: %d packets, then %v; want %v", name, len(packets), damages, want)
		}
	}
}

const zeros = "zeros where a packet should begin: the file was not written to its end"

// TestZeros: zeros behind the last packet, as a power cut leaves them, are no
// packets of 1970.
func TestZeros(t *testing.T) {
	files, _ := joinable()
	for name, b := range files {
		if name == "without packets" {
			continue
		}
		for _, n := range []int{24, 100, 4096, 1 << 20} {
			packets, damages, _ := read(t, append(slices.Clone(b), make([]byte, n)...))
			want := capture.Damage{File: "x", Packet: 2, Offset: int64(len(b)), Reason: zeros}
			if len(packets) != 1 || !slices.Equal(damages, []capture.Damage{want}) {
				t.Errorf("%s, %d zeros: %d packets, then %v; want %v", name, n, len(packets), damages, want)
			}
		}
	}
	order := binary.LittleEndian
	micro := files["micro"]
	for name, c := range map[string]struct {
		tail   []byte
		more   int
		reason string
	}{
		"from the fraction of a time on": {append(words(order, 11), make([]byte, 60)...), 0, zeros},
		"from the lengths on":            {append(words(order, 11, 5), make([]byte, 60)...), 0, zeros},
		"a packet of no bytes":           {words(order, 11, 5, 0, 0, 12, 5, 0, 0), 2, ""},
		"the last packet has no bytes":   {words(order, 11, 5, 0, 0), 1, ""},
		"none captured":                  {words(order, 0, 0, 0, 60), 1, ""},
	} {
		packets, damages, _ := read(t, slices.Concat(micro, c.tail))
		if len(packets) != 1+c.more || len(damages) != min(len(c.reason), 1) || len(damages) > 0 && damages[0].Reason != c.reason {
			t.Errorf("%s: %d packets, then %v", name, len(packets), damages)
		}
	}
}

// Zeros that fill up a gzip file are no damage; what follows zeros is.
func TestGzipPadding(t *testing.T) {
	all, _, _ := read(t, samples(t)["gzip"])
	for name, c := range map[string]struct {
		tail   []byte
		damage bool
	}{
		"one zero":            {make([]byte, 1), false},
		"a block of a tape":   {make([]byte, 10240), false},
		"more than is peeked": {make([]byte, 200_000), false},
		"zeros and text":      {append(make([]byte, 100_000), "text"...), true},
		"zeros and a member":  {append(make([]byte, 512), gzipped(t, nil)...), true},
	} {
		for _, way := range []string{"gzip", "gzip members", "gzip in gzip"} {
			packets, damages, _ := read(t, append(bytes.Clone(samples(t)[way]), c.tail...))
			if !slices.Equal(packets, all) || (damages != nil) != c.damage {
				t.Errorf("%s, %s: %d packets, %v", name, way, len(packets), damages)
			}
		}
	}
}
