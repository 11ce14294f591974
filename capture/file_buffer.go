package capture

import (
	"errors"
	"fmt"
	"io"
)

const (
	firstBlock = 64 << 10 // bytes of the first read: most captures of a test bench are smaller
	largeBlock = 1 << 20  // bytes of a read once the input has shown that it is long
	lentBlock  = 256 << 10
)

// buffer reads a stream in large blocks and lends slices of them, so that a
// packet costs neither a copy nor a system call. A slice is good until the
// next peek or skip; when blocks are given away, until they are given back.
type buffer struct {
	src   io.Reader
	give  *Blocks // where a block goes that has been lent and read to its end; nil: it is written to again
	limit int     // block size to grow to
	data  []byte  // one block
	start int     // first byte not yet taken
	end   int     // first byte not yet read
	base  int64   // offset of data[0] in the stream
	err   error   // why src gives no more
}

// offset is the stream position of the first byte not yet taken.
func (b *buffer) offset() int64 { return b.base + int64(b.start) }

// peek lends the next n bytes without taking them, or returns nil when the
// stream ends before.
func (b *buffer) peek(n int) []byte {
	if b.end-b.start < n && !b.fill(n) {
		return nil
	}
	return b.data[b.start : b.start+n]
}

// ready lends what can be taken without reading on.
func (b *buffer) ready() []byte { return b.data[b.start:b.end] }

// skip takes n bytes and reports whether there were as many.
func (b *buffer) skip(n int64) bool {
	for n > int64(b.end-b.start) {
		n -= int64(b.end - b.start)
		b.start = b.end
		if !b.fill(1) {
			return false
		}
	}
	b.start += int(n)
	return true
}

// fill reads until n bytes can be taken. It asks for no more than the stream
// has ready, so that a pipe's packets are seen as they come.
func (b *buffer) fill(n int) bool {
	if b.err != nil {
		return false
	}
	if b.give == nil || len(b.data)-b.start < n || len(b.data) == b.end {
		b.turn()
	}
	n += b.start
	for idle := 0; b.end < n; {
		if b.end == len(b.data) { // a packet longer than a block: room is made as its bytes come
			b.data = append(b.data, make([]byte, len(b.data))...)
		}
		m, err := b.src.Read(b.data[b.end:])
		b.end += m
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			b.err = err
			return b.end >= n
		}
	}
	return true
}

// turn makes room behind what is read and not yet taken.
func (b *buffer) turn() {
	full := b.end == len(b.data) && b.end > 0
	rest := b.data[b.start:b.end]
	b.base += int64(b.start)
	switch {
	case b.data == nil:
		b.data = make([]byte, firstBlock)
	case full && len(b.data) < b.limit:
		b.data = make([]byte, 2*len(b.data))
	case b.give != nil:
		b.data = b.give.swap(b.data, len(b.data))
	}
	b.start, b.end = 0, copy(b.data, rest)
}

// shortage says why peek could not lend n bytes of what: io.EOF when the
// stream ended properly before the first of them, else damage.
func (b *buffer) shortage(n int, what string) error {
	have := b.end - b.start
	if have == 0 && errors.Is(b.err, io.EOF) {
		return io.EOF
	}
	return damage(b.offset(), "%s inside %s (%d of %d bytes)", b.stop(), what, have, n)
}

// stop says in words why the stream gives no more.
func (b *buffer) stop() string {
	switch {
	case errors.Is(b.err, io.EOF):
		return "the file ends"
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		return "the compressed file ends"
	default:
		return fmt.Sprintf("reading stops (%v)", b.err)
	}
}

// damage is a Damage for which the File adds name and packet number.
func damage(offset int64, format string, args ...any) *Damage {
	return &Damage{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}
