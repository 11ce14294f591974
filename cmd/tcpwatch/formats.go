package main

import (
	"cmp"
	"io"
	"slices"
	"time"

	"tcpwatch"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/ci"
	"tcpwatch/report/follow"
	"tcpwatch/report/html"
	"tcpwatch/report/ladder"
	"tcpwatch/report/markdown"
	"tcpwatch/report/packets"
	"tcpwatch/report/plot"
	"tcpwatch/report/sentence"
	"tcpwatch/report/watch"
	"tcpwatch/report/zeek"
	"tcpwatch/tracker/diagnose"
)

// format is a way to write what a run finds: a value in the list of formats.
type format struct {
	name string // for -o and for errors
	// files are those that an option of its own asks for, "" for standard output; none when
	// that option is not given. It is nil for a format that -o asks for.
	files   func(o *options) []string
	archive bool                               // -o names the folder that its files go to, under names of their own
	sink    func(address string) (sink, error) // it is sent to what -o names, and goes to no file
	private bool                               // its files hold packets or payload: nobody else may read them
	page    bool                               // it needs the sums of all tables, and those of pictures
	cites   bool                               // it draws the connections that findings cite
	plot    bool                               // it is what --plot draws
	beside  bool                               // in a file it does not take the place of the report
	make    func(s *session, to []io.Writer) tcpwatch.Output
}

// formats are all there are: those of -o, then those of other options.
func formats() []format {
	return []format{
		{name: tableFormat, make: func(s *session, to []io.Writer) tcpwatch.Output {
			return report.NewTables(s.paged(to[0]), s.tablesOn(to[0]))
		}},
		{name: "jsonl", make: func(s *session, to []io.Writer) tcpwatch.Output {
			if s.o.isLive() {
				return watch.NewJSONL(to[0], s.records, s.o.run.Interval, time.Now)
			}
			return report.NewJSONL(to[0], s.records)
		}},
		{name: "csv", make: func(s *session, to []io.Writer) tcpwatch.Output {
			return report.NewCSV(to[0], s.records)
		}},
		{name: "zeek", make: func(s *session, to []io.Writer) tcpwatch.Output { return s.newZeek(to[0], false) }},
		{name: "zeek-json", make: func(s *session, to []io.Writer) tcpwatch.Output { return s.newZeek(to[0], true) }},
		{name: "parquet", archive: true},
		{name: kafkaFormat, sink: kafkaSink},
		{name: "html", page: true, cites: true, make: func(s *session, to []io.Writer) tcpwatch.Output {
			t := s.tablesOn(to[0])
			t.Top, t.ASCII = cmp.Or(t.Top, pageRows), false
			if len(t.Reports) == 0 {
				t.Reports = report.ReportNames()
			}
			if s.stored != nil {
				t.Reports = withoutTimeline(t.Reports)
			}
			page := html.New(to[0], t)
			if s.stored != nil {
				page.OfRecords()
			}
			return page
		}},
		{name: "md", make: func(s *session, to []io.Writer) tcpwatch.Output {
			return markdown.New(to[0], s.tablesOn(to[0]))
		}},
		{name: "sarif", make: func(s *session, to []io.Writer) tcpwatch.Output { return ci.NewSARIF(to[0], s.forCI()) }},
		{name: "junit", make: func(s *session, to []io.Writer) tcpwatch.Output { return ci.NewJUnit(to[0], s.forCI()) }},
		{name: "svg", page: true, plot: true, make: func(s *session, to []io.Writer) tcpwatch.Output { return s.newPlot(to[0], false) }},
		{name: xplotFormat, page: true, plot: true, make: func(s *session, to []io.Writer) tcpwatch.Output { return s.newPlot(to[0], true) }},
		{name: "ladder", files: func(o *options) []string { return when(o.why != nil, "") }, make: (*session).newDrawing},
		{name: "follow", files: func(o *options) []string { return when(o.follow != nil && o.raw == "", "") }, make: (*session).newFollow},
		{name: "raw", files: (*options).rawNames, private: true, make: (*session).newRaw},
		{name: "packets", files: func(o *options) []string { return when(o.write != "", onDisk(o.write)) }, private: true, beside: true,
			make: (*session).newPackets},
		{name: "packets", files: func(o *options) []string { return when(o.extract != "", onDisk(o.extract)) }, private: true, beside: true,
			make: (*session).newExtract},
	}
}

