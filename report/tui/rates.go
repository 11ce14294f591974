package tui

import (
	"cmp"
	"slices"
	"strings"

	"tcpwatch/reassembly"
	"tcpwatch/report"
)

// rates remembers what was counted when, to draw how often things happen.
type rates struct {
	samples []sample
}

// sample is what was counted up to a time, ns since 1970.
type sample struct {
	at      int64
	start   int64  // of the input: its first packet; 0 before any
	packets uint64 // read
	report.Totals
}

// sampleOf is what a View counted.
func sampleOf(v *report.View) sample {
	return sample{timeOf(v), v.Headline.Start, v.Headline.Packets, v.Totals}
}

// keptSamples bounds them: of one each second a quarter of an hour.
const keptSamples = 900

// take takes what was counted.
func (r *rates) take(s *sample) {
	if s.start == 0 { // no packet yet
		return
	}
	if n := len(r.samples); n == 0 {
		r.samples = append(r.samples, sample{at: min(s.start, s.at-1), start: s.start})
	} else if s.at <= r.samples[n-1].at {
		if s.packets >= r.samples[n-1].packets {
			r.samples[n-1].packets, r.samples[n-1].Totals = s.packets, s.Totals
		}
		return
	}
	r.samples = append(r.samples, *s)
	if len(r.samples) > keptSamples {
		r.samples = append(r.samples[:0], r.samples[1:]...)
	}
}

// around is between which times, ns since 1970, a packet came; 0 for what is not known.
func (r *rates) around(packet uint64) (from, until int64) {
	i, _ := slices.BinarySearchFunc(r.samples, packet, func(s sample, p uint64) int { return cmp.Compare(s.packets, p) })
	if i == len(r.samples) {
		return 0, 0
	}
	if i > 0 {
		from = r.samples[i-1].at
	}
	return from, r.samples[i].at
}

// per is how much was counted a second in each of n steps up to a time.
func (r *rates) per(count func(*report.Totals) uint64, until, step int64, n int) []float64 {
	newest := until
	until = (until + step - 1) / step * step // so that what was drawn stays as it is
	from := until - step*int64(n)
	out := make([]float64, n)
	for i := 1; i < len(r.samples); i++ {
		a, b := &r.samples[i-1], &r.samples[i]
		if b.at <= from || b.at > newest || b.at <= a.at {
			continue
		}
		each := float64(count(&b.Totals)-count(&a.Totals)) / float64(b.at-a.at) // a nanosecond
		for k := max((a.at-from)/step, 0); k < int64(n) && from+k*step < b.at; k++ {
			lo, hi := max(a.at, from+k*step), min(b.at, from+(k+1)*step)
			if hi > lo {
				out[k] += each * float64(hi-lo) * 1e9 / float64(step)
			}
		}
	}
	return out
}

// answers are, of each of n steps up to a time, how long the slowest of 99 % of the answers took, ns; 0 where
// there were none, and where one looked so seldom that it is not known when they came.
func (r *rates) answers(until, step int64, n int) []float64 {
	newest := until
	until = (until + step - 1) / step * step
	from := until - step*int64(n)
	all, out := make([]reassembly.Histogram, n), make([]float64, n)
	for i := 1; i < len(r.samples); i++ {
		a, b := &r.samples[i-1], &r.samples[i]
		if b.at <= from || b.at > newest || b.at-a.at > 3*step || a.Answers.N() == b.Answers.N() {
			continue
		}
		some := b.Answers.Since(&a.Answers)
		for k := max((a.at-from)/step, 0); k < int64(n) && from+k*step < b.at; k++ {
			all[k].Merge(&some)
		}
	}
	for k := range all {
		out[k] = float64(all[k].Quantile(0.99))
	}
	return out
}

// answersNow is how long the slowest of 99 % of the answers of late took, ns, over a span before a time at
// least; 0 for none.
func (r *rates) answersNow(until, span int64) int64 {
	a, b := r.late(until, span)
	if a == nil {
		return 0
	}
	some := b.Answers.Since(&a.Answers)
	return some.Quantile(0.99)
}

// late are the newest sample that is not after a time and the one before it that is a span older, or else
// the oldest; nil without samples.
func (r *rates) late(until, span int64) (a, b *sample) {
	if len(r.samples) == 0 {
		return nil, nil
	}
	k := len(r.samples) - 1
	for k > 0 && r.samples[k].at > until {
		k--
	}
	i := k
	for i > 0 && r.samples[k].at-r.samples[i].at < span {
		i--
	}
	return &r.samples[i], &r.samples[k]
}

// now is how much was counted a second of late: over the last span nanoseconds before a time, at least.
func (r *rates) now(count func(*report.Totals) uint64, until, span int64) float64 {
	a, b := r.late(until, span)
	if a == nil || b.at-a.at < 5e8 { // too early to tell
		return 0
	}
	return float64(count(&b.Totals)-count(&a.Totals)) * 1e9 / float64(b.at-a.at)
}

// spark draws values as bars of one column each, so many lines high, the greatest as the highest.
func spark(values []float64, tall int, ascii bool) []string {
	steps := []rune("▁▂▃▄▅▆▇█")
	if ascii {
		steps = []rune(".:-=+*%#")
	}
	most := 0.0
	for _, v := range values {
		most = max(most, v)
	}
	lines := make([]strings.Builder, tall)
	for _, v := range values {
		level := 0 // of len(steps) in each line
		if v > 0 {
			level = min(int(v/most*float64(len(steps)*tall)), len(steps)*tall-1) + 1
		}
		for i := range lines {
			if n := level - (tall-1-i)*len(steps); n > 0 {
				lines[i].WriteRune(steps[min(n, len(steps))-1])
			} else {
				lines[i].WriteByte(' ')
			}
		}
	}
	out := make([]string, tall)
	for i := range lines {
		out[i] = lines[i].String()
	}
	return out
}

// barOf draws n of most as a bar of that many columns at most; what is not 0 is seen.
func barOf(n, most uint64, width int, ascii bool) string {
	if n == 0 || most == 0 || width < 1 {
		return ""
	}
	sign := "█"
	if ascii {
		sign = "#"
	}
	return strings.Repeat(sign, max(int(float64(n)/float64(most)*float64(width)), 1))
}
