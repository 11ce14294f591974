package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/tracker"
)

// printer is one output of a run: report.JSONL, report.CSV, or one of the two below.
type printer interface {
	Conn(r *tracker.Record) error
	Stats(h *report.Headline, s *report.Summary) error
	Flush() error
}

// tablePrinter prints tables when the run ends.
type tablePrinter struct {
	w   *bufio.Writer
	opt report.TableOptions
}

func (t *tablePrinter) Conn(*tracker.Record) error { return nil }

func (t *tablePrinter) Stats(h *report.Headline, s *report.Summary) error {
	return report.WriteTables(t.w, s, h, t.opt)
}

func (t *tablePrinter) Flush() error { return t.w.Flush() }

// ladderPrinter draws the connections of --why when the run ends.
type ladderPrinter struct {
	w      *bufio.Writer
	ladder *report.Ladder
}

func (l *ladderPrinter) Conn(r *tracker.Record) error {
	l.ladder.Conn(r)
	return nil
}

func (l *ladderPrinter) Stats(h *report.Headline, s *report.Summary) error {
	l.ladder.Cite(s.Findings(h))
	return l.ladder.Write(l.w)
}

func (l *ladderPrinter) Flush() error { return l.w.Flush() }

// outputs are all that a run writes; it is the tracker's Sink.
type outputs struct {
	summary  *report.Summary
	printers []printer
	ladder   *report.Ladder // nil without --why
	follow   *followPrinter // nil without --follow
	packets  *packetFile    // nil without -w
	lines    *bufio.Writer  // live events; nil when they are not shown
	lineOpt  report.LiveLineOptions
	shown    bool   // a line was written since the status line
	line     func() // called before a line is written: the status line makes room
	stdout   string // the format that has standard output; "" for none
	close    []func() error
	err      error // the first from any output
}

// openOutputs creates the files that o names; in is there so that none of them
// is an input, and for what records are printed with.
func openOutputs(o *options, in *input, stdout io.Writer) (*outputs, error) {
	sum := report.SummaryOptions{Kept: max(o.tables.Top, 100), Rows: -1, Sort: o.tables.Sort,
		Detectors: o.judge.detectors, Thresholds: o.judge.thresholds}
	if slices.Contains(o.tables.Reports, "connections") {
		sum.Rows = max(o.tables.Top, 10000)
	}
	out := &outputs{summary: report.NewSummary(sum), line: func() {}}
	for _, x := range o.outputs {
		w, err := out.create(x.file, o.read, stdout)
		if err != nil {
			return nil, err
		}
		out.add(x.format, w, o, in)
		if x.file == "" {
			out.stdout = x.format
		}
	}
	if o.follow != nil && o.follow.raw != "" {
		if err := out.followRaw(o); err != nil {
			return nil, err
		}
	}
	if o.write != "" {
		name := o.write
		if name == "-" {
			name = ""
		}
		w, err := out.create(name, o.read, stdout)
		if err != nil {
			return nil, err
		}
		out.packets = &packetFile{name: o.write, w: w, snaplen: o.snaplen, link: in.link()}
	}
	if in.handle != nil && !o.quiet && out.stdout == "table" {
		out.lines = bufio.NewWriter(stdout)
		out.lineOpt = report.LiveLineOptions{Width: columns(stdout), ASCII: asciiOnly()}
	}
	return out, nil
}

// create opens a file for writing; "" is standard output.
func (out *outputs) create(name string, inputs []string, stdout io.Writer) (io.Writer, error) {
	if name == "" {
		return stdout, nil
	}
	return out.createFile(name, inputs)
}

func (out *outputs) createFile(name string, inputs []string) (*os.File, error) {
	if there, err := os.Stat(name); err == nil {
		for _, i := range inputs {
			if about, err := os.Stat(i); err == nil && os.SameFile(there, about) {
				return nil, fmt.Errorf("%s: is read and cannot be written too", name)
			}
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Unwrap(err))
	}
	out.close = append(out.close, f.Close)
	return f, nil
}

func (out *outputs) add(format string, w io.Writer, o *options, in *input) {
	records := report.JSONOptions{Transitions: o.transition, Files: o.read}
	if in.handle != nil {
		records.Interfaces = []string{in.handle.Interface()}
		records.Local = localEnds()
	}
	switch format {
	case "jsonl":
		out.printers = append(out.printers, report.NewJSONL(w, records))
	case "csv":
		out.printers = append(out.printers, report.NewCSV(w, records))
	case "ladder":
		out.ladder = report.NewLadder(report.LadderOptions{Width: columns(w), Color: useColor(o.color, w), ASCII: asciiOnly(), MSL: o.track.MSL})
		out.printers = append(out.printers, &ladderPrinter{bufio.NewWriter(w), out.ladder})
	case "follow":
		out.followText(w, o)
	case "table":
		out.printers = append(out.printers, &tablePrinter{bufio.NewWriter(w), o.tablesOn(w)})
	}
}

// Conn takes a record; see tracker.Sink.
func (out *outputs) Conn(r *tracker.Record) {
	out.summary.Add(r)
	for _, p := range out.printers {
		out.note(p.Conn(r))
	}
}

// Event prints a line; see tracker.Sink.
func (out *outputs) Event(e *tracker.Event) {
	if out.lines == nil {
		return
	}
	if !out.shown {
		out.line()
		out.shown = true
	}
	_, err := out.lines.WriteString(report.LiveLine(e, out.lineOpt) + "\n")
	out.note(err)
}

// Step takes a packet of a marked connection; see tracker.Sink.
func (out *outputs) Step(s *tracker.Step) {
	if out.ladder != nil {
		out.ladder.Step(s)
	}
}

// packet writes a packet to -w's file.
func (out *outputs) packet(p *capture.Packet) {
	if out.packets != nil {
		out.note(out.packets.write(p))
	}
}

// flush lets readers see what is written so far.
func (out *outputs) flush() {
	if out.lines != nil {
		out.note(out.lines.Flush())
	}
	out.shown = false
	for _, p := range out.printers {
		out.note(p.Flush())
	}
	if out.packets != nil {
		out.note(out.packets.flush())
	}
}

// endLines writes the live lines that are held back; there will be no more.
func (out *outputs) endLines() {
	if out.lines != nil {
		out.note(out.lines.Flush())
	}
	out.lines = nil
}

// finish ends every output and closes the files.
func (out *outputs) finish(h *report.Headline) {
	for _, p := range out.printers {
		out.note(p.Stats(h, out.summary))
		out.note(p.Flush())
	}
	if out.packets != nil {
		out.note(out.packets.flush())
	}
	for _, c := range out.close {
		out.note(c())
	}
}

func (out *outputs) note(err error) {
	if out.err == nil {
		out.err = err
	}
}
