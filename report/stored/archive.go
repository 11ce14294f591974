package stored

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/internal/store"
	"tcpwatch/report"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
)

// run are the records of a run, or those of one file that says nothing of its run.
type run struct {
	name     string           // of the file, or the archive
	id       string           // "" where the file does not say
	head     *report.Headline // nil where nothing is known besides the records
	leftOut  uint64
	single   *File    // nil for the parts of an archive
	before   int      // lines of its file before it
	export   *export  // nil of what no Collector wrote
	parts    []*piece // by number
	again    []string // files that are there twice
	old      []string // files of a run before
	twin     string   // of which one of those is a copy
	going    bool     // some process writes it, or was killed meanwhile
	missing  []*piece // which the run wrote
	sums     *sums    // what it summed up; nil for none
	complete bool     // all that it wrote is read
	notAsked []*piece // which it wrote, and nobody asked for
	files    int      // captures of the runs before
}

// piece is a file of connections that a run wrote.
type piece struct {
	parquet.Part
	number    int
	asked     bool
	known     bool // Part is what the stats say
	called    string
	partition string
	open      func() (store.Object, error) // nil while none is found
	wrong     string                       // what is the matter with the one under its name
}

// found is a file of connections that is there.
type found struct {
	in        *File // its archive; nil for none
	called    string
	name      string // in its archive
	size      int64
	partition string
	open      func() (store.Object, error)
}

// plan finds out what there is to read.
type plan struct {
	runs []*run
	byID map[string]*run // those of an archive that are called as one of another, but are not it, are in others
	// others are the runs of an archive that are not those which another has by the same name.
	others map[*File]map[string]*run
	files  []found
	lost   report.Lost
	warn   func(error)
}

// run is the run of that name.
func (p *plan) run(id, from string) *run {
	r := p.byID[id]
	if r == nil {
		r = &run{name: from, id: id}
		p.runs, p.byID[id] = append(p.runs, r), r
	}
	return r
}

// single adds a file that is no archive.
func (p *plan) single(f *File) error {
	var err error
	r := &run{name: f.Name, single: f}
	in := bufio.NewReader(f.In)
	switch {
	case parquet.Is(f.In):
		size, err := f.In.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		in, err := parquet.Open(f.In, size)
		if err != nil {
			return err
		}
		if id, _ := in.Run(); id != "" {
			p.run(id, f.Name)
			p.files = append(p.files, found{called: f.Name, size: size, partition: parquet.Unnamed, open: func() (store.Object, error) { return held{f.In, size}, nil }})
			return nil
		}
	case schema.IsOTLP(in):
		if r.export, err = exportOf(*f); err == nil {
			r.head, r.leftOut = r.export.headline(f.Name), r.export.leftOut
		}
	case schema.IsJSONL(in):
		return p.lines(f)
	default:
		err = fmt.Errorf("no records: give it what -o jsonl or -o parquet wrote")
	}
	p.runs = append(p.runs, r)
	return err
}

// lines adds the runs of a file of JSON Lines.
func (p *plan) lines(f *File) error {
	all, err := sectionsOf(*f)
	if err != nil {
		return err
	}
	for _, x := range all {
		part := *f
		part.In = io.NewSectionReader(f.In, x.from, x.until-x.from)
		r := &run{name: f.Name, single: &part, before: x.lines}
		if x.stats != nil {
			if r.head, r.leftOut, err = report.ReadStats(x.stats); err != nil {
				return err
			}
		}
		p.runs = append(p.runs, r)
	}
	return nil
}

// held is a file that is open, and stays so.
type held struct {
	io.ReaderAt
	size int64
}

func (h held) Size() int64  { return h.size }
func (h held) Close() error { return nil }

// archive adds the runs of an archive.
func (p *plan) archive(f *File) error {
	stats, err := f.list(parquet.Stats)
	if err != nil {
		return err
	}
	conns, err := f.list(parquet.Connections)
	if err != nil {
		return err
	}
	if stats, err = f.withOthers(stats, conns); err != nil {
		return err
	}
	var here []*run
	going := map[string]bool{}
	for _, e := range stats {
		n, ok := parquet.ParseName(e.Name)
		if e.Unfinished && ok {
			going[n.Run] = true
		}
		if e.Unfinished || !ok || n.Table != parquet.Stats {
			continue
		}
		r, err := p.stats(f, e.Name)
		if err != nil {
			p.warn(fmt.Errorf("%s: %w; left out", f.called(e.Name), err))
			continue
		}
		if r != nil {
			here = append(here, r)
		}
	}
	slices.SortStableFunc(here, func(a, b *run) int { return cmp.Or(cmp.Compare(a.head.Start, b.head.Start), cmp.Compare(a.id, b.id)) })
	p.runs = append(p.runs, here...)
	for _, e := range conns {
		n, ok := parquet.ParseName(e.Name)
		switch {
		case e.Unfinished && ok:
			going[n.Run] = true
		case !e.Unfinished && strings.HasSuffix(e.Name, ".parquet") && f.asked(e.Name):
			p.files = append(p.files, found{f, f.called(e.Name), e.Name, e.Size, cmp.Or(n.Place, parquet.Unnamed), func() (store.Object, error) { return f.Archive.Open(e.Name) }})
		}
	}
	for id := range going {
		p.run(id, f.Name).going = true
	}
	return nil
}

