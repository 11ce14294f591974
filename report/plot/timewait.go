package plot

import (
	"fmt"
	"slices"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
)

const (
	maxHolders  = 5   // holders that are drawn
	holderParts = 240 // values of each over time
)

// TimeWaits draws how many TIME-WAITs the first holders had, beside the ports that a client has;
// nil without any.
func TimeWaits(s *report.Summary, h *report.Headline, c say.Clock) *Drawing {
	all, of, from, to, ports := s.HeldOver(h, maxHolders, holderParts)
	if len(all) == 0 || to <= from {
		return nil
	}
	d := &Drawing{ID: "held", Width: sheet, Height: 316, Title: "TIME-WAIT over time, by holder"}
	var keys []key
	client := false
	for i := range all {
		x := &all[i]
		name := x.Holder.String() + " (server)"
		if !x.Server {
			name, client = x.Holder.Addr.String()+sentence.Arrow+x.Dest.String(), true
		}
		keys = append(keys, key{causeClasses[i], fmt.Sprintf("%s, at most %s", name, say.Thousands(x.Peak))})
	}
	most := all[0].Peak
	near := client && slices.ContainsFunc(all, func(x report.Held) bool { return !x.Server && x.Peak*4 >= ports })
	d.Desc = "A line for each holder: how many TIME-WAITs it held, counted by seconds of the clock, until the input ended."
	if len(all) < of {
		d.Desc = fmt.Sprintf("The %s holders with the highest peaks, of %s. %s", say.Thousands(uint64(len(all))), say.Thousands(uint64(of)), d.Desc)
	}
	switch {
	case near:
		most = max(most, ports)
		keys = append(keys, key{"range", fmt.Sprintf("ports of a client to one destination: %s", say.Thousands(ports))})
	case client:
		d.Desc += fmt.Sprintf(" A client has %s ports to one destination: that line lies above the picture.", say.Thousands(ports))
	}
	top := d.legend(4, keys...) + 10
	bottom := d.Height - below
	y := d.counts(most, top, bottom, "held", nil)
	x := d.times(from, to, bottom, c, firstPacket)
	whole := over{from: fold.Second(from) * 1e9, to: (fold.Second(to) + 1) * 1e9}
	if near {
		d.line("range", left, y.at(float64(ports)), d.Width-right, y.at(float64(ports)), "the ports of a client: "+say.Thousands(ports))
	}
	for i := range all {
		d.path("curve "+causeClasses[i], stairs(all[i].Over, whole.from, whole.to, x, y), keys[i].text)
	}
	return d
}

// stairs is the path of values that each last for an equal part of the time, as much of it as x shows.
func stairs(values []uint64, from, to int64, x, y scale) string {
	var b strings.Builder
	part := float64(to-from) / float64(len(values))
	last := ""
	place := func(t float64) string { return number(min(max(x.at(t), x.low), x.high)) }
	for i, v := range values {
		h := number(y.at(float64(v)))
		if i == 0 {
			b.WriteString("M" + place(float64(from)) + " " + h)
		} else if h != last {
			b.WriteString("H" + place(float64(from)+part*float64(i)) + "V" + h)
		}
		last = h
	}
	return b.String() + "H" + place(float64(to))
}
