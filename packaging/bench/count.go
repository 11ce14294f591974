package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// counter counts the instructions of a command: those of the whole process, at user level. They
// vary by less than one percent on a machine that does other things too, where times vary by half.
type counter struct {
	Name    string // perf, or that of the program that counts
	program string
}

// counts is how often a command is counted: the least is told.
const counts = 3

// newCounter is the counter that a program is, "" for perf; an error says why nothing is counted.
// Any other program runs the command that is its arguments, and prints the count as its last line.
func newCounter(program string) (*counter, error) {
	c := &counter{Name: "perf", program: program}
	if program != "" {
		c.Name = filepath.Base(program)
	}
	if _, err := c.once([]string{"true"}); err != nil {
		return nil, err
	}
	return c, nil
}

// once runs a command and counts.
func (c *counter) once(command []string) (int64, error) {
	if c.program == "" {
		return perf(command)
	}
	out, err := exec.Command(c.program, command...).Output()
	if err != nil {
		return 0, fmt.Errorf("%s %v: %w", c.program, command, err)
	}
	words := strings.Fields(string(out))
	if len(words) == 0 {
		return 0, fmt.Errorf("%s %v prints no count", c.program, command)
	}
	return strconv.ParseInt(words[len(words)-1], 10, 64)
}

// perf is once for perf stat.
func perf(command []string) (int64, error) {
	f, err := os.CreateTemp("", "tcpwatch-bench")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	cmd := exec.Command("perf", append([]string{"stat", "-x", ",", "-e", "instructions:u", "-o", f.Name(), "--"}, command...)...)
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("perf: %w", err)
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		return 0, err
	}
	return perfCount(text)
}

// perfCount is the count in what perf stat -x , writes; an error where the machine has no counter.
func perfCount(text []byte) (int64, error) {
	for line := range bytes.Lines(text) {
		if field, _, ok := strings.Cut(string(line), ","); ok && strings.Contains(string(line), "instructions") {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("perf counts no instructions on this machine: %s", field)
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("perf wrote no count")
}

// least is the least count of some runs of a command.
func (c *counter) least(command []string) (int64, error) {
	var all []int64
	for range counts {
		n, err := c.once(command)
		if err != nil {
			return 0, err
		}
		all = append(all, n)
	}
	return slices.Min(all), nil
}
