package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/schema"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// printer is one output of a run: report.JSONL, report.CSV, or one of the two below.
type printer interface {
	Stats(h *report.Headline, s *report.Summary) error
	Flush() error
}

// stream is an output that gets lines while the run goes on, in an order that
// does not depend on the workers.
type stream struct {
	index    int
	appender func() appender // makes a worker's own; nil for live lines, which are none of records
	write    func(lines []byte) error
}

// taker is an output that takes records as they come from the only worker.
type taker interface {
	Conn(r *record.Record) error
	Flush() error
}

// tablePrinter prints tables when the run ends.
type tablePrinter struct {
	w   *bufio.Writer
	opt report.TableOptions
}

func (t *tablePrinter) Stats(h *report.Headline, s *report.Summary) error {
	return report.WriteTables(t.w, s, h, t.opt)
}

func (t *tablePrinter) Flush() error { return t.w.Flush() }

// ladderPrinter draws the connections of --why when the run ends.
type ladderPrinter struct {
	w      *bufio.Writer
	ladder *ladder.Ladder
}

func (l *ladderPrinter) Conn(r *record.Record) error {
	l.ladder.Conn(r)
	return nil
}

func (l *ladderPrinter) Stats(h *report.Headline, s *report.Summary) error {
	l.ladder.Cite(s.Findings(h))
	return l.ladder.Write(l.w)
}

func (l *ladderPrinter) Flush() error { return l.w.Flush() }

// outputs are all that a run writes.
type outputs struct {
	sum      report.SummaryOptions
	records  schema.Options  // how records are read
	summary  *report.Summary // of all workers; when the run has ended
	printers []printer
	streams  []*stream
	takers   []taker        // ladder and follow
	ladder   *ladder.Ladder // nil without --why
	why      *why           // nil without --why
	follow   *followPrinter // nil without --follow
	packets  *packetFile    // nil without -w
	extract  *extractFile   // nil without --extract
	found    *found         // of the first of two passes, else nil
	live     *stream        // events; nil when they are not shown
	lines    *bufio.Writer  // of live
	lineOpt  sentence.LiveLineOptions
	shown    bool   // a line was written since the status line
	line     func() // called before a line is written: the status line makes room
	stdout   string // the format that has standard output; "" for none
	screen   *screen
	files    outFiles
	close    []func() error

	mu     sync.Mutex // of err: packets, workers and writer may each meet one
	err    error      // the first from any output
	failed atomic.Bool
}

