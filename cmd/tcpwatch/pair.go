package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"tcpwatch"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/inputs"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/say"
	"tcpwatch/internal/screen"
	"tcpwatch/report/pair"
	"tcpwatch/report/stored"
)

// point is a capture point of pair: its name and its files.
type point struct {
	name  string
	files []string
	role  bool // the name stands for what the user did not call otherwise
	only  bool // of the files, which are records, those count that were captured at the place of this name
	watch bool // it captured all the while, the user says
}

// pairing are the options of pair.
type pairing struct {
	points []point
	format string
	why    uint64
	via    bool
	top    int
	color  string
	pass   []string // options for reading captures
	memory int64    // bytes; 0 for no limit
	help   bool
}

func parsePair(args []string) (*pairing, error) {
	var o pairing
	var places, watched []string
	var msl, memory string
	f := pflag.NewFlagSet("pair", pflag.ContinueOnError)
	f.Usage = func() {}
	f.StringVarP(&o.format, "output", "o", pair.Formats()[0], "")
	f.StringArrayVar(&places, "place", nil, "")
	f.StringArrayVar(&watched, "watched", nil, "")
	f.Uint64Var(&o.why, "why", 0, "")
	f.BoolVar(&o.via, "via", false, "")
	f.IntVar(&o.top, "top", 0, "")
	f.StringVar(&msl, "msl", "", "")
	f.StringVar(&memory, "max-memory", "", "")
	f.StringVar(&o.color, "color", "auto", "")
	f.Lookup("color").NoOptDefVal = "always"
	f.BoolVarP(&o.help, "help", "h", false, "")
	// Options may stand on both sides of the --.
	var sides [][]string
	for side := range sidesOf(args) {
		if err := f.Parse(side); err != nil {
			return nil, fmt.Errorf("pair: %s (see pair --help)", firstLine(err.Error()))
		}
		sides = append(sides, slices.Clone(f.Args()))
	}
	if o.help {
		return &o, nil
	}
	if err := cmp.Or(o.place(places, sides), o.watched(watched)); err != nil {
		return nil, fmt.Errorf("pair: %w", err)
	}
	switch {
	case slices.ContainsFunc(pair.Formats(), func(f string) bool { return strings.HasPrefix(o.format, f+":") }):
		format, file, _ := strings.Cut(o.format, ":")
		return nil, fmt.Errorf("pair: -o %s: it writes to standard output: -o %s > %s", o.format, format, file)
	case !slices.Contains(pair.Formats(), o.format):
		return nil, fmt.Errorf("pair: -o %s: unknown format; known: %s", o.format, strings.Join(pair.Formats(), ", "))
	case !slices.Contains([]string{"auto", "always", "never"}, o.color):
		return nil, fmt.Errorf("pair: --color %s: auto, always or never", o.color)
	case o.top < 0:
		return nil, fmt.Errorf("pair: --top %d: paths are counted from 1; 0 means the default", o.top)
	case f.Changed("why") && o.why == 0:
		return nil, errors.New("pair: --why 0: connections are numbered by their first packet, from 1")
	case f.Changed("why") && o.format != pair.Formats()[0]:
		return nil, fmt.Errorf("pair: --why draws; -o %s draws no single connection", o.format)
	}
	if f.Changed("msl") {
		o.pass = append(o.pass, "--msl", msl)
		if _, err := parse([]string{"--msl", msl, "-r", "-"}); err != nil {
			return nil, fmt.Errorf("pair: %w", err)
		}
	}
	if f.Changed("max-memory") {
		size, err := say.ParseSize(memory)
		if err != nil {
			return nil, fmt.Errorf("pair: --max-memory %s: %w", memory, err)
		}
		o.memory, o.pass = size, append(o.pass, "--max-memory", memory)
		if _, err := parse([]string{"--max-memory", memory, "-r", "-"}); err != nil {
			return nil, fmt.Errorf("pair: %w", err)
		}
	}
	return &o, nil
}

// sidesOf are the arguments between the words --.
func sidesOf(args []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for {
			i := slices.Index(args, "--")
			if i < 0 {
				yield(args)
				return
			}
			if !yield(args[:i]) {
				return
			}
			args = args[i+1:]
		}
	}
}

