package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
)

// magic is what a Parquet file begins and ends with.
const magic = "PAR1"

// Is reports whether a file begins as a Parquet file does.
func Is(r io.ReaderAt) bool {
	var begin [len(magic)]byte
	n, _ := r.ReadAt(begin[:], 0)
	return n == len(begin) && string(begin[:]) == magic
}

// maxFooter is how many bytes of a file may say where its columns are.
const maxFooter = 512 << 20

// Reader reads connections back. It is not safe for concurrent use.
type Reader struct {
	in      io.ReaderAt
	size    int64
	file    *parquet.File
	columns []stored
	place   *placed // where the columns do not say it
	group   int     // that is read next
	left    int64   // rows of the one that is read
	row     int64   // number of the last row, from 1
}

// placed is where all connections of a file were captured.
type placed struct {
	leaf int
	v    schema.Value
}

// stored is a column that is there.
type stored struct {
	leaf  int
	shape schema.Shape
	name  string
	typ   schema.Type
	index int // of its column in the file
	// The definition levels of a value, and of an object without that part.
	value, list int
	cursor
}

// errOther is that a file holds something else.
var errOther = errors.New("no connections as -o parquet writes them")

// errOldLayout is that a file is of an archive as it was before its files had a folder for each place and date.
var errOldLayout = errors.New("written as one file by an older version: write it again with -o parquet:DIR")

// Open reads what a file says of itself. Its errors are one line, and do not name the file.
func Open(in io.ReaderAt, size int64) (r *Reader, err error) {
	defer recovered(&err)
	f, err := openFile(in, size)
	if err != nil {
		return nil, err
	}
	r = &Reader{in: in, size: size, file: f}
	if _, ok := f.Lookup(statsKey); ok && f.Schema().Name() == connectionsName {
		return nil, errOldLayout
	}
	return r, r.find()
}

// openFile opens a file of this schema, or an older one.
func openFile(in io.ReaderAt, size int64) (*parquet.File, error) {
	var end [8]byte
	if _, err := in.ReadAt(end[:], max(0, size-int64(len(end)))); size < int64(len(magic)+len(end)) || err != nil && err != io.EOF {
		return nil, damaged(errors.New("it is too short"))
	}
	if string(end[4:]) != magic {
		return nil, damaged(errors.New("its end is missing: it was cut short, or is no Parquet"))
	}
	if footer := int64(binary.LittleEndian.Uint32(end[:])); footer > min(size, maxFooter) {
		return nil, damaged(fmt.Errorf("a footer of %d bytes", footer))
	}
	f, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	if version, ok := f.Lookup(schemaKey); ok && newer(version, schema.Version) {
		return nil, fmt.Errorf("schema %s is newer than this program, which knows %d", say.Escape(version), schema.Version)
	}
	return f, nil
}

// newer reports whether a version is newer than one that is known: what is no number is.
func newer(version string, known int) bool {
	n, err := strconv.Atoi(version)
	return err != nil || n > known
}

// Run is the run that wrote the file, and which of its files it is, from 1; "" where another program
// wrote it.
func (r *Reader) Run() (name string, part int) {
	name, _ = r.file.Lookup(runKey)
	number, _ := r.file.Lookup(partKey)
	part, _ = strconv.Atoi(number)
	return name, part
}

// Rows is how many connections there are.
func (r *Reader) Rows() uint64 { return uint64(r.file.NumRows()) }

// Order tells which of the run's connections they are; nil where nothing says so.
func (r *Reader) Order() (*Order, error) {
	text, ok := r.file.Lookup(orderKey)
	if !ok {
		return nil, nil
	}
	return orderOf(text)
}

// recovered turns a panic about what a file holds into an error.
func recovered(err *error) {
	if x := recover(); x != nil {
		*err = damaged(fmt.Errorf("%v", x))
	}
}

// damaged is an error about what a file holds, in one line.
func damaged(err error) error { return fmt.Errorf("damaged Parquet: %s", say.Escape(err.Error())) }

