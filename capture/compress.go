package capture

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

const (
	compressedBlock = 64 << 10 // bytes of a read of compressed input
	mostLayers      = 2        // compressed twice happens; more is somebody's joke
)

// unpacked reads what is inside a file that may be compressed.
type unpacked struct {
	*bufio.Reader
	packed bool   // it is
	close  func() // frees what the decompressors hold
}

// decompress looks at the first bytes of r and returns a reader of what is
// inside gzip (all members) or zstd (all frames), or of r itself. disk, when it
// is not nil, is the file that r reads, and consumed tells how much r has read.
func decompress(r io.Reader, w *windows, disk *os.File, consumed *atomic.Int64) (u unpacked, err error) {
	u = unpacked{bufio.NewReaderSize(r, compressedBlock), false, func() {}}
	for range mostLayers {
		head, _ := u.Peek(4)
		var inner io.Reader
		switch {
		case isGzip(head):
			inner, err = newGunzip(u.Reader)
		case isZstd(head):
			var z *unzstd
			if z, err = w.decoder(u.Reader, disk, consumed); err == nil {
				outer := u.close
				u.close = func() { z.release(); outer() }
				inner = z
			}
		default:
			return u, nil
		}
		if err != nil {
			return u, err
		}
		u.Reader, u.packed = bufio.NewReaderSize(inner, compressedBlock), true
		disk = nil
	}
	return u, nil
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
		if _, err := g.src.Peek(1); err != nil {
			return err
		}
		b, _ := g.src.Peek(g.src.Buffered())
		if !allZero(b) {
			return gzip.ErrHeader
		}
		g.src.Discard(len(b))
	}
}
