package objects

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"tcpwatch/internal/store"
)

// Limits of time of a Live.
const (
	lastOfAll   = 10 * time.Second // at the end, since the store took something last
	mostAtEnd   = time.Minute      // at the end
	abortWithin = 2 * time.Second
	mostPause   = 10 * time.Second // between a request that failed and the next
)

// Live is a Bucket that a live capture writes to, which waits for nothing: a store.Later. What waits is sent
// again as long as it takes.
type Live struct {
	*Bucket
	pause   time.Duration // after the first request that failed
	atEnd   time.Duration // lastOfAll
	waiting atomic.Int64  // bytes of parts
	ctx     context.Context
	cancel  context.CancelFunc
	ending  sync.WaitGroup // files of which all was written
	took    chan struct{}  // the store took something
}

// NewLive returns a Live, which holds as much of what waits as the options of the Bucket say, besides what
// comes at once when it is full.
func NewLive(b *Bucket) *Live {
	l := &Live{Bucket: b, pause: time.Second, atEnd: lastOfAll, took: make(chan struct{}, 1)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Full reports whether so much waits that no more is to be written; see store.Later.
func (l *Live) Full() bool { return l.waiting.Load() >= l.o.Memory }

// liveFile is a file that is sent by a goroutine.
type liveFile struct {
	file
	live   *Live
	ended  func(error)
	failed atomic.Bool

	ctx    context.Context // ends when the file is not wanted
	cancel context.CancelFunc

	mu    sync.Mutex
	waits [][]byte // parts
	last  string   // what comes behind them: whole, or undo; "" while it is written
	more  chan struct{}
}

// What becomes of a file when all was written.
const (
	whole = "whole"
	undo  = "undo"
)

// Create begins a file of which nobody is told what becomes; see store.Store.
func (l *Live) Create(name string) (store.File, error) { return l.Begin(name, func(error) {}) }

// Begin begins a file; see store.Later.
func (l *Live) Begin(name string, ended func(error)) (store.Sent, error) {
	f := &liveFile{file: file{in: l.Bucket, key: l.key(name)}, live: l, ended: ended, more: make(chan struct{}, 1)}
	f.ctx, f.cancel = context.WithCancel(l.ctx)
	go f.send()
	return f, nil
}

// Failed reports whether the store refuses it; see store.Sent.
func (f *liveFile) Failed() bool { return f.failed.Load() }

// Write takes some of the file; see store.File.
func (f *liveFile) Write(p []byte) (int, error) {
	return f.take(p, func() error {
		part := f.part
		if f.part = nil; !f.failed.Load() {
			f.live.waiting.Add(int64(len(part)))
			f.hand(part, "")
		}
		return nil
	})
}

// hand hands the goroutine a part, or what comes last.
func (f *liveFile) hand(part []byte, last string) {
	f.mu.Lock()
	if part != nil {
		f.waits = append(f.waits, part)
	}
	f.last = last
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

// Whole says that all was written; see store.Later.
func (f *liveFile) Whole() error {
	f.live.ending.Add(1)
	f.live.waiting.Add(int64(len(f.part)))
	f.hand(nil, whole)
	return nil
}

// Undo says that it is not wanted; see store.Later.
func (f *liveFile) Undo() {
	f.live.ending.Add(1)
	f.part = nil
	f.hand(nil, undo)
	f.cancel()
}

// next is the next part, nil behind the last one.
func (f *liveFile) next() (part []byte, last string) {
	for {
		f.mu.Lock()
		if len(f.waits) > 0 {
			part, f.waits = f.waits[0], f.waits[1:]
		}
		last = f.last
		f.mu.Unlock()
		if part != nil || last != "" {
			return part, last
		}
		<-f.more
	}
}

// send sends what waits.
func (f *liveFile) send() {
	l := f.live
	defer l.ending.Done()
	defer f.cancel()
	var err error
	for {
		part, last := f.next()
		if part != nil {
			if err == nil {
				err = f.again(func() error { return f.sendPart(f.ctx, part) })
			}
			l.waiting.Add(-int64(len(part)))
			continue
		}
		n := len(f.part)
		if last == whole && err == nil {
			err = f.again(func() error { return f.finish(f.ctx) })
		}
		l.waiting.Add(-int64(n))
		if err != nil || last == undo {
			f.abort(abortWithin)
		}
		if last == whole {
			f.ended(err)
		}
		return
	}
}

// again sends something until the store takes it or refuses it, or it is given up.
func (f *liveFile) again(send func() error) error {
	l := f.live
	for pause := l.pause; ; pause = min(2*pause, mostPause) {
		err := send()
		switch {
		case err == nil:
			select {
			case l.took <- struct{}{}:
			default:
			}
			return nil
		case f.ctx.Err() != nil:
			return late{f.in.t.plain(err)}
		case refused(err):
			f.failed.Store(true)
			return f.in.t.plain(err)
		}
		select {
		case <-time.After(pause):
		case <-f.ctx.Done():
			return late{f.in.t.plain(err)}
		}
	}
}

// Settle waits until all files have ended of which all was written; see store.Later.
func (l *Live) Settle() {
	done := make(chan struct{})
	go func() {
		l.ending.Wait()
		close(done)
	}()
	quiet, late := time.NewTimer(l.atEnd), time.NewTimer(mostAtEnd)
	defer quiet.Stop()
	defer late.Stop()
	for {
		select {
		case <-done:
			return
		case <-l.took:
			quiet.Reset(l.atEnd)
			continue
		case <-quiet.C:
		case <-late.C:
		case <-l.ctx.Done():
		}
		l.cancel()
		<-done
		return
	}
}
