package stored

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"tcpwatch/internal/store"
	"tcpwatch/report"
	"tcpwatch/report/parquet"
)

// sums are the file in which a run wrote its sums down.
type sums struct {
	called string
	open   func() (store.Object, error)
	stats  []byte // the stats line that stands beside it
}

// sumsOf is where a run whose stats have that name wrote its sums.
func sumsOf(f *File, name string, stats []byte) *sums {
	n, _ := parquet.ParseName(name)
	n.Table = parquet.Folds
	return &sums{f.called(n.String()), func() (store.Object, error) { return f.Archive.Open(n.String()) }, stats}
}

// Sums are the sums of all records, of what the runs wrote down, so that no record needs to be read; nil where
// that does not tell all that is asked for: a run that wrote none, or other ones, or of whose connections some
// are missing or not asked for. Runs of one file, or live, whose times overlap may have seen the same connections, which only records tell.
func (s *Set) Sums(o report.SummaryOptions) *report.Summary {
	for _, r := range s.runs {
		if r.sums == nil || r.head == nil || !r.complete {
			return nil
		}
	}
	if meanwhile(s.runs) {
		return nil
	}
	var all *report.Summary
	before, files := uint64(0), 0
	for _, r := range s.runs {
		one, err := r.sums.read(o, before, files)
		if err != nil {
			s.warn(fmt.Errorf("%s: %w: the records are read instead", r.sums.called, err))
		}
		if one == nil {
			return nil
		}
		if all == nil {
			all = one
		} else if !all.MergeFolded(one) {
			return nil
		}
		before += r.head.Packets
		files += len(r.head.Files)
	}
	return all
}

// source is what runs may have seen the same connections of: a place, and a file there, "" for what was live.
type source struct{ partition, file string }

// meanwhile reports whether two runs have packets of the same time, or of none, at one place, of a file of
// the same name or both of no file.
func meanwhile(runs []*run) bool {
	at := map[source][]*run{}
	for _, r := range runs {
		files := r.head.Files
		if len(files) == 0 {
			files = []string{""}
		}
		of := map[source]bool{}
		for _, partition := range r.partitions() {
			for _, name := range files {
				of[source{partition, name}] = true
			}
		}
		for from := range of {
			at[from] = append(at[from], r)
		}
	}
	for _, all := range at {
		slices.SortFunc(all, func(a, b *run) int { return cmp.Compare(a.head.Start, b.head.Start) })
		for i, r := range all[1:] {
			if r.head.Start <= all[i].head.End {
				return true
			}
		}
	}
	return false
}

// partitions are the places in the names of a run's files; "" for none.
func (r *run) partitions() []string {
	if len(r.parts) == 0 {
		return []string{""}
	}
	var all []string
	for _, x := range r.parts {
		if len(all) == 0 || all[len(all)-1] != x.partition {
			all = append(all, x.partition)
		}
	}
	return all
}

// read reads the sums, which go on where others ended; nil where there are none, or they are of no use.
func (x *sums) read(o report.SummaryOptions, packets uint64, files int) (*report.Summary, error) {
	in, err := x.open()
	if err != nil {
		return nil, nil // none is there: another version wrote the rest
	}
	defer in.Close()
	if in.Size() > report.MaxFold {
		return nil, report.ErrFoldLong
	}
	b := make([]byte, in.Size())
	if _, err := in.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	f, err := report.ReadFold(b)
	if err != nil || !f.Beside(x.stats) || !f.Serves(o) {
		return nil, err
	}
	return f.Summary(o, packets, files)
}
