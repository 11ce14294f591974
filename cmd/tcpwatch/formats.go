package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/follow"
	"tcpwatch/report/ladder"
	"tcpwatch/report/packets"
	"tcpwatch/report/sentence"
)

// format is a way to write what a run finds: a value in the list of formats.
type format struct {
	name string // for -o and for errors
	doc  string // for the manual
	// files are those that an option of its own asks for, "" for standard output; none when
	// that option is not given. It is nil for a format that -o asks for.
	files   func(o *options) []string
	private bool // its files hold packets or payload: nobody else may read them
	beside  bool // in a file it does not take the place of the report
	make    func(s *session, to []io.Writer) (tcpwatch.Output, error)
}

// formats are all there are: those of -o, then those of other options.
func formats() []format {
	return []format{
		{name: tableFormat, doc: "the report: a headline and tables", make: (*session).newTables},
		{name: "jsonl", doc: "a JSON object for each connection and finding, and one for the run", make: (*session).newJSONL},
		{name: "csv", doc: "a line for each connection", make: (*session).newCSV},
		{name: "ladder", files: func(o *options) []string { return when(o.why != nil, "") }, make: (*session).newDrawing},
		{name: "follow", files: func(o *options) []string { return when(o.follow != nil && o.raw == "", "") }, make: (*session).newFollow},
		{name: "raw", files: (*options).rawNames, private: true, make: (*session).newRaw},
		{name: packetFormat, files: func(o *options) []string { return when(o.write != "", onDisk(o.write)) }, private: true, beside: true,
			make: (*session).newPackets},
		{name: packetFormat, files: func(o *options) []string { return when(o.extract != "", onDisk(o.extract)) }, private: true, beside: true,
			make: (*session).newExtract},
	}
}

const (
	tableFormat  = "table" // what a run without -o writes
	packetFormat = "packets"
)

// when are the names if an option is given.
func when(given bool, names ...string) []string {
	if !given {
		return nil
	}
	return names
}

// onDisk is the name of a file, "" for "-", which is standard output.
func onDisk(name string) string {
	if name == "-" {
		return ""
	}
	return name
}

// rawNames are the files of --raw, by direction.
func (o *options) rawNames() []string {
	return when(o.raw != "", o.raw+"-orig.bin", o.raw+"-resp.bin")
}

func (s *session) newTables(to []io.Writer) (tcpwatch.Output, error) {
	return report.NewTables(s.paged(to[0]), s.tablesOn(to[0])), nil
}

// paged is w, by way of the user's pager where it is a terminal.
func (s *session) paged(w io.Writer) io.Writer {
	if s.o.noPager {
		return w
	}
	pager := screen.NewPager(w, os.Getenv)
	if pager == nil {
		return w
	}
	s.atEnd(func(uint64) int {
		s.screen.Settle()
		if err := pager.Show(); err != nil {
			s.warn(fmt.Errorf("output: %w", err))
			return exitEarly
		}
		return exitDone
	})
	return pager
}

func (s *session) newJSONL(to []io.Writer) (tcpwatch.Output, error) {
	return report.NewJSONL(to[0], s.records), nil
}

func (s *session) newCSV(to []io.Writer) (tcpwatch.Output, error) {
	return report.NewCSV(to[0], s.records), nil
}

// newDrawing draws the connections of --why.
func (s *session) newDrawing(to []io.Writer) (tcpwatch.Output, error) {
	o := ladder.Options{Width: screen.Columns(to[0]), Color: useColor(s.o.color, to[0]), ASCII: asciiOnly(), MSL: int64(s.o.run.MSL)}
	w := to[0]
	if s.in.handle == nil { // live it is drawn while it grows
		w = s.paged(w)
	}
	d := ladder.New(w, o, s.picked(s.o.why))
	s.atEnd(func(packets uint64) int {
		if d.Len() > 0 {
			return exitDone
		}
		s.warn(s.o.why.NotFound(packets, s.o.where != nil))
		return exitUsage
	})
	return d, nil
}

// newFollow prints what the ends of --follow's connections said.
func (s *session) newFollow(to []io.Writer) (tcpwatch.Output, error) {
	o := follow.TextOptions{As: s.o.followAs, Color: useColor(s.o.color, to[0]), ASCII: asciiOnly()}
	return s.following(follow.NewText(s.foot.Above(to[0]), o), func() {}), nil
}

// newRaw writes it to the files of --raw.
func (s *session) newRaw(to []io.Writer) (tcpwatch.Output, error) {
	raw := follow.NewRaw(to[0].(follow.File), to[1].(follow.File))
	return s.following(raw, func() {
		for _, line := range raw.Told([2]string(s.o.rawNames())) {
			s.warn(errors.New(line))
		}
	}), nil
}

// following hands --follow's connections to a printer; told says in the end what it did.
func (s *session) following(to follow.Printer, told func()) tcpwatch.Output {
	f := follow.New(to, s.picked(s.o.follow))
	s.atEnd(func(packets uint64) int {
		if f.Begun() == 0 {
			s.warn(s.o.follow.NotFound(packets, s.o.where != nil))
			return exitUsage
		}
		told()
		return exitDone
	})
	return f
}

// newPackets writes the packets of -w.
func (s *session) newPackets(to []io.Writer) (tcpwatch.Output, error) {
	f := packets.NewFile(to[0], s.o.snaplen, s.in.Link())
	s.atEnd(func(uint64) int {
		if err := f.LeftOut(); err != nil {
			s.warn(fmt.Errorf("%s: %w", s.o.write, err))
		}
		return exitDone
	})
	return f, nil
}

// newExtract writes those of --extract, which the first pass has found.
func (s *session) newExtract(to []io.Writer) (tcpwatch.Output, error) {
	marks := func(id uint64, _, _ capture.Endpoint) bool { return s.found.Has(id) }
	x, err := packets.NewExtract(to[0], sentence.Phrases{MSL: int64(s.o.run.MSL)}, marks, s.in.Interface)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.o.extract, err)
	}
	s.atEnd(func(uint64) int {
		name := s.o.extract
		if name == "-" {
			name = "extract"
		}
		s.warn(errors.New(x.Told(name, s.found.LeftOut(), report.MaxFound)))
		return exitDone
	})
	return x, nil
}
