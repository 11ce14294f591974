package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"tcpwatch"
	"tcpwatch/internal/account"
	"tcpwatch/internal/allowance"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/say"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/objects"
	"tcpwatch/report/parquet"
	"tcpwatch/report/sentence"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// output is a format that the command line asks for, with the files that it goes to: "" for
// standard output.
type output struct {
	format
	files  []string
	to     sink            // nil for one that goes to files
	folder string          // that an archive is in, or its URL; "" for none
	bucket *objects.Target // that it is in; nil for one on disk
}

// onStdout reports whether it goes to standard output.
func (x output) onStdout() bool { return slices.Contains(x.files, "") }

// formatNames are those that -o may name.
func formatNames() (names []string) {
	for _, f := range formats() {
		if f.files == nil {
			names = append(names, f.name)
		}
	}
	return names
}

// chooseOutputs finds the outputs that the command line asks for, those of -o with what is
// given with it.
func (o *options) chooseOutputs(given []string) error {
	all := formats()
	for _, g := range given {
		name, file, named := strings.Cut(g, ":")
		i := slices.IndexFunc(all, func(f format) bool { return f.files == nil && f.name == name })
		if i < 0 {
			return fmt.Errorf("-o %s: unknown format; known: %s", g, strings.Join(formatNames(), ", "))
		}
		if named && file == "" {
			return fmt.Errorf("-o %s: no file named after the colon", g)
		}
		if all[i].sink != nil {
			to, err := all[i].sink(file)
			if err != nil {
				return fmt.Errorf("-o %s: %w", name, err) // an address may hold what is secret
			}
			o.outputs = append(o.outputs, output{format: all[i], to: to})
			continue
		}
		if all[i].archive {
			x, err := o.chooseArchive(all[i], file)
			if err != nil && objects.Is(file) {
				return fmt.Errorf("-o %s: %w", name, err) // an address may hold what is secret
			} else if err != nil {
				return fmt.Errorf("-o %s: %w", g, err)
			}
			o.outputs = append(o.outputs, x)
			continue
		}
		o.outputs = append(o.outputs, output{format: all[i], files: []string{onDisk(file)}})
	}
	var beside []output
	for _, f := range all {
		if f.files == nil {
			continue
		}
		switch files := f.files(o); {
		case files == nil:
		case f.beside:
			beside = append(beside, output{format: f, files: files})
		default:
			o.outputs = append(o.outputs, output{format: f, files: files})
		}
	}
	if len(o.outputs) == 0 && !slices.ContainsFunc(beside, output.onStdout) {
		o.outputs = []output{{format: all[0], files: []string{""}}}
	}
	o.outputs = append(beside, o.outputs...)
	return o.checkFiles()
}

// checkFiles refuses two outputs in one file.
func (o *options) checkFiles() error {
	seen := map[string]output{}
	for _, x := range o.outputs {
		files := x.files
		if x.folder != "" {
			files = []string{x.folder}
		}
		for _, file := range files {
			other, twice := seen[file]
			switch {
			case !twice:
				seen[file] = x
			case other.beside && x.beside:
				return fmt.Errorf("-w and --extract cannot both go to %s", cmp.Or(file, "-"))
			case file == "":
				return fmt.Errorf("%s and %s cannot both go to standard output: give one a file", other.name, x.name)
			default:
				return fmt.Errorf("%s and %s cannot both go to %s", other.name, x.name, file)
			}
		}
	}
	return nil
}

// openFiles opens what o is to write.
func (c *command) openFiles(o *options, in *tcpwatch.Source) (outfile.Files, error) {
	var wanted []outfile.Want
	for _, x := range o.outputs {
		for _, name := range x.files {
			wanted = append(wanted, outfile.Want{Name: name, Private: x.private})
		}
		if x.folder != "" && x.bucket == nil {
			wanted = append(wanted, outfile.Want{Name: x.folder, Folder: true, Below: parquet.Folders(o.partition()), By: c.writer(o)})
		}
	}
	read := in.About()
	for _, name := range o.others {
		if about, err := os.Stat(name); err == nil {
			read = append(read, about)
		}
	}
	return outfile.OpenAll(wanted, read, c.stdout)
}

