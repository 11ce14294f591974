package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/internal/store"
	"tcpwatch/internal/storetest"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// inMemory is a Temporary.
type inMemory struct {
	bytes.Buffer
	closed bool
}

func (m *inMemory) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(b, at)
}

func (m *inMemory) Close() error {
	m.closed = true
	return nil
}

// counted is a store that counts how many files are written at the same time.
type counted struct {
	*storetest.Memory
	most int
}

func (c *counted) Create(name string) (store.File, error) {
	f, err := c.Memory.Create(name)
	c.most = max(c.most, len(c.Unfinished()))
	return f, err
}

// ofPlaces are records of so many places, in turn.
func ofPlaces(n, places int) (all []*record.Record) {
	for i, r := range recordtest.Random(1, n, 50) {
		c := *r
		c.Input = &record.Input{Place: fmt.Sprintf("node %02d", i%places), Start: recordtest.Start}
		all = append(all, &c)
	}
	return all
}

// Records of fifty places, one among the other, are a file of each place and date, whatever waits on disk
// meanwhile, and in their order; so many are written at the same time at most.
func TestManyPlaces(t *testing.T) {
	const places = 50
	records := ofPlaces(3000, places)
	for _, tt := range []struct {
		what   string
		memory int64
		rows   uint64
		spills bool
		files  int
	}{
		{"in memory", 0, 0, false, places},
		{"on disk", 64 << 10, 0, true, places},
		{"in parts", 64 << 10, 25, true, 3 * places},
	} {
		to, disk := &counted{Memory: storetest.New()}, &inMemory{}
		o := Options{Memory: tt.memory, PartRows: tt.rows, Partition: func(r *record.Record) string {
			if r == nil {
				return Unnamed
			}
			return r.Input.Place
		}, Temporary: func() (Temporary, error) { return disk, nil }}
		if err := writeTo(to, o, records); err != nil {
			t.Fatal(tt.what, err)
		}
		at := map[string]int{}
		for _, name := range to.Names() {
			if n, _ := ParseName(name); n.Table == Connections {
				at[n.Place]++
			}
		}
		parts := filesOf(t, to.Memory, Connections)
		if len(parts) != tt.files || len(at) != places || to.most > mostWriting+1 || (disk.Len() > 0) != tt.spills || disk.closed != tt.spills {
			t.Errorf("%s: %d files of %d places, %d at the same time, %d bytes on disk, closed %t", tt.what, len(parts), len(at), to.most, disk.Len(), disk.closed)
		}
		lines := readAll(t, schema.Options{}, to.Memory)
		if len(lines) != len(records) {
			t.Fatalf("%s: %d lines", tt.what, len(lines))
		}
		text := schema.NewJSON(schema.Options{})
		for i, r := range records {
			if want := string(text.AppendConn(nil, r)); lines[i] != want {
				t.Fatalf("%s: record %d is\n%s\nwant\n%s", tt.what, i, lines[i], want)
			}
		}
	}
}

// Where nothing can wait on disk, the run fails and leaves nothing.
func TestNoTemporary(t *testing.T) {
	to := storetest.New()
	out := New(to, Options{Memory: 1 << 10, Partition: func(r *record.Record) string { return r.Input.Place },
		Temporary: func() (Temporary, error) { return nil, errors.New("no space") }})
	var err error
	for _, r := range ofPlaces(100, 10) {
		if err = out.Lines(out.Part().AppendConn(nil, r)); err != nil {
			break
		}
	}
	if err == nil || err.Error() != "temporary file: no space" {
		t.Error(err)
	}
	err = errors.Join(out.Report(&report.Headline{}, report.NewSummary(report.SummaryOptions{})), out.Finish())
	if err != nil || len(to.Files())+len(to.Unfinished()) > 0 {
		t.Error(err, to.Names(), to.Unfinished())
	}
}
