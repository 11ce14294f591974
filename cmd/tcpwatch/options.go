package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"tcpwatch"
	"tcpwatch/capture/live"
	"tcpwatch/report"
	"tcpwatch/report/where"
	"tcpwatch/tracker"
	"tcpwatch/tracker/record"
)

// options are the command line, checked.
type options struct {
	read       []string // capture files; empty when live
	user       string   // whom root becomes; "" for the default
	iface      string   // "" lets us choose
	snaplen    int
	buffer     int // KiB
	noPromisc  bool
	write      string // packet file; "" for none
	filter     string // "" when the user gave none
	count      uint64 // packets after the filter; 0: all
	duration   time.Duration
	quiet      bool
	outputs    []output
	tables     report.TableOptions
	why        *why        // nil without --why
	follow     *followed   // nil without --follow
	where      *where.Expr // nil without --where
	extract    string      // packet file; "" for none
	track      tracker.Options
	transition bool
	color      string // auto | always | never
	jobs       int    // workers; 0: one for each core
	judge      judged

	list, version, help bool
}

// output is one -o: a format and the file it goes to.
type output struct {
	format string // of formats
	file   string // "" for standard output
}

// parse reads the command line. Its errors are one line.
func parse(args []string) (*options, error) {
	var (
		o                           options
		msl, interval               = seconds(record.DefaultMSL), seconds(0)
		duration                    seconds
		outputs                     []string
		reports, filterFile, whyArg string
		followArg, followAs, raw    string
		whereArg                    string
		noColor                     bool
		detectors, failOn           string
		thresholds                  []string
	)
	f := pflag.NewFlagSet("tcpwatch", pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() {}
	f.StringArrayVarP(&o.read, "read", "r", nil, "")
	f.StringVarP(&o.iface, "interface", "i", "", "")
	f.BoolVarP(&o.list, "list-interfaces", "D", false, "")
	f.IntVarP(&o.buffer, "buffer-size", "B", live.DefaultBuffer, "")
	f.IntVarP(&o.snaplen, "snaplen", "s", live.DefaultSnaplen, "")
	f.BoolVarP(&o.noPromisc, "no-promiscuous-mode", "p", false, "")
	f.StringVarP(&o.user, "user", "Z", "", "")
	f.StringVarP(&o.write, "write", "w", "", "")
	f.StringVarP(&filterFile, "filter-file", "F", "", "")
	f.Uint64VarP(&o.count, "count", "c", 0, "")
	f.Var(&duration, "for", "")
	f.BoolVarP(&o.tables.Numeric, "numeric", "n", false, "")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "")
	f.StringArrayVarP(&outputs, "output", "o", nil, "")
	f.StringVar(&reports, "report", "", "")
	f.IntVar(&o.tables.Top, "top", 0, "")
	f.StringVar(&o.tables.Sort, "sort", "", "")
	f.StringVar(&whereArg, "where", "", "")
	f.StringVar(&o.extract, "extract", "", "")
	f.StringVar(&whyArg, "why", "", "")
	f.StringVar(&followArg, "follow", "", "")
	f.StringVar(&followAs, "follow-as", "", "")
	f.StringVar(&raw, "raw", "", "")
	f.Var(&msl, "msl", "")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "")
	f.IntVar(&o.track.MaxConns, "max-conns", tracker.DefaultMaxConns, "")
	f.Var((*size)(&o.track.MaxBytes), "max-memory", "")
	f.Var(&interval, "interval", "")
	f.BoolVar(&o.track.ByVLAN, "by-vlan", false, "")
	f.BoolVar(&o.transition, "transitions", false, "")
	f.StringVar(&detectors, "detectors", "", "")
	f.StringArrayVar(&thresholds, "threshold", nil, "")
	f.StringVar(&failOn, "fail-on", "", "")
	f.StringVar(&o.judge.explain, "explain", "", "")
	f.StringVar(&o.color, "color", "auto", "")
	f.Lookup("color").NoOptDefVal = "always"
	f.BoolVar(&noColor, "no-color", false, "")
	f.BoolVar(&o.version, "version", false, "")
	f.BoolVarP(&o.help, "help", "h", false, "")
	if err := checkColor(args); err != nil {
		return nil, err
	}
	if err := f.Parse(args); err != nil {
		return nil, fmt.Errorf("%s (see --help)", firstLine(err.Error()))
	}
	if noColor {
		o.color = "never"
	}
	if f.Changed("user") && o.user == "" {
		return nil, errors.New("-Z: no user named")
	}
	if o.snaplen == 0 { // tcpdump's habit
		o.snaplen = live.DefaultSnaplen
	}
	o.duration = time.Duration(duration)
	o.track.MSL, o.track.Interval = int64(msl), int64(interval)
	if reports != "" {
		o.tables.Reports = strings.Split(reports, ",")
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
		if o.why, err = parseWhy(whyArg); err != nil {
			return nil, fmt.Errorf("--why %w", err)
		}
	}
	if o.follow, err = parseFollow(followArg, followAs, raw); err != nil {
		return nil, err
	}
	if f.Changed("detectors") && strings.TrimSpace(detectors) == "" {
		return nil, errors.New("--detectors: no names; without it all detectors look")
	}
	if err := o.judge.parse(detectors, failOn, thresholds); err != nil {
		return nil, err
	}
	if err := o.parseOutputs(outputs); err != nil {
		return nil, err
	}
	if f.Changed("count") && o.count == 0 {
		return nil, errors.New("-c 0: at least 1 packet; without -c all are read")
	}
	return &o, o.check()
}

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
	for len(words) > 0 && o.iface == "" {
		about, err := os.Stat(words[0])
		if err != nil || about.IsDir() && !strings.Contains(words[0], "/") {
			break
		}
		o.read = append(o.read, words[0])
		words = words[1:]
	}
	if len(words) > 0 && looksLikeCapture(words[0]) {
		if _, err := os.Stat(words[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", words[0], errors.Unwrap(err))
		}
	}
	return words, nil
}

