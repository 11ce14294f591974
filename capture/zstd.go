package capture

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

const (
	largestWindow = 128 << 20 // of a frame: what zstd itself reads without being told otherwise
	allWindows    = 192 << 20 // of all files that are open at the same time
	zstdBlock     = 128 << 10 // most bytes in a block (RFC 8878 section 3.1.1.2.3)
)

// windows lends zstd decoders, each of which holds the window of its frame, to
// the files of an input, and bounds what all of them hold.
type windows struct {
	held uint64    // bytes, of decoders in use and of idle ones
	most uint64    // of those; 0 for allWindows
	why  string    // that is the limit, "" for allWindows
	idle []*unzstd // of files that were closed: the next file takes one
}

// unzstd reads all frames of a zstd file.
type unzstd struct {
	*zstd.Decoder
	frames frames
	window uint64 // bytes of the longest so far, which it keeps
	all    *windows
}

// LimitWindows is how many bytes the zstd windows of f and of the files that were held with it
// may take, if that is less than 192 MiB; an error says why.
func (f *File) LimitWindows(most int64, why string) {
	if most < allWindows {
		f.zstd.most, f.zstd.why = uint64(most), ", "+why
	}
}

// decoder is for a zstd file that src reads: disk, when it is not nil, of which
// src has consumed so many bytes.
func (w *windows) decoder(src *bufio.Reader, disk *os.File, consumed *atomic.Int64) (*unzstd, error) {
	z := &unzstd{all: w}
	if last := len(w.idle) - 1; last >= 0 {
		z, w.idle = w.idle[last], w.idle[:last]
	}
	z.frames = frames{src: src, disk: disk, consumed: consumed, need: z.need}
	if z.Decoder != nil {
		return z, z.Reset(&z.frames)
	}
	var err error
	z.Decoder, err = zstd.NewReader(&z.frames, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(largestWindow))
	return z, err
}

// need makes sure that a window of n bytes may be held.
func (z *unzstd) need(n uint64) error {
	if n > largestWindow {
		return zstd.ErrWindowSizeExceeded
	}
	if n <= z.window {
		return nil
	}
	w := z.all
	most := cmp.Or(w.most, allWindows)
	for w.held-z.window+n > most && len(w.idle) > 0 {
		w.idle[0].Close()
		w.held -= w.idle[0].window
		w.idle = w.idle[1:]
	}
	if w.held-z.window+n > most {
		return fmt.Errorf("its zstd window of %d MiB and those of the files open beside it are more than %d MiB%s: unpack it first", n>>20, most>>20, w.why)
	}
	w.held += n - z.window
	z.window = n
	return nil
}

// release leaves the decoder to the next file.
func (z *unzstd) release() {
	if z.Reset(nil) == nil {
		z.frames = frames{}
		z.all.idle = append(z.all.idle, z)
	}
}

// frames passes on a zstd file and looks at each frame header before the
// decoder does. A frame that is shorter than the window that its header asks
// for, as those of "zstd --long=27" in a pipe are, gets a header with a smaller one.
type frames struct {
	src      *bufio.Reader
	disk     *os.File      // src reads it; nil when that is not known
	consumed *atomic.Int64 // bytes of disk, with those that wait in src
	need     func(window uint64) error
	header   []byte // still to be passed on, in place of what src had
	left     int64  // bytes of src to be passed on before the next header
	inFrame  bool   // it is that of a block
	checksum bool   // ends the frame
}

func (f *frames) Read(b []byte) (int, error) {
	if len(f.header) == 0 && f.left == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if len(f.header) > 0 {
		n := copy(b, f.header)
		f.header = f.header[n:]
		return n, nil
	}
	n, err := f.src.Read(b[:min(int64(len(b)), f.left)])
	f.left -= int64(n)
	return n, err
}

// next looks at the header of a frame or block.
func (f *frames) next() error {
	if f.inFrame {
		b, err := f.src.Peek(3)
		if err != nil {
			return cutShort(err)
		}
		size, last := zstdBlockSize(b)
		f.left, f.inFrame = size, !last
		if last && f.checksum {
			f.left += 4
		}
		return nil
	}
	b, err := f.src.Peek(zstd.HeaderMaxSize)
	if len(b) == 0 {
		return err
	}
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return err
	}
	if h.Skippable {
		f.left = int64(h.HeaderSize) + int64(h.SkippableSize)
		return nil
	}
	f.inFrame, f.checksum = true, h.HasCheckSum
	f.header = append([]byte(nil), b[:h.HeaderSize]...)
	window := h.FrameContentSize
	if !h.SingleSegment {
		window = f.shorter(h.WindowSize, int64(h.HeaderSize))
	}
	if _, err := f.src.Discard(h.HeaderSize); err != nil {
		return err
	}
	return f.need(window)
}

// shorter is the window that a frame of n header bytes needs: the declared one,
// or as much as its blocks may hold where they are few. It sets that in the header.
func (f *frames) shorter(declared uint64, n int64) uint64 {
	if f.disk == nil {
		return declared
	}
	var content uint64
	var b [3]byte
	for at := f.consumed.Load() - int64(f.src.Buffered()) + n; ; {
		if _, err := f.disk.ReadAt(b[:], at); err != nil {
			break // the file is cut here
		}
		size, last := zstdBlockSize(b[:])
		at += size
		if content += zstdBlock; content >= declared {
			return declared
		}
		if last {
			break
		}
	}
	// The descriptor behind magic number and frame header descriptor is an exponent of
	// 2, 10 less than that, in the upper 5 bits (RFC 8878 section 3.1.1.1.2).
	window, exponent := uint64(zstdBlock), byte(7)
	for window < content {
		window, exponent = 2*window, exponent+1
	}
	if window >= declared {
		return declared
	}
	f.header[5] = exponent << 3
	return window
}

// zstdBlockSize is the length of a block with its header, and whether it is
// the frame's last (RFC 8878 section 3.1.1.2).
func zstdBlockSize(header []byte) (n int64, last bool) {
	h := uint32(binary.LittleEndian.Uint16(header)) | uint32(header[2])<<16
	n = int64(h >> 3)
	if h>>1&3 == 1 { // one byte, repeated
		n = 1
	}
	return 3 + n, h&1 != 0
}

// cutShort is err where more had to come.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
