// Bench measures tcpwatch beside its peers: each reads the same capture, one
// after the other, several times in one run, on one machine.
//
//	go run ./packaging/bench [-dir DIR] [-input NAMES] [-n RUNS] [-counter PROGRAM] [-json FILE] [-readme FILE]
//	go run ./packaging/bench -check [-record] [-bin FILE] [-counter PROGRAM]
//	go run ./packaging/bench -live [-rates LIST] [-length TIME] [-buffer KIB] [-n RUNS] [-json FILE] [-readme FILE]
//
// It is called from the root of the project, by make bench, which builds
// ./tcpwatch and installs the peers. Inputs that are missing in -dir are made
// first, by the lab; that needs root, and asks for it through sudo.
//
// # What is measured
//
// Wall time, CPU time (user and system) and peak memory, as the kernel reports
// them of the finished process. An input is read once before, so that all read
// it from memory. Commands take turns, A B C A B C, so that whatever else the
// machine does meets all of them. A ratio is the median over the turns of a
// command's time divided by that of tcpdump in the same turn: tcpdump only
// copies the packets, which is what reading costs at the least.
//
// Where perf has a counter of the processor's, instructions at user level are counted besides,
// in runs of their own: the least of three. They tell more than times where other programs run.
// -counter names another program that counts: it runs the command that is its arguments, and
// prints the count last. What is stored as qemu's was counted by a plugin of qemu-user, which
// needs a tcpwatch built with CGO_ENABLED=0: with cgo, dropping privileges waits for threads
// of qemu's own there.
//
// With -check, instructions of tcpwatch -j 1 are counted for two small inputs that are the same
// on every machine, and compared with those that packaging/bench/counts.tsv has of the last
// release, counted by the same counter: a twentieth more fails. -record stores them.
//
// With -live, tcpdump and tcpwatch capture in turn, with the same buffer, what the
// lab has an interface receive at rising rates: what was sent, read and dropped
// stands side by side. One core sends, so that the highest rate is what it can
// send; other cores are left to the captures. Frames are made before, up to 512 MB
// of them.
//
// Commands that need too much time or memory are ended, and the table says so.
//
// Peak memory is never less than that of this program itself, from which the
// kernel starts the others: what is not above that is shown with a "<".
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are what the command line says.
type settings struct {
	dir, json, readme string
	inputs            []string
	runs, slow        int
	limit             limits

	counter, binary string
	check, record   bool

	live   bool
	rates  string
	length time.Duration
	buffer int // KiB
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	var inputs string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&s.dir, "dir", filepath.Join(cache, "tcpwatch-bench"), "where the inputs are, or will be")
	f.StringVar(&inputs, "input", "", "only these inputs, separated by commas")
	f.IntVar(&s.runs, "n", 7, "runs of tcpwatch and tcpdump")
	f.IntVar(&s.slow, "slow", 3, "runs of other peers; of those that take more than 30 s, one")
	f.DurationVar(&s.limit.time, "limit", 5*time.Minute, "end a run after this time")
	f.Int64Var(&s.limit.memory, "memory", halfTheMemory(), "bytes of address space that a command may have; 0 is no limit")
	f.StringVar(&s.json, "json", "", "write the results, every run, to this file")
	f.StringVar(&s.readme, "readme", "", "put the results into this file, between its marks")
	f.StringVar(&s.counter, "counter", "", "a program that counts the instructions of a command, instead of perf")
	f.StringVar(&s.binary, "bin", "./tcpwatch", "with -check: the tcpwatch to count")
	f.BoolVar(&s.check, "check", false, "compare instructions with those stored for the last release")
	f.BoolVar(&s.record, "record", false, "with -check: store them")
	f.BoolVar(&s.live, "live", false, "compare live captures with tcpdump's instead, on a pair of interfaces made for it")
	f.StringVar(&s.rates, "rates", "100000,200000,400000,800000,1200000,1600000,2000000", "with -live: packets a second, separated by commas")
	f.DurationVar(&s.length, "length", 3*time.Second, "with -live: how long packets are sent in a run")
	f.IntVar(&s.buffer, "buffer", 16384, "with -live: KiB that the kernel may hold for either; 0 leaves each its own default")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if inputs != "" {
		s.inputs = strings.Split(inputs, ",")
	}
	return s, nil
}

