package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tcpwatch/capture"
)

// repeated are the same bytes again and again.
type repeated struct {
	b    []byte
	n    int // times
	left []byte
}

func (r *repeated) Read(b []byte) (n int, err error) {
	if len(r.left) == 0 {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.left = r.b
	}
	n = copy(b, r.left)
	r.left = r.left[n:]
	return n, nil
}

// TestKeptDataAreFew: what a file takes while its packets are kept and nothing
// is given back is about what the packets take, whatever lies between them.
func TestKeptDataAreFew(t *testing.T) {
	order := binary.LittleEndian
	begin := slices.Concat(section(order), describe(order, 1, 0))
	packet := enhanced(order, 0, 1, 60, strings.Repeat("p", 60))
	unknown := block(order, 77, make([]byte, 200_000))
	var comments []byte
	for range 240 {
		comments = append(comments, option(order, 1, make([]byte, 65_000))...)
	}
	long := words(order, 0, 0, 1, 60, 60)
	usb := pcapHeader(order, magicMicro, version24, 0, uint32(capture.LinkUSBLinux))
	for name, c := range map[string]struct {
		header []byte
		again  []byte
		times  int
		most   int // MiB
	}{
		"a block to skip":            {begin, slices.Concat(words(order, 77, 32<<20), make([]byte, 32<<20-12), words(order, 32<<20)), 1, 4},
		"packets far apart":          {begin, slices.Concat(unknown, packet), 125, 4},
		"packets with long comments": {begin, block(order, 6, long, make([]byte, 60), comments), 3, 12},
		"statistics":                 {begin, bytes.Repeat(block(order, 5, words(order, 0, 0, 0)), 1<<16), 12, 4},
		"long packets":               {usb, append(words(order, 1, 0, 16<<20, 16<<20), make([]byte, 16<<20)...), 4, 4},
		"names of interfaces":        {begin, describe(order, 1, 0, slices.Repeat(option(order, 2, make([]byte, 65_000)), 200)), 2, 8},
	} {
		var before, after runtime.MemStats
		f, err := capture.NewFile("x", io.MultiReader(bytes.NewReader(c.header), &repeated{b: c.again, n: c.times}))
		if err != nil {
			t.Fatal(err)
		}
		f.KeepData(new(capture.Blocks))
		runtime.ReadMemStats(&before)
		var p capture.Packet
		for err == nil {
			err = f.Next(&p)
		}
		runtime.ReadMemStats(&after)
		if err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > uint64(c.most) {
			t.Errorf("%s: %d MiB allocated in all, more than %d", name, used, c.most)
		}
	}
}

