package capture

import "sync"

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
