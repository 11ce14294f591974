package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/pcaptest"
)

func TestPerfCount(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64
		err  string
	}{
		{"# started on Mon Nov 30\n\n1869423,,instructions:u,1213000,100.00,,\n", 1869423, ""},
		{"# started on Mon Nov 30\n\n<not supported>,,instructions:u,0,100.00,,\n", 0, "counts no instructions on this machine: <not supported>"},
		{"", 0, "no count"},
	} {
		got, err := perfCount([]byte(tt.text))
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: %d, %v", tt.text, got, err)
		}
	}
}

// A program that counts prints the count last, whatever else it prints.
func TestCounterOfAProgram(t *testing.T) {
	name := filepath.Join(t.TempDir(), "counts")
	if err := os.WriteFile(name, []byte("#!/bin/sh\necho \"$@\"\necho 4711\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := newCounter(name)
	if err != nil || c.Name != "counts" {
		t.Fatalf("%v, %v", c, err)
	}
	if n, err := c.least([]string{"true"}); n != 4711 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := newCounter(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that is not there counts")
	}
}

// More than a twentieth more fails, less and what another counter counted does not.
func TestCompareCounts(t *testing.T) {
	all, err := parseCounts("# comment\nperf\tshort\t900\t1000\nperf\tbulk\t900\t1000\nother\tshort\t900\t1\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		now       []stored
		err, says string
	}{
		{[]stored{{"perf", "short", 900, 1050}, {"perf", "bulk", 900, 500}}, "", "-50.0 %"},
		{[]stored{{"perf", "short", 900, 1051}, {"perf", "bulk", 900, 1000}}, "short: 5.1 % more", "+5.1 %"},
		{[]stored{{"perf", "short", 901, 9999}}, "", "skipped: "},
		{[]stored{{"third", "short", 900, 9999}}, "", "skipped: no counts of third"},
	} {
		var b strings.Builder
		err := compareCounts(all, tt.now, &b)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) || !strings.Contains(b.String(), tt.says) {
			t.Errorf("%v: %v\n%s", tt.now, err, b.String())
		}
	}
	now := []stored{{"perf", "short", 900, 7}}
	again, err := parseCounts(string(recorded(all, now, "perf", "tcpwatch 1\nlibpcap 2")))
	if want := []stored{{"other", "short", 900, 1}, {"perf", "short", 900, 7}}; err != nil || !slices.Equal(again, want) {
		t.Errorf("%v, %v, want %v", again, err, want)
	}
}

// The inputs of -check are what they are said to be.
func TestCheckInputs(t *testing.T) {
	for _, text := range []string{shortText(), bulkText()} {
		if n := strings.Count(text, "\n"); n < 90000 || n > 100000 {
			t.Errorf("%d packets", n)
		}
		head := strings.Join(strings.SplitAfter(text, "\n")[:100], "")
		if err := pcaptest.WriteText(&strings.Builder{}, head); err != nil {
			t.Error(err)
		}
	}
}
