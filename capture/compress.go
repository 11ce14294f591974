package capture

import (
	"bufio"
	"encoding/binary"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

const (
	compressedBlock = 64 << 10 // bytes of a read of compressed input
	mostLayers      = 2        // compressed twice happens; more is somebody's joke
)

// decompress looks at the first bytes of r and returns a reader of what is
// inside gzip (all members) or zstd (all frames), or of r itself. close frees
// what the decompressors hold. at, when it is not nil, reads anywhere in what r
// reads, and consumed tells how much of that r has read.
func decompress(r io.Reader, w *windows, at io.ReaderAt, consumed *atomic.Int64) (plain *bufio.Reader, close func(), err error) {
	plain = bufio.NewReaderSize(r, compressedBlock)
	close = func() {}
	for range mostLayers {
		head, _ := plain.Peek(4)
		var inner io.Reader
		switch {
		case isGzip(head):
			inner, err = newGunzip(plain)
		case isZstd(head):
			var z *unzstd
			src := plain
			if z, err = w.decoder(src, at, func() int64 { return consumed.Load() - int64(src.Buffered()) }); err == nil {
				outer := close
				close = func() { z.release(); outer() }
				inner = z
			}
		default:
			return plain, close, nil
		}
		if err != nil {
			return nil, close, err
		}
		plain, at = bufio.NewReaderSize(inner, compressedBlock), nil
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

// gunzip reads all members of a gzip file. Zeros behind the last one are no
// damage: tapes and block devices fill up with them, and gzip ignores them.
type gunzip struct {
	src    *bufio.Reader
	member *gzip.Reader
	ended  bool // the member has
}

func newGunzip(src *bufio.Reader) (*gunzip, error) {
	member, err := gzip.NewReader(src)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gunzip{src: src, member: member}, nil
}

func (g *gunzip) Read(b []byte) (int, error) {
	for {
		if g.ended {
			if err := g.next(); err != nil {
				return 0, err
			}
		}
		n, err := g.member.Read(b)
		if g.ended = err == io.EOF; g.ended {
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next begins the next member, or says why there is none.
func (g *gunzip) next() error {
	if first, err := g.src.Peek(1); err == nil && first[0] == 0 {
		return g.padding()
	}
	if err := g.member.Reset(g.src); err != nil {
		return err
	}
	g.member.Multistream(false)
	return nil
}

// padding takes zeros up to the end of the file.
func (g *gunzip) padding() error {
	for {
		b, err := g.src.Peek(1)
		if err != nil {
			return err
		}
		b, _ = g.src.Peek(g.src.Buffered())
		if !allZero(b) {
			return gzip.ErrHeader
		}
		g.src.Discard(len(b))
	}
}
