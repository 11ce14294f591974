package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/inputs"
	"tcpwatch/report"
	"tcpwatch/report/stored"
)

// ofRecords are the options that make sense for records: others need the packets, or have had
// their effect when the records were made.
var ofRecords = []string{"read", "output", "report", "top", "sort", "columns", "where", "numeric", "quiet", "no-pager", "color", "no-color", "tz",
	"detectors", "threshold", "fail-on", "strict", "baseline", "user", "transitions", "otlp", "max-memory", "help"}

// needsPackets is the error that something needs the capture itself.
func needsPackets(what string) error {
	return fmt.Errorf("report: %s needs the packets, which records do not hold: give it to tcpwatch with the capture", what)
}

// errNoArchive is that a folder holds no records.
var errNoArchive = errors.New("no archive of records in this folder, as tcpwatch -o parquet:DIR writes one to DIR: name that, or files of records")

// parseReport reads the command line behind the word report.
func parseReport(args []string) (*options, error) {
	o, err := parse(args)
	switch {
	case err != nil:
		return nil, fmt.Errorf("report: %w", err)
	case o.help:
		return o, nil
	}
	for _, name := range o.given {
		switch {
		case name == "jobs":
			return nil, errors.New("report: --jobs is for packets: records are read one after the other")
		case name == "place":
			return nil, errors.New("report: --place names where packets are captured; of records, --where 'place == \"NAME\"' takes those of one place")
		case name == "metrics":
			return nil, errors.New("report: --metrics is for a run while it goes on: give it to tcpwatch with the capture")
		case !slices.Contains(ofRecords, name):
			return nil, needsPackets("--" + name)
		}
	}
	switch first, _, _ := strings.Cut(o.filter, " "); {
	case o.filter != "" && inputs.NoneIn(first) != nil:
		return nil, fmt.Errorf("report: %s: %w", first, errNoArchive)
	case o.filter != "":
		return nil, fmt.Errorf("report: %s: no such file; a filter is for packets, --where for records", first)
	case o.isLive():
		return nil, errors.New("report: name files of records, which -o jsonl or -o parquet wrote, or - for standard input")
	case slices.Contains(o.tables.Reports, timelineTable):
		return nil, needsPackets("--report " + timelineTable)
	case o.tables.Sort == timelineTable:
		return nil, needsPackets("--sort " + timelineTable)
	}
	// What tables of packets by their time would tell is not known.
	if o.run.Sums.OnDemand == nil {
		o.run.Sums.OnDemand = report.ReportNames()
	}
	o.run.Sums.OnDemand = withoutTimeline(o.run.Sums.OnDemand)
	return o, nil
}

// report is the program when its first word is report: it makes reports of records again.
func (c *command) report(args []string) int {
	o, err := parseReport(args)
	switch {
	case err != nil:
		return fail(c.stderr, err)
	case o.help:
		return printText(c.stdout, c.stderr, reportUsage)
	}
	o.memory.Limit()
	all, err := openRecordFiles(o.read, o.memory)
	if err != nil {
		return fail(c.stderr, fmt.Errorf("report: %w", err))
	}
	defer all.close()
	if err := all.notWritten(o); err != nil {
		return fail(c.stderr, fmt.Errorf("report: %w", err))
	}
	var held []*capture.File
	var piped *os.File // what standard input is written to: it is read twice
	for i, f := range all.files {
		if f.Archive != nil {
			o.others = append(o.others, f.Name)
			continue
		}
		if held = append(held, capture.Held(f.Name, all.disk[i])); f.Name == standardInput {
			piped = all.disk[i]
		}
	}
	in := tcpwatch.Files(held...) // which are not to be written to; their packets are not read
	out, err := c.openFiles(o, in)
	if err != nil {
		return fail(c.stderr, err)
	}
	runs := false
	defer func() {
		if !runs {
			out.Undo()
		}
	}()
	c.giveUp(o.user)
	if piped != nil {
		if err := keep(os.Stdin, piped); err != nil {
			return fail(c.stderr, fmt.Errorf("report: standard input: %w", err))
		}
	}
	s := newSession(c, o, in)
	records, err := stored.Open(all.files, func(err error) { s.warn(err) })
	if err != nil {
		return fail(c.stderr, fmt.Errorf("report: %w", err))
	}
	s.of(records)
	outputs, err := s.outputs(out)
	if err != nil {
		return fail(c.stderr, err)
	}
	signals := watchSignals()
	defer signals.done()
	s.paging = signals.paging
	runs = true
	return s.run(signals.ctx, nil, outputs, out)
}

// openRecords opens a file of records, or one for those that come by standard input.
func openRecords(name string) (*os.File, error) {
	if name != "-" {
		return capture.OpenDisk(name)
	}
	return temporary()
}

// temporary makes a file that lasts as long as it is open.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "tcpwatch")
	if err == nil {
		err = os.Remove(f.Name())
	}
	return f, err
}

// keep writes all of an input to a file, to be read from its beginning.
func keep(in io.Reader, f *os.File) error {
	if _, err := io.Copy(f, in); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// of has the session report of records.
func (s *session) of(in *stored.Set) {
	h := in.Headline()
	s.records.Files, s.records.Interfaces, s.found = h.Files, in.Interfaces(), nil
	if h.Local != nil {
		s.records.Local = in.Local
	}
	s.stored = in
	s.reads = func(ctx context.Context, o tcpwatch.Options, outputs []tcpwatch.Output) (tcpwatch.Stats, error) {
		return tcpwatch.Replay(ctx, in, o, outputs...)
	}
}