// find looks for the columns of a connection. Others are left out, and of some there need be none.
func (r *Reader) find() error {
	s := r.file.Schema()
	if name := s.Name(); name == findingsName || name == statsName {
		return fmt.Errorf("holds %s: give it the folder of the archive, or files of connections", name)
	}
	var missing []string
	for i, l := range schema.Leaves() {
		at, ok := s.Lookup(pathOf(&l)...)
		name := strings.Join(l.Path, ".")
		if !ok {
			if place, ok := r.file.Lookup(placeKey); ok && name == "place" {
				r.place = &placed{i, schema.ValueOf(l.Type, 0, place)}
			}
			if slices.Contains(needed, name) {
				missing = append(missing, name)
			}
			continue
		}
		c := stored{leaf: i, shape: l.Shape, name: name, typ: l.Type, index: at.ColumnIndex, value: at.MaxDefinitionLevel}
		if want := nodeOf(&l).Type(); at.Node.Type().Kind() != want.Kind() || !sameUnit(at.Node.Type(), want) {
			return fmt.Errorf("%w: %s is %s, not %s", errOther, name, at.Node.Type(), want)
		}
		if repeats := min(int(l.Shape), 1); at.MaxRepetitionLevel != repeats {
			return fmt.Errorf("%w: %s is in %d lists, not %d", errOther, name, at.MaxRepetitionLevel, repeats)
		}
		if c.list = c.value; l.Shape == schema.Part && at.Node.Optional() {
			c.list--
		}
		r.columns = append(r.columns, c)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: without %s", errOther, strings.Join(missing, ", "))
	}
	return nil
}

// needed are columns without which a row is no connection.
var needed = []string{"id", "orig_ip", "orig_port", "resp_ip", "resp_port"}

// sameUnit reports whether numbers of two types mean the same.
func sameUnit(a, b parquet.Type) bool {
	x, y := a.LogicalType(), b.LogicalType()
	if y == nil {
		return true
	}
	switch want := y.Value.(type) {
	case *format.TimestampType:
		have, ok := valueOf(x).(*format.TimestampType)
		if !ok {
			return false
		}
		_, ns := have.Unit.Value.(*format.NanoSeconds)
		return ns
	case *format.DecimalType:
		have, ok := valueOf(x).(*format.DecimalType)
		return ok && have.Scale == want.Scale
	}
	return true
}

// valueOf is what a logical type is; nil where there is none.
func valueOf(t *format.LogicalType) any {
	if t == nil {
		return nil
	}
	return t.Value
}

// Row is the number of the row that was read last, from 1.
func (r *Reader) Row() int64 { return r.row }

// Next hands over the values of the next connection; io.EOF when there is none. Its errors are one
// line, and end the reading.
func (r *Reader) Next(take schema.Take) (err error) {
	defer recovered(&err)
	for r.left == 0 {
		groups := r.file.RowGroups()
		if r.group == len(groups) {
			return io.EOF
		}
		if err := r.begin(groups[r.group]); err != nil {
			return damaged(err)
		}
		r.group++
	}
	r.left--
	r.row++
	if r.place != nil {
		take(r.place.leaf, 0, r.place.v)
	}
	for i := range r.columns {
		if err := r.columns[i].row(take); err != nil {
			return damaged(fmt.Errorf("row %d, %s: %w", r.row, r.columns[i].name, err))
		}
	}
	return nil
}

// begin begins a row group.
func (r *Reader) begin(g parquet.RowGroup) error {
	if r.left = g.NumRows(); r.left < 0 {
		return fmt.Errorf("a row group of %d rows", r.left)
	}
	chunks := g.ColumnChunks()
	meta := r.file.Metadata().RowGroups[r.group].Columns
	var unpacked int64
	for i := range r.columns {
		c := &r.columns[i]
		takes, err := checkPages(r.in, r.size, &meta[c.index].MetaData)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if unpacked += takes; unpacked > mostUnpacked {
			return fmt.Errorf("pages that take more than %s unpacked: smaller ones can be read", say.Bytes(mostUnpacked))
		}
		c.close()
		c.cursor = cursor{pages: chunks[c.index].Pages()}
	}
	return nil
}

// Close ends reading.
func (r *Reader) Close() {
	for i := range r.columns {
		r.columns[i].close()
	}
}

// row hands over the values of a column in the next row.
func (c *stored) row(take schema.Take) error {
	for nth := 0; ; nth++ {
		v, err := c.next()
		if err != nil {
			return err
		}
		switch level := v.DefinitionLevel(); {
		case level == c.value:
			take(c.leaf, nth, c.of(v))
		case c.shape == schema.One:
		case level == c.list:
			take(c.leaf, nth, schema.Value{})
		case level > 0:
			take(c.leaf, -1, schema.Value{})
		}
		if c.shape == schema.One {
			return nil
		}
		if again, err := c.goesOn(); err != nil || !again {
			return err
		}
	}
}

// of is a value that is there.
func (c *stored) of(v parquet.Value) schema.Value {
	switch v.Kind() {
	case parquet.ByteArray:
		return schema.ValueOf(c.typ, 0, string(v.ByteArray()))
	case parquet.Boolean:
		if v.Boolean() {
			return schema.ValueOf(c.typ, 1, "")
		}
		return schema.ValueOf(c.typ, 0, "")
	}
	return schema.ValueOf(c.typ, v.Int64(), "")
}
