package stored

import (
	"cmp"
	"fmt"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/report/parquet"
)

// is reports whether a run is one of the same name: it saw the same packets.
func (r *run) is(o *run) bool {
	a, b := r.head, o.head
	return a.Packets == b.Packets && a.Bytes == b.Bytes && a.Segments == b.Segments && a.Start == b.Start && a.End == b.End && a.Tracker.Conns == b.Tracker.Conns
}

// called is the run of that name to which a file belongs; nil where none is known.
func (p *plan) called(id string, f *found) *run {
	if r := p.others[f.in][id]; r != nil {
		return r
	}
	return p.byID[id]
}

// match says which of the files that are there is which that a run wrote.
func (p *plan) match() error {
	// Those that are called as a run called them first: others are their copies.
	slices.SortStableFunc(p.files, func(a, b found) int { return cmp.Compare(a.rank(), b.rank()) })
	for i := range p.files {
		if err := p.place(&p.files[i]); err != nil {
			return err
		}
	}
	for _, r := range p.runs {
		p.tell(r)
	}
	return nil
}

// rank is 0 for a file with the name of a part.
func (f *found) rank() int {
	if _, ok := parquet.ParseName(f.name); ok {
		return 0
	}
	return 1
}

// place finds out whose file it is.
func (p *plan) place(f *found) error {
	var cut *piece
	var wrong string
	if n, ok := parquet.ParseName(f.name); ok {
		if r := p.called(n.Run, f); r != nil && r.head != nil {
			if x := r.part(n.Part); x != nil && x.Name == f.name {
				switch {
				case x.open != nil:
					r.double(f.called, x.called)
					return nil
				case f.size == x.Bytes:
					x.take(f)
					return nil
				}
				// The same job may have begun to write it anew: then the same connections are in it.
				cut, wrong = x, fmt.Sprintf("%s: %s of %s: cut short, or not what the run wrote", f.called, say.Plural(uint64(f.size), "byte"), say.Thousands(uint64(x.Bytes)))
			}
		}
	}
	in, err := f.open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.called, err)
	}
	defer in.Close()
	t, err := parquet.Open(in, in.Size())
	switch {
	case err != nil && cut != nil:
		cut.wrong = wrong
		return nil
	case err != nil:
		p.lost.Parts++
		p.warn(fmt.Errorf("%s: %w; left out: how many connections it has is not known", f.called, err))
		return nil
	}
	id, number := t.Run()
	if cut != nil {
		if r := p.called(id, f); r == nil || r.part(number) != cut || cut.Rows != t.Rows() {
			cut.wrong = wrong
			return nil
		}
		cut.take(f)
		return nil
	}
	if id == "" {
		p.runs = append(p.runs, &run{name: f.called, parts: []*piece{{Part: parquet.Part{Name: f.name, Rows: t.Rows()}, called: f.called, partition: f.partition, open: f.open, asked: true}}})
		return nil
	}
	r := p.called(id, f)
	if r == nil {
		r = p.run(id, f.called)
	}
	switch x := r.part(number); {
	case x != nil && x.open == nil && x.Rows == t.Rows():
		x.take(f)
	case x != nil && x.open == nil:
		x.wrong = fmt.Sprintf("%s: %s, not %s", f.called, say.Plural(t.Rows(), "connection"), say.Thousands(x.Rows))
	case x != nil:
		r.double(f.called, x.called)
	case r.head != nil:
		r.old = append(r.old, f.called)
	default:
		x := &piece{Part: parquet.Part{Name: f.name, Rows: t.Rows()}, number: number, asked: true}
		x.take(f)
		r.parts = append(r.parts, x)
		slices.SortFunc(r.parts, func(a, b *piece) int { return a.number - b.number })
	}
	return nil
}

// take has a file be that piece.
func (x *piece) take(f *found) {
	x.called, x.open = f.called, f.open
	if f.name != "" {
		x.partition = f.partition
	}
}

// double notes a file that is there twice.
func (r *run) double(again, as string) {
	if len(r.again) == 0 {
		r.twin = as
	}
	r.again = append(r.again, again)
}

// part is the run's part of that number; nil for none.
func (r *run) part(number int) *piece {
	for _, x := range r.parts {
		if x.number == number {
			return x
		}
	}
	return nil
}
