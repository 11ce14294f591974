package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/capture/live"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/inputs"
	"tcpwatch/internal/say"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/ci"
	"tcpwatch/report/follow"
	"tcpwatch/report/plot"
	"tcpwatch/report/where"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// options are the command line, checked: nothing changes them after parse.
type options struct {
	read       []string     // capture files; empty when live
	others     []string     // other files that are read
	user       string       // whom root becomes; "" for the default
	live       live.Options // Interface is "" when the user chose none
	netns      string       // network namespace to capture in; "" for that of the process
	write      string       // packet file; "" for none
	filter     string       // "" when the user gave none
	duration   time.Duration
	from, to   tcpwatch.Moment // what is read of files
	quiet      bool
	lines      bool // live lines are about trouble
	verbose    bool // and about every open and close
	noPager    bool
	outputs    []output
	tables     report.TableOptions
	why        *report.Pick // nil without --why
	plot       *plot.Asked  // nil without --plot
	follow     *report.Pick // nil without --follow
	followAs   string
	raw        string           // prefix of --raw's files; "" for text on standard output
	where      *where.Expr      // nil without --where
	extract    string           // packet file; "" for none
	run        tcpwatch.Options // what the command line says of them
	memory     allowance.Share
	transition bool
	color      string             // auto | always | never
	zone       *time.Location     // of --tz; nil without
	failOn     *diagnose.Severity // nil without --fail-on
	strict     bool               // files of two places are refused
	baseline   *ci.Baseline       // findings that were accepted; nil without --baseline
	explain    string             // a detector or list; "" without --explain

	ui      ui
	http    served
	metrics served
	otlp    sent

	given               []string // options that were, by their long names
	list, version, help bool
}

