package stored

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// File is a file of records.
type File struct {
	Name string
	In   io.ReadSeeker
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
	lines  *schema.LineReader
	at     int    // file that is read
	before uint64 // packets of those before it
	most   uint64 // the greatest number of a packet in it
	local  map[capture.Addr]bool
	bad    int
}

// Open looks at the ends of the files, where what a run knew besides the connections stands. warn is
// told what cannot be understood, and left out.
func Open(files []File, warn func(error)) (*Set, error) {
	s := &Set{files: files, warn: warn, reader: schema.NewRecordReader(), local: map[capture.Addr]bool{}}
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

// tail is how much of the end of a file is looked at for its stats line.
const tail = 4 << 20

// headOf is what the stats line of a file says; nil where it has none.
func headOf(f File) (h *report.Headline, leftOut uint64, err error) {
	wrong := func(err error) error { return fmt.Errorf("%s: %w", f.Name, err) }
	if !schema.IsJSONL(bufio.NewReader(f.In)) {
		return nil, 0, wrong(errors.New("no records: give it what -o jsonl wrote"))
	}
	size, err := f.In.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, wrong(errors.New("a report needs a file that can be read twice: write the records to one"))
	}
	from := max(0, size-tail)
	end := make([]byte, size-from)
	if _, err := f.In.Seek(from, io.SeekStart); err != nil {
		return nil, 0, wrong(err)
	}
	if _, err := io.ReadFull(f.In, end); err != nil {
		return nil, 0, wrong(err)
	}
	if _, err := f.In.Seek(0, io.SeekStart); err != nil {
		return nil, 0, wrong(err)
	}
	lines := bytes.Split(end, []byte{'\n'})
	for i := len(lines) - 1; i >= 0; i-- {
		if schema.TypeOf(lines[i]) != "stats" {
			continue
		}
		if h, leftOut, err = report.ReadStats(lines[i]); err != nil {
			err = wrong(err)
		}
		return h, leftOut, err
	}
	return nil, 0, nil
}

// Headline is what the runs knew besides the connections: all of it when Next has come to the end.
func (s *Set) Headline() *report.Headline { return s.joined }

// LeftOut is how many connections were left out of the records.
func (s *Set) LeftOut() uint64 { return s.leftOut }

// Local tells the addresses that records say were the capturing host's.
func (s *Set) Local(a capture.Addr) bool { return s.local[a] }

// Next is the record of the next connection, borrowed until it is called again; io.EOF when there is none.
func (s *Set) Next() (*record.Record, error) {
	for s.at < len(s.files) {
		f := s.files[s.at]
		if s.lines == nil {
			s.lines = schema.NewLineReader(f.In)
			s.reader.Before(s.before, s.filesBefore())
			s.most, s.bad = 0, 0
		}
		line, n, err := s.lines.Next()
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("%s: line %d: %w", f.Name, n, err)
		}
		if kind := schema.TypeOf(line); kind == "conn" || kind == "" && len(bytes.TrimSpace(line)) > 0 {
			r, wrong := s.reader.Read(line)
			if wrong == nil {
				s.note(r)
				return r, nil
			}
			s.misread(fmt.Errorf("%s: line %d: %w", f.Name, n, wrong))
		}
		if err == io.EOF {
			s.ended()
		}
	}
	return nil, io.EOF
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
	s.most = max(s.most, r.LastPacket-s.before)
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
	if s.bad > 1 {
		s.warn(fmt.Errorf("%s: %s left out", name, say.Plural(uint64(s.bad-1), "more line")))
	}
	if h == nil {
		s.warn(fmt.Errorf("%s: no stats line at its end: it was cut short, or is still written; how many packets there were, and what was lost of them, is not known", name))
		s.joined.Packets += s.most
		s.before += s.most
	} else {
		s.before += h.Packets
	}
	s.lines = nil
	s.at++
}
