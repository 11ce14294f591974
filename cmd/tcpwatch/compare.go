package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tcpwatch"
	"tcpwatch/capture"
	"tcpwatch/internal/inputs"
	"tcpwatch/internal/outfile"
	"tcpwatch/internal/screen"
	"tcpwatch/report"
	"tcpwatch/report/compare"
	"tcpwatch/report/objects"
	"tcpwatch/report/parquet"
	"tcpwatch/report/schema"
	"tcpwatch/report/stored"
	"tcpwatch/report/where"
)

// compared are the options of compare.
type compared struct {
	compare.Options
	inputs [2]string
	format string
	pass   []string // options for reading captures
	help   bool
}

func parseCompare(args []string) (*compared, error) {
	var c compared
	var percent float64
	var whereArg, msl string
	f := pflag.NewFlagSet("compare", pflag.ContinueOnError)
	f.Usage = func() {}
	f.StringVarP(&c.format, "output", "o", compare.Formats()[0], "")
	f.Float64Var(&percent, "change", 100*compare.DefaultThreshold, "")
	f.IntVar(&c.Top, "top", 0, "")
	f.StringVar(&whereArg, "where", "", "")
	f.StringVar(&msl, "msl", "", "")
	f.BoolVarP(&c.help, "help", "h", false, "")
	if err := f.Parse(args); err != nil {
		return nil, fmt.Errorf("compare: %s (see compare --help)", firstLine(err.Error()))
	}
	c.Threshold = percent / 100
	switch {
	case c.help:
		return &c, nil
	case f.NArg() != 2:
		return nil, fmt.Errorf("compare: two captures, files of records or archives to compare, not %d", f.NArg())
	case !slices.Contains(compare.Formats(), c.format):
		return nil, fmt.Errorf("compare: -o %s: unknown format; known: %s", c.format, strings.Join(compare.Formats(), ", "))
	case !(percent > 0 && percent <= 1e6):
		return nil, errors.New("compare: --change " + strconv.FormatFloat(percent, 'g', -1, 64) + ": more than 0, in percent")
	case c.Top < 0:
		return nil, fmt.Errorf("compare: --top %d: servers are counted from 1; 0 means the default", c.Top)
	}
	if f.Changed("where") {
		if _, err := where.Compile(whereArg); err != nil {
			return nil, fmt.Errorf("compare: --where: %w", err)
		}
		c.pass = append(c.pass, "--where", whereArg)
	}
	if f.Changed("msl") {
		c.pass = append(c.pass, "--msl", msl)
	}
	copy(c.inputs[:], f.Args())
	return &c, nil
}

// compare is the program when its first word is compare.
func (c *command) compare(args []string) int {
	stdout, stderr := c.stdout, c.stderr
	o, err := parseCompare(args)
	switch {
	case err != nil:
		return fail(stderr, err)
	case o.help:
		return printText(stdout, stderr, compareUsage)
	}
	s := watchSignals()
	defer s.done()
	var folds [2]*compare.Fold
	var files [2]*os.File
	var archives [2]*recordFiles
	for i, name := range o.inputs {
		if none := inputs.NoneIn(name); none != nil {
			return fail(stderr, fmt.Errorf("compare: %s: %w", name, errNoArchive))
		}
		if objects.Is(name) || inputs.IsArchive(name) {
			if archives[i], err = openRecordFiles([]string{name}, 0); err != nil {
				return fail(stderr, fmt.Errorf("compare: %w", err))
			}
			defer archives[i].close()
			continue
		}
		if files[i], err = capture.OpenDisk(name); err != nil {
			return fail(stderr, err)
		}
		defer files[i].Close()
	}
	c.giveUp("")
	for i, name := range o.inputs {
		folds[i] = compare.NewFold(name)
		status, err := exitDone, error(nil)
		if archives[i] != nil {
			err = o.replayed(name, archives[i].files, folds[i], stderr)
		} else {
			status, err = o.read(name, files[i], folds[i], stderr)
		}
		switch {
		case s.ctx.Err() != nil:
			return fail(stderr, errStopped)
		case err != nil:
			return fail(stderr, err)
		case status != exitDone:
			return status
		}
	}
	result := compare.Compare(folds[0], folds[1], o.Options)
	err = result.Write(stdout, o.format, compare.TableOptions{ASCII: screen.LookOf(stdout, "").ASCII})
	switch {
	case err != nil:
		fail(stderr, fmt.Errorf("output: %w", err))
		return exitEarly
	case result.Worse():
		return exitFound
	}
	return exitDone
}

// replayed folds the records of files that have more than one run in them, or no lines.
func (c *compared) replayed(name string, files []stored.File, fold *compare.Fold, stderr io.Writer) error {
	if len(c.pass) > 0 {
		return fmt.Errorf("%s: %s is for captures; give it to the run that writes the records", name, c.pass[0])
	}
	in, err := stored.Open(files, func(err error) { tell(stderr, err.Error()) })
	if err != nil {
		return err
	}
	_, err = tcpwatch.Replay(context.Background(), in, tcpwatch.Options{}, report.NewReadBack(fold, schema.Options{}))
	return err
}

// read folds one input: Parquet, JSON Lines, known by their first brace, or a capture, of which the
// records are folded that -o jsonl would write: so both give the same.
func (c *compared) read(name string, file *os.File, fold *compare.Fold, stderr io.Writer) (status int, err error) {
	in := bufio.NewReader(file)
	otlp := schema.IsOTLP(in)
	if schema.IsJSONL(in) {
		if len(c.pass) > 0 {
			return exitUsage, fmt.Errorf("%s: %s is for captures; give it to the run that writes the JSON Lines", name, c.pass[0])
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil { // a pipe: it is read twice
			if file, err = openRecords("-"); err != nil {
				return exitUsage, err
			}
			defer file.Close()
			if err := keep(in, file); err != nil {
				return exitUsage, fmt.Errorf("%s: %w", name, err)
			}
		}
		if otlp {
			return exitDone, c.replayed(name, []stored.File{{Name: name, In: file}}, fold, stderr)
		}
		told, err := schema.ReadJSONL(file, name, fold)
		for _, line := range told {
			tell(stderr, name+": "+line)
		}
		return exitDone, err
	}
	if parquet.Is(file) {
		return exitDone, c.replayed(name, []stored.File{{Name: name, In: file}}, fold, stderr)
	}
	if about, err := file.Stat(); err == nil && !about.Mode().IsRegular() {
		return exitUsage, fmt.Errorf("%s: neither JSON Lines nor a regular file: write the capture to a file first", name)
	}
	o, err := parse(append([]string{"-r", name}, c.pass...))
	if err != nil {
		return exitUsage, err
	}
	status = (&command{stdout: io.Discard, stderr: stderr}).watch(o, []*os.File{file}, func(s *session, _ outfile.Files) ([]tcpwatch.Output, error) {
		return []tcpwatch.Output{s.progress, &collecting{}, report.NewReadBack(fold, s.records)}, nil
	})
	return status, nil
}
