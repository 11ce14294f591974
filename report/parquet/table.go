package parquet

import (
	"io"

	"github.com/parquet-go/parquet-go"

	"tcpwatch/report/schema"
)

// How many rows are in a page of each column, and in a row group at the most.
const (
	pageRows  = 4096
	groupRows = 128 << 10
)

// MostHeld is the memory that an Output takes at most, about, in bytes: a third for the pages of a row
// group, which ends when they take more, the rest for the rows of a page in all columns.
const MostHeld = 48 << 20

// leastRows are in a page however little memory there is.
const leastRows = 256

// chunkBytes is in pieces of what size room is made for the pages of a column: most have few bytes.
const chunkBytes = 4 << 10

// dictionaryBytes is how much the different texts of a column may take before those that follow are
// written as they are.
const dictionaryBytes = 256 << 10

// table is a file of rows that is being written.
type table struct {
	leaves  []schema.Leaf
	perPage int   // rows
	most    int64 // bytes of a row group
	w       *parquet.GenericWriter[any]
	columns []column // of each leaf
	rows    int      // of this page
	group   int      // of this row group
	began   int64    // where that begins in the file
	texts   []byte   // of this page, as far as there is room
}

// column is one that is being written. Values wait in it: to hand them on one by one takes longer.
type column struct {
	w     *parquet.ColumnWriter
	shape schema.Shape
	text  bool
	truth bool
	rows  int // of this page that it has values of, or nulls
	waits []parquet.Value
}

// waiting is how many values wait in a column.
const waiting = 64

// newTable returns a table of these columns, which is called name; version is the program's, and what
// it holds takes so much memory at most, in bytes.
func newTable(to io.Writer, name, version string, leaves []schema.Leaf, memory int64) *table {
	t := &table{leaves: leaves}
	t.hold(memory)
	s := schemaOf(name, leaves)
	t.w = parquet.NewGenericWriter[any](to, s, parquet.CreatedBy("tcpwatch", version, ""), parquet.DataPageVersion(1),
		parquet.Compression(newCodec()), parquet.DictionaryMaxBytes(dictionaryBytes),
		parquet.ColumnPageBuffers(parquet.NewChunkBufferPool(chunkBytes)))
	writers := t.w.ColumnWriters()
	for i := range leaves {
		l := &leaves[i]
		at, _ := s.Lookup(pathOf(l)...)
		t.columns = append(t.columns, column{w: writers[at.ColumnIndex], shape: l.Shape, text: isText(l), truth: l.Type == schema.Truth})
	}
	return t
}

// hold says how much memory it takes at most, in bytes.
func (t *table) hold(memory int64) {
	t.perPage, t.most = int(min(max(pageRows*memory/MostHeld, leastRows), pageRows)), memory/3
}

// nulls are rows without a value. Nobody writes to them.
var nulls [pageRows]parquet.Value

// add takes the rows that a rowMaker made.
func (t *table) add(rows []byte) error {
	for r := (rowReader{rows}); len(r.b) > 0; {
		if err := t.row(&r); err != nil {
			return err
		}
	}
	return nil
}

// row takes the next of them.
func (t *table) row(r *rowReader) error {
	for leaf := r.uint(); leaf < len(t.columns); leaf = r.uint() {
		if err := t.value(&t.columns[leaf], r); err != nil {
			return err
		}
	}
	if t.rows++; t.rows < t.perPage {
		return nil
	}
	return t.endPage()
}

// value takes the next value of a row. The levels are those of package parquet: at which of the groups
// that may be absent, from the outside in, a value is, and that of a value is the greatest of its column.
func (t *table) value(c *column, r *rowReader) error {
	again, nth := 0, 0
	if c.shape != schema.One {
		if nth = r.uint() - 1; nth > 0 {
			again = 1
		}
	}
	if nth <= 0 {
		if err := c.fill(t.rows); err != nil {
			return err
		}
		c.rows++
	}
	if nth < 0 {
		c.put(parquet.Value{}.Level(0, 1, 0))
		return nil
	}
	there := 1
	if c.shape != schema.One {
		there = 2
	}
	if c.shape == schema.Part {
		if r.uint() == 0 {
			c.put(parquet.Value{}.Level(again, there, 0))
			return nil
		}
		there = 3
	}
	var v parquet.Value
	if c.text {
		v = parquet.ByteArrayValue(t.keep(r.text()))
	} else if n := r.number(); c.truth {
		v = parquet.BooleanValue(n != 0)
	} else {
		v = parquet.Int64Value(n)
	}
	c.put(v.Level(again, there, 0))
	return nil
}

// textsBytes is in pieces of what size room is made for texts.
const textsBytes = 64 << 10

// keep copies a text that is borrowed. It stays until the values that wait are written.
func (t *table) keep(text []byte) []byte {
	if cap(t.texts)-len(t.texts) < len(text) {
		t.texts = make([]byte, 0, max(len(text), textsBytes))
	}
	from := len(t.texts)
	t.texts = append(t.texts, text...)
	return t.texts[from:]
}

// put takes a value.
func (c *column) put(v parquet.Value) { c.waits = append(c.waits, v) }

// write writes the values that wait.
func (c *column) write() error {
	_, err := c.w.WriteRowValues(c.waits)
	clear(c.waits)
	c.waits = c.waits[:0]
	return err
}

// fill has nulls for all rows of the page before that one, and writes when enough values wait.
func (c *column) fill(row int) error {
	missing := row - c.rows
	c.rows = row
	few := missing < waiting
	if few {
		c.waits = append(c.waits, nulls[:missing]...)
	}
	if few && len(c.waits) < waiting {
		return nil
	}
	if err := c.write(); err != nil || few {
		return err
	}
	_, err := c.w.WriteRowValues(nulls[:missing])
	return err
}

// endPage ends a page of each column, and the row group when it is large.
func (t *table) endPage() error {
	if t.rows == 0 {
		return nil
	}
	for i := range t.columns {
		c := &t.columns[i]
		if err := c.fill(t.rows); err != nil {
			return err
		}
		if err := c.write(); err != nil {
			return err
		}
		if err := c.w.Flush(); err != nil {
			return err
		}
		c.rows = 0
	}
	t.group, t.rows, t.texts = t.group+t.rows, 0, t.texts[:0]
	if t.group < groupRows && t.w.Size()-t.began < t.most {
		return nil
	}
	err := t.w.Flush()
	t.group, t.began = 0, t.w.Size()
	return err
}

// close writes what is left, with what is known of the whole file.
func (t *table) close(about [][2]string) error {
	if err := t.endPage(); err != nil {
		return err
	}
	for _, x := range about {
		t.w.SetKeyValueMetadata(x[0], x[1])
	}
	return t.w.Close()
}
