package serve

import (
	"bytes"
	"sync"
	"time"
)

// queue holds lines that wait to be sent, at most so many bytes of them. What comes when it is full
// is left out, and counted.
type queue struct {
	most  int // bytes
	count func(lines []byte) uint64

	mu   sync.Mutex
	b    []byte
	from int           // where what waits begins in b
	wake chan struct{} // something waits: there is one
	room chan struct{} // something was taken: there is one
	lost uint64        // items for which there was no room
}

func newQueue(most int, count func(lines []byte) uint64) *queue {
	return &queue{most: most, count: count, wake: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// signal tells who waits, if anybody does.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put puts whole lines in, and waits for nobody; false when there is no room.
func (q *queue) put(lines []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.b)-q.from+len(lines) > q.most {
		return false
	}
	if q.from > 0 && len(q.b)+len(lines) > cap(q.b) {
		q.b, q.from = q.b[:copy(q.b, q.b[q.from:])], 0
	}
	q.b = append(q.b, lines...)
	signal(q.wake)
	return true
}

// putOrDrop puts lines in, or leaves them out.
func (q *queue) putOrDrop(lines []byte) {
	if !q.put(lines) {
		q.mu.Lock()
		q.lost += q.count(lines)
		q.mu.Unlock()
	}
}

// putPatiently is putOrDrop of an input that can wait: it waits for room until patience says that
// nobody takes anything.
func (q *queue) putPatiently(lines []byte, patience func() time.Duration) {
	for !q.put(lines) {
		left := patience()
		if left <= 0 {
			q.putOrDrop(lines)
			return
		}
		late := time.NewTimer(min(left, time.Second))
		select {
		case <-q.room:
		case <-late.C:
		}
		late.Stop()
	}
}

// take takes some of the lines, copied: at most so many bytes, but one line at least.
func (q *queue) take(most int) []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits := q.b[q.from:]
	if len(waits) > most {
		if end := bytes.LastIndexByte(waits[:most], '\n'); end >= 0 {
			waits = waits[:end+1]
		} else {
			waits = waits[:bytes.IndexByte(waits, '\n')+1]
		}
	}
	some := bytes.Clone(waits)
	if q.from += len(some); q.from == len(q.b) {
		q.b, q.from = q.b[:0], 0
	}
	signal(q.room)
	return some
}

// waiting is how many bytes wait, and how many items were left out.
func (q *queue) waiting() (n int, lost uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.b) - q.from, q.lost
}

func countLines(b []byte) uint64 { return uint64(bytes.Count(b, []byte{'\n'})) }
