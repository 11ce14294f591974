package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"tcpwatch"
	"tcpwatch/capture/live"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/say"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/follow"
	"tcpwatch/report/ladder"
	"tcpwatch/report/packets"
	"tcpwatch/report/schema"
	"tcpwatch/report/where"
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
	drop func(user string) error
}

// run is the program: it returns the exit status.
func (c *command) run(args []string) int {
	if len(args) > 0 && args[0] == "compare" {
		return c.compare(args[1:])
	}
	o, err := parse(args)
	switch {
	case err != nil:
		return fail(c.stderr, err)
	case o.help:
		return printText(c.stdout, c.stderr, usage())
	case o.version:
		return printText(c.stdout, c.stderr, fmt.Sprintf("tcpwatch %s\n%s\n", version(), live.Version()))
	case o.judge.explain != "":
		return explain(o.judge.explain, c.stdout, c.stderr)
	case o.list:
		return listInterfaces(c.stdout, c.stderr)
	}
	return c.watch(o, nil, (*session).outputs)
}

// watch opens what o names, gives up the privileges that this took, then reads and
// reports. A file that is held is open already; choose chooses the outputs.
func (c *command) watch(o *options, held *os.File, choose func(*session, outfile.Files) ([]tcpwatch.Output, error)) int {
	memory := allowance.New()
	defer memory.Close()
	if err := memory.Short(allowance.SpareAtStart); err != nil {
		return fail(c.stderr, err)
	}
	o.limitMemory()
	in, err := holdInput(o, held)
	if err != nil {
		return fail(c.stderr, err)
	}
	defer in.Close()
	files, err := openFiles(o, in, c.stdout)
	if err != nil {
		return fail(c.stderr, err)
	}
	c.giveUp(o.user)
	if err := in.begin(); err != nil {
		files.Undo()
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
	memory.Guard(ctx, cancel)
	if o.twice() {
		if err := s.firstPass(ctx); err != nil {
			return fail(c.stderr, err)
		}
	}
	if in.handle != nil {
		// One more than there are workers: the reader need not wait for one of them to
		// be interrupted while the kernel's buffer fills.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
		s.announce()
	}
	if o.duration > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeoutCause(ctx, o.duration, errTimeUp)
		defer done()
	}
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

// session is a run of the program over an input that is open.
type session struct {
	o              *options
	in             *input
	stdout, stderr io.Writer // by way of the screen
	screen         *screen.Screen
	status         *status
	records        schema.Options // how records are read
	verdict        *verdict

	found   *found           // by the first of two passes; nil without one
	drawing *ladder.Output   // nil without --why
	follow  *follow.Output   // nil without --follow
	raw     *follow.Raw      // nil without --raw
	written *packets.File    // nil without -w
	extract *packets.Extract // nil without --extract
}

func newSession(c *command, o *options, in *input) *session {
	s := &session{o: o, in: in, stdout: c.stdout, screen: screen.New(), records: recordOptions(o, in), verdict: &verdict{failOn: o.judge.failOn}}
	s.stderr = s.screen.On(c.stderr)
	if in.handle != nil { // what reads packets waits for no terminal
		s.stdout = s.screen.On(c.stdout)
	}
	s.status = newStatus(s.stderr, s.screen, in.handle != nil, o.quiet, in.Size())
	return s
}

// settings are the options of a run, and the condition among them.
func (s *session) settings() (tcpwatch.Options, *where.Clause) {
	o := s.o
	sums := report.SummaryOptions{Kept: max(o.tables.Top, 100), Rows: -1, Sort: o.tables.Sort,
		Detectors: o.judge.detectors, Thresholds: o.judge.thresholds, Narrow: o.narrow()}
	if slices.Contains(o.tables.Reports, "connections") {
		sums.Rows = max(o.tables.Top, 10000)
	}
	t := o.track
	run := tcpwatch.Options{Filter: s.in.filter, FilterName: o.filter, Count: o.count, Workers: o.jobs,
		MSL: time.Duration(t.MSL), MaxConns: t.MaxConns, MaxBytes: o.tableBytes(), Interval: time.Duration(t.Interval), ByVLAN: t.ByVLAN,
		Sums: sums, Warn: s.warn}
	if o.filter != "" {
		run.Hidden = live.NewHidden(s.in.filter, s.in.handle != nil && runtime.GOOS == "linux")
	}
	if s.in.handle != nil {
		run.Ports, run.Local = thisHost()
		if o.filter == "" {
			run.FilterName, run.FilterIsDefault = live.DefaultFilterName, true
		}
	}
	if o.where == nil {
		return run, nil
	}
	clause := o.where.Clause(s.records)
	run.Where = clause
	return run, clause
}

// announce says what is captured on; with -q only what the user did not choose.
func (s *session) announce() {
	if s.o.quiet && s.o.iface != "" {
		return
	}
	filter := "default filter"
	if s.o.filter != "" {
		filter = "filter " + s.o.filter
	}
	on := s.in.handle.Interface()
	if on == live.Any {
		on = "all interfaces"
	}
	tell(s.stderr, fmt.Sprintf("capturing on %s, %s", on, filter))
}

// warn tells the user in a line that something is wrong, and goes on.
func (s *session) warn(err error) {
	s.status.mu.Lock()
	defer s.status.mu.Unlock()
	s.status.remove()
	tell(s.stderr, err.Error())
}

// run reads, reports and returns the exit status.
func (s *session) run(ctx context.Context, asked <-chan struct{}, outputs []tcpwatch.Output, files outfile.Files) int {
	defer s.screen.Settle()
	o, clause := s.settings()
	o.Snapshots = asked
	stats, err := tcpwatch.Run(ctx, s.in.Source, o, outputs...)
	closed := files.Close()
	status := exitDone
	if s.verdict.fails {
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
	if s.written != nil {
		if err := s.written.LeftOut(); err != nil {
			s.warn(fmt.Errorf("%s: %w", s.o.write, err))
		}
	}
	if s.extract != nil {
		s.warn(errors.New(s.told()))
	}
	if clause != nil {
		if err := clause.Err(); err != nil {
			s.warn(fmt.Errorf("--where: %w", err))
		}
	}
	if s.drawing != nil && s.drawing.Len() == 0 {
		s.warn(s.o.noConnection(s.o.why, stats.Packets))
		status = exitUsage
	}
	if !s.endFollow(&stats) {
		status = exitUsage
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

// told says what --extract's file holds.
func (s *session) told() string {
	name := s.o.extract
	if name == "-" {
		name = "extract"
	}
	return s.extract.Told(name, s.found.n-min(s.found.n, maxFound), maxFound)
}

// fail tells why there is nothing to report and returns the exit status.
func fail(stderr io.Writer, err error) int {
	tell(stderr, err.Error())
	if errors.Is(err, errStopped) {
		return exitEarly
	}
	return exitUsage
}

// tell writes a line for the user. Whatever names of files and interfaces, filters
// and errors of other programs are in it is harmless for the terminal.
func tell(stderr io.Writer, line string) {
	io.WriteString(stderr, "tcpwatch: "+say.Escape(line)+"\n")
}

// printText writes what was asked for in place of a report and returns the exit status.
func printText(stdout, stderr io.Writer, text string) int {
	if _, err := io.WriteString(stdout, text); err != nil {
		fail(stderr, fmt.Errorf("output: %w", err))
		return exitEarly
	}
	return exitDone
}

func listInterfaces(stdout, stderr io.Writer) int {
	all, err := live.Interfaces()
	if err != nil {
		return fail(stderr, err)
	}
	var b strings.Builder
	for _, i := range all {
		b.WriteString(say.Escape(i.String()) + "\n")
	}
	return printText(stdout, stderr, b.String())
}

// version is tcpwatch's version, and the commit that it was built from where that is known.
func version() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return tcpwatch.Version
	}
	v := tcpwatch.Version
	for _, s := range b.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			v += " " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			v += " with changes"
		}
	}
	return v
}
