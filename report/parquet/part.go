package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"tcpwatch/internal/store"
	"tcpwatch/report/schema"
)

// Keys of what a file says of itself besides.
const (
	schemaKey = "tcpwatch.schema" // schema.Version
	runKey    = "tcpwatch.run"    // the run that wrote it
	partKey   = "tcpwatch.part"   // its number among the run's
	placeKey  = "tcpwatch.place"  // of its connections, where they have one; that in its name may stand for none
	orderKey  = "tcpwatch.order"  // which of the run's connections it has: see order
	statsKey  = "tcpwatch.stats"  // the stats line of JSON Lines
	partsKey  = "tcpwatch.parts"  // of stats: what the run wrote, []Part in JSON
)

// Part is a file of connections that a run wrote.
type Part struct {
	Name  string `json:"name"` // in its archive
	Rows  uint64 `json:"rows"`
	Bytes int64  `json:"bytes"`
	First uint64 `json:"first"` // the number of its first connection among those of the run
}

// kind is what the connections of one file have in common.
type kind struct {
	partition string // the place in its name
	place     string // of each; "" for none
	day       int64  // since 1970 that they began; unknownDay
}

// unknownDay is that of a connection that began nobody knows when.
const unknownDay = math.MinInt64

// dayNs is a day, in ns.
const dayNs = 24 * 3600 * 1e9

// dayOf is the day of a time, ns since 1970.
func dayOf(ns int64) int64 {
	day := ns / dayNs
	if ns%dayNs < 0 {
		day--
	}
	return day
}

// date is the date of the connections.
func (k *kind) date() string {
	if k.day == unknownDay {
		return noDate
	}
	return dateOf(k.day*dayNs + dayNs/2)
}

// order is which of the run's connections the rows of a file are: so many left out, then so many there,
// and again, each as a varint. It is empty for those from the first on, however many.
type order struct {
	b           []byte
	from, until uint64 // of those that are there, the last ones
	before      uint64 // behind those before
}

// add says that the next row is the connection with a number, counted from 0.
func (o *order) add(number uint64) {
	if number != o.until || o.until == o.from {
		o.flush()
		o.from = number
	}
	o.until = number + 1
}

func (o *order) flush() {
	if o.until > o.from {
		o.b = binary.AppendUvarint(o.b, o.from-o.before)
		o.b = binary.AppendUvarint(o.b, o.until-o.from)
		o.before = o.until
	}
	o.from = o.until
}

// text is all of it, in letters.
func (o *order) text() string {
	o.flush()
	return base64.StdEncoding.EncodeToString(o.b)
}

// Order tells the numbers of a file's rows among the connections of the run.
type Order struct {
	b          []byte
	next, left uint64
}

// errOrder is that an Order says less, or more, than there are rows.
var errOrder = errors.New("which connections of the run the rows are does not fit them")

// orderOf reads what a file says.
func orderOf(text string) (*Order, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errOrder
	}
	return &Order{b: b}, nil
}

// Next is the number of the next row.
func (o *Order) Next() (uint64, error) {
	for o.left == 0 {
		gap, n := binary.Uvarint(o.b)
		if n <= 0 {
			return 0, errOrder
		}
		count, m := binary.Uvarint(o.b[n:])
		if m <= 0 {
			return 0, errOrder
		}
		o.b = o.b[n+m:]
		o.next, o.left = o.next+gap, count
	}
	o.left--
	o.next++
	return o.next - 1, nil
}

// counting counts the bytes that are written.
type counting struct {
	to io.Writer
	n  int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

// writing is a file of connections that is being written.
type writing struct {
	kind
	number int
	part   Part
	file   store.File
	bytes  *counting
	t      *table
	order  order
	last   uint64 // the number of its last row
}

// begin begins a file of an archive.
func begin(to store.Store, name string) (store.File, error) {
	f, err := to.Create(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// whole ends one that was begun.
func whole(f store.File, name string) error {
	if err := f.Whole(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// newWriting begins a file of connections.
func (o *Output) newWriting(k kind) (*writing, error) {
	o.numbers++
	name := Name{Place: k.partition, Date: k.date(), Run: o.run, Part: o.numbers}
	w := &writing{kind: k, number: o.numbers, part: Part{Name: name.String()}}
	var err error
	if w.file, err = o.sending.begin(o.to, w.part.Name, func() uint64 { return w.part.Rows }); err != nil {
		return nil, err
	}
	w.bytes = &counting{to: w.file}
	w.t = newTable(w.bytes, connectionsName, o.o.Version, o.leaves, o.memory)
	o.writing = slices.Insert(o.writing, 0, w)
	o.share()
	return w, nil
}

// refused reports whether nothing comes of the file any more.
func (w *writing) refused() bool {
	f, ok := w.file.(store.Sent)
	return ok && f.Failed()
}

// row takes the next row, which is the connection of that number among those of the run.
func (w *writing) row(row []byte, number uint64) error {
	if w.part.Rows == 0 {
		w.part.First = number
	}
	w.part.Rows++
	w.order.add(number)
	w.last = number
	if err := w.t.add(row); err != nil {
		return fmt.Errorf("%s: %w", w.part.Name, err)
	}
	return nil
}

// end ends the file, and puts it under its name.
func (w *writing) end(run string) error {
	about := [][2]string{{schemaKey, strconv.Itoa(schema.Version)}, {runKey, run}, {partKey, strconv.Itoa(w.number)}, {orderKey, w.order.text()}}
	if w.place != "" {
		about = append(about, [2]string{placeKey, w.place})
	}
	if err := w.t.close(about); err != nil {
		w.file.Undo()
		return fmt.Errorf("%s: %w", w.part.Name, err)
	}
	w.part.Bytes = w.bytes.n
	return whole(w.file, w.part.Name)
}
