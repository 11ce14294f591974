package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/host"
	"tcpwatch/capture/live"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/glossary"
	"tcpwatch/report/kafka"
	"tcpwatch/report/objects"
	"tcpwatch/report/pair"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/report/serve"
	"tcpwatch/report/stored"
	"tcpwatch/report/tui"
	"tcpwatch/tracker/diagnose"
)

// Exit statuses.
const (
	exitDone  = 0
	exitEarly = 1 // the interface went away, or an output could not be written
	exitUsage = 2 // wrong command line or filter, an input that cannot be read, or no memory to read it
	exitFound = 3 // a finding of the severity that --fail-on names, or compare found something worse
)

// command is the program with what it writes to.
type command struct {
	stdout, stderr io.Writer
	// drop gives up the privileges that the process has; its error is what to tell
	// the user. It is nil where they are another's, or given up already.
	drop  func(user string) error
	netns *host.Namespace // packets are captured in; nil for that of the process
}

// run is the program: it returns the exit status.
func (c *command) run(args []string) int {
	args = meant(args)
	if len(args) > 0 {
		switch args[0] {
		case "compare":
			return c.compare(args[1:])
		case "report":
			return c.report(args[1:])
		case "pair":
			return c.pair(args[1:])
		}
	}
	if len(args) == 1 && args[0] == "config" {
		return printText(c.stdout, c.stderr, tui.DefaultText())
	}
	o, err := parse(args)
	if err == nil {
		err = o.takeTerminal(os.Stdin, c.stdout)
	}
	if err != nil {
		return fail(c.stderr, err)
	}
	switch text, asked, err := o.answer(); {
	case err != nil:
		return fail(c.stderr, err)
	case asked:
		return printText(c.stdout, c.stderr, text)
	}
	return c.watch(o, nil, (*session).outputs)
}

// answer is what is asked for in place of a report.
func (o *options) answer() (text string, asked bool, err error) {
	switch {
	case o.help:
		return usage(), true, nil
	case o.version:
		return fmt.Sprintf("tcpwatch %s\n%s\n", tcpwatch.Build(), live.Version()), true, nil
	case o.explain != "":
		if text, known := glossary.Explain(o.explain); known {
			return text, true, nil
		}
		if text, known := pair.Explain(o.explain); known {
			return text, true, nil
		}
		if text, err = diagnose.Explain(o.explain); err != nil {
			err = fmt.Errorf("--explain: %w", err)
		}
		return text, true, err
	case o.list:
		text, err = o.interfaces()
		return text, true, err
	}
	return "", false, nil
}

// watch opens what o names, gives up the privileges that this took, then reads and
// reports. Files that are held are open already; choose chooses the outputs.
func (c *command) watch(o *options, held []*os.File, choose func(*session, outfile.Files) ([]tcpwatch.Output, error)) int {
	memory := allowance.New()
	defer memory.Close()
	if err := memory.Short(allowance.SpareAtStart); err != nil {
		return fail(c.stderr, err)
	}
	o.memory.Limit()
	var err error
	if c.netns, err = o.enter(); err != nil {
		return fail(c.stderr, err)
	}
	defer c.netns.Close()
	in, err := openSource(o, held, c.netns)
	if err != nil {
		return fail(c.stderr, err)
	}
	defer in.Close()
	files, err := c.openFiles(o, in)
	if err != nil {
		return fail(c.stderr, err)
	}
	runs := false
	defer func() {
		if !runs {
			files.Undo()
		}
	}()
	for _, x := range [...]*served{&o.http, &o.metrics} {
		defer x.close()
		if err := x.open(o); err != nil {
			return fail(c.stderr, err)
		}
	}
	if err := o.http.holdAgain(o); err != nil {
		return fail(c.stderr, err)
	}
	c.giveUp(o.user)
	if err = in.Begin(); err == nil {
		err = in.Check(o.run.Filter)
	}
	if err != nil {
		return fail(c.stderr, err)
	}
	s := newSession(c, o, in)
	outputs, err := choose(s, files)
	if err != nil {
		return fail(c.stderr, err)
	}
	signals := watchSignals()
	defer signals.done()
	ctx, cancel := context.WithCancelCause(signals.ctx)
	defer cancel(nil)
	s.stop, s.paging = func() { cancel(errStopped) }, signals.paging
	memory.Guard(ctx, cancel)
	from, to, err := o.moments(s.clockOn(s.stdout).At(0).Location())
	if err != nil {
		return fail(c.stderr, err)
	}
	if s.from, s.to, err = in.Bounds(ctx, from, to); err != nil {
		return fail(c.stderr, err)
	}
	if s.found != nil {
		if err := s.firstPass(ctx, outputs); err != nil {
			return fail(c.stderr, err)
		}
	}
	if o.isLive() {
		// One more than there are workers: the reader need not wait for one of them to
		// be interrupted while the kernel's buffer fills.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
		if s.ui == nil {
			s.announce()
		}
	}
	if o.isLive() && o.duration > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeoutCause(ctx, o.duration, errTimeUp)
		defer done()
	}
	runs = true
	return s.run(ctx, signals.report, outputs, files)
}

