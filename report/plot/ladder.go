package plot

import (
	"fmt"
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// Places of a ladder.
const (
	packetEnd = 58  // of the packet's number
	timeEnd   = 140 // of its time
	railLeft  = 262
	railRight = 836
	rungRoom  = 26 // from a row to the next
	lineRoom  = 16 // for a line of words
	wordsWide = 88 // characters of a line
)

// ladderHeight is from which height on a ladder goes on in another drawing: what is taller than
// a sheet of paper is cut anywhere when it is printed.
const ladderHeight = 640

// Ladder draws a connection packet by packet, in several drawings where it is long.
func Ladder(id string, f *ladder.Figure) (all []*Drawing) { return ladderOf(id, f, ladderHeight) }

// ladderOf draws a connection in drawings that are so high at most, about.
func ladderOf(id string, f *ladder.Figure, high float64) (all []*Drawing) {
	for rows := f.Rows; len(rows) > 0; {
		d := &Drawing{ID: id + "-ladder", Width: sheet + 20, Title: "Packet by packet",
			Desc: "Time runs down, the client stands at the left, the server at the right; each arrow is a segment with its packet number and time. " + strings.Join(f.Legend, ". ")}
		if n := len(all); n > 0 {
			d.ID, d.Title, d.Desc = fmt.Sprintf("%s-%d", d.ID, n+1), fmt.Sprintf("%s, part %d", d.Title, n+1), "It goes on from the part above."
		}
		rows = d.ladder(f, rows, len(all) == 0, high)
		all = append(all, d)
	}
	return all
}

// ladder draws rows until the drawing is high enough, and returns the others.
func (d *Drawing) ladder(f *ladder.Figure, rows []ladder.Row, first bool, high float64) []ladder.Row {
	d.text("end tick", packetEnd, 16, "packet")
	d.text("end tick", timeEnd, 16, "seconds")
	y := 24 + d.ends(f)
	if first {
		y += 10
		d.text("end tick", railLeft-8, y, f.Before[0])
		d.text("start tick", railRight+8, y, f.Before[1])
	}
	y += 6
	top, rails := y, len(d.Marks)
	for len(rows) > 0 && y < high {
		y = d.rung(&rows[0], y)
		rows = rows[1:]
	}
	d.Height = y + 8
	behind := &Drawing{}
	behind.line("rail", railLeft, top, railLeft, y, "")
	behind.line("rail", railRight, top, railRight, y, "")
	d.Marks = append(d.Marks[:rails:rails], append(behind.Marks, d.Marks[rails:]...)...)
	return rows
}

// headWide is how wide the name of an end may be that stands beside the heads of the columns.
const headWide = 230

// ends writes who stands at each side, above its rail; it returns how much higher that is where an
// address takes a line of its own.
func (d *Drawing) ends(f *ladder.Figure) (more float64) {
	names := [...]string{f.Orig.String(), f.Resp.String()}
	if max(textWidth(names[0]), textWidth(names[1])) > headWide {
		more = lineRoom
	}
	for e, x := range [...]float64{railLeft, railRight - 40} {
		who := sentence.Who(record.End(e))
		if more == 0 {
			d.text("middle name", x, 16, who+" "+names[e])
			continue
		}
		d.text("middle name", x, 16, who)
		half := textWidth(names[e]) * 0.55 // bold
		d.text("middle name", min(max(x, half), d.Width-half), 16+more, names[e])
	}
	return more
}

// rung draws a row from a height on, and returns where it ends.
func (d *Drawing) rung(r *ladder.Row, y float64) float64 {
	if r.Gap != "" {
		return d.words("left-out", r.Gap, y+4) + 4
	}
	y += rungRoom - 6
	if r.Packet > 0 {
		d.text("end tick", packetEnd, y, strconv.FormatUint(r.Packet, 10))
	}
	d.text("end tick", timeEnd, y, r.Time)
	for e, x := range [...]float64{railLeft - 8, railRight + 8} {
		if r.States[e] != "" {
			d.text([...]string{"end", "start"}[e]+" state", x, y, r.States[e])
		}
	}
	if r.Arrow {
		class := "arrow"
		if r.Reset {
			class = "arrow reset"
		}
		d.text("middle label", (railLeft+railRight)/2, y-3, r.Label)
		from, to, back := railLeft+1.0, railRight-1.0, -8.0
		if r.From == record.Resp {
			from, to, back = to, from, 8
		}
		h := y + 3
		d.path(class, "M"+number(from)+" "+number(h)+"H"+number(to)+"M"+number(to+back)+" "+number(h-4)+"L"+number(to)+" "+number(h)+"L"+number(to+back)+" "+number(h+4), "")
	}
	y += 5
	if r.Beside != "" {
		y = d.words("told", r.Beside, y)
	}
	class := "told"
	if r.Reset {
		class = "told bad"
	}
	for _, w := range r.Words {
		y = d.words(class, w, y)
	}
	return y
}

// words writes a text between the rails.
func (d *Drawing) words(class, text string, y float64) float64 {
	for _, l := range say.WrapHard(text, wordsWide) {
		y += lineRoom
		d.text("start "+class, railLeft+12, y-2, l)
	}
	return y
}

// OwnLanes draws the states of both ends of one connection; nil without any.
func OwnLanes(id string, r *record.Record, c say.Clock) *Drawing {
	if r == nil || len(r.Transitions) == 0 {
		return nil
	}
	d := &Drawing{ID: id + "-states", Width: sheet, Title: "States of both ends",
		Desc: "The upper bar is the client's state, the lower the server's, over time. " + howSure}
	var seen shades
	heard := report.Heard(r)
	seen.take(r.Transitions, heard, r.Start, r.End)
	top := d.states(4, &seen) + 4
	bottom := top + 2*laneHeight + 8
	d.Height = bottom + below
	x := d.times(r.Start, max(r.End, r.Start+1), bottom, c, firstPacket)
	for e := record.Orig; e <= record.Resp; e++ {
		row := top + float64(e)*(laneHeight+1)
		d.text("end tick", left-8, row+12, [...]string{"client", "server"}[e])
		d.lane(spansOf(r.Transitions, e, heard[e], r.Start, r.End), e, x, row, func(t int64) float64 { return float64(t) })
	}
	return d
}