// parse reads the command line. Its errors are one line.
func parse(args []string) (*options, error) {
	var (
		o          options
		outputs    []string
		filterFile string
		noColor    bool
	)
	o.run.MSL = time.Duration(record.DefaultMSL)
	o.run.Sums.Thresholds = diagnose.NewOptions()
	f := pflag.NewFlagSet("tcpwatch", pflag.ContinueOnError)
	f.Usage = func() {}
	f.StringArrayVarP(&o.read, "read", "r", nil, "")
	f.StringVarP(&o.live.Interface, "interface", "i", "", "")
	f.BoolVarP(&o.list, "list-interfaces", "D", false, "")
	f.StringVar(&o.netns, "netns", "", "")
	f.IntVarP(&o.live.Buffer, "buffer-size", "B", live.DefaultBuffer, "")
	f.IntVarP(&o.live.Snaplen, "snaplen", "s", live.DefaultSnaplen, "")
	f.BoolVarP(&o.live.NoPromisc, "no-promiscuous-mode", "p", false, "")
	f.StringVarP(&o.user, "user", "Z", "", "")
	f.StringVarP(&o.write, "write", "w", "", "")
	f.StringVarP(&filterFile, "filter-file", "F", "", "")
	f.Uint64VarP(&o.run.Count, "count", "c", 0, "")
	f.Func("for", "", into(&o.duration, say.ParseSpan))
	f.Func("from", "", into(&o.from, tcpwatch.ParseMoment))
	f.Func("to", "", into(&o.to, tcpwatch.ParseMoment))
	f.BoolVarP(&o.tables.Numeric, "numeric", "n", false, "")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "")
	f.BoolVar(&o.lines, "lines", false, "")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "")
	f.BoolVar(&o.noPager, "no-pager", false, "")
	f.BoolVar(&o.ui.on, "ui", false, "")
	f.StringVar(&o.ui.config, "config", "", "")
	o.http.option, o.metrics.option = httpOption, metricsOption
	f.Func("http", "", wholly("--http: ", o.http.takeAddress))
	f.Func("metrics", "", wholly("--metrics: ", o.metrics.takeAddress))
	f.Func("otlp", "", wholly("--otlp: ", o.otlp.take))
	f.StringArrayVarP(&outputs, "output", "o", nil, "")
	f.Func("report", "", o.tables.SetReports)
	f.IntVar(&o.tables.Top, "top", 0, "")
	f.StringVar(&o.tables.Sort, "sort", "", "")
	f.Func("columns", "", o.tables.SetColumns)
	f.Func("where", "", wholly("--where: ", into(&o.where, where.Compile)))
	f.StringVar(&o.extract, "extract", "", "")
	f.Func("why", "", wholly("--why ", unlessEmpty(into(&o.why, report.ParsePick))))
	f.Func("plot", "", wholly("--plot ", unlessEmpty(into(&o.plot, plot.Parse))))
	f.Func("follow", "", wholly("--follow ", unlessEmpty(into(&o.follow, report.ParsePick))))
	f.StringVar(&o.followAs, "follow-as", "", "")
	f.StringVar(&o.raw, "raw", "", "")
	f.Func("place", "", wholly("--place: ", into(&o.run.Place, placeOf)))
	f.Func("msl", "", into(&o.run.MSL, say.ParseSpan))
	f.IntVarP(&o.run.Workers, "jobs", "j", 0, "")
	f.IntVar(&o.run.MaxConns, "max-conns", tracker.DefaultMaxConns, "")
	f.Func("max-memory", "", into((*int64)(&o.memory), say.ParseSize))
	f.Func("interval", "", into(&o.run.Interval, say.ParseSpan))
	f.BoolVar(&o.run.ByVLAN, "by-vlan", false, "")
	f.BoolVar(&o.transition, "transitions", false, "")
	f.Func("detectors", "", wholly("--detectors: ", into(&o.run.Sums.Detectors, detectorsOf)))
	f.Func("threshold", "", wholly("--threshold: ", o.run.Sums.Thresholds.Set))
	f.Func("fail-on", "", wholly("--fail-on: ", unlessEmpty(into(&o.failOn, diagnose.ParseSeverity))))
	f.BoolVar(&o.strict, "strict", false, "")
	f.Func("baseline", "", wholly("--baseline: ", func(file string) error {
		o.others = append(o.others, file)
		return into(&o.baseline, baselineOf)(file)
	}))
	f.StringVar(&o.explain, "explain", "", "")
	f.Func("tz", "", into(&o.zone, say.ParseZone))
	f.Func("anonymize", "", func(file string) error {
		o.others = append(o.others, file)
		return into(&o.run.Anonymize, anonymizer)(file)
	})
	f.Lookup("anonymize").NoOptDefVal = unknownKey
	f.StringVar(&o.color, "color", "auto", "")
	f.Lookup("color").NoOptDefVal = "always"
	f.BoolVar(&noColor, "no-color", false, "")
	f.BoolVar(&o.version, "version", false, "")
	f.BoolVarP(&o.help, "help", "h", false, "")
	if err := checkColor(args); err != nil {
		return nil, err
	}
	if err := f.Parse(args); err != nil {
		return nil, wrongFlag(f, err)
	}
	f.Visit(func(x *pflag.Flag) { o.given = append(o.given, x.Name) })
	if noColor {
		o.color = "never"
	}
	if f.Changed("user") && o.user == "" {
		return nil, errors.New("-Z: no user named")
	}
	if o.live.Snaplen == 0 { // tcpdump's habit
		o.live.Snaplen = live.DefaultSnaplen
	}
	if err := o.takeWords(f.Args(), filterFile); err != nil {
		return nil, err
	}
	if err := errors.Join(o.checkFollow(), o.checkNamespace(f.Changed("netns"))); err != nil {
		return nil, err
	}
	if o.plot != nil && len(outputs) == 0 {
		outputs = []string{"svg"}
	}
	if err := o.chooseOutputs(outputs); err != nil {
		return nil, err
	}
	if err := o.checkPlot(); err != nil {
		return nil, err
	}
	if f.Changed("count") && o.run.Count == 0 {
		return nil, errors.New("-c 0: at least 1 packet; without -c all are read")
	}
	o.decideRun()
	return &o, o.check()
}

