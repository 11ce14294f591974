package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"

	"tcpwatch/capture"

	"github.com/klauspost/compress/zstd"
)

// TestBombs: little input that unpacks to much costs time but no memory, in
// whatever it unpacks to.
func TestBombs(t *testing.T) {
	order := binary.LittleEndian
	zeros := make([]byte, 16<<20)
	header := pcapHeader(order, magicMicro, version24, 65535, 1)
	begin := slices.Concat(section(order), describe(order, 1, 0))
	for name, c := range map[string]struct {
		b    []byte
		most uint64 // MiB; zstd takes 9 of them
	}{
		"packets without bytes": {slices.Concat(header, zeros), 12},
		"a block to skip":       {slices.Concat(begin, words(order, 77, 0xffff_fff0), zeros), 12},
		"sections":              {slices.Concat(begin, bytes.Repeat(section(order), 1<<19)), 12},
		"interfaces":            {slices.Concat(begin, bytes.Repeat(describe(order, 1, 0), 1<<17)), 64}, // more than are kept
	} {
		b := c.b
		for way, packed := range map[string][]byte{"gzip": gzipped(t, b), "zstd": zstandard(t, b), "gzip in gzip": gzipped(t, gzipped(t, b))} {
			if len(packed) > len(b)/100 {
				t.Fatalf("%s, %s: not much of a bomb: %d bytes", name, way, len(packed))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := capture.NewFile("x", bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			var p capture.Packet
			for err == nil {
				err = f.Next(&p)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > c.most<<20 {
				t.Errorf("%s, %s: %d MiB allocated in all", name, way, used>>20)
			}
			var d *capture.Damage
			if err != io.EOF && !errors.As(err, &d) {
				t.Errorf("%s, %s: %v", name, way, err)
			}
		}
	}
}

// TestZstdWindow: what zstd compresses with its longest default window is read.
func TestZstdWindow(t *testing.T) {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(samples(t)["pcap"]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packets, damages, _ := read(t, out.Bytes())
	if len(packets) != 4 || damages != nil {
		t.Errorf("%v %v", packets, damages)
	}
}
