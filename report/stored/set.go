package stored

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// File is a file of records.
type File struct {
	Name string
	In   interface {
		io.ReadSeeker
		io.ReaderAt
	}
}

// Set are files of records, one after the other, as if the captures that they are of had been
// read one after the other. It is for one pass, and not safe for concurrent use.
type Set struct {
	files   []File
	heads   []*report.Headline // nil of one without
	joined  *report.Headline
	leftOut uint64
	warn    func(error)

	reader *schema.RecordReader
	in     rows   // of the file that is read; nil before the first
	at     int    // that file
	row    int    // that was read last
	before uint64 // packets of those before it
	most   uint64 // the greatest number of a packet in it
	local  map[capture.Addr]bool
	bad    int

	once    *schema.Revisions
	befores []uint64      // before of each file
	goingOn []schema.Last // connections whose last record is an interim one, when all files were read
	again   bool          // these are read
}

// Open looks at the ends of the files, where what a run knew besides the connections stands. warn is
// told what cannot be understood, and left out.
func Open(files []File, warn func(error)) (*Set, error) {
	s := &Set{files: files, warn: warn, reader: schema.NewRecordReader(), local: map[capture.Addr]bool{}, once: schema.NewRevisions()}
	for _, f := range files {
		h, left, err := headOf(f)
		if err != nil {
			return nil, err
		}
		s.heads, s.leftOut = append(s.heads, h), s.leftOut+left
		if h == nil {
			h = &report.Headline{Files: []string{f.Name}}
		}
		if s.joined == nil {
			c := *h
			s.joined = &c
		} else {
			s.joined.Join(h)
		}
	}
	if s.joined.Local != nil {
		s.joined.Local = s.Local
	}
	return s, nil
}

// headOf is what a file says of its run; nil where it says nothing.
func headOf(f File) (h *report.Headline, leftOut uint64, err error) {
	var line []byte
	switch {
	case parquet.Is(f.In):
		line, err = statsOfTable(f)
	case schema.IsJSONL(bufio.NewReader(f.In)):
		line, err = statsOfLines(f)
	default:
		err = errors.New("no records: give it what -o jsonl or -o parquet wrote")
	}
	if err == nil && line != nil {
		h, leftOut, err = report.ReadStats(line)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", f.Name, err)
	}
	return h, leftOut, nil
}

// Interfaces are the names of the interfaces of captures, by index; nil where runs were on different ones.
func (s *Set) Interfaces() []string {
	name := ""
	for i, h := range s.heads {
		if h == nil || i > 0 && h.Interface != name {
			return nil
		}
		name = h.Interface
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

// rows are the records of one file.
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

// next is the next record of the files.
func (s *Set) next() (*record.Record, error) {
	for s.at < len(s.files) {
		if s.again && (len(s.goingOn) == 0 || s.goingOn[0].Input > s.at) {
			s.close()
			s.at++
			continue
		}
		f := s.files[s.at]
		if s.in == nil {
			if err := s.begin(f); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
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
			s.misread(fmt.Errorf("%s: %w", f.Name, err))
		default:
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil, io.EOF
}

// begin begins a file.
func (s *Set) begin(f File) (err error) {
	if _, err := f.In.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s.in = &lines{in: schema.NewLineReader(f.In)}
	if parquet.Is(f.In) {
		if s.in, err = openTable(f); err != nil {
			return err
		}
	}
	if !s.again {
		s.befores = append(s.befores, s.before)
	}
	s.reader.Before(s.befores[s.at], s.filesBefore())
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

// filesBefore is how many captures the files before were of.
func (s *Set) filesBefore() (n int) {
	for _, h := range s.heads[:s.at] {
		if n++; h != nil {
			n += len(h.Files) - 1
		}
	}
	return n
}

// note takes from a record what is told of the run where nothing else tells it.
func (s *Set) note(r *record.Record) {
	s.most = max(s.most, r.LastPacket-s.befores[s.at])
	for e, local := range s.reader.Local() {
		if local {
			s.local[[2]capture.Endpoint{r.Orig, r.Resp}[e].Addr] = true
		}
	}
	if s.heads[s.at] == nil {
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

// ended goes on to the next file.
func (s *Set) ended() {
	name, h := s.files[s.at].Name, s.heads[s.at]
	row, why := s.in.called()
	if s.bad > 1 {
		s.warn(fmt.Errorf("%s: %s left out", name, say.Plural(uint64(s.bad-1), "more "+row)))
	}
	if h == nil {
		s.warn(fmt.Errorf("%s: %s; how many packets there were, and what was lost of them, is not known", name, why))
		s.joined.Packets += s.most
		s.before += s.most
	} else {
		s.before += h.Packets
	}
	s.close()
	s.at++
}
