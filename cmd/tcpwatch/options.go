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
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/follow"
	"tcpwatch/report/where"
	"tcpwatch/tracker"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// options are the command line, checked: nothing changes them after parse.
type options struct {
	read       []string     // capture files; empty when live
	user       string       // whom root becomes; "" for the default
	live       live.Options // Interface is "" when the user chose none
	write      string       // packet file; "" for none
	filter     string       // "" when the user gave none
	duration   time.Duration
	from, to   moment // what is read of files
	quiet      bool
	noPager    bool
	outputs    []output
	tables     report.TableOptions
	why        *report.Pick // nil without --why
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
	explain    string             // a detector or list; "" without --explain

	list, version, help bool
}

// parse reads the command line. Its errors are one line.
func parse(args []string) (*options, error) {
	var (
		o                           options
		outputs                     []string
		reports, filterFile, whyArg string
		followArg, whereArg         string
		columns                     string
		noColor                     bool
		detectors, failOn           string
		thresholds                  []string
	)
	o.run.MSL = time.Duration(record.DefaultMSL)
	f := pflag.NewFlagSet("tcpwatch", pflag.ContinueOnError)
	f.Usage = func() {}
	f.StringArrayVarP(&o.read, "read", "r", nil, "")
	f.StringVarP(&o.live.Interface, "interface", "i", "", "")
	f.BoolVarP(&o.list, "list-interfaces", "D", false, "")
	f.IntVarP(&o.live.Buffer, "buffer-size", "B", live.DefaultBuffer, "")
	f.IntVarP(&o.live.Snaplen, "snaplen", "s", live.DefaultSnaplen, "")
	f.BoolVarP(&o.live.NoPromisc, "no-promiscuous-mode", "p", false, "")
	f.StringVarP(&o.user, "user", "Z", "", "")
	f.StringVarP(&o.write, "write", "w", "", "")
	f.StringVarP(&filterFile, "filter-file", "F", "", "")
	f.Uint64VarP(&o.run.Count, "count", "c", 0, "")
	f.Func("for", "", into(&o.duration, say.ParseSpan))
	f.Func("from", "", into(&o.from, parseMoment))
	f.Func("to", "", into(&o.to, parseMoment))
	f.BoolVarP(&o.tables.Numeric, "numeric", "n", false, "")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "")
	f.BoolVar(&o.noPager, "no-pager", false, "")
	f.StringArrayVarP(&outputs, "output", "o", nil, "")
	f.StringVar(&reports, "report", "", "")
	f.IntVar(&o.tables.Top, "top", 0, "")
	f.StringVar(&o.tables.Sort, "sort", "", "")
	f.StringVar(&columns, "columns", "", "")
	f.StringVar(&whereArg, "where", "", "")
	f.StringVar(&o.extract, "extract", "", "")
	f.StringVar(&whyArg, "why", "", "")
	f.StringVar(&followArg, "follow", "", "")
	f.StringVar(&o.followAs, "follow-as", "", "")
	f.StringVar(&o.raw, "raw", "", "")
	f.Func("msl", "", into(&o.run.MSL, say.ParseSpan))
	f.IntVarP(&o.run.Workers, "jobs", "j", 0, "")
	f.IntVar(&o.run.MaxConns, "max-conns", tracker.DefaultMaxConns, "")
	f.Func("max-memory", "", into((*int64)(&o.memory), say.ParseSize))
	f.Func("interval", "", into(&o.run.Interval, say.ParseSpan))
	f.BoolVar(&o.run.ByVLAN, "by-vlan", false, "")
	f.BoolVar(&o.transition, "transitions", false, "")
	f.StringVar(&detectors, "detectors", "", "")
	f.StringArrayVar(&thresholds, "threshold", nil, "")
	f.StringVar(&failOn, "fail-on", "", "")
	f.StringVar(&o.explain, "explain", "", "")
	f.Func("tz", "", into(&o.zone, say.ParseZone))
	f.Func("anonymize", "", into(&o.run.Anonymize, anonymizer))
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
	for _, m := range []*moment{&o.from, &o.to} {
		if o.zone != nil && m.text != "" {
			*m, _ = parseMomentIn(m.text, o.zone) // it was read once already
		}
	}
	if noColor {
		o.color = "never"
	}
	if f.Changed("user") && o.user == "" {
		return nil, errors.New("-Z: no user named")
	}
	if o.live.Snaplen == 0 { // tcpdump's habit
		o.live.Snaplen = live.DefaultSnaplen
	}
	if reports != "" {
		o.tables.Reports = strings.Split(reports, ",")
	}
	if f.Changed("columns") {
		o.takeColumns(columns)
	}
	words, err := o.takeFiles(f.Args())
	if err != nil {
		return nil, err
	}
	if o.filter, err = filterText(words, filterFile); err != nil {
		return nil, err
	}
	if f.Changed("where") {
		if o.where, err = where.Compile(whereArg); err != nil {
			return nil, fmt.Errorf("--where: %w", err)
		}
	}
	if whyArg != "" {
		if o.why, err = report.ParsePick(whyArg); err != nil {
			return nil, fmt.Errorf("--why %w", err)
		}
	}
	if err := o.parseFollow(followArg); err != nil {
		return nil, err
	}
	if f.Changed("detectors") && strings.TrimSpace(detectors) == "" {
		return nil, errors.New("--detectors: no names; without it all detectors look")
	}
	if err := o.parseJudgement(detectors, failOn, thresholds); err != nil {
		return nil, err
	}
	if err := o.chooseOutputs(outputs); err != nil {
		return nil, err
	}
	if f.Changed("count") && o.run.Count == 0 {
		return nil, errors.New("-c 0: at least 1 packet; without -c all are read")
	}
	o.decideRun()
	return &o, o.check()
}