// stats adds a run; nil when it is there already, or nothing of it was asked for.
func (p *plan) stats(f *File, name string) (*run, error) {
	s, err := parquet.ReadStats(f.Archive, name)
	if err != nil {
		return nil, err
	}
	had := p.byID[s.Run]
	r := &run{name: f.Name, id: s.Run}
	if r.head, r.leftOut, err = report.ReadStats(s.Line); err != nil {
		return nil, err
	}
	if had != nil && had.head != nil && had.is(r) {
		return nil, nil
	}
	asked := len(s.Parts) == 0
	for _, x := range s.Parts {
		n, ok := parquet.ParseName(x.Name)
		if !ok {
			return nil, fmt.Errorf("a part called %s", say.Escape(x.Name))
		}
		part := &piece{Part: x, number: n.Part, asked: f.asked(x.Name), known: true, called: f.called(x.Name), partition: n.Place}
		r.parts, asked = append(r.parts, part), asked || part.asked
	}
	if !asked {
		return nil, nil
	}
	r.sums = sumsOf(f, name, s.Line)
	switch {
	case had != nil && had.head != nil:
		if p.others[f] == nil {
			p.others[f] = map[string]*run{}
		}
		p.others[f][s.Run] = r
		return r, nil
	case had != nil: // of which only files were known
		had.head, had.leftOut, had.parts, had.sums = r.head, r.leftOut, r.parts, r.sums
		return nil, nil
	}
	p.byID[s.Run] = r
	return r, nil
}

// tell tells what of a run is not as it wrote it, and keeps what can be read.
func (p *plan) tell(r *run) {
	if r.single != nil || r.id == "" {
		return
	}
	var all uint64
	for _, x := range r.parts {
		all += x.Rows
		switch {
		case x.open != nil && x.wrong != "":
			p.lost.Doubled++
			p.warn(fmt.Errorf("%s: left out, as %s has all of it", x.wrong, x.called))
		case x.open != nil:
		case !x.asked:
			r.notAsked = append(r.notAsked, x)
		default:
			r.missing = append(r.missing, x)
		}
	}
	r.parts = slices.DeleteFunc(r.parts, func(x *piece) bool { return x.open == nil })
	if n := len(r.again); n > 0 {
		p.lost.Doubled += uint64(n)
		p.warn(fmt.Errorf("%s: what is in %s already: counted once", more(r.again), r.twin))
	}
	if n := len(r.old); n > 0 {
		p.lost.Doubled += uint64(n)
		p.warn(fmt.Errorf("%s: of an earlier run over the same packets, which another replaced: left out", more(r.old)))
	}
	r.complete = len(r.missing)+len(r.notAsked) == 0
	p.lose(r.missing, all, "missing")
	p.lose(r.notAsked, all, "not asked for")
	switch {
	case r.head == nil && r.going:
		p.warn(fmt.Errorf("%s: run %s goes on, or was killed: what it has not written yet, and how many packets there were, is not known", r.name, r.id))
	case r.head == nil:
		p.warn(fmt.Errorf("%s: the stats of run %s are missing: whether all that it wrote is there, and how many packets there were, is not known", r.name, r.id))
	case r.going:
		p.warn(fmt.Errorf("%s: run %s is made again, or was killed meanwhile: what is told is what it wrote before", r.name, r.id))
	}
	if r.head == nil {
		p.lost.Runs++
	}
}

// lose tells what pieces that are not there cost.
func (p *plan) lose(pieces []*piece, all uint64, how string) {
	if len(pieces) == 0 {
		return
	}
	var names []string
	var rows uint64
	for _, x := range pieces {
		name := x.called + ": " + how
		if x.wrong != "" {
			name = x.wrong
		}
		names, rows = append(names, name), rows+x.Rows
	}
	text := names[0]
	if n := len(names) - 1; n > 0 {
		text += ", as " + say.Plural(uint64(n), "other file") + " of the run"
	}
	p.lost.Parts += uint64(len(pieces))
	p.lost.Conns += rows
	p.warn(fmt.Errorf("%s: %s of %s left out", text, say.Thousands(rows), say.Plural(all, "connection")))
}

// more names the first of files, and says how many there are besides.
func more(names []string) string {
	text := names[0]
	if n := len(names) - 1; n > 0 {
		text += " and " + say.Plural(uint64(n), "more file")
	}
	return text
}
