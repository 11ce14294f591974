package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/internal/say"
	"tcpwatch/report"
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
		return printText(c.stdout, c.stderr, usage)
	case o.version:
		return printText(c.stdout, c.stderr, fmt.Sprintf("tcpwatch %s\n%s\n", version(), live.Version()))
	case o.judge.explain != "":
		return explain(o.judge.explain, c.stdout, c.stderr)
	case o.list:
		return listInterfaces(c.stdout, c.stderr)
	}
	return c.watch(o)
}

// watch opens what o names, gives up the privileges that this took, then reads and
// reports.
func (c *command) watch(o *options) int {
	o.memory = newAllowance()
	defer o.memory.close()
	if err := o.memory.short(spareAtStart); err != nil {
		return fail(c.stderr, err)
	}
	o.limitMemory()
	chosen := len(o.read) == 0 && o.iface == ""
	in, err := holdInput(o)
	if err != nil {
		return fail(c.stderr, err)
	}
	defer in.close()
	files, err := openFiles(o, in, c.stdout)
	if err != nil {
		return fail(c.stderr, err)
	}
	c.giveUp(o.user)
	if err := in.begin(); err != nil {
		files.undo()
		return fail(c.stderr, err)
	}
	out, err := newOutputs(o, in, files, c.stdout)
	if err != nil {
		return fail(c.stderr, err)
	}
	if o.twice() {
		found, err := firstPass(o, in, c.stderr)
		if err != nil {
			return fail(c.stderr, err)
		}
		out.passed(o, found)
	}
	w := newWatch(o, in, out, c.stdout, c.stderr)
	defer w.signals.done()
	if in.handle != nil {
		// One more than there are workers: the reader need not wait for one of them to
		// be interrupted while the kernel's buffer fills.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
		w.announce(chosen)
	}
	w.loop()
	return w.end()
}

// giveUp gives up the privileges, and says what could not be done of that.
func (c *command) giveUp(user string) {
	if c.drop == nil {
		return
	}
	if err := c.drop(user); err != nil {
		tell(c.stderr, err.Error())
	}
}

func newWatch(o *options, in *input, out *outputs, stdout, stderr io.Writer) *watch {
	stderr = out.screen.on(stderr)
	w := &watch{o: o, in: in, out: out, signals: watchSignals(), status: newStatus(stderr, out.screen),
		stdout: out.on(stdout, in), stderr: stderr, size: in.size()}
	w.source = &steady{in: in, across: w.across, live: in.handle != nil, kept: in.handle == nil, passed: w.silent}
	if len(in.files) > 1 && in.pipe == nil {
		w.source.ended = func(file int) bool { return in.files[file].Ended() }
	}
	if o.filter != "" {
		w.sampler = capture.NewDecoder(capture.DecoderOptions{ByVLAN: o.track.ByVLAN})
	}
	m := newMeeting()
	for i := range o.workers() {
		x := newWorker(i, o.workers(), in.ahead(), o, out)
		x.meeting, m.table = m, append(m.table, x.tracker)
		w.workers = append(w.workers, x)
	}
	w.writer = newWriter(w)
	w.spare = make(chan *batch, in.ahead()+2)
	w.batch = w.empty()
	out.line = w.clear
	if o.duration > 0 {
		w.deadline = time.Now().Add(o.duration)
	}
	w.start()
	return w
}

// announce says what is captured on; with -q only what the user did not choose.
func (w *watch) announce(chosen bool) {
	if w.o.quiet && !chosen {
		return
	}
	filter := "default filter"
	if w.o.filter != "" {
		filter = "filter " + w.o.filter
	}
	on := w.in.handle.Interface()
	if on == live.Any {
		on = "all interfaces"
	}
	tell(w.stderr, fmt.Sprintf("capturing on %s, %s", on, filter))
}

// summary is that of the first worker, which takes in those of the others.
func (w *watch) summary() *report.Summary {
	sum := w.workers[0].summary
	for _, x := range w.workers[1:] {
		sum.Merge(x.summary)
	}
	return sum
}

// end hands out what is left and returns the exit status.
func (w *watch) end() int {
	defer w.out.screen.settle()
	w.stop()
	w.out.summary = w.summary()
	w.out.screen.wait()
	w.clear()
	h := w.final()
	w.out.finish(h)
	status := exitDone
	if w.o.judge.fails(w.out.summary.Findings(h)) {
		status = exitFound
	}
	if w.fault != nil {
		w.warn(w.fault)
		status = exitEarly
		var m *errMemory
		if errors.As(w.fault, &m) {
			status = exitUsage
		}
	}
	if p := w.out.packets; p != nil && p.other > 0 {
		w.warn(fmt.Errorf("%s: %d packets left out: a pcap file has one link type, and they are not %s", p.name, p.other, p.link))
	}
	if x := w.out.extract; x != nil {
		w.warn(errors.New(x.told()))
	}
	if err := w.unjudged(); err != nil {
		w.warn(err)
	}
	if w.out.ladder != nil && w.out.ladder.Len() == 0 {
		w.warn(noConnection(w.o.why, w.packets))
		status = exitUsage
	}
	if !w.endFollow() {
		status = exitUsage
	}
	if err := w.out.err; err != nil && !errors.Is(err, syscall.EPIPE) {
		w.warn(fmt.Errorf("output: %w", err))
		status = exitEarly
	}
	return status
}

// unjudged is that --where could not be worked out for some connections.
func (w *watch) unjudged() error {
	first := w.workers[0].where
	if first == nil {
		return nil
	}
	for _, x := range w.workers[1:] {
		first.Merge(x.where)
	}
	if err := first.Err(); err != nil {
		return fmt.Errorf("--where: %w", err)
	}
	return nil
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

// version is the module's version and the commit that it was built from.
func version() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := b.Main.Version
	if v == "" {
		v = "(devel)"
	}
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && !strings.Contains(v, s.Value[:12]) {
			v += " " + s.Value[:12]
		}
	}
	return v
}