// parseFollow reads --follow, with what belongs to it.
func (o *options) parseFollow(id string) (err error) {
	switch {
	case id == "" && o.followAs != "":
		return errors.New("--follow-as needs --follow")
	case id == "" && o.raw != "":
		return errors.New("--raw needs --follow")
	case id == "":
		return nil
	case o.raw != "" && o.followAs != "":
		return errors.New("--follow-as is for text: not with --raw")
	case o.followAs != "" && !slices.Contains([]string{follow.AsAuto, follow.AsText, follow.AsHex}, o.followAs):
		return fmt.Errorf("--follow-as %s: auto, text or hex", o.followAs)
	}
	if o.follow, err = report.ParsePick(id); err != nil {
		return fmt.Errorf("--follow %w", err)
	}
	return nil
}

// parseJudgement reads what is said about findings.
func (o *options) parseJudgement(detectors, failOn string, thresholds []string) (err error) {
	if o.run.Sums.Detectors, err = diagnose.Select(detectors); err != nil {
		return fmt.Errorf("--detectors: %w", err)
	}
	o.run.Sums.Thresholds = diagnose.NewOptions()
	for _, t := range thresholds {
		if err := o.run.Sums.Thresholds.Set(t); err != nil {
			return fmt.Errorf("--threshold: %w", err)
		}
	}
	if failOn != "" {
		s, err := diagnose.ParseSeverity(failOn)
		if err != nil {
			return fmt.Errorf("--fail-on: %w", err)
		}
		o.failOn = &s
	}
	return nil
}

// takeColumns takes the fields of --columns, which stands for --report connections too.
func (o *options) takeColumns(list string) {
	for name := range strings.SplitSeq(list, ",") {
		o.tables.Columns = append(o.tables.Columns, strings.TrimSpace(name))
	}
	if len(o.tables.Reports) == 0 {
		o.tables.Reports = []string{"connections"}
	}
}