// newOutputs begins what o asks for, in the files that openFiles opened.
func newOutputs(o *options, in *input, files outFiles, stdout io.Writer) (*outputs, error) {
	sum := report.SummaryOptions{Kept: max(o.tables.Top, 100), Rows: -1, Sort: o.tables.Sort,
		Detectors: o.judge.detectors, Thresholds: o.judge.thresholds, Narrow: o.narrow()}
	if slices.Contains(o.tables.Reports, "connections") {
		sum.Rows = max(o.tables.Top, 10000)
	}
	out := &outputs{sum: sum, records: recordOptions(o, in), line: func() {}, screen: newScreen(), files: files}
	if err := files.begin(); err != nil {
		return nil, err
	}
	for _, f := range files {
		out.close = append(out.close, f.file.Close)
	}
	stdout = out.on(stdout, in)
	for _, x := range o.outputs {
		w := out.create(x.file, stdout)
		out.add(x.format, w, o, in)
		if x.file == "" {
			out.stdout = x.format
		}
	}
	if o.follow != nil && o.follow.raw != "" {
		out.followRaw(o)
	}
	if o.write != "" {
		w := out.create(onDisk(o.write), stdout)
		out.packets = &packetFile{name: o.write, w: w, snaplen: o.snaplen, link: in.link()}
	}
	if o.extract != "" {
		w := out.create(onDisk(o.extract), stdout)
		var err error
		if out.extract, err = newExtractFile(w, o, in); err != nil {
			return nil, fmt.Errorf("%s: %w", o.extract, err)
		}
	}
	if in.handle != nil && !o.quiet && out.stdout == "table" {
		out.lines = bufio.NewWriter(stdout)
		out.lineOpt = sentence.LiveLineOptions{Width: columns(stdout), ASCII: asciiOnly()}
		out.live = out.addStream(nil, out.writeLive)
	}
	return out, nil
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

// on is how standard output is written to: live, what reads packets waits for no
// terminal.
func (out *outputs) on(stdout io.Writer, in *input) io.Writer {
	if in.handle == nil {
		return stdout
	}
	return out.screen.on(stdout)
}

// create is the file of that name, to write to; "" is standard output.
func (out *outputs) create(name string, stdout io.Writer) io.Writer {
	if name == "" {
		return stdout
	}
	return out.files.named(name)
}

func (out *outputs) add(format string, w io.Writer, o *options, in *input) {
	records := out.records
	switch format {
	case "jsonl":
		j := report.NewJSONL(w, records)
		out.printers = append(out.printers, j)
		out.addStream(func() appender { return report.NewJSONL(io.Discard, records) }, j.Lines)
	case "csv":
		c := report.NewCSV(w, records)
		out.printers = append(out.printers, c)
		out.addStream(func() appender { return report.NewCSV(io.Discard, records) }, c.Lines)
	case "ladder":
		out.why, out.ladder = o.why, ladder.New(ladder.Options{Width: columns(w), Color: useColor(o.color, w), ASCII: asciiOnly(), MSL: o.track.MSL})
		l := &ladderPrinter{bufio.NewWriter(w), out.ladder}
		out.printers, out.takers = append(out.printers, l), append(out.takers, l)
	case "follow":
		out.followText(w, o)
	case "table":
		out.printers = append(out.printers, &tablePrinter{bufio.NewWriter(w), o.tablesOn(w)})
	}
}

// addStream adds an output with an order.
func (out *outputs) addStream(make func() appender, write func([]byte) error) *stream {
	s := &stream{len(out.streams), make, write}
	out.streams = append(out.streams, s)
	return s
}

// conn hands a record to the outputs that only one worker may serve.
func (out *outputs) conn(r *record.Record) {
	for _, t := range out.takers {
		out.note(t.Conn(r))
	}
	if out.extract != nil {
		out.extract.comments.Conn(r)
	}
}

// writeLive writes live lines.
func (out *outputs) writeLive(lines []byte) error {
	if !out.shown {
		out.line()
		out.shown = true
	}
	_, err := out.lines.Write(lines)
	return err
}

// step takes a packet of a marked connection.
func (out *outputs) step(s *record.Step) {
	if out.ladder != nil && out.why.marks(s.Conn, s.Orig, s.Resp) {
		out.ladder.Step(s)
	}
	if out.extract != nil {
		out.extract.step(s)
	}
}

// decoded takes a packet that the only worker has been through.
func (out *outputs) decoded(p *capture.Packet, d *capture.Decoder, o capture.Outcome) {
	if out.extract != nil {
		out.extracted(p, d, o)
	}
}

// extracted is what decoded does for --extract, apart so that the test for it is inlined.
func (out *outputs) extracted(p *capture.Packet, d *capture.Decoder, o capture.Outcome) {
	out.note(out.extract.decoded(p, d, o))
}

// incomplete takes a datagram of which the end of the input left a part.
func (out *outputs) incomplete(d *capture.Decoder) {
	if out.extract != nil && out.extract.packet == d.Segment.Packet {
		out.note(out.extract.pieces(d.Datagram))
	}
}

// packet takes a packet that has passed the filter.
func (out *outputs) packet(p *capture.Packet) {
	if out.extract != nil || out.packets != nil {
		out.write(p)
	}
}

// write lets --extract learn from a packet, and -w's file have it. It is apart
// from packet so that the compiler can inline that.
func (out *outputs) write(p *capture.Packet) {
	if out.extract != nil {
		out.extract.learn(p)
	}
	if out.packets != nil {
		out.note(out.packets.write(p))
	}
}

// flush lets readers see what is written so far of the streams.
func (out *outputs) flush() {
	if out.lines != nil {
		out.note(out.lines.Flush())
	}
	out.shown = false
	for _, p := range out.printers {
		if _, taken := p.(taker); !taken {
			out.note(p.Flush())
		}
	}
}

// flushTaken is flush for what the only worker serves.
func (out *outputs) flushTaken() {
	for _, t := range out.takers {
		out.note(t.Flush())
	}
}

// flushPackets is flush for -w's file.
func (out *outputs) flushPackets() {
	if out.packets != nil {
		out.note(out.packets.flush())
	}
}

// finish ends every output and closes the files.
func (out *outputs) finish(h *report.Headline) {
	for _, p := range out.printers {
		out.note(p.Stats(h, out.summary))
		out.note(p.Flush())
	}
	out.flushPackets()
	if out.extract != nil {
		out.note(out.extract.w.Flush())
	}
	for _, c := range out.close {
		out.note(c())
	}
}

// note keeps the first error of any output; reading ends then.
func (out *outputs) note(err error) {
	if err == nil {
		return
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.err == nil {
		out.err = err
	}
	out.failed.Store(true)
}