// place says which files are of which place: those of --place, or those before and behind --.
func (o *pairing) place(places []string, sides [][]string) error {
	files := slices.Concat(sides...)
	if len(places) > 0 && !slices.ContainsFunc(places, func(text string) bool { return strings.Contains(text, "=") }) {
		return o.stored(places, sides)
	}
	if len(places) > 0 {
		if len(files) > 0 {
			return fmt.Errorf("%s: of which place? With --place each file is named by one", files[0])
		}
		return o.named(places)
	}
	switch {
	case len(sides) == 1 && len(files) == 2:
		sides = [][]string{files[:1], files[1:]} // which is which is plain
	case len(sides) == 1:
		return errors.New("captures of one place, then --, then those of the other are needed")
	case len(sides) > 2:
		return errors.New("more than one --: of three places and more each file is named by --place NAME=FILE")
	case len(sides[0]) == 0 || len(sides[1]) == 0:
		return errors.New("captures are needed on both sides of --")
	}
	for i, name := range [...]string{"client", "server"} {
		found, err := capturesOf(sides[i])
		if err != nil {
			return err
		}
		o.points = append(o.points, point{name: name, files: found, role: true})
	}
	return nil
}

// capturesOf are the files that words name: of folders those in them.
func capturesOf(words []string) ([]string, error) {
	found, rest, err := inputs.Leading(words)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s: no such file or directory", rest[0])
		if about, e := os.Stat(rest[0]); e == nil && about.IsDir() {
			err = fmt.Errorf("%s: no capture in this folder", rest[0])
		}
	}
	for _, name := range found {
		if about, e := os.Stat(name); err == nil && e == nil && !about.Mode().IsRegular() && !about.IsDir() {
			err = fmt.Errorf("%s is no regular file: write the capture to one first", name)
		}
	}
	return found, err
}

// named reads the texts of --place.
func (o *pairing) named(places []string) error {
	for _, text := range places {
		name, file, ok := strings.Cut(text, "=")
		if !ok || file == "" {
			return fmt.Errorf("--place %s: NAME=FILE is needed", text)
		}
		if _, err := placeOf(name); err != nil {
			return fmt.Errorf("--place %s: %w", text, err)
		}
		i := slices.IndexFunc(o.points, func(p point) bool { return p.name == name })
		if i < 0 {
			i = len(o.points)
			o.points = append(o.points, point{name: name})
		}
		found, err := capturesOf([]string{file})
		if err != nil {
			return fmt.Errorf("--place %s: %w", text, err)
		}
		o.points[i].files = append(o.points[i].files, found...)
	}
	if len(o.points) < 2 {
		return errors.New("one place alone: --place is given for each of two or more")
	}
	return nil
}

// watched notes which places captured all the while.
func (o *pairing) watched(names []string) error {
	for _, name := range names {
		i := slices.IndexFunc(o.points, func(p point) bool { return p.name == name })
		if i < 0 {
			var known []string
			for _, p := range o.points {
				known = append(known, p.name)
			}
			return fmt.Errorf("--watched %s: no place of this name; there are %s", name, strings.Join(known, ", "))
		}
		o.points[i].watch = true
	}
	return nil
}

// pair is the program when its first word is pair.
func (c *command) pair(args []string) int {
	o, err := parsePair(args)
	switch {
	case err != nil:
		return fail(c.stderr, err)
	case o.help:
		return printText(c.stdout, c.stderr, pairUsage)
	}
	s := watchSignals()
	defer s.done()
	held := make([]*recordFiles, len(o.points))
	for i, p := range o.points {
		if held[i], err = openRecordFiles(p.files, o.share()); err != nil {
			return fail(c.stderr, err)
		}
		defer held[i].close()
	}
	if err := cmp.Or(o.twins(held), o.captured(held)); err != nil {
		return fail(c.stderr, fmt.Errorf("pair: %w", err))
	}
	if o.why != 0 && slices.ContainsFunc(held, (*recordFiles).are) {
		return fail(c.stderr, errors.New("pair: --why draws segments, and records hold none: give the captures that they were made of, or -o jsonl, which has a line for each pair"))
	}
	c.giveUp("")
	places := make([]*pair.Place, len(o.points))
	statuses := make(chan int, len(o.points))
	for i, p := range o.points {
		places[i] = pair.NewPlace(pair.PlaceOptions{Name: p.name, Role: p.role, Captures: called(p.files), MaxBytes: o.share().Place(), Spill: spill, Stored: held[i].are(), Watched: p.watch})
		defer places[i].Close()
		read := func() { statuses <- o.read(s.ctx, p, held[i], places[i], c.stderr) }
		if o.memory > 0 {
			read() // one after the other: each takes what memory there is
			if err := places[i].Rest(); err != nil {
				return fail(c.stderr, fmt.Errorf("pair: %w", err))
			}
		} else {
			go read()
		}
	}
	status := exitDone
	for range places {
		status = max(status, <-statuses)
	}
	new(allowance.Garbage).Settle()
	switch {
	case s.ctx.Err() != nil:
		return fail(c.stderr, errStopped)
	case status != exitDone:
		return status
	}
	err = o.write(c.stdout, places)
	switch {
	case errors.Is(err, pair.ErrNoConn):
		return fail(c.stderr, err)
	case err != nil:
		fail(c.stderr, err)
		return exitEarly
	}
	return exitDone
}

