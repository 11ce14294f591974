package main

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 100, 1, 2}, 3},
	} {
		before := slices.Clone(tt.values)
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.values, got, tt.want)
		}
		if !slices.Equal(before, tt.values) {
			t.Errorf("%v became %v: turns must stay in order", before, tt.values)
		}
	}
}

// Ratios are of the same turn: a machine that was slow in one turn was slow for both.
func TestMedianRatio(t *testing.T) {
	for _, tt := range []struct {
		name       string
		values, to []time.Duration
		want       float64
	}{
		{"twice, whatever the turn", []time.Duration{2, 20, 200}, []time.Duration{1, 10, 100}, 2},
		{"not the ratio of medians", []time.Duration{10, 60, 30}, []time.Duration{1, 30, 20}, 2},
		{"fewer turns than the baseline", []time.Duration{9}, []time.Duration{3, 1, 1}, 3},
		{"a turn too short to measure", []time.Duration{9, 8}, []time.Duration{0, 2}, 4},
		{"no turn", nil, []time.Duration{1}, 0},
	} {
		if got := medianRatio(tt.values, tt.to); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSum(t *testing.T) {
	r := &Result{Input: Input{Packets: 1000}, Lines: []*Line{
		{Name: baseline, Samples: []Sample{{time.Second, time.Second, 5}, {2 * time.Second, time.Second, 7}}},
		{Name: "other", Samples: []Sample{{4 * time.Second, 2 * time.Second, 100}}},
		{Name: "failed", Samples: []Sample{{1, 1, 1}}, Failed: "why"},
	}}
	r.sum()
	a, b, c := r.Lines[0], r.Lines[1], r.Lines[2]
	if a.Wall != 1500*time.Millisecond || a.Least != time.Second || a.Most != 2*time.Second || a.Memory != 7 || a.WallRatio != 1 {
		t.Errorf("%+v", a)
	}
	if b.PerSecond != 250 || b.WallRatio != 4 || b.CPURatio != 2 {
		t.Errorf("%+v", b)
	}
	if c.Wall != 0 {
		t.Errorf("%+v", c)
	}
}

// Results go between the marks, again and again, and nowhere else.
func TestIntoReadme(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(file, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &Report{Results: []*Result{{Input: Input{Name: "short", Doc: "doc"}, Lines: []*Line{
		{Name: baseline, Samples: []Sample{{time.Second, time.Second, 1 << 20}}},
		{Name: "other", Samples: []Sample{{3 * time.Second, 4 * time.Second, 2 << 20}}},
		{Name: "slow", Failed: errTime.Error()}}}}}
	r.Results[0].sum()
	var first []byte
	for range 2 {
		if err := intoMarks(file, beginMark, endMark, r.short); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := string(text)
		if !strings.HasPrefix(s, "before\n"+beginMark) || !strings.HasSuffix(s, endMark+"after\n") || strings.Contains(s, "old") ||
			!strings.Contains(s, "3.00 s (3.00×)") || !strings.Contains(s, "4.00 s (4.00×)") || !strings.Contains(s, "too long") {
			t.Errorf("got\n%s", s)
		}
		if first != nil && !slices.Equal(first, text) {
			t.Errorf("the second time\n%s", s)
		}
		first = text
	}
	if err := os.WriteFile(file, []byte("no marks\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := intoMarks(file, beginMark, endMark, r.short); err == nil {
		t.Error("a file without marks is written")
	}
}

// What live captures came to is told for each rate, medians and all drops.
func TestLiveTable(t *testing.T) {
	r := &LiveReport{Length: 2 * time.Second, Buffer: 512, Runs: []watched{
		{Name: "tcpdump", Rate: 1000, Sent: 2000, Seconds: 2, Read: 2000, CPU: 0.1},
		{Name: "tcpwatch", Rate: 1000, Sent: 2000, Seconds: 2, Read: 1990, Dropped: 10, CPU: 1},
		{Name: "tcpdump", Rate: 1000, Sent: 2000, Seconds: 2, Read: 2000, CPU: 0.1},
		{Name: "tcpwatch", Rate: 1000, Sent: 2000, Seconds: 2, Read: 2000, CPU: 1},
		{Name: "tcpdump", Rate: 2000, Sent: 3000, Seconds: 2, Read: 3000, CPU: 0.2},
		{Name: "tcpwatch", Rate: 2000, Sent: 3000, Seconds: 2, Read: 3000, CPU: 2},
	}}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"medians of 2 runs of 2s each", "buffers of 512 KiB",
		`\| 1,000 +\| +1,000 \| 1,000 \| +0 \| +5 % \| +1,000 \| +997 \| 0.25 % \(1 of 2 runs\) \| +50 % \|`,
		`\| 2,000 +\| +1,500 \| 1,500 \| +0 \| +10 % \| +1,500 \| 1,500 \| +0 \| +100 % \|`,
	} {
		if !regexp.MustCompile(want).MatchString(b.String()) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	if r.Buffer = 0; r.write(&b) != nil || !strings.Contains(b.String(), "in all runs; buffers as each makes them.") {
		t.Errorf("without a buffer size:\n%s", b.String())
	}
}
