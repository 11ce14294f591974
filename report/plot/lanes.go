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
		Desc: "Connections that opened and closed alike and were left in the same states are drawn once, those with trouble first. Of each the upper bar is the client's state, the lower the server's, by the time since the connection began, on a logarithmic scale. " + howSure}
	if more > 0 {
		d.Desc += fmt.Sprintf(" %s more are not drawn.", say.Plural(uint64(more), "kind"))
	}
	least, most := int64(1e9), int64(1e6)
	var seen shades
	for i := range lanes {
		l := &lanes[i]
		most = max(most, l.End-l.Start)
		seen.take(l.Edges, l.Heard, l.Start, l.End)
		for _, e := range l.Edges {
			if n := e.Time - l.Start; n > 0 {
				least = min(least, n)
			}
		}
	}
	least = max(least, 1000)
	top := d.states(4, &seen) + 6
	names := make([]string, len(lanes))
	for i := range lanes {
		l := &lanes[i]
		names[i] = l.Title()
		switch {
		case l.AtLeast && l.Alike > 1:
			names[i] += fmt.Sprintf(", and %s or more that opened and closed alike", say.Thousands(l.Alike-1))
		case l.Alike == 2:
			names[i] += ", and 1 that opened and closed alike"
		case l.Alike > 2:
			names[i] += fmt.Sprintf(", and %s that opened and closed alike", say.Thousands(l.Alike-1))
		}
	}
	places, bottom := d.rows(top, 2*laneHeight+8, names)
	x := d.spans(least, most, left, bottom, "time since the first packet")
	for i := range lanes {
		l := &lanes[i]
		for e := record.Orig; e <= record.Resp; e++ {
			row := places[i] + float64(e)*(laneHeight+1)
			d.text("end tick", left-8, row+12, sentence.Who(e))
			d.lane(spansOf(l.Edges, e, l.Heard[e], l.Start, l.End), e, x, row, func(t int64) float64 { return float64(t - l.Start) })
		}
	}
	return d
}

// nameWide is how many characters of a name a line has room for, nameLine how high one is.
const (
	nameWide = 108
	nameLine = 16
)

// rows writes names, one below the other, each with so much room under it, and makes the drawing
// as high as they and an axis take: it returns where that room begins for each, and where all end.
func (d *Drawing) rows(top, room float64, names []string) (places []float64, bottom float64) {
	for _, name := range names {
		lines := say.WrapHard(name, nameWide)
		for k, l := range lines {
			d.text("start name", left, top+14+nameLine*float64(k), l)
		}
		place := top + laneRoom + nameLine*float64(len(lines)-1)
		places, top = append(places, place), place+room
	}
	d.Height = top + below
	return places, top
}

// howSure says what the looks of a bar mean.
const howSure = "A full bar is shown by packets of that end. A pale one is expected or implied: no packet of that end proves it. A dashed one follows the last segment of that end: it is what the state must be then, as far as anybody saw, and TIME-WAIT lasts as long as 2MSL is taken to."

// inState is a time that an end spent in a state.
type inState struct {
	record.Transition
	from, until int64
	unseen      bool // the end had sent its last segment before
}

// leastTail is the part of the time of a connection from which on it shows that an end sent nothing
// more: three pixels, where time is drawn as it runs.
const leastTail = 300

// spansOf are those of an end, one after the other: without CLOSED, and cut where the end was heard
// last.
func spansOf(edges []record.Transition, e record.End, heard, start, end int64) (all []inState) {
	if end-heard < (end-start)/leastTail {
		heard = end
	}
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
		s := inState{t, max(t.Time, start), max(until, start), heard <= t.Time && until > heard}
		if heard > s.from && heard < s.until {
			all = append(all, inState{t, s.from, heard, false})
			s.from, s.unseen = heard, true
		}
		all = append(all, s)
	}
	return all
}

// pale tells that no packet of the end proves the state.
func (s *inState) pale() bool { return s.Basis == record.Expected || s.Basis == record.Implied }

// shades are the looks of bars that a drawing has.
type shades struct {
	states       [record.NStates]bool
	pale, unseen bool
}

// take takes note of those of a connection.
func (x *shades) take(edges []record.Transition, heard [2]int64, start, end int64) {
	for e := record.Orig; e <= record.Resp; e++ {
		for _, s := range spansOf(edges, e, heard[e], start, end) {
			x.states[s.To], x.unseen, x.pale = true, x.unseen || s.unseen, x.pale || !s.unseen && s.pale()
		}
	}
}

// states is the legend of the states that were seen, and of how sure they are.
func (d *Drawing) states(y float64, seen *shades) float64 {
	var keys []key
	for s := record.Listen; s < record.NStates; s++ {
		if seen.states[s] {
			keys = append(keys, key{StateClass(s), s.String()})
		}
	}
	if seen.pale {
		keys = append(keys, key{"longest unproven", "pale: not proven"})
	}
	if seen.unseen {
		keys = append(keys, key{"longest unseen", "dashed: that end sent nothing more"})
	}
	return d.legend(y, keys...)
}

// lane draws the states of an end, one after the other.
func (d *Drawing) lane(all []inState, e record.End, x scale, y float64, value func(t int64) float64) {
	for i := range all {
		s := &all[i]
		from := x.at(value(s.from))
		width := max(x.at(value(s.until))-from, 1.5)
		class, word := StateClass(s.To), "in-"+StateClass(s.To)
		switch {
		case s.unseen:
			class, word = class+" unseen", "shade"
		case s.pale():
			class, word = class+" unproven", "shade"
		}
		tip := fmt.Sprintf("%s of the %s for %s (%s", s.To, sentence.Who(e), say.Duration(s.until-s.from, false), s.Basis)
		if s.Packet > 0 {
			tip += fmt.Sprintf(", packet %d", s.Packet)
		}
		if s.unseen {
			tip += "; it sent nothing more"
		}
		d.rect(class, from, y, width, laneHeight, tip+")")
		if name := s.To.String(); textWidth(name)+6 < width {
			d.text("start "+word, from+4, y+12, name)
		}
	}
}