// decideRun works out what else follows for the run.
func (o *options) decideRun() {
	o.run.MaxBytes = o.memory.Table()
	sums := &o.run.Sums
	sums.Kept, sums.Rows, sums.Sort, sums.Narrow = max(o.tables.Top, 100), -1, o.tables.Sort, o.memory.Narrow()
	sums.OnDemand = append([]string{}, o.tables.Reports...)
	if slices.Contains(o.tables.Reports, "connections") {
		sums.Rows = max(o.tables.Top, 10000)
	}
	o.run.FilterName, o.live.Filter = o.filterName(), o.filter
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
		if args[i] == "--color" && slices.Contains(colors, args[i+1]) {
			return fmt.Errorf("--color %s: write --color=%[1]s", args[i+1])
		}
	}
	return nil
}

// colors are the words of --color.
var colors = []string{"auto", "always", "never"}

// takeFiles takes the leading words that are existing files as if each had -r
// before it, and returns the rest: the filter.
func (o *options) takeFiles(words []string) ([]string, error) {
	for len(words) > 0 && o.live.Interface == "" {
		about, err := os.Stat(words[0])
		switch {
		case words[0] == "-":
			o.read = append(o.read, "-")
		case err != nil:
			return o.takeRest(words)
		case about.IsDir():
			inside, err := capturesIn(words[0])
			if err != nil && !strings.Contains(words[0], "/") {
				return o.takeRest(words) // a filter's word, and a folder of that name
			} else if err != nil {
				return nil, err
			}
			o.read = append(o.read, inside...)
		default:
			o.read = append(o.read, words[0])
		}
		words = words[1:]
	}
	return o.takeRest(words)
}

// takeRest returns the words of the filter, once it is sure that none is a mistyped file.
// Without any file standard input is read where something is piped into it.
func (o *options) takeRest(words []string) ([]string, error) {
	if len(words) > 0 && looksLikeCapture(words[0]) {
		if _, err := os.Stat(words[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", words[0], errors.Unwrap(err))
		}
	}
	if len(o.read) == 0 && o.live.Interface == "" && o.duration == 0 && piped(os.Stdin) {
		o.read = []string{"-"}
	}
	return words, nil
}

// filterText is the filter expression, from the command line or a file.
func filterText(words []string, file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(strings.Join(words, " ")), nil
	}
	if len(words) > 0 {
		return "", fmt.Errorf("a filter is given twice: by -F %s, and as %q", file, strings.Join(words, " "))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("-F %s: %w", file, errors.Unwrap(err))
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#") // a comment, as in tcpdump's files
		lines = append(lines, strings.Fields(line)...)
	}
	return strings.Join(lines, " "), nil
}

// check refuses what makes no sense together or is out of range.
func (o *options) check() error {
	switch {
	case !o.isLive() && o.live.Interface != "":
		return fmt.Errorf("both an interface (%s) and a file (%s) to read", o.live.Interface, o.read[0])
	case !o.isLive() && o.duration > 0:
		return errors.New("--for is for live captures")
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
	case o.isLive() && o.follow != nil && o.follow.ID != 0:
		return fmt.Errorf("--follow %s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.follow.Text)
	case o.why != nil && o.why.All && o.where == nil:
		return fmt.Errorf("--why %s: --where says which connections those are", o.why.Text)
	case o.run.Workers < 0 || o.run.Workers > tcpwatch.MaxWorkers:
		return fmt.Errorf("-j %d: from 1 to %d workers; without -j one for each core", o.run.Workers, tcpwatch.MaxWorkers)
	case o.run.MSL <= 0:
		return errors.New("--msl: more than 0")
	case o.tables.Top < 0:
		return fmt.Errorf("--top %d: rows are counted from 1; 0 means the default", o.tables.Top)
	case !slices.Contains(colors, o.color):
		return fmt.Errorf("--color %s: auto, always or never", o.color)
	}
	if err := o.checkMoments(); err != nil {
		return err
	}
	if err := o.checkTwice(); err != nil {
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