// writer is the user that the program becomes before it writes; nil where it becomes none.
func (c *command) writer(o *options) *outfile.User {
	if c.drop == nil || os.Geteuid() != 0 {
		return nil
	}
	uid, gid, _, err := account.Find(o.user)
	if err != nil { // giving up privileges says so
		return nil
	}
	return &outfile.User{UID: uid, GID: gid}
}

// outputs are all that the run writes, in the files that openFiles opened.
func (s *session) outputs(files outfile.Files) (all []tcpwatch.Output, err error) {
	if err := cmp.Or(s.openSinks(), s.openBuckets()); err != nil {
		return nil, err
	}
	if err := files.Begin(); err != nil {
		return nil, err
	}
	if s.ui != nil {
		return s.screenOutputs(files), nil
	}
	all = append(all, s.progress, &collecting{})
	if s.o.strict {
		all = append(all, new(report.Strict))
	}
	tables, others := false, s.stderr // whatever is on standard output has it for itself
	for _, x := range s.o.outputs {
		all = append(all, s.make(x, files))
		if x.name == tableFormat && x.onStdout() {
			tables, others = true, s.stdout
		}
	}
	all = append(all, report.NewTablesSoFar(s.foot.Above(others), s.tablesOn(others)), s.failOn)
	if s.o.http.on {
		if s.server, err = s.newServer(&s.o.http); err != nil {
			return nil, err
		}
		all = append(all, s.server)
	}
	all = append(all, s.measures()...)
	if s.o.isLive() && !s.o.quiet && tables {
		all = slices.Insert(all, 0, s.lines()) // the last of them come before the report
	}
	return all, nil
}

// make is the Output of x, which writes to those files and folders, or standard output, or sends elsewhere.
func (s *session) make(x output, files outfile.Files) tcpwatch.Output {
	switch {
	case x.to != nil:
		return s.sinks[x.to]
	case x.bucket != nil:
		return s.archives[x.bucket]
	case x.folder != "":
		return s.newParquet(x, files.Folder(x.folder))
	}
	var to []io.Writer
	for _, name := range x.files {
		if name == "" {
			to = append(to, s.stdout)
		} else {
			to = append(to, files.Named(name))
		}
	}
	return x.format.make(s, to)
}

// lines are those of a live capture: about what happens, or with --lines about trouble.
func (s *session) lines() tcpwatch.Output {
	look := screen.LookOf(s.stdout, s.o.color)
	o := sentence.LiveLineOptions{Clock: s.clockOn(s.stdout), Width: look.Width, ASCII: look.ASCII}
	if s.o.lines && !s.o.verbose {
		return watch.NewLines(s.foot.Above(s.stdout), o, time.Now)
	}
	return sentence.NewLiveLines(s.foot.Above(s.stdout), o)
}

// collecting is the Output that has garbage collected as the memory in use calls for.
type collecting struct {
	record.Base
	garbage allowance.Garbage
}

// Tick says how long the input is; see record.Output.
func (c *collecting) Tick(t *record.Tick) error {
	c.garbage.Read(t.Packets)
	return nil
}

// tablesOn fits the tables to w. Live, ports are those that this host gives to
// its clients.
func (s *session) tablesOn(w io.Writer) report.TableOptions {
	t, look := s.o.tables, screen.LookOf(w, s.o.color)
	t.Width, t.Color, t.ASCII = look.Width, look.Color, look.ASCII
	t.Records, t.Clock = s.records, s.clockOn(w)
	if s.o.isLive() {
		t.Ports, t.Written = s.limits().Ports(), s.o.write
	}
	if s.stored != nil {
		t.Ports = int(s.stored.Headline().Ports.Len())
	}
	return t
}

// clockOn is how times are told on w: as --tz says, else on a terminal by the local clock and
// elsewhere in UTC.
func (s *session) clockOn(w io.Writer) say.Clock {
	if s.o.zone == nil && screen.IsTerminal(w) {
		return say.Clock{In: time.Local}
	}
	return say.Clock{In: s.o.zone}
}
