package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/report/stored"
)

// ofRecords are the options that make sense for records: others need the packets, or have had
// their effect when the records were made.
var ofRecords = []string{"read", "output", "report", "top", "sort", "columns", "where", "numeric", "quiet", "no-pager", "color", "no-color", "tz",
	"detectors", "threshold", "fail-on", "baseline", "user", "transitions", "max-memory", "help"}

// needsPackets is the error that something needs the capture itself.
func needsPackets(what string) error {
	return fmt.Errorf("report: %s needs the packets, which records do not hold: give it to tcpwatch with the capture", what)
}

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
		case !slices.Contains(ofRecords, name):
			return nil, needsPackets("--" + name)
		}
	}
	switch {
	case o.filter != "":
		return nil, fmt.Errorf("report: %s: no such file; a filter is for packets, --where for records", strings.Fields(o.filter)[0])
	case o.isLive(), slices.Contains(o.read, "-"):
		return nil, errors.New("report: name files of records, which -o jsonl or -o parquet wrote; standard input cannot be read twice")
	case slices.Contains(o.tables.Reports, timelineTable):
		return nil, needsPackets("--report " + timelineTable)
	case o.tables.Sort == timelineTable:
		return nil, needsPackets("--sort " + timelineTable)
	}
	// What tables of packets by their time would tell is not known.
	o.run.Sums.OnDemand = withoutTimeline(report.ReportNames())
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
	var files []stored.File
	var held []*capture.File
	for _, name := range o.read {
		f, err := capture.OpenDisk(name)
		if err != nil {
			return fail(c.stderr, fmt.Errorf("report: %w", err))
		}
		defer f.Close()
		files, held = append(files, stored.File{Name: name, In: f}), append(held, capture.Held(name, f))
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
	s := newSession(c, o, in)
	records, err := stored.Open(files, func(err error) { s.warn(err) })
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

// of has the session report of records.
func (s *session) of(in *stored.Set) {
	h := in.Headline()
	s.records.Files, s.found = h.Files, nil
	if h.Interface != "" {
		s.records.Interfaces = []string{h.Interface}
	}
	if h.Local != nil {
		s.records.Local = in.Local
	}
	s.stored = in
	s.reads = func(ctx context.Context, o tcpwatch.Options, outputs []tcpwatch.Output) (tcpwatch.Stats, error) {
		return tcpwatch.Replay(ctx, in, o, outputs...)
	}
}
