package stored

import (
	"fmt"
	"io"

	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// table are the records of a Parquet file.
type table struct{ in *parquet.Reader }

// openTable opens one.
func openTable(f File) (*table, error) {
	size, err := f.In.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	in, err := parquet.Open(f.In, size)
	if err != nil {
		return nil, err
	}
	return &table{in}, nil
}

func (t *table) next(to *schema.RecordReader) (*record.Record, error) {
	to.Begin()
	var wrong error
	err := t.in.Next(func(leaf, nth int, v schema.Value) {
		if err := to.Take(leaf, nth, v); wrong == nil {
			wrong = err
		}
	})
	switch {
	case err != nil:
		return nil, err
	case wrong != nil:
		return nil, misreading{fmt.Errorf("row %d: %w", t.in.Row(), wrong)}
	}
	return to.End(), nil
}

func (t *table) called() (row, why string) { return "row", "another program wrote it" }

func (t *table) close() { t.in.Close() }
