package plot

import (
	"fmt"
	"math"

	"tcpwatch/internal/say"
)

// scale maps values to places.
type scale struct {
	from, to   float64 // values
	low, high  float64 // places of these
	log        bool
	underneath float64 // where a logarithmic one begins, above 0
}

func (s *scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		v, from, to = math.Log(max(v, s.underneath)), math.Log(max(from, s.underneath)), math.Log(to)
	}
	if to <= from {
		return s.low
	}
	return s.low + (v-from)/(to-from)*(s.high-s.low)
}

// steps are about n round numbers from 0 up to most, the last of them most or the next above.
func steps(most float64, n int) (all []float64) {
	if most <= 0 {
		return []float64{0, 1}
	}
	width := roundUp(most / float64(n))
	for i := 0; ; i++ {
		v := float64(i) * width
		all = append(all, v)
		if v >= most*(1-1e-9) {
			return all
		}
	}
}

// roundUp is the next of 1, 2, 5, 10, 20 ... and their like below 1.
func roundUp(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range [...]float64{1, 2, 5, 10} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// counts draws the axis of a count at the left, with lines across, says of what it is, and
// returns its scale.
func (d *Drawing) counts(most uint64, top, bottom float64, unit string, words func(v uint64) string) scale {
	n := 4
	if most < 4 {
		n = int(max(most, 1))
	}
	ticks := steps(float64(most), n)
	if words == nil {
		words = say.Thousands
	}
	s := scale{from: 0, to: ticks[len(ticks)-1], low: bottom, high: top}
	for _, v := range ticks {
		y := s.at(v)
		d.line("grid", left, y, d.Width-right, y, "")
		d.text("end tick", left-8, y+4, words(uint64(v+0.5)))
	}
	d.text("start unit", 2, top-14, unit)
	return s
}

// below says under an axis what it tells.
func (d *Drawing) below(bottom float64, unit string) {
	d.text("end unit", d.Width-right, bottom+37, unit)
}

// spanSteps are the widths that steps of time may have, ns.
var spanSteps = func() (all []int64) {
	for power := int64(1); power <= 1e9; power *= 10 {
		all = append(all, power, 2*power, 5*power)
	}
	all[len(all)-1] = 5e9
	for _, s := range []int64{10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400} {
		all = append(all, s*1e9)
	}
	return all
}

// firstPacket is from when most times are counted.
const firstPacket = "the first packet"

// clockSpan is from which span on an axis tells times of day, ns.
const clockSpan = 120e9

// times draws an axis of time below, and returns its scale. Short spans count from their start,
// which is called so; so do spans that count from 0.
func (d *Drawing) times(from, to int64, bottom float64, c say.Clock, start string) scale {
	s := scale{from: float64(from), to: float64(max(to, from+1)), low: left, high: d.Width - right}
	all := spanSteps()
	width := all[len(all)-1]
	for _, w := range all {
		if float64(to-from)/float64(w) <= 8 {
			width = w
			break
		}
	}
	for width*12 < to-from {
		width *= 2
	}
	first := from
	absolute := from > 0 && to-from >= clockSpan
	if absolute {
		first = from - from%width
		if first < from {
			first += width
		}
	}
	day := c.Day(from)
	for t := first; t <= to; t += width {
		x := s.at(float64(t))
		d.line("grid", x, bottom, x, bottom+5, "")
		label := "0"
		switch {
		case absolute && (width >= 86400e9 || c.Day(t) != day): // the first time of another day names it
			label = c.Day(t)
			day = label
		case absolute:
			label = c.TimeOfDay(t)
		case t > from:
			label = say.Duration(t-from, false)
		}
		d.tick(x, bottom, label)
	}
	switch {
	case !absolute:
		d.below(bottom, "time since "+start)
	case width >= 86400e9:
		d.below(bottom, "day ("+c.Zone(from)+")")
	default:
		d.below(bottom, "time of day ("+c.Zone(from)+")")
	}
	return s
}

// tick writes what a place on the axis below stands for: under it, and within the sheet.
func (d *Drawing) tick(x, bottom float64, label string) {
	half := textWidth(label) / 2
	d.text("middle tick", min(max(x, left/2+half), d.Width-half), bottom+19, label)
}

// spans draws a logarithmic axis of spans of time below, from a place on, says which they are,
// and returns its scale.
func (d *Drawing) spans(least, most int64, from, bottom float64, unit string) scale {
	low := math.Pow(10, math.Floor(math.Log10(float64(max(least, 1)))))
	high := math.Pow(10, math.Ceil(math.Log10(float64(max(most, 2)))))
	if high <= low {
		high = 10 * low
	}
	s := scale{from: low, to: high, low: from, high: d.Width - right, log: true, underneath: low}
	for v := low; v <= high*1.001; v *= 10 {
		x := s.at(v)
		d.line("grid", x, bottom, x, bottom+5, "")
		d.tick(x, bottom, say.Duration(int64(v+0.5), false))
	}
	d.below(bottom, unit+", logarithmic")
	return s
}

// zooms says what the axes show, for a page that zooms: the places of the graph (left, right,
// top, bottom), then the seconds since some time at its two sides, then the values at its foot
// and at its top.
func (d *Drawing) zooms(x, y scale, since float64) {
	d.Zoom = fmt.Sprintf("%s %s %s %s %g %g %g %g", number(x.low), number(x.high), number(y.high), number(y.low), (x.from-since)/1e9, (x.to-since)/1e9, y.from, y.to)
}