// checkFollow refuses what does not belong to --follow.
func (o *options) checkFollow() error {
	switch {
	case o.follow == nil && o.followAs != "":
		return errors.New("--follow-as needs --follow")
	case o.follow == nil && o.raw != "":
		return errors.New("--raw needs --follow")
	case o.raw != "" && o.followAs != "":
		return errors.New("--follow-as is for text: not with --raw")
	case o.followAs != "" && !slices.Contains([]string{follow.AsAuto, follow.AsText, follow.AsHex}, o.followAs):
		return fmt.Errorf("--follow-as %s: auto, text or hex", o.followAs)
	}
	return nil
}

// checkPlot refuses a plot without a file, a file without a plot, and what xplot has no form for.
func (o *options) checkPlot() error {
	drawn := slices.ContainsFunc(o.outputs, func(x output) bool { return x.plot })
	switch {
	case o.plot == nil && drawn:
		return fmt.Errorf("-o svg and -o xpl are for --plot: %s", strings.Join(plot.Names(), ", "))
	case o.plot != nil && !drawn:
		return fmt.Errorf("--plot %s: -o svg:FILE or -o xpl:FILE says where to", o.plot.Name)
	case o.plot != nil && !o.plot.ForXplot() && slices.ContainsFunc(o.outputs, func(x output) bool { return x.name == xplotFormat }):
		return fmt.Errorf("--plot %s: xplot has no form for it; write -o svg:FILE", o.plot.Name)
	}
	return nil
}

// decideRun works out what else follows for the run.
func (o *options) decideRun() {
	if o.run.MaxBytes = o.memory.Table(); o.memory != 0 {
		o.run.MaxBytes -= o.waiting()
	}
	o.run.Sums.Narrow = o.memory.Narrow()
	o.tables.Keep(&o.run.Sums)
	if o.hasPage() || o.http.on {
		o.run.Sums.Pictures = true
		o.run.Sums.OnDemand, o.run.Sums.Rows = nil, max(o.run.Sums.Rows, o.tables.Top, pageRows)
	}
	o.run.FilterName, o.live.Filter = o.filter, o.filter
	o.run.Sums.Counters = o.measured()
	switch {
	case o.filter != "":
		o.run.Filter = capture.NewFilter(o.filter, live.Compile)
	case o.isLive():
		o.live.Filter, o.run.FilterName, o.run.FilterIsDefault = live.DefaultFilter, live.DefaultFilterName, true
	}
}

// isLive reports whether packets are captured.
func (o *options) isLive() bool { return len(o.read) == 0 }

// checkColor refuses --color with its word behind a blank: as --color may stand
// alone, the word would be taken for a file or a filter.
func checkColor(args []string) error {
	for i := 0; i+1 < len(args) && args[i] != "--"; i++ {
		if args[i] == "--color" && screen.CheckColor(args[i+1]) == nil {
			return fmt.Errorf("--color %s: write --color=%[1]s", args[i+1])
		}
	}
	return nil
}

// takeWords takes what the words after the options name: files, as if each had -r before it,
// then the filter. Without any file standard input is read where something is piped into it.
func (o *options) takeWords(words []string, filterFile string) (err error) {
	if o.live.Interface == "" {
		var files []string
		if files, words, err = inputs.Leading(words); err != nil {
			return err
		}
		o.read = append(o.read, files...)
	}
	if len(words) > 0 {
		if err := inputs.Mistyped(words[0]); err != nil {
			return err
		}
	}
	if len(o.read) == 0 && o.live.Interface == "" && o.duration == 0 && inputs.Piped(os.Stdin) {
		o.read = []string{"-"}
	}
	o.filter = strings.TrimSpace(strings.Join(words, " "))
	switch {
	case filterFile == "":
		return nil
	case len(words) > 0:
		return fmt.Errorf("a filter is given twice: by -F %s, and as %q", filterFile, strings.Join(words, " "))
	}
	o.others = append(o.others, filterFile)
	if o.filter, err = capture.ReadExpression(filterFile); err != nil {
		return fmt.Errorf("-F %w", err)
	}
	return nil
}

