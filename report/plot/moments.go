package plot

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
)

const (
	maxMoments = 120 // steps of time that a drawing has at most
	fewMoments = 3   // fewer show nothing over time
)

// causeClasses are the classes of report.FailureCauses.
var causeClasses = [...]string{"c1", "c2", "c3", "c4", "c5"}

// over is the time that an axis shows, ns since 1970, of steps that last so long each.
type over struct{ from, to, width int64 }

// overInput is the time of the input. Steps begin with whole seconds of the clock, the input
// begins and ends within its first and its last one.
func overInput(all []report.Moment, width int64, h *report.Headline) over {
	first, last := all[0].At, all[len(all)-1].At
	o := over{first, last + width, width}
	if h.Start > first && h.Start < first+width {
		o.from = h.Start
	}
	if h.End >= max(last, o.from+1) && h.End < o.to {
		o.to = h.End
	}
	return o
}

// sides are the places of the two sides of a step, as much of it as is in the input.
func (o *over) sides(m *report.Moment, x scale) (low, high float64) {
	return x.at(float64(max(m.At, o.from))), x.at(float64(min(m.At+o.width, o.to)))
}

// middle is the place of the middle of it.
func (o *over) middle(m *report.Moment, x scale) float64 {
	low, high := o.sides(m, x)
	return (low + high) / 2
}

// Failures draws failed attempts by cause, and resets, over time; nil without any, and for a short time.
func Failures(s *report.Summary, h *report.Headline, c say.Clock) *Drawing {
	all, width, _ := s.Moments(h, maxMoments)
	causes := report.FailureCauses()
	var most uint64
	seen := make([]bool, len(causes)+1)
	for i := range all {
		sum := all[i].Resets
		for k, n := range all[i].Failed {
			sum += n
			seen[k] = seen[k] || n > 0
		}
		seen[len(causes)] = seen[len(causes)] || all[i].Resets > 0
		most = max(most, sum)
	}
	if most == 0 || len(all) < fewMoments {
		return nil
	}
	d := &Drawing{ID: "failures", Width: sheet, Height: 296, Title: "Failures over time, by cause",
		Desc: fmt.Sprintf("Bars of %s of the clock each count the attempts to open that failed, by cause, and the connections that a RST ended.", say.Duration(width, false))}
	var keys []key
	for k, name := range causes {
		if seen[k] {
			keys = append(keys, key{causeClasses[k], name})
		}
	}
	if seen[len(causes)] {
		keys = append(keys, key{"reset", "reset when open"})
	}
	top := d.legend(4, keys...) + 10
	bottom := d.Height - below
	y := d.counts(most, top, bottom, "failures", nil)
	o := overInput(all, width, h)
	x := d.times(o.from, o.to, bottom, c, firstPacket)
	for i := range all {
		m := &all[i]
		var parts []part
		var words []string
		for k, n := range m.Failed {
			parts = append(parts, part{causeClasses[k], n})
			if n > 0 {
				words = append(words, say.Thousands(n)+" "+causes[k])
			}
		}
		if m.Resets > 0 {
			words = append(words, say.Thousands(m.Resets)+" reset")
		}
		parts = append(parts, part{"reset", m.Resets})
		x1, x2 := o.sides(m, x)
		stack(d, y, x1, max(x2-x1-1, 1), c.TimeOfDay(m.At)+": "+strings.Join(words, ", "), parts...)
	}
	return d
}

// Trips draws retransmissions and round trips over time; nil without any.
func Trips(s *report.Summary, h *report.Headline, c say.Clock) *Drawing {
	all, width, known := s.Moments(h, maxMoments)
	var again, trips uint64
	var most uint64
	var longest int64
	for i := range all {
		again, trips = again+all[i].Again, trips+all[i].Trips
		most, longest = max(most, all[i].Again), max(longest, all[i].TripMost)
	}
	if !known || again+trips == 0 || len(all) < fewMoments {
		return nil
	}
	d := &Drawing{ID: "trips", Width: sheet, Height: 406, Title: "Retransmissions and round trips over time",
		Desc: fmt.Sprintf("Above, bars of %s of the clock each count the data segments that were retransmitted. Below, the mean and the longest of the smoothed round trips, from the capture point to the receiver and back.", say.Duration(width, false))}
	top := d.legend(4, key{"again", "data segments retransmitted"}, key{"trip", "mean round trip"}, key{"longest", "longest round trip"}) + 10
	middle, bottom := top+130, d.Height-below
	y := d.counts(most, top, middle, "segments", nil)
	o := overInput(all, width, h)
	x := d.times(o.from, o.to, bottom, c, firstPacket)
	for i := range all {
		m := &all[i]
		x1, x2 := o.sides(m, x)
		stack(d, y, x1, max(x2-x1-1, 1), c.TimeOfDay(m.At)+": "+say.Plural(m.Again, "retransmission"), part{"again", m.Again})
	}
	z := d.counts(uint64(longest), middle+36, bottom, "round trip", func(v uint64) string { return say.Duration(int64(v), false) })
	d.curve("longest", all, func(m *report.Moment) float64 { return float64(m.TripMost) }, x, z, o)
	d.curve("trip", all, func(m *report.Moment) float64 { return float64(m.Trip) }, x, z, o)
	for i := range all {
		if m := &all[i]; m.Trips > 0 {
			d.circle("trip", o.middle(m, x), z.at(float64(m.Trip)), 2.5, fmt.Sprintf("%s: mean of %s %s, longest %s",
				c.TimeOfDay(m.At), say.Plural(m.Trips, "round trip"), say.Duration(m.Trip, false), say.Duration(m.TripMost, false)))
		}
	}
	return d
}

// maxBridge is over how many steps without round trips a curve goes on: over more nobody knows what
// was between.
const maxBridge = 2

// curve joins the steps that have round trips and are close to each other; one that stands alone is a dot.
func (d *Drawing) curve(class string, all []report.Moment, of func(m *report.Moment) float64, x, y scale, o over) {
	var b strings.Builder
	last := -1 // that is drawn
	for i := range all {
		m := &all[i]
		if m.Trips == 0 {
			continue
		}
		to := "L"
		if last < 0 || i-last-1 > maxBridge {
			to = "M"
			d.circle(class, o.middle(m, x), y.at(of(m)), 1.5, "")
		}
		b.WriteString(to + number(o.middle(m, x)) + " " + number(y.at(of(m))))
		last = i
	}
	if b.Len() > 0 {
		d.path("curve "+class, b.String(), "")
	}
}
