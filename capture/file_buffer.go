package capture

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	firstBlock = 64 << 10 // bytes of the first read: most captures of a test bench are smaller
	largeBlock = 1 << 20  // bytes of a read once the input has shown that it is long
	lentBlock  = 256 << 10
	// longestLent is how much of a record is held when blocks are lent: more than any
	// packet with a snaplen of 262,144, what tcpdump takes unless told otherwise.
	longestLent = lentBlock + 4<<10
	copyBlock   = 64 << 10 // packets that are copied share a block of this size
	farAhead    = 4 << 20  // bytes that are jumped over, not read, where that is possible
)

// buffer reads a stream in large blocks and lends slices of them, so that a
// packet costs neither a copy nor a system call. A slice is good until the
// next peek or skip; when blocks are given away, what lend returned is good
// until they are given back.
type buffer struct {
	src   io.Reader
	give  *Blocks            // where a block goes of which something was lent, once it is read to its end; nil: it is written to again
	limit int                // block size to grow to
	data  []byte             // one block
	start int                // first byte not yet taken
	end   int                // first byte not yet read
	base  int64              // offset of data[0] in the stream
	err   error              // why src gives no more
	jump  func(n int64) bool // goes n bytes on in src without reading them; nil where that is not possible

	lent   bool   // a packet lies in data
	lentTo int64  // offset behind the last packet that was lent
	copies []byte // room for packets that are copied
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
		// The last byte is read: a jump may go beyond the end of the file.
		if n > farAhead && b.err == nil && b.jump != nil && b.jump(n-1) {
			b.base += n - 1
			n = 1
		}
		if !b.fill(1) {
			return false
		}
	}
	b.start += int(n)
	return true
}

// long reports whether a record of n bytes is longer than may be held.
func (b *buffer) long(n int) bool { return b.give != nil && n > longestLent }

// whole takes the next n bytes and lends them; nil when the stream ends before.
func (b *buffer) whole(n int) []byte {
	w := b.peek(n)
	b.start += len(w)
	return w
}

// head takes the next n bytes of a long record and returns a copy of the first;
// nil when the stream ends before.
func (b *buffer) head(n int) []byte {
	first := b.peek(longestLent)
	if first == nil {
		return nil
	}
	first = append([]byte(nil), first...)
	if !b.skip(int64(n)) {
		return nil
	}
	return first
}

// lend returns a packet's bytes, part of what was taken last, so that they stay
// good. A packet behind much that is of no use is copied: it would hold that too.
func (b *buffer) lend(data []byte) []byte {
	if b.give == nil {
		return data
	}
	at := b.offset()
	before := at - b.lentTo
	b.lentTo = at
	if before <= int64(2*len(data)+1<<10) {
		b.lent = true
		return data
	}
	if len(data) > len(b.copies) {
		b.copies = make([]byte, max(copyBlock, len(data)))
	}
	n := copy(b.copies, data)
	data, b.copies = b.copies[:n:n], b.copies[n:]
	return data
}

// fill reads until n bytes can be taken. It asks for no more than the stream
// has ready, so that a pipe's packets are seen as they come.
func (b *buffer) fill(n int) bool {
	if b.err != nil {
		return false
	}
	if b.give == nil || !b.lent || len(b.data)-b.start < n || len(b.data) == b.end {
		b.turn()
	}
	n += b.start
	for idle := 0; b.end < n; {
		if b.end == len(b.data) { // a packet longer than a block: room is made as its bytes come
			b.data = append(b.data, make([]byte, len(b.data))...)
			if b.give != nil { // no longer than twice longestLent
				b.limit = max(b.limit, len(b.data))
			}
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
	switch size := len(b.data); {
	case size == 0:
		b.data = make([]byte, firstBlock)
	case full && size < b.limit:
		b.data = make([]byte, 2*size)
	case b.give != nil && b.lent:
		b.data = b.give.swap(b.data, size)
	}
	b.lent = false
	b.start, b.end = 0, copy(b.data, rest)
}

// shortage says why peek could not lend n bytes of what: io.EOF when the
// stream ended properly before the first of them, else damage.
func (b *buffer) shortage(n int, what string) error {
	return b.shortageAt(b.offset(), n, what)
}

// shortageAt is shortage of what begins at an offset and may be taken in part.
func (b *buffer) shortageAt(offset int64, n int, what string) error {
	have := b.base + int64(b.end) - offset
	if have == 0 && errors.Is(b.err, io.EOF) {
		return io.EOF
	}
	return damage(offset, "%s inside %s (%d of %d bytes)", b.stop(), what, have, n)
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

// Blocks are blocks of files that packets lie in, to be read into again when
// nobody needs the packets any more: the caller of File.KeepData says when. It
// is safe for concurrent use.
type Blocks struct {
	mu   sync.Mutex
	full [][]byte // left since Left was called last
	free [][]byte
}

// maxFreeBlocks bounds what is kept for use again.
const maxFreeBlocks = 64

// Left returns the blocks that were read to their end since the last call: no
// packet that comes from now on lies in one of them.
func (b *Blocks) Left() (blocks [][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	blocks, b.full = b.full, nil
	return blocks
}

// Free gives back blocks of which no packet is needed any more.
func (b *Blocks) Free(blocks [][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.free)+len(blocks) <= maxFreeBlocks {
		b.free = append(b.free, blocks...)
	}
}

// swap takes a block that was read to its end and returns one of n bytes.
func (b *Blocks) swap(old []byte, n int) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full = append(b.full, old)
	for k := len(b.free) - 1; k >= 0; k-- {
		if fresh := b.free[k]; len(fresh) == n {
			b.free[k] = b.free[len(b.free)-1]
			b.free = b.free[:len(b.free)-1]
			return fresh
		}
	}
	return make([]byte, n)
}