// errTimeUp is that --for's time is over.
var errTimeUp = errors.New("the time is up")

// giveUp gives up the privileges, and says what could not be done of that.
func (c *command) giveUp(user string) {
	if c.drop == nil {
		return
	}
	if err := c.drop(user); err != nil {
		tell(c.stderr, err.Error())
	}
}

// teller is an Output that has something to say, in lines, when the run has ended.
type teller interface{ Told() []string }

// session is a run of the program over an input that is open.
type session struct {
	o              *options
	in             *tcpwatch.Source
	netns          *host.Namespace // packets are captured in; nil for that of the process
	stdout, stderr io.Writer       // by way of the screen
	screen         *screen.Screen
	foot           *screen.Foot // of standard error
	progress       *report.Progress
	local          func(capture.Addr) bool // addresses of this host; nil for files
	records        schema.Options          // how records are read
	failOn         *report.FailOn
	found          *report.Found // what the first of two passes finds; nil without one
	wanted         []wanted
	from, to       tcpwatch.Bound
	ui             *tui.Screen   // nil without
	server         *serve.Server // nil without
	measuring
	sinks    map[sink]kafka.Output               // those that are open
	archives map[*objects.Target]*parquet.Output // those in buckets
	stop     func()                              // ends the run as Ctrl-C does
	paging   *atomic.Bool                        // a pager has the terminal
	stored   *stored.Set                         // nil for packets
	// reads hands what the input holds to Outputs.
	reads func(ctx context.Context, o tcpwatch.Options, outputs []tcpwatch.Output) (tcpwatch.Stats, error)
}

func newSession(c *command, o *options, in *tcpwatch.Source) *session {
	s := &session{o: o, in: in, netns: c.netns, stdout: c.stdout, screen: screen.New(), failOn: &report.FailOn{Severity: o.failOn, Accepts: o.baseline.Accepts},
		records: schema.Options{Transitions: o.transition, Files: o.read}}
	s.stderr = s.screen.On(c.stderr)
	s.foot = s.screen.NewFoot(s.stderr)
	if o.isLive() {
		s.stdout = s.screen.On(c.stdout) // what reads packets waits for no terminal
		if o.quiet {
			s.foot = s.screen.NewFoot(nil)
		}
		s.local = s.own()
		s.records.Interfaces, s.records.Local = []string{in.Device()}, s.local
	}
	if o.twice() != "" || o.drawsAgain() {
		s.found = report.NewFound(o.chosen())
	}
	if o.ui.shown {
		s.foot = s.screen.NewFoot(nil)
		s.ui = s.newScreen(c.stdout)
	}
	s.progress = s.newProgress()
	s.reads = func(ctx context.Context, o tcpwatch.Options, outputs []tcpwatch.Output) (tcpwatch.Stats, error) {
		return tcpwatch.Run(ctx, s.in, o, outputs...)
	}
	return s
}