// share is --max-memory as what divides it has it.
func (o *pairing) share() allowance.Share { return allowance.Share(o.memory) }

// called is how files are named together.
func called(files []string) string {
	text := filepath.Base(files[0])
	if n := len(files) - 1; n > 0 {
		text += " and " + say.Plural(uint64(n), "file")
	}
	return text
}

// twins refuses a file that is given for two places.
func (o *pairing) twins(held []*recordFiles) error {
	for i := range held {
		for j := range i {
			if o.points[i].only {
				continue
			}
			if a, b, twice := held[j].shares(held[i]); twice {
				return fmt.Errorf("%s and %s are the same file: two captures, made at two places, are needed", a, b)
			}
		}
	}
	return nil
}

// spill makes the temporary file of a place.
func spill() (pair.File, error) { return temporary() }

// read keeps what the captures of a place hold, or the records that were written of them.
func (o *pairing) read(ctx context.Context, p point, held *recordFiles, place *pair.Place, stderr io.Writer) int {
	args := slices.Clone(o.pass)
	for _, name := range p.files {
		args = append(args, "-r", name)
	}
	all, err := parse(args)
	if err != nil {
		return fail(stderr, err)
	}
	if !place.Stored() {
		all.run.MaxBytes -= o.share().Place()
		return (&command{stdout: io.Discard, stderr: stderr}).watch(all, held.disk, func(s *session, _ outfile.Files) ([]tcpwatch.Output, error) {
			o.share().LimitAll()
			return []tcpwatch.Output{&collecting{}, place}, nil
		})
	}
	in, err := stored.Open(held.files, func(err error) { tell(stderr, err.Error()) })
	if err == nil && p.only {
		in.Only(p.name)
	}
	if err == nil {
		_, err = tcpwatch.Replay(ctx, in, all.run, place)
	}
	if err == nil && p.only && !slices.Contains(in.Places(), p.name) {
		err = fmt.Errorf("no record of the place %s in %s: there are those of %s", p.name, called(p.files), strings.Join(in.Places(), ", "))
	}
	if err != nil {
		return fail(stderr, fmt.Errorf("pair: %w", err))
	}
	return exitDone
}

// write compares each place with the next, and writes what that shows.
func (o *pairing) write(w io.Writer, places []*pair.Place) error {
	look := screen.LookOf(w, o.color)
	to := pair.TableOptions{Width: look.Width, ASCII: look.ASCII, Color: look.Color, Top: o.top}
	why := o.why
	out := pair.NewOutput(w, o.format, to)
	for i := range places[1:] {
		r, err := pair.Compare(places[i], places[i+1], pair.Options{Via: o.via, Each: out.Each(), Why: why, Draw: o.format == "html"})
		if err == nil && i > 0 && o.format == pair.Formats()[0] {
			_, err = io.WriteString(w, "\n")
		}
		if err == nil {
			err = out.Write(r)
		}
		if err != nil {
			return fmt.Errorf("pair: %w", err)
		}
		if o.why == 0 {
			continue
		}
		// The connection has another number at each place.
		next := r.Drawing.At(places[i+1])
		if next == 0 {
			return nil
		}
		why = next
	}
	if err := out.End(); err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	return nil
}
