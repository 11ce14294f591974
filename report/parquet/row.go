package parquet

import (
	"encoding/binary"
	"unicode/utf8"

	"tcpwatch/report/schema"
)

// A row on its way from a worker to the writer is the values that it has, then a leaf that does not
// exist. Of each value there is the number of its leaf, of one in a list its place there counted from
// 1 (0 for a list that is empty), of a part of an object whether there is any, and the value itself: a
// number, or the length of a text and the text.

// rowMaker makes rows.
type rowMaker struct {
	leaves []schema.Leaf
	b      []byte
	text   []byte
}

// take appends a value to the row; see schema.Take.
func (m *rowMaker) take(leaf, nth int, v schema.Value) {
	l := &m.leaves[leaf]
	m.b = binary.AppendUvarint(m.b, uint64(leaf))
	if l.Shape != schema.One {
		if m.b = binary.AppendUvarint(m.b, uint64(nth+1)); nth < 0 {
			return
		}
	}
	if l.Shape == schema.Part {
		if v.Absent() {
			m.b = append(m.b, 0)
			return
		}
		m.b = append(m.b, 1)
	}
	if !isText(l) {
		m.number(v.Number())
		return
	}
	m.text = valid(v.AppendText(m.text[:0]))
	m.bytes(m.text)
}

// valid is a text as JSON Lines have it: in UTF-8.
func valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	was := string(text)
	text = text[:0]
	for _, letter := range was {
		text = utf8.AppendRune(text, letter)
	}
	return text
}

func (m *rowMaker) number(n int64) { m.b = binary.AppendVarint(m.b, n) }

func (m *rowMaker) bytes(text []byte) {
	m.b = binary.AppendUvarint(m.b, uint64(len(text)))
	m.b = append(m.b, text...)
}

// end ends the row.
func (m *rowMaker) end() { m.b = binary.AppendUvarint(m.b, uint64(len(m.leaves))) }

// rowReader reads what a rowMaker made.
type rowReader struct{ b []byte }

func (r *rowReader) uint() int {
	n, size := binary.Uvarint(r.b)
	r.b = r.b[size:]
	return int(n)
}

func (r *rowReader) number() int64 {
	n, size := binary.Varint(r.b)
	r.b = r.b[size:]
	return n
}

func (r *rowReader) text() []byte {
	n := r.uint()
	text := r.b[:n]
	r.b = r.b[n:]
	return text
}
