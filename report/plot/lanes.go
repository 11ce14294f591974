package plot

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// maxLanes is how many kinds of connections are drawn.
const maxLanes = 24

// StateClass is the class of a state.
func StateClass(s record.State) string { return "s-" + strings.ToLower(s.String()) }

const (
	laneHeight = 16 // of the bar of an end
	laneRoom   = 22 // for the name of a connection
)

// Lanes draws how connections of each kind went through the states, a bar for each end; nil
// without any.
func Lanes(s *report.Summary) *Drawing {
	lanes, more := s.Lanes(maxLanes)
	if len(lanes) == 0 {
		return nil
	}
	d := &Drawing{ID: "lanes", Width: sheet, Title: "States of both ends, a connection for each kind",
		Desc: "Connections that opened and closed alike and were left in the same states are drawn once, those with trouble first. Of each the upper bar is the client's state, the lower the server's, by the time since the connection began, on a logarithmic scale."}
	if more > 0 {
		d.Desc += fmt.Sprintf(" %s more are not drawn.", say.Plural(uint64(more), "kind"))
	}
	least, most := int64(1e9), int64(1e6)
	var seen [record.NStates]bool
	for i := range lanes {
		l := &lanes[i]
		most = max(most, l.End-l.Start)
		for _, e := range l.Edges {
			seen[e.To] = true
			if n := e.Time - l.Start; n > 0 {
				least = min(least, n)
			}
		}
	}
	least = max(least, 1000)
	top := d.states(4, seen) + 6
	bottom := top + float64(len(lanes))*(2*laneHeight+laneRoom+8)
	d.Height = bottom + below
	x := d.spans(least, most, left, bottom, "time since the first packet")
	for i := range lanes {
		l := &lanes[i]
		y := top + float64(i)*(2*laneHeight+laneRoom+8)
		name := l.Title()
		switch {
		case l.Alike == 2:
			name += ", and 1 that opened and closed alike"
		case l.Alike > 2:
			name += fmt.Sprintf(", and %s that opened and closed alike", say.Thousands(l.Alike-1))
		}
		d.text("start name", left, y+14, name)
		for e := record.Orig; e <= record.Resp; e++ {
			row := y + laneRoom + float64(e)*(laneHeight+1)
			d.text("end tick", left-8, row+12, sentence.Who(e))
			d.lane(l.Edges, e, l.Start, l.End, x, row, func(t int64) float64 { return float64(t - l.Start) })
		}
	}
	return d
}

// states is the legend of the states that were seen.
func (d *Drawing) states(y float64, seen [record.NStates]bool) float64 {
	var keys []key
	for s := record.Listen; s < record.NStates; s++ {
		if seen[s] {
			keys = append(keys, key{StateClass(s), s.String()})
		}
	}
	return d.legend(y, keys...)
}

// lane draws the states of an end, one after the other; CLOSED is no bar.
func (d *Drawing) lane(edges []record.Transition, e record.End, start, end int64, x scale, y float64, value func(t int64) float64) {
	var own []record.Transition
	for _, t := range edges {
		if t.End == e {
			own = append(own, t)
		}
	}
	for i, t := range own {
		until := end
		if i+1 < len(own) {
			until = min(own[i+1].Time, end)
		}
		if t.To == record.Closed || t.To == record.Unknown || until < t.Time || until == t.Time && i+1 < len(own) {
			continue
		}
		from := x.at(value(max(t.Time, start)))
		width := max(x.at(value(max(until, start)))-from, 1.5)
		class := StateClass(t.To)
		if t.Basis == record.Expected || t.Basis == record.Implied {
			class += " unproven"
		}
		tip := fmt.Sprintf("%s of the %s for %s (%s", t.To, sentence.Who(e), say.Duration(until-t.Time, false), t.Basis)
		if t.Packet > 0 {
			tip += fmt.Sprintf(", packet %d", t.Packet)
		}
		d.rect(class, from, y, width, laneHeight, tip+")")
		if name := t.To.String(); textWidth(name)+6 < width {
			d.text("start in-"+StateClass(t.To), from+4, y+12, name)
		}
	}
}
