package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
)

// baseline is what ratios are to: it copies packets and does nothing else.
const baseline = "tcpdump"

// contender is a command that reads a capture.
type contender struct {
	Name    string
	Does    string
	command []string // FILE stands for the capture
	runs    int
	counted bool           // its instructions are counted
	version []string       // a command that tells the version
	find    *regexp.Regexp // where in what it says
}

// with is the command for a capture.
func (c *contender) with(file string) []string {
	all := make([]string, len(c.command))
	for i, word := range c.command {
		all[i] = strings.ReplaceAll(word, "FILE", file)
	}
	return all
}

// findContenders lists the commands that are there, the baseline first, and the
// names of those that are not.
func findContenders(s *settings) (there []contender, missing []string) {
	number := regexp.MustCompile(`\d+(\.\d+)+`)
	all := []contender{
		{Name: baseline, Does: "copies every packet", runs: s.runs, counted: true,
			command: []string{"tcpdump", "-n", "-r", "FILE", "-w", "/dev/null"},
			version: []string{"tcpdump", "--version"}, find: number},
		{Name: "tcpwatch", Does: "prints its report", runs: s.runs, counted: true,
			command: []string{"./tcpwatch", "-n", "-r", "FILE"}},
	}
	if acceptsJobs() {
		all = append(all, contender{Name: "tcpwatch -j 1", Does: "the same on one core", runs: s.runs, counted: true,
			command: []string{"./tcpwatch", "-n", "-j", "1", "-r", "FILE"}})
	}
	all = append(all,
		contender{Name: "argus", Does: "writes flow records, without a file of settings", runs: s.slow,
			command: []string{"argus", "-X", "-r", "FILE", "-w", "/dev/null"},
			version: []string{"argus", "-h"}, find: number},
		contender{Name: "tcptrace", Does: "prints a line for each connection", runs: s.slow,
			command: []string{"tcptrace", "-n", "FILE"},
			version: []string{"tcptrace", "-v"}, find: number},
		contender{Name: "tshark", Does: "prints its table of TCP conversations", runs: s.slow,
			command: []string{"tshark", "-n", "-q", "-z", "conv,tcp", "-r", "FILE"},
			version: []string{"tshark", "--version"}, find: number})
	for _, c := range all {
		if _, err := exec.LookPath(c.command[0]); err != nil {
			missing = append(missing, c.Name)
			continue
		}
		there = append(there, c)
	}
	return there, missing
}

// acceptsJobs reports whether tcpwatch can be told how many cores to use: older
// ones, built to compare with, cannot.
func acceptsJobs() bool {
	return exec.Command("./tcpwatch", "-n", "-j", "1", "-r", tiny).Run() == nil
}

// told is the version that a command tells, "" when it tells none.
func (c *contender) told() string {
	if c.version == nil {
		return ""
	}
	var out bytes.Buffer
	cmd := exec.Command(c.version[0], c.version[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // some tell their version and fail
	return c.find.FindString(out.String())
}
