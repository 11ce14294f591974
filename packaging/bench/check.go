package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/say"
)

// storedCounts is the file that has the counts of the last release.
const storedCounts = "packaging/bench/counts.tsv"

// tolerance is what part of what is stored may come on top of it.
const tolerance = 20

// stored is what was counted of the last release.
type stored struct {
	counter, input string
	packets        int
	instructions   int64
}

// check counts instructions of -j 1 for two inputs that are the same on every machine, and
// compares them with those that are stored of the same counter. Where perf cannot count, or
// nothing is stored, it prints why, after "skipped: "; that counts are to be stored and there
// are none, or that the program of -counter does not count, is an error.
func check(s *settings, stdout io.Writer) error {
	c, err := newCounter(s.counter)
	if err != nil {
		if s.record || s.counter != "" {
			return err
		}
		fmt.Fprintln(stdout, "skipped:", err)
		return nil
	}
	text, err := os.ReadFile(storedCounts)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	all, err := parseCounts(string(text))
	if err != nil {
		return err
	}
	now, err := countInputs(c, s.binary)
	if err != nil {
		return err
	}
	if s.record {
		return os.WriteFile(storedCounts, recorded(all, now, c.Name, output(s.binary, "--version")), 0o644)
	}
	return compareCounts(all, now, stdout)
}

// countInputs counts both inputs.
func countInputs(c *counter, binary string) (all []stored, err error) {
	dir, err := os.MkdirTemp("", "tcpwatch-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, in := range []struct {
		name string
		text func() string
	}{{"short", shortText}, {"bulk", bulkText}} {
		text := in.text()
		var b bytes.Buffer
		if err := pcaptest.WriteText(&b, text); err != nil {
			return nil, err
		}
		name := filepath.Join(dir, in.name+".pcap")
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			return nil, err
		}
		n, err := c.least([]string{binary, "-n", "-j", "1", "-r", name})
		if err != nil {
			return nil, err
		}
		all = append(all, stored{c.Name, in.name, strings.Count(text, "\n"), n})
	}
	return all, nil
}

// shortText is 10,000 connections of nine packets each: ten begin in a millisecond, and each
// sends ten packets in one.
func shortText() string {
	const conns = 10000
	packets := []string{
		"A > Z S seq 1000", "Z > A S. seq 5000 ack 1001", "A > Z . seq 1001 ack 5001",
		"A > Z P. seq 1001 ack 5001 len 200", "Z > A P. seq 5001 ack 1201 len 500",
		"A > Z F. seq 1201 ack 5501", "Z > A . seq 5501 ack 1202", "Z > A F. seq 5501 ack 1202", "A > Z . seq 1202 ack 5502",
	}
	var b strings.Builder
	for at := range conns + len(packets) - 1 { // tenths of a millisecond
		for k := len(packets) - 1; k >= 0; k-- { // those that began first come first
			if i := at - k; i >= 0 && i < conns {
				ends := strings.NewReplacer("A", fmt.Sprintf("192.0.2.1:%d", 32768+i), "Z", "198.51.100.1:80")
				fmt.Fprintf(&b, "%f %s\n", float64(at)/10000, ends.Replace(packets[k]))
			}
		}
	}
	return b.String()
}

// bulkText is eight transfers side by side, two segments and an ACK in turn.
func bulkText() string {
	var b strings.Builder
	at := 0.0
	say := func(format string, args ...any) {
		fmt.Fprintf(&b, "%f "+format+"\n", append([]any{at}, args...)...)
		at += 10e-6
	}
	const transfers, rounds, segment = 8, 4000, 100
	ends := func(i int) (string, string) { return fmt.Sprintf("192.0.2.%d:40000", i+1), "198.51.100.1:80" }
	for i := range transfers {
		a, z := ends(i)
		say("%s > %s S seq 1000", a, z)
		say("%s > %s S. seq 5000 ack 1001", z, a)
		say("%s > %s . seq 1001 ack 5001", a, z)
	}
	for k := range rounds {
		for i := range transfers {
			a, z := ends(i)
			sent := 1001 + 2*segment*k
			say("%s > %s . seq %d ack 5001 len %d", a, z, sent, segment)
			say("%s > %s P. seq %d ack 5001 len %d", a, z, sent+segment, segment)
			say("%s > %s . seq 5001 ack %d", z, a, sent+2*segment)
		}
	}
	return b.String()
}

// compareCounts prints what is counted beside what is stored, and fails where it is more.
func compareCounts(all, now []stored, w io.Writer) error {
	rows := [][]string{{"input", "packets", "counter", "stored", "now", "change"}}
	var worse []string
	for _, n := range now {
		for _, was := range all {
			if was.counter != n.counter || was.input != n.input || was.packets != n.packets {
				continue
			}
			change := float64(n.instructions)/float64(was.instructions) - 1
			rows = append(rows, []string{n.input, say.Thousands(uint64(n.packets)), n.counter, say.Thousands(uint64(was.instructions)),
				say.Thousands(uint64(n.instructions)), fmt.Sprintf("%+.1f %%", 100*change)})
			if n.instructions > was.instructions+was.instructions/tolerance {
				worse = append(worse, fmt.Sprintf("%s: %.1f %% more instructions than the last release", n.input, 100*change))
			}
		}
	}
	if len(rows) == 1 {
		fmt.Fprintf(w, "skipped: no counts of %s are in %s; bench -check -record stores them\n", now[0].counter, storedCounts)
		return nil
	}
	if err := table(w, rows); err != nil {
		return err
	}
	if worse != nil {
		return errors.New(strings.Join(worse, "; "))
	}
	return nil
}

// parseCounts reads what recorded writes.
func parseCounts(text string) (all []stored, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("%s: %q", storedCounts, line)
		}
		packets, err1 := strconv.Atoi(f[2])
		n, err2 := strconv.ParseInt(f[3], 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s: %w", storedCounts, err)
		}
		all = append(all, stored{f[0], f[1], packets, n})
	}
	return all, nil
}

// recorded is the file of counts, those of one counter replaced; version is what tcpwatch tells of itself.
func recorded(all, now []stored, counter, version string) []byte {
	version, _, _ = strings.Cut(version, "\n")
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Instructions of tcpwatch -n -j 1 -r INPUT: the whole process, at user level, the least of %d runs. Written by bench -check -record.\n", counts)
	fmt.Fprintf(&b, "# The latest by %s: %s, %s.\n", counter, version, runtime.Version())
	fmt.Fprintln(&b, "# counter\tinput\tpackets\tinstructions")
	for _, x := range all {
		if x.counter != counter {
			fmt.Fprintf(&b, "%s\t%s\t%d\t%d\n", x.counter, x.input, x.packets, x.instructions)
		}
	}
	for _, x := range now {
		fmt.Fprintf(&b, "%s\t%s\t%d\t%d\n", x.counter, x.input, x.packets, x.instructions)
	}
	return b.Bytes()
}
