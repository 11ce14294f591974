package main

import (
	"slices"
	"time"
)

// Report is everything that one run measured.
type Report struct {
	Machine Machine   `json:"machine"`
	Floor   int64     `json:"least_peak_bytes"`
	Results []*Result `json:"results"`

	Counter   string `json:"counter,omitempty"`         // what counted instructions
	Uncounted string `json:"why_not_counted,omitempty"` // why nothing did
}

// Result is what the contenders needed for one input.
type Result struct {
	Input Input   `json:"input"`
	Lines []*Line `json:"commands"`
}

// Line is what one contender needed.
type Line struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	Samples []Sample `json:"runs"`
	Failed  string   `json:"failed,omitempty"`

	Wall      time.Duration `json:"median_wall_ns"`
	Least     time.Duration `json:"least_wall_ns"`
	Most      time.Duration `json:"most_wall_ns"`
	CPU       time.Duration `json:"median_cpu_ns"`
	Memory    int64         `json:"most_peak_bytes"`
	PerSecond float64       `json:"packets_per_second"`
	WallRatio float64       `json:"wall_ratio"` // to the baseline
	CPURatio  float64       `json:"cpu_ratio"`

	Instructions int64   `json:"least_instructions,omitempty"` // 0 where they were not counted
	CountRatio   float64 `json:"instructions_ratio,omitempty"`
}

// done reports whether there is anything to tell.
func (l *Line) done() bool { return l.Failed == "" && len(l.Samples) > 0 }

// sum computes what is told of the samples.
func (r *Result) sum() {
	wall := func(s Sample) time.Duration { return s.Wall }
	cpu := func(s Sample) time.Duration { return s.CPU }
	base := r.Lines[0].Samples
	for _, l := range r.Lines {
		if !l.done() {
			continue
		}
		walls := each(l.Samples, wall)
		l.Wall, l.Least, l.Most = median(walls), slices.Min(walls), slices.Max(walls)
		l.CPU = median(each(l.Samples, cpu))
		for _, s := range l.Samples {
			l.Memory = max(l.Memory, s.Memory)
		}
		if l.Wall > 0 {
			l.PerSecond = float64(r.Input.Packets) / l.Wall.Seconds()
		}
		l.WallRatio = medianRatio(walls, each(base, wall))
		l.CPURatio = medianRatio(each(l.Samples, cpu), each(base, cpu))
	}
}

// count counts the instructions of the contenders that are counted, where anything counts.
func (r *Result) count(by *counter, contenders []contender) error {
	for i, l := range r.Lines {
		if by == nil || !contenders[i].counted || !l.done() {
			continue
		}
		n, err := by.least(l.Command)
		if err != nil {
			return err
		}
		l.Instructions = n
		if base := r.Lines[0].Instructions; base > 0 {
			l.CountRatio = float64(n) / float64(base)
		}
	}
	return nil
}

func each(all []Sample, what func(Sample) time.Duration) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, s := range all {
		out[i] = what(s)
	}
	return out
}

// median is the middle value, of an even number the mean of the middle two.
func median[T ~int64 | ~float64](values []T) T {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[n/2]
}

// medianRatio is the median of the ratios of values of the same turn; turns
// without both are left out, and so are those whose divisor is 0. Without any
// turn it is 0.
func medianRatio(values, to []time.Duration) float64 {
	var ratios []float64
	for i := range min(len(values), len(to)) {
		if to[i] > 0 {
			ratios = append(ratios, float64(values[i])/float64(to[i]))
		}
	}
	if ratios == nil {
		return 0
	}
	return median(ratios)
}
