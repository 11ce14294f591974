package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// cursor walks over the values of a column in a row group.
type cursor struct {
	pages  parquet.Pages // nil before the first row group
	page   parquet.Page
	values parquet.ValueReader
	read   []parquet.Value // of the page, so many at a time
	at     int             // of read
}

// readAhead is how many values are read at a time.
const readAhead = 128

var errShort = errors.New("there are fewer values than rows")

// next is the next value.
func (c *cursor) next() (parquet.Value, error) {
	if c.at == len(c.read) {
		if err := c.more(); err != nil {
			return parquet.Value{}, err
		}
	}
	c.at++
	return c.read[c.at-1], nil
}

// goesOn reports whether the next value belongs to the row of the one before.
func (c *cursor) goesOn() (bool, error) {
	if c.at == len(c.read) {
		switch err := c.more(); err {
		case nil:
		case errShort:
			return false, nil
		default:
			return false, err
		}
	}
	return c.read[c.at].RepetitionLevel() > 0, nil
}

// more reads more values.
func (c *cursor) more() error {
	if c.read == nil {
		c.read = make([]parquet.Value, readAhead)
	}
	c.read, c.at = c.read[:0], 0
	for len(c.read) == 0 {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err == io.EOF {
				return errShort
			}
			if err != nil {
				return err
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.read[:cap(c.read)])
		c.read = c.read[:n]
		switch {
		case err == io.EOF && n == 0, err == nil && n == 0:
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		case err != nil && err != io.EOF:
			return err
		}
	}
	return nil
}

// close ends reading.
func (c *cursor) close() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	if c.pages != nil {
		c.pages.Close()
	}
}

// mostUnpacked is how many bytes the pages may take, unpacked, that are read at the same time: one of
// each column. A few bytes can say that they hold thousands of millions of values.
const mostUnpacked = 1 << 30

// perValue is how many bytes a value takes besides those that the page says: its level, and where it is
// in the dictionary.
const perValue = 5

// How long what a page says of itself may be, in bytes, and is nearly always at the most.
const (
	maxHeader   = 64 << 10
	mostHeaders = 256
)

// checkPages looks at what the pages of a column say of themselves, before room is made for them: it
// returns how many bytes the largest takes, with a dictionary.
func checkPages(in io.ReaderAt, size int64, m *format.ColumnMetaData) (unpacked int64, err error) {
	at := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 {
		at = min(at, d)
	}
	if at < 0 || m.TotalCompressedSize < 0 || m.TotalCompressedSize > size-at {
		return 0, errors.New("it lies outside the file")
	}
	var dictionary int64
	for end := at + m.TotalCompressedSize; at < end; {
		h, n, err := headerAt(in, at, end)
		if err != nil {
			return 0, err
		}
		if h.CompressedPageSize < 0 || int64(h.CompressedPageSize) > end-at-n || h.UncompressedPageSize < 0 {
			return 0, fmt.Errorf("a page of %d bytes that hold %d", h.CompressedPageSize, h.UncompressedPageSize)
		}
		values := max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues, 0)
		takes := int64(h.UncompressedPageSize) + perValue*int64(values)
		if h.Type == format.DictionaryPage {
			dictionary = max(dictionary, takes)
		} else {
			unpacked = max(unpacked, takes)
		}
		at += n + int64(h.CompressedPageSize)
	}
	return dictionary + unpacked, nil
}

// headerAt is what a page says of itself, and how many bytes that takes.
func headerAt(in io.ReaderAt, at, end int64) (h *format.PageHeader, n int64, err error) {
	for _, most := range [...]int64{mostHeaders, maxHeader} {
		b := make([]byte, min(most, end-at))
		if _, err := in.ReadAt(b, at); err != nil && err != io.EOF {
			return nil, 0, err
		}
		var p thrift.CompactProtocol
		r := p.NewReaderFromBytes(b)
		h = new(format.PageHeader)
		if err = thrift.NewDecoder(r).Decode(h); err == nil {
			return h, int64(r.BytesRead()), nil
		}
	}
	return nil, 0, err
}
