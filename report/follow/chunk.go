package follow

// chunk is a piece of a segment that waits for its turn.
type chunk struct {
	off, n int64  // numbers off <= i < off+n of the stream; n is 0 for a FIN or RST
	data   []byte // the first of them; what is missing at the end the snaplen cut
	ack    int64  // how much of the peer's stream its sender had when it sent this
	time   int64
	packet uint64
	kind   kind // pieceBytes, pieceFIN or pieceRST
}

func (c *chunk) end() int64 { return c.off + c.n }

// before is the part of c before number n, from the part from n on.
func (c chunk) before(n int64) chunk {
	c.n = max(0, min(c.n, n-c.off))
	c.data = c.data[:min(int64(len(c.data)), c.n)]
	return c
}

func (c chunk) from(n int64) chunk {
	if skip := min(c.n, n-c.off); skip > 0 {
		c.off, c.n = c.off+skip, c.n-skip
		c.data = c.data[min(int64(len(c.data)), skip):]
	}
	return c
}

// queue is the chunks that wait, in order and without overlap.
type queue struct {
	chunks []chunk
	head   int // chunks[:head] are taken
	bytes  int // of payload
}

func (q *queue) len() int { return len(q.chunks) - q.head }

// first is the chunk whose turn comes first; nil when none waits.
func (q *queue) first() *chunk {
	if q.head == len(q.chunks) {
		return nil
	}
	return &q.chunks[q.head]
}

// last is the chunk that stands last; nil when none waits.
func (q *queue) last() *chunk {
	if q.head == len(q.chunks) {
		return nil
	}
	return &q.chunks[len(q.chunks)-1]
}

// holds reports whether anything that waits overlaps c.
func (q *queue) holds(c *chunk) bool {
	for i := q.head; i < len(q.chunks); i++ {
		if w := &q.chunks[i]; w.off < c.end() && c.off < w.end() {
			return true
		}
	}
	return false
}

// take takes the first chunk out.
func (q *queue) take() chunk {
	c := q.chunks[q.head]
	q.chunks[q.head] = chunk{}
	q.head++
	q.bytes -= len(c.data)
	if q.head == len(q.chunks) {
		q.chunks, q.head = q.chunks[:0], 0
	}
	return c
}

// search is the index of the first chunk that ends after number n.
func (q *queue) search(n int64) int {
	lo, hi := q.head, len(q.chunks)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); q.chunks[mid].end() <= n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// insert puts c, with a copy of its data, before chunk i and returns where it
// is now.
func (q *queue) insert(i int, c chunk) int {
	c.data = append([]byte(nil), c.data...)
	q.bytes += len(c.data)
	if q.head > 0 && len(q.chunks) == cap(q.chunks) {
		n := copy(q.chunks, q.chunks[q.head:])
		clear(q.chunks[n:])
		q.chunks, i, q.head = q.chunks[:n], i-q.head, 0
	}
	q.chunks = append(q.chunks, chunk{})
	copy(q.chunks[i+1:], q.chunks[i:])
	q.chunks[i] = c
	return i
}

// add puts in what of c does not wait already, and tells other of each part
// that does, whatever it holds.
func (q *queue) add(c chunk, other func(again, waiting *chunk)) {
	i := q.search(c.off)
	for c.n > 0 {
		if i == len(q.chunks) || q.chunks[i].off >= c.end() {
			q.insert(i, c)
			return
		}
		if w := &q.chunks[i]; c.off < w.off {
			i = q.insert(i, c.before(w.off)) + 1
		}
		w := &q.chunks[i]
		again := c.from(w.off).before(w.end())
		other(&again, w)
		c = c.from(w.end())
		i++
	}
}

// mark puts in a FIN or RST behind what ends where it stands, and before what
// goes on there.
func (q *queue) mark(c chunk) {
	i := q.search(c.off)
	if i < len(q.chunks) {
		c.off = min(c.off, q.chunks[i].off)
	}
	q.insert(i, c)
}
