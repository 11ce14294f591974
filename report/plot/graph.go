package plot

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// Drawings are the graphs of the ends that sent data.
func (q *Sequence) Drawings(id string, c say.Clock) (all []*Drawing) {
	for e := range q.sides {
		if q.sides[e].data {
			all = append(all, q.drawing(id, record.End(e), c))
		}
	}
	return all
}

func (q *Sequence) drawing(id string, e record.End, c say.Clock) *Drawing {
	x := &q.sides[e]
	d := &Drawing{ID: fmt.Sprintf("%s-sequence-%s", id, e), Width: sheet, Height: 416, Title: "What the " + sentence.Who(e) + " sent over time",
		Desc: "Time runs to the right, sequence numbers run up, counted from the first. Each upright mark is a segment, with its packet number where there is room."}
	low, high := x.reach()
	keys := x.explain(d, sentence.Who(e.Peer()), high)
	if x.left > 0 {
		d.Desc += fmt.Sprintf(" %s more are not drawn.", say.Plural(uint64(x.left), "segment"))
	}
	top := d.legend(4, keys...) + 14
	bottom := d.Height - below
	y := d.counts(high-low, top, bottom, "bytes", nil)
	y.from, y.to = y.from+float64(low), y.to+float64(low)
	t := d.times(q.from, max(q.until, q.from+1), bottom, c, firstPacket)
	d.zooms(t, y, float64(q.from))
	x.lines(d, t, y)
	for _, b := range x.blocks {
		d.rect("sack", t.at(float64(b.at))-1, y.at(float64(b.to)), 2, max(y.at(float64(b.from))-y.at(float64(b.to)), 1), fmt.Sprintf("packet %d: SACK %d:%d", b.packet, b.from, b.to))
	}
	for i := range x.segments {
		x.segments[i].draw(d, t, y)
	}
	var l labels
	for _, special := range [...]bool{true, false} { // what is noteworthy has its word before others have their numbers
		for i := range x.segments {
			if m := &x.segments[i]; special == (m.letter != "") {
				m.label(d, t, y, &l)
			}
		}
	}
	return d
}

// explain says how to read what a graph up to a sequence number shows, and returns the keys of its
// legend: no mark is named that is not drawn.
func (x *side) explain(d *Drawing, peer string, high uint64) []key {
	seen := map[string]bool{} // classes and letters
	for i := range x.segments {
		m := &x.segments[i]
		seen[cmp.Or(m.class, "seg")] = true
		for letter := range strings.FieldsSeq(m.letter) {
			seen[letter] = true
		}
	}
	seen["ack"], seen["sack"] = len(x.acks) > 0, len(x.blocks) > 0
	seen["window"] = slices.ContainsFunc(x.acks, func(a acked) bool { return a.window && a.end <= high })
	switch line := " The line is what the " + peer + " acknowledged"; {
	case seen["window"]:
		d.Desc += " The lower line is what the " + peer + " acknowledged, the upper one how far its window reached."
	case x.windows:
		d.Desc += line + ": its window always reached above the picture."
	case seen["ack"]:
		d.Desc += line + ". The window is not known: the SYNs were not captured."
	}
	var letters []string
	for _, l := range [...][2]string{{"R", "retransmission"}, {"O", "out of order"}, {"K", "keepalive probe"}, {"P", "zero-window probe"}} {
		if seen[l[0]] {
			letters = append(letters, l[0]+": "+l[1])
		}
	}
	if len(letters) > 0 {
		d.Desc += " " + strings.Join(letters, ", ") + "."
	}
	again := "RST"
	if seen["R"] {
		again = "retransmission"
		if seen["RST"] {
			again += ", RST"
		}
	}
	return slices.DeleteFunc([]key{{"seg", "segment"}, {"flag", "SYN, FIN"}, {"again", again}, {"late", "out of order"}, {"probe", "probe"}, {"ack", "ACK"}, {"window", "window"}, {"sack", "SACK"}},
		func(k key) bool { return !seen[k.class] })
}

// labels finds room for what is written beside marks.
type labels struct{ taken []Mark }

// markWidth is how wide a character beside a mark is, markHeight how high.
const (
	markWidth  = 6
	markHeight = 10
)

// write writes the first text for which there is room: in the middle above a place.
func (l *labels) write(d *Drawing, class string, x, y float64, texts ...string) {
	for _, text := range texts {
		w := markWidth * float64(utf8.RuneCountInString(text))
		from := min(max(x-w/2, left+1), d.Width-right-w)
		if text == "" || slices.ContainsFunc(l.taken, func(m Mark) bool {
			return from < m.X+m.W+2 && m.X < from+w+2 && y-markHeight < m.Y && m.Y-markHeight < y
		}) {
			continue
		}
		l.taken = append(l.taken, Mark{X: from, Y: y, W: w})
		d.text("start mark"+class, from, y, text)
		return
	}
}

