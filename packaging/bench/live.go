package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcpwatch/internal/say"
)

// rateTest is the lab's RateTest, as its test reads it from a file.
type rateTest struct {
	Watchers []watcher
	Rates    []int
	Length   time.Duration
	Turns    int
}

// watcher is the lab's Watcher.
type watcher struct {
	Name          string
	Command       []string
	Read, Dropped string // regular expressions
}

// watched is the lab's Watched.
type watched struct {
	Name    string  `json:"name"`
	Rate    int     `json:"rate"`
	Sent    int     `json:"sent"`
	Seconds float64 `json:"seconds"`
	Read    int     `json:"read"`
	Dropped int     `json:"dropped"`
	CPU     float64 `json:"cpu_s"`
}

// LiveReport is what a comparison of live captures came to.
type LiveReport struct {
	Machine Machine       `json:"machine"`
	Buffer  int           `json:"buffer_kib"` // 0: what each makes itself
	Length  time.Duration `json:"length_ns"`
	Runs    []watched     `json:"runs"`
}

// Marks between which a file holds the latest results of live captures.
const (
	beginLiveMark = "<!-- Written by make bench-live; do not edit. -->\n"
	endLiveMark   = "<!-- End of what make bench-live writes. -->\n"
)

// snaplen is what both programs capture of a packet: tcpdump's default, and ours.
const snaplen = 262144

// raceLive lets tcpdump and tcpwatch capture in turn what the lab sends at
// rising rates. Both have the same buffer, unless -buffer 0 leaves each its own
// default, and neither prints packets.
func raceLive(s *settings, stdout, progress io.Writer) error {
	rates, err := numbers(s.rates)
	if err != nil {
		return err
	}
	own, err := filepath.Abs("tcpwatch")
	if err != nil {
		return err
	}
	same := []string{"-i", "INTERFACE", "-n", "-s", strconv.Itoa(snaplen)}
	if s.buffer > 0 {
		same = append(same, "-B", strconv.Itoa(s.buffer))
	}
	test := rateTest{Rates: rates, Length: s.length, Turns: s.runs, Watchers: []watcher{
		{Name: baseline, Command: append(append([]string{baseline}, same...), "-Z", "root", "-w", "/dev/null"),
			Read: `(\d+) packets? captured`, Dropped: `(\d+) packets? dropped by kernel`},
		{Name: "tcpwatch", Command: append(append([]string{own}, same...), "-q"),
			Read: `tcpwatch: ([\d,]+) packet`, Dropped: `dropped +([\d,]+) by the kernel`},
	}}
	temp, err := os.MkdirTemp("", "tcpwatch-live")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "test.json")
	text, err := json.Marshal(test)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	limit := time.Duration(len(rates)*len(test.Watchers)*s.runs)*(s.length+10*time.Second) + 5*time.Minute
	if err := runLab(progress, "-test.run", "^TestLiveRates$", "-test.v", "-test.timeout", limit.String(), "-rate-test", file); err != nil {
		return err
	}
	there, _ := findContenders(s)
	there = slices.DeleteFunc(there, func(c contender) bool { return c.Name != baseline })
	r := &LiveReport{Machine: describe(there), Buffer: s.buffer, Length: s.length}
	if text, err = os.ReadFile(file); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.Runs); err != nil {
		return err
	}
	if err := r.write(stdout); err != nil {
		return err
	}
	return s.keep(r, beginLiveMark, endLiveMark, r.write)
}

// numbers reads a list of rates.
func numbers(list string) (all []int, err error) {
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("%q is no rate", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// write prints a table with a line for each rate.
func (r *LiveReport) write(w io.Writer) error {
	rows := [][]string{{"asked for"}}
	var names []string
	by := map[string]map[int][]watched{}
	var rates []int
	turns := 0
	for _, one := range r.Runs {
		if by[one.Name] == nil {
			by[one.Name] = map[int][]watched{}
			names = append(names, one.Name)
			rows[0] = append(rows[0], one.Name+": sent", "read", "dropped", "CPU")
		}
		if len(rates) == 0 || rates[len(rates)-1] != one.Rate {
			rates = append(rates, one.Rate)
		}
		by[one.Name][one.Rate] = append(by[one.Name][one.Rate], one)
		turns = max(turns, len(by[one.Name][one.Rate]))
	}
	for _, rate := range rates {
		row := []string{say.Thousands(uint64(rate))}
		for _, name := range names {
			row = append(row, sumWatched(by[name][rate])...)
		}
		rows = append(rows, row)
	}
	buffers := fmt.Sprintf("buffers of %d KiB", r.Buffer)
	if r.Buffer == 0 {
		buffers = "buffers as each makes them"
	}
	fmt.Fprintf(w, "\n%s. Packets a second, medians of %d runs of %s each; dropped by the kernel in all runs; %s.\n\n",
		r.Machine, turns, r.Length, buffers)
	if err := table(w, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// sumWatched tells of one program at one rate: what was sent and read in a
// second, what was dropped of all, and how much of a core it took.
func sumWatched(runs []watched) []string {
	var sent, read, cpu []float64
	total, dropped, with := 0, 0, 0
	for _, one := range runs {
		sent = append(sent, float64(one.Sent)/one.Seconds)
		read = append(read, float64(one.Read)/one.Seconds)
		cpu = append(cpu, one.CPU/one.Seconds)
		total += one.Read + one.Dropped
		dropped += one.Dropped
		if one.Dropped > 0 {
			with++
		}
	}
	lost := "0"
	if dropped > 0 {
		lost = fmt.Sprintf("%.2g %% (%d of %d runs)", 100*float64(dropped)/float64(max(total, 1)), with, len(runs))
	}
	return []string{say.Thousands(uint64(median(sent))), say.Thousands(uint64(median(read))), lost, fmt.Sprintf("%.0f %%", 100*median(cpu))}
}
