package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"syscall"

	"tcpwatch"
	"tcpwatch/internal/account"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/tui"
)

// ui is what the command line says of the screen.
type ui struct {
	on       bool   // --ui
	config   string // --config
	shown    bool   // there is a screen
	settings tui.Config
}

// wantsScreen reports whether the screen is shown on stdout: asked for, or live where both ends
// of the talk are a terminal and nothing else is asked for there.
func (o *options) wantsScreen(stdin *os.File, stdout io.Writer) bool {
	if o.ui.on || o.lines || o.verbose || o.quiet || o.http.on || !o.isLive() || os.Getenv("TERM") == "dumb" {
		return o.ui.on
	}
	return screen.IsTerminal(stdout) && screen.IsTerminal(stdin) && len(o.tables.Reports) == 0 &&
		!slices.ContainsFunc(o.outputs, func(x output) bool { return x.onStdout() && x.name != tableFormat }) &&
		slices.ContainsFunc(o.outputs, func(x output) bool { return x.onStdout() })
}

// takeTerminal decides whether there is a screen, and refuses one where none can be.
func (o *options) takeTerminal(stdin *os.File, stdout io.Writer) error {
	switch {
	case o.ui.on && (o.lines || o.verbose):
		return errors.New("--ui shows the screen, --lines and -v lines: one of them")
	case o.ui.on && slices.ContainsFunc(o.outputs, func(x output) bool { return x.onStdout() && x.name != tableFormat }):
		return errors.New("--ui takes the terminal: give the other output a file")
	case o.ui.on && (!screen.IsTerminal(stdin) || !screen.IsTerminal(stdout)):
		return errors.New("--ui: standard input and output have to be a terminal")
	}
	if o.ui.shown = o.wantsScreen(stdin, stdout); !o.ui.shown {
		return nil
	}
	return o.takeSettings()
}

// takeSettings reads the settings of the screen, and has the run keep and judge what they ask for.
func (o *options) takeSettings() (err error) {
	o.run.Sums.OnDemand = append(o.run.Sums.OnDemand, tui.Sums()...)
	o.ui.settings, err = readConfig(o.ui.config)
	o.others = append(o.others, cmp.Or(o.ui.config, configFile()))
	for _, text := range o.ui.settings.Thresholds {
		err = errors.Join(err, o.run.Sums.Thresholds.SetUsual(text))
	}
	return err
}

// readConfig reads the settings of the screen: from a file that is named, else from the user's,
// where there is one.
func readConfig(name string) (tui.Config, error) {
	named := name != ""
	if !named {
		name = configFile()
	}
	if name == "" {
		return tui.DefaultConfig(), nil
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if !named && errors.Is(err, os.ErrNotExist) {
		return tui.DefaultConfig(), nil
	}
	if err != nil {
		return tui.Config{}, fmt.Errorf("--config: %w", err)
	}
	defer f.Close()
	if !named && !ownFile(f) {
		return tui.Config{}, fmt.Errorf("%s: no file of the user's own; --config names another", name)
	}
	c, err := tui.ReadConfig(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return c, err
}

// configFile is the user's own (XDG Base Directory Specification), under sudo that of who called
// it; "" for none.
func configFile() string {
	if home := account.CallerHome(); home != "" {
		return filepath.Join(home, ".config", "tcpwatch", "config")
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "tcpwatch", "config")
}

// ownFile reports whether a file is a plain one and, under sudo, belongs to who called it: what
// only root may read is not shown to others, not even in an error.
func ownFile(f *os.File) bool {
	x, err := f.Stat()
	if err != nil || !x.Mode().IsRegular() {
		return false
	}
	uid, _, ok := account.Caller()
	if s, isStat := x.Sys().(*syscall.Stat_t); ok && isStat {
		return int(s.Uid) == uid
	}
	return true
}

// newScreen is the screen of a run.
func (s *session) newScreen(stdout io.Writer) *tui.Screen {
	look := screen.LookOf(stdout, s.o.color)
	t := s.tablesOn(stdout)
	return tui.New(tui.Options{In: os.Stdin, Out: stdout, Color: look.Color, Tables: t, Config: s.o.ui.settings,
		Stop: func() { s.stop() }, Cost: cost, Link: s.trouble, Pager: s.pagerOn(stdout), MSL: int64(s.o.run.MSL)})
}

// show begins to show the run.
func (s *session) show() {
	if s.ui != nil {
		s.ui.Start()
	}
	if s.server != nil {
		s.server.Start()
	}
	s.startMeasures()
}

// pagerOn is the user's pager on the terminal of a screen, nil for none. It is started when the
// privileges are gone, so it has none.
func (s *session) pagerOn(stdout io.Writer) func(text []byte) error {
	pager := screen.NewPager(stdout, os.Getenv)
	if pager == nil || s.o.noPager {
		return nil
	}
	return func(text []byte) error {
		s.paging.Store(true)
		defer s.paging.Store(false)
		return pager.Hold(text)
	}
}

// cost is what this process has taken so far.
func cost() tui.Cost {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	m := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(m)
	return tui.Cost{CPU: u.Utime.Nano() + u.Stime.Nano(), Memory: m[0].Value.Uint64() - m[1].Value.Uint64()}
}

// screenOutputs are the outputs of a run with a screen: on standard output only the report
// follows it.
func (s *session) screenOutputs(files outfile.Files) (all []tcpwatch.Output) {
	all = append(all, &collecting{}, s.ui)
	for _, x := range s.o.outputs {
		if x.name == tableFormat && x.onStdout() {
			all = append(all, &farewell{screen: s.ui, Tables: report.NewTables(s.stdout, s.tablesOn(s.stdout))})
			continue
		}
		all = append(all, s.make(x, files))
	}
	return append(append(all, s.failOn), s.measures()...)
}

// farewell is the report that stands on the terminal when the screen is gone, unless its last
// frame does.
type farewell struct {
	*report.Tables
	screen *tui.Screen
}

// Report writes the report; see report.Reporter.
func (f *farewell) Report(h *report.Headline, s *report.Summary) error {
	if f.screen.Kept() {
		return nil
	}
	return f.Tables.Report(h, s)
}
