package main

import (
	"fmt"
	"io"
	"slices"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/follow"
	"tcpwatch/report/ladder"
	"tcpwatch/report/packets"
	"tcpwatch/report/schema"
	"tcpwatch/report/sentence"
)

// format is a way to write what a run finds: a value in the list of formats.
type format struct {
	name  string
	asked bool // by -o; else an option of its own asks for it
	make  func(s *session, w io.Writer) tcpwatch.Output
}

// formats are all there are. The first is what a run without -o writes.
func formats() []format {
	return []format{
		{"table", true, func(s *session, w io.Writer) tcpwatch.Output { return report.NewTables(w, s.o.tablesOn(w)) }},
		{"jsonl", true, func(s *session, w io.Writer) tcpwatch.Output { return report.NewJSONL(w, s.records) }},
		{"csv", true, func(s *session, w io.Writer) tcpwatch.Output { return report.NewCSV(w, s.records) }},
		{"ladder", false, (*session).newDrawing},
		{"follow", false, (*session).newFollow},
	}
}

// formatNames are those that -o may name.
func formatNames() (names []string) {
	for _, f := range formats() {
		if f.asked {
			names = append(names, f.name)
		}
	}
	return names
}

// newDrawing draws the connections of --why.
func (s *session) newDrawing(w io.Writer) tcpwatch.Output {
	s.drawing = ladder.NewOutput(w, ladder.Options{Width: screen.Columns(w), Color: useColor(s.o.color, w), ASCII: asciiOnly(), MSL: s.o.track.MSL}, s.picked(s.o.why))
	return s.drawing
}

// newFollow prints what the ends of --follow's connections said.
func (s *session) newFollow(w io.Writer) tcpwatch.Output {
	text := follow.NewText(clearing{w, s.status}, follow.TextOptions{As: s.o.follow.as, Color: useColor(s.o.color, w), ASCII: asciiOnly()})
	s.follow = follow.NewOutput(text, s.picked(s.o.follow.pick))
	return s.follow
}

// outputs are all that the run writes, in the files that openFiles opened.
func (s *session) outputs(files outfile.Files) (all []tcpwatch.Output, err error) {
	o := s.o
	if err := files.Begin(); err != nil {
		return nil, err
	}
	create := func(name string) io.Writer {
		if name == "" {
			return s.stdout
		}
		return files.Named(name)
	}
	all = append(all, s.status, &collecting{})
	onStdout := ""
	for _, x := range o.outputs {
		i := slices.IndexFunc(formats(), func(f format) bool { return f.name == x.format })
		all = append(all, formats()[i].make(s, create(x.file)))
		if x.file == "" {
			onStdout = x.format
		}
	}
	if o.follow != nil && o.follow.raw != "" {
		names := o.follow.rawNames()
		s.raw = follow.NewRaw(files.Named(names[0]), files.Named(names[1]))
		s.follow = follow.NewOutput(s.raw, s.picked(o.follow.pick))
		all = append(all, s.follow)
	}
	if o.write != "" {
		s.written = packets.NewFile(create(onDisk(o.write)), o.snaplen, s.in.Link())
		all = append(all, s.written)
	}
	if o.extract != "" {
		marks := func(id uint64, _, _ capture.Endpoint) bool { return s.found.has(id) }
		if s.extract, err = packets.NewExtract(create(onDisk(o.extract)), sentence.Phrases{MSL: o.track.MSL}, marks, s.in.Interface); err != nil {
			return nil, fmt.Errorf("%s: %w", o.extract, err)
		}
		all = append(all, s.extract)
	}
	to := s.stdout
	if onStdout != "table" {
		to = s.stderr // whatever is on standard output has it for itself
	}
	all = append(all, report.NewTablesSoFar(clearing{to, s.status}, o.tablesOn(to)), s.verdict)
	if s.in.handle != nil && !o.quiet && onStdout == "table" {
		all = append(all, sentence.NewLiveLines(clearing{s.stdout, s.status}, sentence.LiveLineOptions{Width: screen.Columns(s.stdout), ASCII: asciiOnly()}))
	}
	return all, nil
}

// recordOptions are what records are read with beside themselves.
func recordOptions(o *options, in *input) schema.Options {
	records := schema.Options{Transitions: o.transition, Files: o.read}
	if in.handle != nil {
		records.Interfaces = []string{in.handle.Interface()}
		records.Local = localEnds()
	}
	return records
}
