package stored

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/internal/store"
	"tcpwatch/report"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// File is a file of records, or an archive of many.
type File struct {
	Name string
	In   interface {
		io.ReadSeeker
		io.ReaderAt
	}
	// Archive is that of records where In is nil. Only are the files and folders of connections in it
	// that are to be read; none for all.
	Archive store.Store
	Only    []string
}

// Set are files of records, one after the other, as if the captures that they are of had been
// read one after the other. It is for one pass, and not safe for concurrent use.
type Set struct {
	runs    []*run
	joined  *report.Headline
	leftOut uint64
	warn    func(error)

	reader *schema.RecordReader
	in     rows   // of the run that is read; nil before the first
	at     int    // that run
	row    int    // that was read last
	before uint64 // packets of those before it
	most   uint64 // the greatest number of a packet in it
	local  map[capture.Addr]bool
	bad    int

	captured map[string]bool // what captures are called, without their folders

	once    *schema.Revisions
	befores []uint64      // before of each run
	goingOn []schema.Last // connections whose last record is an interim one, when all runs were read
	again   bool          // these are read
	only    string        // the place whose records count; "" for all
	places  []string      // that records are of, the first ones, where one place's count
}

// Open looks at what runs knew besides the connections. warn is told what cannot be understood, and
// left out, and what is not as the runs wrote it.
func Open(files []File, warn func(error)) (*Set, error) {
	p := &plan{byID: map[string]*run{}, others: map[*File]map[string]*run{}, warn: warn}
	for i := range files {
		f := &files[i]
		var err error
		if f.Archive != nil {
			err = p.archive(f)
		} else if err = p.single(f); err != nil {
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.match(); err != nil {
		return nil, err
	}
	if len(p.runs) == 0 {
		return nil, fmt.Errorf("%s: no records in it", files[0].Name)
	}
	s := &Set{runs: p.runs, warn: warn, reader: schema.NewRecordReader(), local: map[capture.Addr]bool{}, captured: map[string]bool{}, once: schema.NewRevisions()}
	inputs := 0
	for _, r := range s.runs {
		h := r.head
		s.leftOut += r.leftOut
		r.files = inputs
		if inputs++; h != nil {
			inputs += len(h.Files) - 1
		}
		if h == nil {
			h = &report.Headline{Files: []string{r.name}}
		}
		if s.joined == nil {
			c := *h
			s.joined = &c
		} else {
			s.joined.Join(h)
		}
	}
	s.joined.Lost.Add(&p.lost)
	if s.joined.Local != nil {
		s.joined.Local = s.Local
	}
	for _, r := range s.runs { // the runs of a Collector's file are of inputs without a name
		if r.export != nil {
			r.export.unnamed = inputs
			inputs += len(r.export.order)
		}
	}
	for _, name := range s.joined.Files {
		s.captured[path.Base(name)] = true
	}
	return s, nil
}

// Run is what the run is called that all records are of, if they are, and else what the runs and files
// are called, from which others are named.
func (s *Set) Run() (name string, all []string) {
	for _, r := range s.runs {
		if r.id == "" {
			all = append(all, path.Base(r.name))
		} else {
			all = append(all, r.id)
		}
	}
	if len(s.runs) == 1 {
		name = s.runs[0].id
	}
	return name, all
}

// Partition is the place in the name of the file of an archive that a record belongs into: that of the one
// that it is of, else its own, unless that is the name of the capture, or no folder can be called so. nil is
// no record.
func (s *Set) Partition(r *record.Record) string {
	if p, ok := s.in.(*parts); ok && p.place != "" {
		return p.place
	}
	if r == nil || r.Input == nil || r.Input.Place == "" || parquet.CheckPlace(r.Input.Place) != nil || s.captured[r.Input.Place] {
		return parquet.Unnamed
	}
	return r.Input.Place
}

// Interfaces are the names of the interfaces of captures, by index; nil where runs were on different ones.
func (s *Set) Interfaces() []string {
	name := ""
	for i, r := range s.runs {
		if r.head == nil || i > 0 && r.head.Interface != name {
			return nil
		}
		name = r.head.Interface
	}
	if name == "" {
		return nil
	}
	return []string{name}
}

// Headline is what the runs knew besides the connections: all of it when Next has come to the end.
func (s *Set) Headline() *report.Headline { return s.joined }

// LeftOut is how many connections were left out of the records.
func (s *Set) LeftOut() uint64 { return s.leftOut }

// Local tells the addresses that records say were the capturing host's.
func (s *Set) Local(a capture.Addr) bool { return s.local[a] }

// rows are the records of one run.
type rows interface {
	// next makes a record of the next row, nil with io.EOF when there is none. A row that cannot be
	// understood is a misreading; other errors end the reading.
	next(to *schema.RecordReader) (*record.Record, error)
	// called is what a row is called, and why nothing may be there of what the run knew besides.
	called() (row, why string)
	close()
}

// misreading is that a row cannot be understood.
type misreading struct{ error }

// next is the next record of the runs.
func (s *Set) next() (*record.Record, error) {
	for s.at < len(s.runs) {
		if s.again && (len(s.goingOn) == 0 || s.goingOn[0].Input > s.at) {
			s.close()
			s.at++
			continue
		}
		f := s.runs[s.at]
		if s.in == nil {
			if err := s.begin(f); err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
		}
		r, err := s.in.next(s.reader)
		s.row++
		var wrong misreading
		switch {
		case err == nil:
			return r, nil
		case err == io.EOF && s.again: // it has changed since
			s.goingOn = slices.DeleteFunc(s.goingOn, func(l schema.Last) bool { return l.Input == s.at })
		case err == io.EOF:
			s.ended()
		case errors.As(err, &wrong) && s.again:
		case errors.As(err, &wrong):
			s.misread(fmt.Errorf("%s: %w", f.name, err))
		default:
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil, io.EOF
}

// begin begins a run.
func (s *Set) begin(r *run) (err error) {
	if r.single != nil {
		if _, err := r.single.In.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if !s.again {
		s.befores = append(s.befores, s.before)
	}
	switch {
	case r.single == nil:
		s.in = newParts(r, s.lost)
	case r.export != nil:
		s.in = &events{export: r.export, in: schema.NewLineReader(r.single.In), before: s.befores[s.at], files: r.files}
	case parquet.Is(r.single.In):
		s.in, err = openTable(*r.single)
	default:
		s.in = &lines{in: schema.NewLineReader(r.single.In), before: r.before}
	}
	if err != nil {
		return err
	}
	s.reader.Before(s.befores[s.at], r.files)
	s.most, s.bad, s.row = 0, 0, 0
	return nil
}

// close closes what is read.
func (s *Set) close() {
	if s.in != nil {
		s.in.close()
		s.in = nil
	}
}

// misread tells of the first line of a file that cannot be understood.
func (s *Set) misread(err error) {
	if s.bad++; s.bad == 1 {
		s.warn(fmt.Errorf("%w: left out", err))
	}
}

// note takes from a record what is told of the run where nothing else tells it.
func (s *Set) note(r *record.Record) {
	s.most = max(s.most, r.LastPacket-s.befores[s.at])
	for e, local := range s.reader.Local() {
		if local {
			s.local[[2]capture.Endpoint{r.Orig, r.Resp}[e].Addr] = true
		}
	}
	if s.runs[s.at].head == nil {
		h := s.joined
		if at := r.Began(); at.OK && (h.Start == 0 || at.V < h.Start) {
			h.Start = at.V
		}
		if at := r.LastAt(); at.OK {
			h.End = max(h.End, at.V)
		}
		if !r.Interim { // its last record counts all
			h.Segments += r.Ends[record.Orig].Packets + r.Ends[record.Resp].Packets
		}
	}
}

// ended goes on to the next run.
func (s *Set) ended() {
	name, h := s.runs[s.at].name, s.runs[s.at].head
	row, why := s.in.called()
	if s.bad > 1 {
		s.warn(fmt.Errorf("%s: %s left out", name, say.Plural(uint64(s.bad-1), "more "+row)))
	}
	if h == nil && why == "" {
		s.joined.Packets += s.most
		s.before += s.most
	} else if h == nil {
		s.warn(fmt.Errorf("%s: %s; how many packets there were, and what was lost of them, is not known", name, why))
		s.joined.Packets += s.most
		s.before += s.most
	} else {
		s.before += h.Packets
	}
	s.close()
	s.at++
}