// reach is from which sequence number to which the graph goes.
func (x *side) reach() (low, high uint64) {
	low, high = x.segments[0].from, 1
	for i := range x.segments {
		low, high = min(low, x.segments[i].from), max(high, x.segments[i].to)
	}
	for i := range x.acks {
		high = max(high, x.acks[i].ack)
	}
	for i := range x.acks {
		if a := &x.acks[i]; a.window && a.end-low <= (high-low)*3/2 {
			high = max(high, a.end)
		}
	}
	return low, max(high, low+1)
}

// lines draws the lines of the ACKs and of the windows; where a window reaches beyond the
// graph its line has a gap.
func (x *side) lines(d *Drawing, t, y scale) {
	var acks, windows strings.Builder
	lastACK, up := "", false
	for i := range x.acks {
		a := &x.acks[i]
		at, h := number(t.at(float64(a.at))), number(y.at(max(float64(a.ack), y.from)))
		switch {
		case i == 0:
			acks.WriteString("M" + at + " " + h)
		case h != lastACK:
			acks.WriteString("H" + at + "V" + h)
		}
		lastACK = h
		if a.again {
			d.rect("ack", t.at(float64(a.at))-1, y.at(max(float64(a.ack), y.from))-3, 2, 6, fmt.Sprintf("packet %d: ACK %d again", a.packet, a.ack))
		}
		shown := a.window && float64(a.end) <= y.to
		switch w := number(y.at(max(float64(a.end), y.from))); {
		case shown && up:
			windows.WriteString("H" + at + "V" + w)
		case shown:
			windows.WriteString("M" + at + " " + w)
		case up:
			windows.WriteString("H" + at)
		}
		up = shown
	}
	end := "H" + number(t.high)
	if acks.Len() > 0 {
		d.path("curve ack", acks.String()+end, "")
	}
	if up {
		windows.WriteString(end)
	}
	if windows.Len() > 0 {
		d.path("curve window", windows.String(), "")
	}
}

// draw draws a segment, or several as a slanted mark.
func (m *sent) draw(d *Drawing, t, y scale) {
	x1, x2, y1, y2 := t.at(float64(m.at)), t.at(float64(m.until)), y.at(float64(m.from)), y.at(float64(m.to))
	tip := fmt.Sprintf("packet %d: %d:%d", m.packet, m.from, m.to)
	if m.lastPacket != m.packet {
		tip = fmt.Sprintf("packets %d to %d: %d:%d", m.packet, m.lastPacket, m.from, m.to)
	}
	if m.tip != "" {
		tip += ", " + m.tip
	}
	class := "seg"
	if m.class != "" {
		class = m.class
	}
	if m.lastPacket != m.packet {
		d.line("curve "+class, x1, y1, x2, y2, tip)
	} else {
		d.rect(class, x1-1, min(y2, y1-2), 2, max(y1-y2, 2), tip)
	}
}

// label writes its packet beside it, with a letter that says what is special.
func (m *sent) label(d *Drawing, t, y scale, l *labels) {
	x, top, number := t.at(float64(m.at)), y.at(float64(m.to))-4, strconv.FormatUint(m.packet, 10)
	switch {
	case m.letter != "":
		l.write(d, " in-"+m.class, x, top, m.letter+" "+number, m.letter)
	case m.lastPacket == m.packet:
		l.write(d, "", x, top, number)
	}
}

// Graphs gathers what is drawn of a connection over time.
type Graphs struct {
	Sequence Sequence
	Trips    RoundTrips
}

// Take takes a step with what is told of it, and keeps nothing that it borrows.
func (g *Graphs) Take(s *record.Step, t *sentence.Told) {
	g.Sequence.Take(s, t)
	g.Trips.Take(s, t)
}

// fewTrips is how many round trips a graph beside others needs: fewer show nothing over time.
const fewTrips = 4

// Drawings are those that there is something for.
func (g *Graphs) Drawings(id string, c say.Clock) []*Drawing {
	all := g.Sequence.Drawings(id, c)
	for e := range g.Trips.sides {
		if len(g.Trips.sides[e].samples) >= fewTrips {
			all = append(all, g.Trips.drawing(id, record.End(e), c))
		}
	}
	return all
}