func run(args []string, stdout, progress io.Writer) error {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := extendPath(); err != nil {
		return err
	}
	if s.check {
		return check(s, stdout)
	}
	if s.live {
		return raceLive(s, stdout, progress)
	}
	contenders, missing := findContenders(s)
	for _, m := range missing {
		fmt.Fprintf(progress, "%s is not installed: left out\n", m)
	}
	if len(contenders) == 0 || contenders[0].Name != baseline {
		return fmt.Errorf("%s is missing: nothing to compare with", baseline)
	}
	inputs, err := findInputs(s, progress)
	if err != nil {
		return err
	}
	if err := s.limit.impose(); err != nil {
		return err
	}
	report := &Report{Machine: describe(contenders), Floor: floor()}
	instructions, err := newCounter(s.counter)
	if err != nil {
		report.Uncounted = err.Error()
	} else {
		report.Counter = instructions.Name
	}
	for _, in := range inputs {
		r, err := race(in, contenders, s.limit, progress)
		if err != nil {
			return err
		}
		if err := r.count(instructions, contenders); err != nil {
			return err
		}
		report.Results = append(report.Results, r)
	}
	if err := report.write(stdout); err != nil {
		return err
	}
	return s.keep(report, beginMark, endMark, report.short)
}

// keep writes a report, every run, to the file of -json, and what short prints between the
// marks of that of -readme.
func (s *settings) keep(report any, begin, end string, short func(io.Writer) error) error {
	if s.json != "" {
		text, err := json.MarshalIndent(report, "", "\t")
		if err != nil {
			return err
		}
		if err := os.WriteFile(s.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if s.readme != "" {
		return intoMarks(s.readme, begin, end, short)
	}
	return nil
}

// extendPath finds what Debian installs for the administrator, too.
func extendPath() error {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	for _, d := range []string{"/usr/sbin", "/sbin"} {
		if !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	return os.Setenv("PATH", strings.Join(dirs, string(filepath.ListSeparator)))
}

// findInputs lists the captures to measure with, made where they are missing.
func findInputs(s *settings, progress io.Writer) ([]Input, error) {
	all := []Input{{Name: "start-up", File: tiny, Doc: "a capture of 15 packets: what starting costs", Packets: 15, Repeat: 3}}
	if s.wants(large...) {
		if err := makeInputs(s, progress); err != nil {
			return nil, err
		}
	}
	for _, name := range large {
		if !s.wants(name) {
			continue
		}
		in := Input{Name: name, File: filepath.Join(s.dir, name+".pcap"), Repeat: 1}
		text, err := os.ReadFile(filepath.Join(s.dir, name+".json"))
		if err == nil {
			err = json.Unmarshal(text, &in)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return slices.DeleteFunc(all, func(in Input) bool { return !s.wants(in.Name) }), nil
}

// wants reports whether any of the inputs is to be measured with.
func (s *settings) wants(names ...string) bool {
	return len(s.inputs) == 0 || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(s.inputs, n) })
}

// large are the inputs that the lab makes.
var large = []string{"short", "bulk", "mixed", "idle", "flood"}

// tiny is a capture of the project's own.
const tiny = "testdata/pcaps/syn-lost.pcap"

// makeInputs lets the lab make the inputs that are not there.
func makeInputs(s *settings, progress io.Writer) error {
	there := func(name string) bool {
		_, err := os.Stat(filepath.Join(s.dir, name+".json"))
		return err == nil || !s.wants(name)
	}
	if !slices.ContainsFunc(large, func(name string) bool { return !there(name) }) {
		return nil
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	fmt.Fprintf(progress, "making inputs in %s: 2 GB, a few minutes\n", dir)
	args := []string{"-test.run", "^TestBenchInputs$", "-test.v", "-test.timeout", "20m", "-bench-inputs", dir}
	if s.inputs != nil {
		args = append(args, "-inputs", "^("+strings.Join(s.inputs, "|")+")$")
	}
	if err := runLab(progress, args...); err != nil {
		return fmt.Errorf("making inputs: %w", err)
	}
	return nil
}

// runLab builds the lab's test and runs it as root: go itself need not be root.
func runLab(progress io.Writer, args ...string) error {
	temp, err := os.MkdirTemp("", "tcpwatch-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	lab := filepath.Join(temp, "lab.test")
	command := append([]string{lab}, args...)
	if os.Geteuid() != 0 {
		command = append([]string{"sudo"}, command...)
	}
	for _, c := range [][]string{{"go", "test", "-c", "-o", lab, "./capture/lab/load"}, command} {
		cmd := exec.Command(c[0], c[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, progress, progress
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("the lab: %s: %w", c[0], err)
		}
	}
	return nil
}
