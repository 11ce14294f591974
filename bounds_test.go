package tcpwatch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/net/bpf"

	"tcpwatch/capture"
)

// allocated is how many bytes f allocates in all, what is freed meanwhile too.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBlocksOfPacketsLeftOut: the blocks of packets that the filter does not let
// pass are given back too.
func TestBlocksOfPacketsLeftOut(t *testing.T) {
	name := filepath.Join(t.TempDir(), "long.pcap.gz")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z, _ := gzip.NewWriterLevel(file, gzip.BestSpeed)
	w, err := capture.NewPcapWriter(z, capture.LinkRaw, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64_000)
	data[0] = 0x45
	for i := range tickEvery - 1 {
		if err := w.WritePacket(&capture.Packet{Time: int64(i), Data: data, Length: len(data), Link: capture.LinkRaw}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	z.Close()
	file.Close()
	in, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	none := capture.NewFilter("none", func(capture.LinkType, string) ([]bpf.RawInstruction, error) {
		return bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	})
	var stats Stats
	if n := allocated(func() { stats, err = Run(context.Background(), in, Options{Filter: none, Workers: 1}) }); n > 64<<20 {
		t.Errorf("%d MiB allocated for %d MiB of packets left out", n>>20, tickEvery*len(data)>>20)
	}
	if err != nil || stats.Packets != tickEvery-1 || stats.Passed != 0 {
		t.Errorf("%d packets, %d passed, %v", stats.Packets, stats.Passed, err)
	}
}

// longPackets yields packets of 64,000 bytes and counts them.
type longPackets struct {
	n    chan int
	data []byte
	sent int
}

func (s *longPackets) Next(p *capture.Packet) error {
	*p = capture.Packet{Number: uint64(s.sent + 1), Data: s.data, Length: len(s.data)}
	s.sent++
	s.n <- s.sent
	return nil
}

func (s *longPackets) Close() error { return nil }

// TestPipedSourceIsBounded: what waits of a pipe is bounded in bytes too.
func TestPipedSourceIsBounded(t *testing.T) {
	s := &longPackets{n: make(chan int, 2*batchPackets), data: make([]byte, 64_000)}
	piped := newPiped(s, new(capture.Blocks))
	var p capture.Packet
	for range 100 {
		if err := piped.Next(&p); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for quiet := time.After(50 * time.Millisecond); quiet != nil; {
		select {
		case n = <-s.n:
		case <-quiet:
			quiet = nil
		}
	}
	if most := 100 + keptBytes/len(s.data) + 2; n < 100 || n > most {
		t.Errorf("%d packets were read, want at most %d", n, most)
	}
}

// TestPipedBlocksAreUsedAgain: blocks that a pipe's packets lie in come back
// to it with batches.
func TestPipedBlocksAreUsedAgain(t *testing.T) {
	var file bytes.Buffer
	w, err := capture.NewPcapWriter(&file, capture.LinkRaw, 262144, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 30_000)
		if err := w.WritePacket(&capture.Packet{Time: int64(i), Data: data, Length: len(data), Link: capture.LinkRaw}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	var blocks capture.Blocks
	f, err := capture.NewFile("pipe", &file)
	if err != nil {
		t.Fatal(err)
	}
	f.KeepData(&blocks)
	in := &Source{source: f}
	in.pipe = newPiped(f, &blocks)
	used := allocated(func() {
		var p capture.Packet
		for i := range 2000 {
			for err = capture.ErrTimeout; err == capture.ErrTimeout; {
				err = in.pipe.Next(&p)
			}
			if err != nil || binary.LittleEndian.Uint16(p.Data[40_000:]) != uint16(i) {
				t.Fatalf("packet %d: %v", i, err)
			}
			if i%10 == 9 { // a batch is over
				blocks.Free(in.left())
			}
		}
	})
	if used > 16<<20 {
		t.Errorf("%d MiB allocated", used>>20)
	}
}

// TestInterfacesAreLearntOnce: what is known of interfaces grows with them, each is copied
// once.
func TestInterfacesAreLearntOnce(t *testing.T) {
	const interfaces = 20_000
	var file bytes.Buffer
	w, err := capture.NewPcapngWriter(&file, "test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range interfaces {
		p := capture.Packet{Data: make([]byte, 20), Length: 20, Link: capture.LinkRaw, Interface: i}
		if err := w.WritePacket(&p, capture.Interface{Link: capture.LinkRaw, Snaplen: i, Resolution: 9}, ""); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	f, err := capture.NewFile("x", &file)
	if err != nil {
		t.Fatal(err)
	}
	x := Files(f)
	used := allocated(func() {
		var p capture.Packet
		for f.Next(&p) == nil {
			x.learn(&p)
			if on := x.Interface(&p); on.Snaplen != p.Interface {
				t.Fatalf("interface %d is %v", p.Interface, on)
			}
		}
	})
	if len(x.interfaces[0]) != interfaces || used > 64<<20 {
		t.Errorf("%d interfaces, %d MiB allocated", len(x.interfaces[0]), used>>20)
	}
}

// TestDropsOfFilesSaturate: counters of several files that do not fit their sum
// are as many as can be counted.
func TestDropsOfFilesSaturate(t *testing.T) {
	in := &Source{}
	for _, drops := range []uint64{math.MaxUint64 - 5, 10} {
		var file bytes.Buffer
		w, err := capture.NewPcapngWriter(&file, "test")
		if err != nil {
			t.Fatal(err)
		}
		p := capture.Packet{Data: make([]byte, 20), Length: 20, Link: capture.LinkRaw}
		if err := w.WritePacket(&p, capture.Interface{Link: capture.LinkRaw}, ""); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		order := binary.NativeEndian
		b := order.AppendUint32(file.Bytes(), 5) // interface statistics
		b = order.AppendUint32(b, 36)
		b = append(b, make([]byte, 12)...)
		b = order.AppendUint16(b, 5) // isb_ifdrop
		b = order.AppendUint16(b, 8)
		b = order.AppendUint64(b, drops)
		b = order.AppendUint32(b, 36)
		f, err := capture.NewFile("x", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			err = f.Next(&p)
		}
		if n, _ := f.Drops(); n != drops || err != io.EOF {
			t.Fatalf("%d drops, %v", n, err)
		}
		in.files = append(in.files, f)
	}
	if n, _ := in.drops(); n.V != math.MaxUint64 || !n.OK {
		t.Errorf("%+v drops", n)
	}
}
