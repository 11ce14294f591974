package stored

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/store"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// asked reports whether a file of an archive is to be read.
func (f *File) asked(name string) bool {
	return len(f.Only) == 0 || slices.ContainsFunc(f.Only, func(only string) bool { return name == only || strings.HasPrefix(name, only+"/") })
}

// Overlaps reports whether some file of the archive is to be read of both.
func (f *File) Overlaps(o *File) bool {
	return len(f.Only) == 0 || len(o.Only) == 0 ||
		slices.ContainsFunc(f.Only, o.asked) || slices.ContainsFunc(o.Only, f.asked)
}

// called is how a file of an archive is called.
func (f *File) called(name string) string { return strings.TrimSuffix(f.Name, "/") + "/" + name }

// list are the files of a table, of the places that are asked for.
func (f *File) list(table string) (all []store.Entry, err error) {
	folders := []string{path.Join(table, parquet.Layout)}
	if len(f.Only) > 0 {
		folders = nil
	}
	for _, only := range f.Only {
		parts := strings.Split(only, "/")
		folder := path.Join(table, path.Join(parts[:min(len(parts), 2)]...))
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		some, err := f.Archive.List(folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.called(folder), err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// withOthers are stats that were found, and those of runs whose files are there while their stats are of another
// place: a run over records of many places has them at one.
func (f *File) withOthers(stats, conns []store.Entry) ([]store.Entry, error) {
	if len(f.Only) == 0 {
		return stats, nil
	}
	missing := map[string]bool{}
	for _, e := range conns {
		if n, ok := parquet.ParseName(e.Name); ok && !e.Unfinished {
			missing[n.Run] = true
		}
	}
	for _, e := range stats {
		if n, ok := parquet.ParseName(e.Name); ok {
			delete(missing, n.Run)
		}
	}
	if len(missing) == 0 {
		return stats, nil
	}
	all := File{Name: f.Name, Archive: f.Archive}
	others, err := all.list(parquet.Stats)
	if err != nil {
		return nil, err
	}
	for _, e := range others {
		if n, ok := parquet.ParseName(e.Name); ok && missing[n.Run] {
			stats = append(stats, e)
		}
	}
	return stats, nil
}

// mostOpen is how many files of a run are read at the same time, at the most: of more, those that begin later
// are read behind others, out of their order.
const mostOpen = 64

// parts are the records of a run's files, in the order in which the run wrote them. Files are open from
// their first connection to their last: as many as the run wrote at the same time.
type parts struct {
	run   *run
	rest  []*piece // not opened yet, by their first connection
	open  []*reading
	place string // of the place in its name
	lose  func(x *piece, rows uint64, err error)
}

// reading is a piece that is read.
type reading struct {
	*piece
	in    store.Object
	t     *table
	order *parquet.Order // nil where nothing says so
	next  uint64         // the number of its next connection
	left  uint64         // of its connections
}

func newParts(r *run, lose func(*piece, uint64, error)) *parts {
	p := &parts{run: r, rest: slices.Clone(r.parts), lose: lose}
	if r.head == nil {
		return p // in the order of their numbers, each when the one before is read
	}
	slices.SortStableFunc(p.rest, func(a, b *piece) int {
		switch {
		case a.First < b.First:
			return -1
		case a.First > b.First:
			return 1
		}
		return a.number - b.number
	})
	return p
}

// errNotIt is that a file is not what its name says.
var errNotIt = errors.New("not what the run wrote under this name")

// begin opens the first of the rest.
func (p *parts) begin() {
	x := p.rest[0]
	p.rest = p.rest[1:]
	r, err := open(x, p.run.id)
	if err == nil {
		err = r.forward()
	}
	if err != nil {
		p.lose(x, x.Rows, err)
		r.close()
		return
	}
	if r.left > 0 {
		p.open = append(p.open, r)
	} else {
		r.close()
	}
}

// open opens a piece.
func open(x *piece, id string) (r *reading, err error) {
	r = &reading{piece: x}
	if r.in, err = x.open(); err != nil {
		return r, err
	}
	t, err := parquet.Open(r.in, r.in.Size())
	if err != nil {
		return r, err
	}
	r.t = &table{t}
	if run, number := t.Run(); run != id || run != "" && number != x.number || t.Rows() != x.Rows {
		return r, errNotIt
	}
	r.left = x.Rows
	r.order, err = t.Order()
	return r, err
}

// forward finds out the number of the next connection.
func (r *reading) forward() (err error) {
	if r.left > 0 && r.order != nil {
		r.next, err = r.order.Next()
	}
	return err
}

func (r *reading) close() {
	if r.t != nil {
		r.t.close()
	}
	if r.in != nil {
		r.in.Close()
	}
}

// first is the place, among those that are open, of the one that has the next connection; -1 for none.
func (p *parts) first() int {
	first := -1
	for i, r := range p.open {
		if first < 0 || r.next < p.open[first].next {
			first = i
		}
	}
	return first
}

func (p *parts) next(to *schema.RecordReader) (*record.Record, error) {
	for {
		i := p.first()
		if len(p.rest) > 0 && (i < 0 || len(p.open) < mostOpen && p.run.head != nil && p.rest[0].First <= p.open[i].next) {
			p.begin()
			continue
		}
		if i < 0 {
			return nil, io.EOF
		}
		r := p.open[i]
		rec, err := r.t.next(to)
		var wrong misreading
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if bad := errors.As(err, &wrong); err == nil || bad {
			r.left--
			if e := r.forward(); e != nil {
				err = e
			}
			if bad {
				err = misreading{fmt.Errorf("%s: %w", path.Base(r.called), err)}
			}
		}
		if err != nil && !errors.As(err, &wrong) {
			p.lose(r.piece, r.left, err)
			r.left, rec = 0, nil
		}
		if r.left == 0 {
			r.close()
			p.open = slices.Delete(p.open, i, i+1)
		}
		if rec != nil || errors.As(err, &wrong) {
			p.place = r.partition
			return rec, err
		}
	}
}

func (p *parts) called() (row, why string) {
	if p.run.id == "" {
		return "row", "another program wrote it"
	}
	return "row", "" // told when it was looked for
}

func (p *parts) close() {
	for _, r := range p.open {
		r.close()
	}
}

// lost tells that what is left of a file cannot be read.
func (s *Set) lost(x *piece, rows uint64, err error) {
	if s.again {
		return // told before
	}
	s.joined.Lost.Parts++
	s.joined.Lost.Conns += rows
	s.warn(fmt.Errorf("%s: %w: %s left out", x.called, err, say.Plural(rows, "connection")))
}
