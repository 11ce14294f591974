package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"tcpwatch/capture"
)

// mostFuzzed bounds what one input may unpack to.
const mostFuzzed = 100_000

// fuzzed reads all of an input and checks what every Source promises.
func fuzzed(t *testing.T, r io.Reader, keep bool) (packets []got, damaged bool) {
	f, err := capture.NewFile("x", r)
	if err != nil {
		return nil, true
	}
	defer f.Close()
	var p capture.Packet
	for n := uint64(1); n < mostFuzzed; n++ {
		err := f.Next(&p)
		var d *capture.Damage
		switch {
		case err == io.EOF:
			return packets, damaged
		case errors.As(err, &d):
			if damaged || d.Packet != n || d.Offset < 0 || d.Reason == "" {
				t.Fatalf("packet %d, damaged %t: %v", n, damaged, d)
			}
			damaged = true
			continue
		case err != nil:
			t.Fatalf("neither Damage nor io.EOF: %v", err)
		case damaged:
			t.Fatal("a packet after the damage")
		}
		if p.Number != n || p.FileNumber != n || p.File != 0 {
			t.Fatalf("packet %d is %d, %d, %d", n, p.Number, p.File, p.FileNumber)
		}
		if len(p.Data) > p.Length || p.Interface < 0 || p.Interface >= len(f.Interfaces()) || f.Interfaces()[p.Interface].Link != p.Link {
			t.Fatalf("packet %d: %d of %d bytes, interface %d, %s", n, len(p.Data), p.Length, p.Interface, p.Link)
		}
		if keep {
			packets = append(packets, got{p.Number, p.Time, string(p.Data), p.Length, p.Link, p.File, p.FileNumber, p.Interface})
		}
	}
	return packets, damaged
}

// fuzzBothWays reads an input in large pieces and in small ones, which must
// make no difference.
func fuzzBothWays(t *testing.T, b []byte) {
	whole, damaged := fuzzed(t, bytes.NewReader(b), true)
	if len(whole) > len(b) {
		t.Fatalf("%d packets in %d bytes", len(whole), len(b))
	}
	if len(b) > 16<<10 {
		return
	}
	pieces, again := fuzzed(t, iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(b))), true)
	if len(whole) != len(pieces) || damaged != again {
		t.Fatalf("%d packets, damaged %t; in pieces %d, %t", len(whole), damaged, len(pieces), again)
	}
	for i := range whole {
		if whole[i] != pieces[i] {
			t.Fatalf("%v; in pieces %v", whole[i], pieces[i])
		}
	}
}

func FuzzPcap(f *testing.F) {
	all := samples(f)
	for _, name := range []string{"pcap", "pcap big", "pcap modified"} {
		f.Add(all[name])
	}
	big := binary.BigEndian
	f.Add(append(pcapHeader(big, magicMicro, 543<<16, 0, 239), words(big, 1, 2, 20, 8, 2<<24, 8<<16|1, 1)...))
	f.Add(append(pcapHeader(big, magicMicro, 2<<16|3, 2, 1), words(big, 1, 2, 20, 8, 1, 2)...))
	f.Fuzz(fuzzBothWays)
}

func FuzzPcapng(f *testing.F) {
	all := samples(f)
	f.Add(all["pcapng"])
	f.Add(all["pcapng both"])
	order := binary.BigEndian
	f.Add(bytes.Join([][]byte{section(order), describe(order, 239, 2, option(order, 9, []byte{0xa0}), option(order, 14, make([]byte, 8))),
		enhanced(order, 0, 1<<40, 9, "\x02\x00\x00\x07\x00\x05\x00\x01abcd"), block(order, 5, words(order, 0, 1, 2), option(order, 7, make([]byte, 8))),
		block(order, 2, make([]byte, 24))}, nil))
	f.Fuzz(fuzzBothWays)
}

func FuzzCompressed(f *testing.F) {
	all := samples(f)
	for _, name := range []string{"gzip", "gzip members", "gzip in gzip", "gzip pcapng", "zstd", "zstd frames", "zstd skippable"} {
		f.Add(all[name])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzed(t, bytes.NewReader(b), false)
	})
}
