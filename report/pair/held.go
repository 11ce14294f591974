package pair

import "fmt"

// held are the connections of a place, numbered in the order in which their records came. Those for which memory has
// no room lie in a file, all of one size.
type held struct {
	n     int           // all of them
	out   int           // the first so many lie in the file
	file  File          // nil while none does
	conns []*Conn       // the others
	other map[int]*Conn // of those in the file, those that changed since
	b     [connSize]byte
}

// add takes a connection.
func (h *held) add(c *Conn) {
	c.at = h.n
	h.n++
	h.conns = append(h.conns, c)
}

// spill writes those in memory to the file.
func (h *held) spill(file func() (File, error)) (err error) {
	if len(h.conns) == 0 {
		return nil
	}
	if h.file == nil {
		f, err := file()
		if err != nil {
			return err
		}
		h.file = &paged{File: f}
	}
	b := make([]byte, 0, atOneTime)
	for i, c := range h.conns {
		b = appendConn(b, c)
		if len(b)+connSize > cap(b) || i == len(h.conns)-1 {
			if _, err := h.file.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	h.out, h.conns = h.n, nil
	return nil
}

// atOneTime is how many bytes are written to a file, or read of it, together.
const atOneTime = 1 << 16

// get is a connection by its number.
func (h *held) get(i int) (*Conn, error) { return h.getIn(i, nil) }

// getIn is get in the memory of to, if that is not nil and what is asked for lies in the file.
func (h *held) getIn(i int, to *Conn) (*Conn, error) {
	if i >= h.out {
		return h.conns[i-h.out], nil
	}
	if c := h.other[i]; c != nil {
		return c, nil
	}
	if _, err := h.file.ReadAt(h.b[:], int64(i)*connSize); err != nil {
		return nil, fmt.Errorf("connections that memory had no room for: %w", err)
	}
	if to == nil {
		to = &Conn{}
	}
	*to = Conn{at: i}
	readConn(h.b[:], to)
	return to, nil
}

// change notes that a connection that get gave was changed.
func (h *held) change(c *Conn) {
	if c.at < h.out {
		if h.other == nil {
			h.other = map[int]*Conn{}
		}
		h.other[c.at] = c
	}
}

// each calls f with all connections but those to skip, in order; f keeps none of them.
func (h *held) each(skip bits, f func(*Conn) error) error {
	const many = atOneTime / connSize
	var b [many * connSize]byte
	own := &Conn{}
	for from := 0; from < h.out; from += many {
		n := min(many, h.out-from)
		read := false
		for i := from; i < from+n; i++ {
			if skip.has(i) {
				continue
			}
			c := h.other[i]
			if c == nil {
				if !read {
					if _, err := h.file.ReadAt(b[:n*connSize], int64(from)*connSize); err != nil {
						return fmt.Errorf("connections that memory had no room for: %w", err)
					}
					read = true
				}
				*own = Conn{at: i}
				c = own
				readConn(b[(i-from)*connSize:][:connSize], c)
			}
			if err := f(c); err != nil {
				return err
			}
		}
	}
	for _, c := range h.conns {
		if !skip.has(c.at) {
			if err := f(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// close gives up the file.
func (h *held) close() error {
	if h.file == nil {
		return nil
	}
	return h.file.Close()
}

// bits are a set of connections of a place, a bit each.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 != 0 }
func (b bits) set(i int)      { b[i>>6] |= 1 << (i & 63) }
