package capture

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	compressedBlock = 64 << 10  // bytes of a read of compressed input
	largestWindow   = 128 << 20 // what zstd itself reads without being told otherwise
	mostLayers      = 2         // compressed twice happens; more is somebody's joke
)

// decompress looks at the first bytes of r and returns a reader of what is
// inside gzip (all members) or zstd (all frames), or of r itself. close frees
// what the decompressors hold.
func decompress(r io.Reader) (plain *bufio.Reader, close func(), err error) {
	plain = bufio.NewReaderSize(r, compressedBlock)
	close = func() {}
	for range mostLayers {
		head, _ := plain.Peek(4)
		switch {
		case isGzip(head):
			z, err := gzip.NewReader(plain)
			if err != nil {
				return nil, close, err
			}
			plain = bufio.NewReaderSize(z, compressedBlock)
		case isZstd(head):
			z, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(largestWindow))
			if err != nil {
				return nil, close, err
			}
			inner := close
			close = func() { z.Close(); inner() }
			plain = bufio.NewReaderSize(z, compressedBlock)
		default:
			return plain, close, nil
		}
	}
	return plain, close, nil
}

// isGzip: RFC 1952 section 2.3.1.
func isGzip(b []byte) bool { return len(b) >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 }

// isZstd: RFC 8878 sections 3.1.1 and 3.1.2 (skippable frames may come first).
func isZstd(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	magic := binary.LittleEndian.Uint32(b)
	return magic == 0xfd2fb528 || magic&^0xf == 0x184d2a50
}
