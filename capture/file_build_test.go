package capture_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"tcpwatch/capture"

	"github.com/klauspost/compress/zstd"
)

// byteOrder is what both of encoding/binary's orders are.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// words appends 32 bit words.
func words(order byteOrder, w ...uint32) (b []byte) {
	for _, v := range w {
		b = order.AppendUint32(b, v)
	}
	return b
}

// pcapHeader is a file header; version is major<<16 | minor.
func pcapHeader(order byteOrder, magic, version, snaplen, network uint32) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, uint16(version>>16))
	b = order.AppendUint16(b, uint16(version))
	return append(b, words(order, 0, 0, snaplen, network)...)
}

// block is a pcapng block around a body, which is padded to 4 bytes.
func block(order byteOrder, kind uint32, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + 12)
	return bytes.Join([][]byte{words(order, kind, size), body, words(order, size)}, nil)
}

func option(order byteOrder, code uint16, value []byte) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func section(order byteOrder) []byte {
	return block(order, 0x0a0d0d0a, words(order, 0x1a2b3c4d), order.AppendUint16(nil, 1), order.AppendUint16(nil, 0), words(order, ^uint32(0), ^uint32(0)))
}

func describe(order byteOrder, link uint16, snaplen uint32, options ...[]byte) []byte {
	return block(order, 1, order.AppendUint16(nil, link), []byte{0, 0}, words(order, snaplen), bytes.Join(options, nil))
}

func enhanced(order byteOrder, id uint32, ticks uint64, length uint32, data string) []byte {
	b := words(order, id, uint32(ticks>>32), uint32(ticks), uint32(len(data)), length)
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return block(order, 6, b, option(order, 2, []byte{0, 0, 0, 1}), option(order, 0, nil))
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// got is a packet with its own bytes.
type got struct {
	Number     uint64
	Time       int64
	Data       string
	Length     int
	Link       capture.LinkType
	File       int
	FileNumber uint64
	Interface  int
}

// drain reads all packets, and every damage on the way.
func drain(t testing.TB, s capture.Source) (packets []got, damages []capture.Damage) {
	t.Helper()
	for {
		var p capture.Packet
		err := s.Next(&p)
		var d *capture.Damage
		switch {
		case err == nil:
			packets = append(packets, got{p.Number, p.Time, string(p.Data), p.Length, p.Link, p.File, p.FileNumber, p.Interface})
		case errors.As(err, &d):
			damages = append(damages, *d)
		case err == io.EOF:
			if err := s.Next(&p); err != io.EOF {
				t.Fatalf("after io.EOF: %v", err)
			}
			return packets, damages
		default:
			t.Fatalf("neither Damage nor io.EOF: %v", err)
		}
	}
}

// read reads a capture held in memory.
func read(t testing.TB, b []byte) ([]got, []capture.Damage, *capture.File) {
	t.Helper()
	f, err := capture.NewFile("x", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	packets, damages := drain(t, f)
	return packets, damages, f
}
