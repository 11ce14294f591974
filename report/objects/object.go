package objects

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"
)

// Objects are read in blocks. Who reads on gets ahead blocks at once.
const (
	blockBytes = 1 << 20
	ahead      = 4
)

// object is an object that is read.
type object struct {
	in   *Bucket
	key  string
	size int64
	etag string
}

// Size is how many bytes it has; see store.Object.
func (o *object) Size() int64 { return o.size }

// Close forgets what was read of it.
func (o *object) Close() error {
	o.in.cache.forget(o)
	return nil
}

// ReadAt reads a part of it; see io.ReaderAt.
func (o *object) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		if at >= o.size {
			return n, io.EOF
		}
		block, err := o.block(at / blockBytes)
		if err != nil {
			return n, err
		}
		some := copy(p[n:], block[at%blockBytes:])
		n, at = n+some, at+int64(some)
	}
	return n, nil
}

// block is one of its blocks.
func (o *object) block(number int64) ([]byte, error) {
	c := &o.in.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.get(place{o, number}); b != nil {
		return b, nil
	}
	count := int64(1)
	if number > 0 && c.has(place{o, number - 1}) {
		for count < min(ahead, int64(c.most)/2) && !c.has(place{o, number + count}) {
			count++
		}
	}
	first := number * blockBytes
	all, err := o.get(first, min(count*blockBytes, o.size-first))
	if err != nil {
		return nil, err
	}
	for from := int64(len(all)-1) / blockBytes; from >= 0; from-- { // the one that is asked for last: it is the newest
		c.put(place{o, number + from}, all[from*blockBytes:min(int64(len(all)), (from+1)*blockBytes)])
	}
	return all[:min(len(all), blockBytes)], nil
}

// get reads a range of the object, again where the connection broke.
func (o *object) get(from, n int64) (b []byte, err error) {
	for range tries {
		if b, err = o.tryGet(from, n); err == nil || final(err) {
			break
		}
	}
	if err != nil {
		return nil, o.in.t.plain(err)
	}
	return b, nil
}

func (o *object) tryGet(from, n int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestWithin)
	defer cancel()
	var options minio.GetObjectOptions
	if err := options.SetRange(from, from+n-1); err != nil {
		return nil, err
	}
	if o.etag != "" {
		if err := options.SetMatchETag(o.etag); err != nil {
			return nil, err
		}
	}
	r, _, _, err := o.in.client.GetObject(ctx, o.in.t.bucket, o.key, options)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, n)
	if k, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("%d of %d bytes came: %w", k, n, err)
	}
	return b, nil
}

// place is which block.
type place struct {
	of     *object
	number int64
}

// cache keeps the blocks that were read last, so many at most.
type cache struct {
	most   int
	mu     sync.Mutex
	blocks map[place]*kept
	clock  uint64
}

// kept is a block with when it was used last.
type kept struct {
	b    []byte
	used uint64
}

func (c *cache) has(at place) bool { return c.blocks[at] != nil }

func (c *cache) get(at place) []byte {
	k := c.blocks[at]
	if k == nil {
		return nil
	}
	c.clock++
	k.used = c.clock
	return k.b
}

func (c *cache) put(at place, b []byte) {
	if c.blocks == nil {
		c.blocks = map[place]*kept{}
	}
	for len(c.blocks) >= c.most {
		oldest := at
		for p, k := range c.blocks {
			if o := c.blocks[oldest]; o == nil || k.used < o.used {
				oldest = p
			}
		}
		delete(c.blocks, oldest)
	}
	c.clock++
	c.blocks[at] = &kept{b, c.clock}
}

func (c *cache) forget(o *object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.blocks {
		if p.of == o {
			delete(c.blocks, p)
		}
	}
}