// TestKeptPackets: packets that are copied or cut because data are kept are
// what they would be otherwise, but for bytes beyond those of any snaplen.
func TestKeptPackets(t *testing.T) {
	order := binary.LittleEndian
	var b []byte
	b = append(b, section(order)...)
	b = append(b, describe(order, uint16(capture.LinkDBus), 0)...)
	for i, n := range []int{10, 100_000, 0, 262_144, 300_000, 7, 1 << 20, 2_000_000, 60} {
		data := bytes.Repeat([]byte{byte(i), byte(i + 1), byte(i + 2)}, n/3+1)[:n]
		b = append(b, block(order, 77, make([]byte, (i%3)*5000))...)
		b = append(b, enhanced(order, 0, uint64(i), uint32(n), string(data))...)
	}
	want, _, _ := read(t, b)
	f, err := capture.NewFile("x", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	f.KeepData(new(capture.Blocks))
	var held []capture.Packet
	for range want {
		var p capture.Packet
		if err := f.Next(&p); err != nil {
			t.Fatal(err)
		}
		held = append(held, p)
	}
	for i, p := range held {
		w := want[i]
		if n := len(p.Data); string(p.Data) != w.Data[:n] || n < min(len(w.Data), 262_144) || p.Length != w.Length || p.Time != w.Time {
			t.Errorf("packet %d: %d of %d bytes, want %d of %d", i+1, n, p.Length, len(w.Data), w.Length)
		}
	}
	var p capture.Packet
	if err := f.Next(&p); err != io.EOF {
		t.Error(err)
	}
}

// TestKeptCut: a file cut inside a long record is damaged where the record begins.
func TestKeptCut(t *testing.T) {
	order := binary.LittleEndian
	data := strings.Repeat("x", 500_000)
	usb := slices.Concat(pcapHeader(order, magicMicro, version24, 0, uint32(capture.LinkUSBLinux)), words(order, 1, 2, 500_000, 500_000), []byte(data))
	head := slices.Concat(section(order), describe(order, 1, 0))
	ng := slices.Concat(head, enhanced(order, 0, 1, 500_000, data))
	for _, c := range []struct {
		b      []byte
		offset int
	}{{usb[:300_000], 24}, {usb[:1000], 24}, {usb[:len(usb)-1], 24}, {ng[:300_000], len(head)}, {ng[:1000], len(head)}, {ng[:len(ng)-1], len(head)}} {
		f, err := capture.NewFile("x", bytes.NewReader(c.b))
		if err != nil {
			t.Fatal(err)
		}
		f.KeepData(new(capture.Blocks))
		var p capture.Packet
		var d *capture.Damage
		if err := f.Next(&p); !errors.As(err, &d) || d.Offset != int64(c.offset) || d.Packet != 1 {
			t.Errorf("%d bytes: %v", len(c.b), err)
		}
	}
}

// TestAbsurdDrops: counters that do not fit their sum are as many as can be
// counted, and one that falls is not believed.
func TestAbsurdDrops(t *testing.T) {
	order := binary.LittleEndian
	count := func(id uint32, drops ...uint64) (b []byte) {
		for i, n := range drops {
			b = append(b, option(order, [...]uint16{5, 7}[i], order.AppendUint64(nil, n))...)
		}
		return block(order, 5, words(order, id, 0, 0), b)
	}
	begin := slices.Concat(section(order), describe(order, 1, 0), describe(order, 1, 0))
	for name, c := range map[string]struct {
		b    []byte
		want uint64
	}{
		"interface and system": {slices.Concat(begin, count(0, math.MaxUint64-5, 10)), math.MaxUint64},
		"two interfaces":       {slices.Concat(begin, count(0, 1<<63), count(1, 1<<63)), math.MaxUint64},
		"two sections":         {slices.Concat(begin, count(0, math.MaxUint64), begin, count(0, 1)), math.MaxUint64},
		"falling":              {slices.Concat(begin, count(0, 100), count(0, 3)), 100},
		"as many as fit":       {slices.Concat(begin, count(0, math.MaxUint64-1, 1)), math.MaxUint64},
	} {
		_, damages, f := read(t, c.b)
		if n, known := f.Drops(); n != c.want || !known || damages != nil {
			t.Errorf("%s: %d, %t, %v; want %d", name, n, known, damages, c.want)
		}
	}
}

// TestSimplePacketLength: of a block that does not tell how much was captured,
// the snaplen says which bytes are padding, and nothing that is less than there is.
func TestSimplePacketLength(t *testing.T) {
	order := binary.LittleEndian
	for _, c := range []struct {
		snaplen, length uint32
		body, want      string
	}{
		{0, 5, "abcde", "abcde"},
		{5, 60, "abcde", "abcde"},
		{6, 60, "abcdefgh", "abcdef"},
		{4, 60, "abcdefgh", "abcdefgh"}, // the snaplen is wrong
		{1, 6, "abcdefgh", "abcdef"},
		{0, math.MaxUint32, "abcdefgh", ""}, // damage
		{9, 60, "abcdefgh", ""},
	} {
		b := slices.Concat(section(order), describe(order, 1, c.snaplen), block(order, 3, words(order, c.length), []byte(c.body)))
		packets, damages, _ := read(t, b)
		if c.want == "" && len(damages) == 1 && packets == nil {
			continue
		}
		if len(packets) != 1 || packets[0].Data != c.want || damages != nil {
			t.Errorf("%+v: %v %v", c, packets, damages)
		}
	}
}

// TestJump: what is skipped in a file on disk, a sparse one as well, is not read.
func TestJump(t *testing.T) {
	order := binary.LittleEndian
	name := filepath.Join(t.TempDir(), "sparse.pcapng")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	at := int64(0)
	write := func(b []byte) {
		if _, err := file.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
		at += int64(len(b))
	}
	const long, blocks = 3 << 30, 100
	write(slices.Concat(section(order), describe(order, 1, 0)))
	var last int64
	for i := range blocks {
		write(enhanced(order, 0, uint64(i), 60, "abc"))
		last = at
		write(words(order, 77, long))
		at += long - 12
		write(words(order, long))
	}
	for _, c := range []struct {
		size   int64
		damage string
	}{
		{at, ""},
		{at - 1, "the file ends inside a block"},
		{at - 5, "the file ends inside a block"},
		{last + 1<<20, "the file ends inside a block"},
	} {
		if err := file.Truncate(c.size); err != nil {
			t.Skip(err) // a file system without sparse files
		}
		f, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		packets, damages := drain(t, f)
		if len(packets) != blocks {
			t.Errorf("%d packets", len(packets))
		}
		if c.damage == "" {
			if damages != nil || f.Offset() != at {
				t.Errorf("%v, offset %d of %d", damages, f.Offset(), at)
			}
		} else if len(damages) != 1 || damages[0].Reason != c.damage || damages[0].Offset != last {
			t.Errorf("cut to %d: %v", c.size, damages)
		}
	}
}

// TestJumpInPacket: a packet of which only the beginning is held is damaged
// where the file ends inside it, though that is jumped to.
func TestJumpInPacket(t *testing.T) {
	order := binary.LittleEndian
	const long = 100 << 20
	name := filepath.Join(t.TempDir(), "long.pcap")
	head := append(pcapHeader(order, magicMicro, version24, 0, uint32(capture.LinkUSBLinux)), words(order, 1, 0, long, long)...)
	if err := os.WriteFile(name, head, 0o600); err != nil {
		t.Fatal(err)
	}
	for size, whole := range map[int64]bool{40 + long: true, 40 + long - 1: false, 30 << 20: false} {
		if err := os.Truncate(name, size); err != nil {
			t.Skip(err)
		}
		f, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		f.KeepData(new(capture.Blocks))
		var p capture.Packet
		var d *capture.Damage
		err = f.Next(&p)
		if whole && (err != nil || p.Length != long) || !whole && (!errors.As(err, &d) || d.Offset != 24) {
			t.Errorf("%d bytes: %d, %v", size, p.Length, err)
		}
		f.Close()
	}
}
