package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/inputs"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/tracker/record"
)

// errStopped is that the user did not wait for the first of two inputs or passes.
var errStopped = errors.New("stopped before there was anything to report")

// twice is the option for which the files have to be read twice, see report.Found; "" for none.
func (o *options) twice() string {
	switch {
	case o.extract != "":
		return "--extract"
	case o.why != nil && (o.where != nil || o.why.All):
		return "--why with --where"
	case o.follow != nil && o.where != nil:
		return "--follow with --where"
	case o.plot != nil && o.plot.Finds():
		return fmt.Sprintf("--plot %s without a connection", o.plot.Name)
	case o.where != nil && o.plotsTimeline():
		return "--plot timeline with --where"
	case o.where != nil && o.timeline():
		return "--report timeline with --where"
	}
	return ""
}

// timeline reports whether packets are counted by their time.
func (o *options) timeline() bool {
	return slices.Contains(o.tables.Reports, timelineTable) || o.plotsTimeline()
}

// plotsTimeline reports whether what happened is drawn over time.
func (o *options) plotsTimeline() bool { return o.plot != nil && o.plot.Name == "timeline" }

// checkTwice refuses what can be read only once.
func (o *options) checkTwice() error {
	what := o.twice()
	if what == "" {
		return nil
	}
	if o.isLive() {
		return fmt.Errorf("%s reads packets twice, which a live capture cannot: write them with -w, then read that file", what)
	}
	return o.checkAgain(what)
}

// checkMoments refuses times that make no sense together, or with the input.
func (o *options) checkMoments() error {
	if !o.isLive() && o.from.NotBefore(o.to) {
		return fmt.Errorf("--from %s is not before --to %s", o.from, o.to)
	}
	for _, x := range []struct {
		flag string
		tcpwatch.Moment
	}{{"--to", o.to}, {"--from", o.from}} {
		switch {
		case x.String() == "":
		case o.isLive():
			return fmt.Errorf("%s is for files: a live capture begins now, and --for ends it", x.flag)
		case x.FromLast():
			if err := o.checkAgain(fmt.Sprintf("%s %s counts from the last packet and", x.flag, x)); err != nil {
				return err
			}
		}
	}
	return nil
}

// moments are when what is read of files begins and ends: without a zone in that of the
// report, so that what it tells can be given back.
func (o *options) moments(zone *time.Location) (from, to tcpwatch.Moment, err error) {
	if from, err = o.from.In(zone); err != nil {
		return from, to, fmt.Errorf("--from %w", err)
	}
	if to, err = o.to.In(zone); err != nil {
		return from, to, fmt.Errorf("--to %w", err)
	}
	if !o.isLive() && o.duration > 0 {
		to = from.Plus(o.duration)
	}
	return from, to, nil
}

// checkAgain refuses files that what reads packets twice cannot read again.
func (o *options) checkAgain(what string) error {
	for _, name := range o.read {
		if err := inputs.OnlyOnce(name); err != nil {
			return fmt.Errorf("%s reads packets twice, which %w", what, err)
		}
	}
	return nil
}

// chosen is what the first pass looks for.
func (o *options) chosen() func(r *record.Record) bool {
	switch {
	case o.extract != "" && o.where == nil:
		return report.Troubled
	case o.extract != "", o.where != nil && (o.timeline() || o.drawsAgain()):
		return func(*record.Record) bool { return true }
	}
	pick := cmp.Or(o.why, o.follow)
	if pick == nil { // a page finds its connections by itself
		return func(*record.Record) bool { return false }
	}
	return func(r *record.Record) bool { return pick.Marks(r.ID, r.Orig, r.Resp) }
}

// drawsAgain reports whether a page draws connections: packets can be read again for it.
func (o *options) drawsAgain() bool {
	return !o.isLive() && slices.ContainsFunc(o.outputs, func(x output) bool { return x.cites }) && o.checkAgain("a page") == nil
}

// hasPage reports whether a page or a plot is written.
func (o *options) hasPage() bool {
	return slices.ContainsFunc(o.outputs, func(x output) bool { return x.page })
}

// firstPass reads the files to find the connections that the second pass, with these outputs,
// is about.
func (s *session) firstPass(ctx context.Context, outputs []tcpwatch.Output) error {
	before := []tcpwatch.Output{s.newProgress()}
	for _, x := range outputs {
		if x, ok := x.(interface{ First() tcpwatch.Output }); ok {
			before = append(before, x.First())
		}
	}
	cited := s.o.extract != "" && s.o.where == nil
	err := tcpwatch.Find(ctx, s.in, s.settings(), s.found, cited, before...)
	s.foot.Clear()
	if more, most := s.found.LeftOut(); more > 0 && s.o.timeline() {
		s.warn(fmt.Errorf("the timeline leaves bytes and retransmissions of %s out: it follows at most %s", say.Plural(more, "connection"), say.Thousands(most)))
	}
	return err
}

// picked is the choice of the connections of --why or --follow: with --where those that the
// first pass has found.
func (s *session) picked(pick *report.Pick) func(id uint64, orig, resp capture.Endpoint) bool {
	if s.o.where == nil {
		return pick.Marks
	}
	return pick.Among(s.found)
}

// wanted are connections of --why or --follow, without which the run fails.
type wanted struct {
	*report.Pick
	found func() int // how many there were
}
