package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// errStopped is that the user did not wait for the first of two inputs or passes.
var errStopped = errors.New("stopped before there was anything to tell")

// twice reports whether the files have to be read twice; see report.Found.
func (o *options) twice() bool {
	return o.extract != "" || o.where != nil && (o.why != nil || o.follow != nil || o.timeline()) || o.why != nil && o.why.All
}

// timeline reports whether packets are counted by their time.
func (o *options) timeline() bool { return slices.Contains(o.tables.Reports, "timeline") }

// checkTwice refuses what can be read only once.
func (o *options) checkTwice() error {
	if !o.twice() {
		return nil
	}
	what := "--extract"
	switch {
	case o.extract != "":
	case o.why != nil:
		what = "--why with --where"
	case o.follow == nil:
		what = "--report timeline with --where"
	default:
		what = "--follow with --where"
	}
	if len(o.read) == 0 {
		return fmt.Errorf("%s reads packets twice, which a live capture cannot: write them with -w, then read that file", what)
	}
	for _, name := range o.read {
		about, err := os.Stat(name)
		switch {
		case name == "-":
			return fmt.Errorf("%s reads packets twice, which standard input cannot: write them to a file first", what)
		case err == nil && !about.Mode().IsRegular() && !about.IsDir():
			return fmt.Errorf("%s reads packets twice, which %s cannot: it is no regular file", what, name)
		}
	}
	return nil
}

// chosen is what the first pass looks for.
func (o *options) chosen() func(r *record.Record) bool {
	switch {
	case o.extract != "" && o.where == nil:
		return report.Troubled
	case o.extract != "", o.where != nil && o.timeline():
		return func(*record.Record) bool { return true }
	}
	pick := o.why
	if pick == nil {
		pick = o.follow
	}
	return func(r *record.Record) bool { return pick.Marks(r.ID, r.Orig, r.Resp) }
}

// firstPass reads the files, and goes back to their beginning, to find the connections that
// the second is about. What there is to warn of, the second tells.
func (s *session) firstPass(ctx context.Context) error {
	s.found = report.NewFound(s.o.chosen())
	outputs := []tcpwatch.Output{s.found}
	if s.o.extract != "" && s.o.where == nil {
		outputs = append(outputs, report.Cited{To: s.found})
	}
	o := s.settings()
	o.Interval, o.Warn = 0, nil
	o.Sums.Kept, o.Sums.Rows, o.Sums.Sort, o.Sums.OnDemand = 1, -1, "", []string{}
	_, err := tcpwatch.Run(ctx, s.in.Source, o, append(outputs, s.newProgress())...)
	s.foot.Clear()
	s.in.Rewind()
	if n := s.found.LeftOut(); n > 0 && s.o.timeline() {
		s.warn(fmt.Errorf("bytes and repeats of the timeline leave %s out: %s are followed", say.Plural(n, "connection"), say.Thousands(report.MaxFound)))
	}
	return err
}

// picked is the choice of the connections of --why or --follow: with --where those that the
// first pass has found.
func (s *session) picked(pick *report.Pick) func(id uint64, orig, resp capture.Endpoint) bool {
	if s.o.where == nil {
		return pick.Marks
	}
	return func(id uint64, orig, resp capture.Endpoint) bool {
		return s.found.Has(id) && pick.Marks(id, orig, resp)
	}
}
