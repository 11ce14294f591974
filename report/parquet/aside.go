package parquet

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// asideShare is the part of the memory of an Output that rows which are set aside may take.
const asideShare = 4

// Temporary is a file that lasts as long as it is open.
type Temporary interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// aside are rows of more files than are written at the same time: each waits in memory, and then in one
// temporary file, until its own is written. A row is its number and its bytes.
type aside struct {
	file  func() (Temporary, error) // nil: nothing is set aside
	most  int64                     // bytes in memory
	held  int64
	kinds map[kind]*pile
	to    Temporary // nil before the first piece
	size  int64
}

// pile are the rows of one file.
type pile struct {
	kind
	first  uint64
	rows   []byte  // in memory, behind those in pieces
	pieces []piece // in the temporary file
}

// piece is where rows stand in the temporary file.
type piece struct {
	at   int64
	size int
}

// has reports whether there are rows of a file.
func (a *aside) has(k kind) bool { return a.kinds[k] != nil }

// add sets a row aside, which is the connection of that number among those of the run.
func (a *aside) add(k kind, number uint64, row []byte) error {
	if a.kinds == nil {
		a.kinds = map[kind]*pile{}
	}
	h := a.kinds[k]
	if h == nil {
		h = &pile{kind: k, first: number}
		a.kinds[k] = h
	}
	before := cap(h.rows)
	h.rows = binary.AppendUvarint(h.rows, number)
	h.rows = binary.AppendUvarint(h.rows, uint64(len(row)))
	h.rows = append(h.rows, row...)
	if a.held += int64(cap(h.rows) - before); a.held <= a.most {
		return nil
	}
	if err := a.spill(); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	return nil
}

// spill writes all that is in memory to the temporary file.
func (a *aside) spill() (err error) {
	if a.to == nil {
		if a.to, err = a.file(); err != nil {
			return err
		}
	}
	for _, h := range a.kinds {
		if len(h.rows) == 0 {
			continue
		}
		if _, err := a.to.Write(h.rows); err != nil {
			return err
		}
		h.pieces = append(h.pieces, piece{a.size, len(h.rows)})
		a.size += int64(len(h.rows))
		h.rows = nil
	}
	a.held = 0
	return nil
}

// each hands over all rows, file by file, each in its order, and says when there is no more of one.
func (a *aside) each(row func(k kind, number uint64, row []byte) error, end func() error) error {
	all := make([]*pile, 0, len(a.kinds))
	for _, h := range a.kinds {
		all = append(all, h)
	}
	slices.SortFunc(all, func(x, y *pile) int { return cmp.Compare(x.first, y.first) })
	var b []byte
	for _, h := range all {
		for _, p := range h.pieces {
			b = slices.Grow(b[:0], p.size)[:p.size]
			if n, err := a.to.ReadAt(b, p.at); n < p.size {
				return fmt.Errorf("temporary file: %w", err)
			}
			if err := h.hand(b, row); err != nil {
				return err
			}
		}
		if err := h.hand(h.rows, row); err != nil {
			return err
		}
		if err := end(); err != nil {
			return err
		}
		delete(a.kinds, h.kind)
	}
	return nil
}

// hand hands over some of its rows.
func (h *pile) hand(b []byte, row func(k kind, number uint64, row []byte) error) error {
	for r := (rowReader{b}); len(r.b) > 0; {
		number := uint64(r.uint())
		if err := row(h.kind, number, r.text()); err != nil {
			return err
		}
	}
	return nil
}

// close removes the temporary file.
func (a *aside) close() {
	if a.to != nil {
		a.to.Close()
		a.to = nil
	}
	a.kinds = nil
}