const (
	tableFormat = "table" // what a run without -o writes
	xplotFormat = "xpl"

	timelineTable = "timeline" // which counts packets by their time
)

// withoutTimeline are the names of tables that need no packets.
func withoutTimeline(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == timelineTable })
}

// newZeek writes connections as Zeek does.
func (s *session) newZeek(to io.Writer, json bool) tcpwatch.Output {
	return zeek.New(to, zeek.Options{JSON: json, Now: time.Now, Local: s.records.Local})
}

// forCI are the options of outputs for pipelines.
func (s *session) forCI() ci.Options {
	o := ci.Options{Version: tcpwatch.Version, Detectors: s.o.run.Sums.Detectors, Baseline: s.o.baseline, Fails: diagnose.Warning}
	if o.Detectors == nil {
		o.Detectors = diagnose.Detectors()
	}
	if s.o.failOn != nil {
		o.Fails = *s.o.failOn
	}
	return o
}

// pageRows are the rows of a table on a page that sorts and filters them.
const pageRows = 100

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

// paged is w, by way of the user's pager where it is a terminal.
func (s *session) paged(w io.Writer) io.Writer {
	if s.o.noPager {
		return w
	}
	return s.screen.Paged(w)
}

// newDrawing draws the connections of --why.
func (s *session) newDrawing(to []io.Writer) tcpwatch.Output {
	look := screen.LookOf(to[0], s.o.color)
	o := ladder.Options{Clock: s.clockOn(to[0]), Width: look.Width, Color: look.Color, ASCII: look.ASCII, MSL: int64(s.o.run.MSL)}
	w := to[0]
	if !s.o.isLive() { // live it is drawn while it grows
		w = s.paged(w)
	}
	d := ladder.New(w, o, s.picked(s.o.why))
	s.wanted = append(s.wanted, wanted{s.o.why, d.Len})
	return d
}

// newPlot draws what --plot asks for.
func (s *session) newPlot(to io.Writer, xplot bool) tcpwatch.Output {
	return plot.NewAlone(to, s.o.plot, plot.Options{Clock: s.clockOn(to), MSL: int64(s.o.run.MSL), Xplot: xplot})
}

// newFollow prints what the ends of --follow's connections said.
func (s *session) newFollow(to []io.Writer) tcpwatch.Output {
	look := screen.LookOf(to[0], s.o.color)
	text := follow.NewText(s.foot.Above(to[0]), follow.TextOptions{Clock: s.clockOn(to[0]), As: s.o.followAs, Color: look.Color, ASCII: look.ASCII})
	return s.following(text)
}

// newRaw writes it to the files of --raw.
func (s *session) newRaw(to []io.Writer) tcpwatch.Output {
	files := [2]follow.File{to[0].(follow.File), to[1].(follow.File)}
	return s.following(follow.NewRaw(files, [2]string(s.o.rawNames())))
}

// following hands --follow's connections to a printer.
func (s *session) following(to follow.Printer) tcpwatch.Output {
	f := follow.New(to, s.picked(s.o.follow))
	s.wanted = append(s.wanted, wanted{s.o.follow, f.Begun})
	return f
}

// newPackets writes the packets of -w.
func (s *session) newPackets(to []io.Writer) tcpwatch.Output {
	return packets.NewFile(to[0], s.o.write, s.o.live.Snaplen, s.in.Link())
}

// newExtract writes those of --extract, which the first pass has found.
func (s *session) newExtract(to []io.Writer) tcpwatch.Output {
	name := cmp.Or(onDisk(s.o.extract), "extract")
	return packets.NewExtract(to[0], name, sentence.Phrases{MSL: int64(s.o.run.MSL)}, s.found, s.in.Interface)
}