// looksLikeCapture tells a mistyped file name from a filter.
func looksLikeCapture(word string) bool {
	word = strings.TrimSuffix(strings.TrimSuffix(word, ".gz"), ".zst")
	return strings.HasSuffix(word, ".pcap") || strings.HasSuffix(word, ".pcapng") || strings.HasSuffix(word, ".cap")
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

func (o *options) parseOutputs(given []string) error {
	for _, g := range given {
		format, file, named := strings.Cut(g, ":")
		if known := formatNames(); !slices.Contains(known, format) {
			return fmt.Errorf("-o %s: unknown format; known: %s", g, strings.Join(known, ", "))
		}
		if named && file == "" {
			return fmt.Errorf("-o %s: no file named after the colon", g)
		}
		if file == "-" {
			file = ""
		}
		o.outputs = append(o.outputs, output{format, file})
	}
	if o.why != nil {
		o.outputs = append(o.outputs, output{format: "ladder"})
	}
	if o.follow != nil && o.follow.raw == "" {
		o.outputs = append(o.outputs, output{format: "follow"})
	}
	if len(o.outputs) == 0 && o.write != "-" && o.extract != "-" && o.follow == nil {
		o.outputs = []output{{format: "table"}}
	}
	seen := map[string]string{}
	for _, packets := range []string{o.write, o.extract} {
		if packets == "" {
			continue
		}
		if file := onDisk(packets); seen[file] == "" {
			seen[file] = "packets"
		} else {
			return fmt.Errorf("-w and --extract cannot both go to %s", packets)
		}
	}
	for _, x := range o.outputs {
		if other, twice := seen[x.file]; twice {
			if x.file == "" {
				return fmt.Errorf("%s and %s cannot both go to standard output: give one a file", other, x.format)
			}
			return fmt.Errorf("%s and %s cannot both go to %s", other, x.format, x.file)
		}
		seen[x.file] = x.format
	}
	return nil
}

// check refuses what makes no sense together or is out of range.
func (o *options) check() error {
	isLive := len(o.read) == 0
	switch {
	case !isLive && o.iface != "":
		return fmt.Errorf("both an interface (%s) and a file (%s) to read", o.iface, o.read[0])
	case !isLive && o.duration > 0:
		return errors.New("--for is for live captures")
	case slices.Index(o.read, "-") != lastIndex(o.read, "-"):
		return errors.New("standard input can be read only once")
	case o.snaplen < 0 || o.snaplen > live.DefaultSnaplen:
		return fmt.Errorf("-s %d: from 0 to %d bytes", o.snaplen, live.DefaultSnaplen)
	case o.buffer < 1 || o.buffer > 1<<20:
		return fmt.Errorf("-B %d: from 1 to %d KiB", o.buffer, 1<<20)
	case o.track.MaxConns < tracker.MinMaxConns:
		return fmt.Errorf("--max-conns %d: at least %d, or hardly any connection is held to its end", o.track.MaxConns, tracker.MinMaxConns)
	case o.track.MaxBytes != 0 && o.track.MaxBytes < tracker.MinMaxBytes:
		return fmt.Errorf("--max-memory %d: at least %dM", o.track.MaxBytes, tracker.MinMaxBytes>>20)
	case isLive && o.why != nil && o.why.id != 0:
		return fmt.Errorf("--why %s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.why.text)
	case isLive && o.follow != nil && o.follow.pick.id != 0:
		return fmt.Errorf("--follow %s: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)", o.follow.pick.text)
	case o.why != nil && o.why.all && o.where == nil:
		return fmt.Errorf("--why %s: --where says which connections those are", o.why.text)
	case o.jobs < 0 || o.jobs > tcpwatch.MaxWorkers:
		return fmt.Errorf("-j %d: from 1 to %d workers; without -j one for each core", o.jobs, tcpwatch.MaxWorkers)
	case o.track.MSL <= 0:
		return errors.New("--msl: more than 0")
	case o.tables.Top < 0:
		return fmt.Errorf("--top %d: rows are counted from 1; 0 means the default", o.tables.Top)
	case !slices.Contains(colors, o.color):
		return fmt.Errorf("--color %s: auto, always or never", o.color)
	}
	if err := o.checkTwice(); err != nil {
		return err
	}
	return o.tables.Validate()
}

func lastIndex(list []string, s string) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return i
		}
	}
	return -1
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// size is a flag for a number of bytes: 512M, 2G, or a plain number.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }
func (s *size) Type() string   { return "size" }

func (s *size) Set(text string) error {
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	shift := 0
	if n := len(digits); n > 0 {
		if i := strings.IndexByte("kMGT", digits[n-1]); i >= 0 {
			digits, shift = digits[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<(62-shift) {
		return errors.New("not a size such as 512M or 2G")
	}
	*s = size(n << shift)
	return nil
}

// seconds is a flag for a span of time: 90s, 1h30m, or a plain number of seconds.
type seconds time.Duration

func (s *seconds) String() string { return time.Duration(*s).String() }
func (s *seconds) Type() string   { return "duration" }

func (s *seconds) Set(text string) error {
	d, err := time.ParseDuration(text)
	if n, bad := strconv.ParseFloat(text, 64); bad == nil {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil || d < 0 {
		return errors.New("not a span of time such as 90s, 1h30m or 5")
	}
	*s = seconds(d)
	return nil
}