func (s *session) newProgress() *report.Progress {
	return report.NewProgress(s.foot, report.ProgressOptions{Live: s.o.isLive(), Size: s.in.Size(), Now: time.Now})
}

// settings are the options of a run.
func (s *session) settings() tcpwatch.Options {
	run := s.o.run
	run.Warn, run.Local = s.warn, s.local
	run.From, run.To = s.from, s.to
	run.Sums.Records = s.records
	run.Place = s.place()
	if run.Filter != nil {
		run.Hidden = live.NewHidden(run.Filter, s.o.isLive() && runtime.GOOS == "linux")
	}
	if s.o.isLive() {
		limits := s.limits()
		run.Ports = diagnose.PortRange{Low: limits.PortLow, High: limits.PortHigh}
	}
	if s.o.where != nil {
		run.Where = s.o.where.Clause(s.records)
		if s.found != nil {
			run.Counted = s.found.Has
		}
	}
	return run
}

// announce says what is captured on; with -q only what the user did not choose.
func (s *session) announce() {
	if s.o.quiet && s.o.live.Interface != "" {
		return
	}
	on, filter := s.in.Device(), "default filter"
	if s.o.filter != "" {
		filter = "filter " + s.o.filter
		if s.o.run.Anonymize != nil {
			filter = "filter " + tcpwatch.NotShown
		}
	}
	if on == live.Any {
		on = "all interfaces"
	}
	if s.netns != nil {
		on += " in network namespace " + s.netns.String()
	}
	if zone := s.clockOn(s.stdout).Zone(time.Now().UnixNano()); zone != "UTC" {
		filter += ", times in " + zone
	}
	tell(s.stderr, fmt.Sprintf("capturing on %s, %s; %s", on, filter, s.o.howToEnd()))
}

// warn tells the user in a line that something is wrong, and goes on.
func (s *session) warn(err error) {
	s.tellLine(err.Error())
}

// run reads, reports and returns the exit status.
func (s *session) run(ctx context.Context, asked <-chan struct{}, outputs []tcpwatch.Output, files outfile.Files) int {
	defer s.screen.Settle()
	o := s.settings()
	o.Snapshots = asked
	s.show()
	stats, err := s.reads(ctx, o, outputs)
	closed := files.Close()
	status := exitDone
	if s.failOn.Fails {
		status = exitFound
	}
	var output *tcpwatch.OutputError
	for _, err := range each(err) {
		var m *allowance.Error
		switch {
		case errors.As(err, &output), errors.Is(err, errStopped), errors.Is(err, errTimeUp):
			continue
		case errors.As(err, &m):
			status = exitUsage
		default:
			status = exitEarly
		}
		s.warn(err)
	}
	if clause, ok := o.Where.(interface{ Err() error }); ok {
		if err := clause.Err(); err != nil {
			s.warn(fmt.Errorf("--where: %w", err))
		}
	}
	for _, x := range outputs {
		if x, ok := x.(teller); ok {
			for _, line := range x.Told() {
				s.warn(errors.New(line))
			}
		}
	}
	if err := s.screen.ShowPaged(); err != nil {
		s.warn(fmt.Errorf("output: %w", err))
		status = exitEarly
	}
	for _, x := range outputs {
		if x, ok := x.(interface{ Failed() error }); ok && x.Failed() != nil {
			s.warn(x.Failed())
			status = exitUsage
		}
	}
	for _, w := range s.wanted {
		if w.found() == 0 {
			s.warn(w.NotFound(stats.Packets, o.Where != nil))
			status = exitUsage
		}
	}
	if output == nil && closed != nil {
		output = &tcpwatch.OutputError{Err: closed}
	}
	if output != nil && !errors.Is(output, syscall.EPIPE) {
		s.warn(output)
		status = exitEarly
	}
	return status
}

// each is every error of those joined.
func each(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return nil
}