// check refuses what makes no sense together or is out of range.
func (o *options) check() error {
	switch {
	case !o.isLive() && o.live.Interface != "":
		return fmt.Errorf("both an interface (%s) and a file (%s) to read", o.live.Interface, o.read[0])
	case !o.isLive() && o.duration > 0 && o.to.String() != "":
		return fmt.Errorf("--for and --to %s both say where to end", o.to)
	case o.lines && !o.isLive():
		return fmt.Errorf("--lines is for a live capture: not with %s", o.read[0])
	case o.strict && o.isLive():
		return errors.New("--strict is for files: a live capture has one place")
	case o.lines && o.quiet:
		return errors.New("--lines and -q: live lines, or none?")
	case o.live.Snaplen < 0 || o.live.Snaplen > live.DefaultSnaplen:
		return fmt.Errorf("-s %d: from 0 to %d bytes", o.live.Snaplen, live.DefaultSnaplen)
	case o.live.Buffer < 1 || o.live.Buffer > 1<<20:
		return fmt.Errorf("-B %d: from 1 to %d KiB", o.live.Buffer, 1<<20)
	case o.run.MaxConns < tracker.MinMaxConns:
		return fmt.Errorf("--max-conns %d: at least %d, or hardly any connection is held to its end", o.run.MaxConns, tracker.MinMaxConns)
	case o.memory != 0 && o.memory < tracker.MinMaxBytes:
		return fmt.Errorf("--max-memory %d: at least %dM", o.memory, tracker.MinMaxBytes>>20)
	case o.isLive() && o.why != nil && o.why.ID != 0:
		return fmt.Errorf("--why %s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.why.Text)
	case o.isLive() && o.plot != nil && o.plot.Pick != nil && o.plot.Pick.ID != 0:
		return fmt.Errorf("--plot %s:%s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.plot.Name, o.plot.Pick.Text)
	case o.isLive() && o.follow != nil && o.follow.ID != 0:
		return fmt.Errorf("--follow %s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.follow.Text)
	case o.why != nil && o.why.All && o.where == nil:
		return fmt.Errorf("--why %s: --where says which connections those are", o.why.Text)
	case o.run.Workers < 0 || o.run.Workers > tcpwatch.MaxWorkers:
		return fmt.Errorf("-j %d: from 1 to %d workers; without -j one for each core", o.run.Workers, tcpwatch.MaxWorkers)
	case o.run.MSL <= 0:
		return errors.New("--msl: more than 0")
	}
	if err := o.checkMoments(); err != nil {
		return err
	}
	if err := screen.CheckColor(o.color); err != nil {
		return fmt.Errorf("--color %w", err)
	}
	if err := o.checkTwice(); err != nil {
		return err
	}
	if err := errors.Join(o.checkServed(), o.checkMeasured()); err != nil {
		return err
	}
	return o.tables.Validate()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// into is a flag whose value a function reads.
func into[T any](to *T, parse func(text string) (T, error)) func(text string) error {
	return func(text string) (err error) {
		*to, err = parse(text)
		return err
	}
}

// baselineOf reads the file of --baseline.
func baselineOf(name string) (*ci.Baseline, error) {
	f, err := capture.OpenDisk(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ci.ReadBaseline(f, name)
}

// detectorsOf are those of --detectors.
func detectorsOf(names string) ([]diagnose.Detector, error) {
	if strings.TrimSpace(names) == "" {
		return nil, errors.New("no names; without it all detectors look")
	}
	return diagnose.Select(names)
}

// unknownKey is what --anonymize is given when it stands alone; no file has that name.
const unknownKey = "\x00"

// anonymizer is what gives addresses others, as --anonymize says.
func anonymizer(file string) (*capture.Anonymizer, error) {
	if file == unknownKey {
		return capture.RandomAnonymizer()
	}
	return capture.AnonymizerFrom(file)
}

// unlessEmpty has a flag's empty value mean what it means without the flag.
func unlessEmpty(read func(text string) error) func(text string) error {
	return func(text string) error {
		if text == "" {
			return nil
		}
		return read(text)
	}
}

// wholeError is an error of a flag's value that says all itself.
type wholeError struct{ error }

// wholly has the errors of a flag's value told after prefix, as they are.
func wholly(prefix string, read func(text string) error) func(text string) error {
	return func(text string) error {
		if err := read(text); err != nil {
			return wholeError{fmt.Errorf("%s%w", prefix, err)}
		}
		return nil
	}
}
