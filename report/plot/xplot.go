package plot

import (
	"fmt"
	"strings"

	"tcpwatch/tracker/record"
)

// xplot writes what the program xplot draws: first which kinds of numbers the axes have, titles,
// then a command a line in the colour named last, then "go". Colours and marks are those of
// tcptrace's graphs, so that who knows these can read them: segments are white, between two
// arrows; what was sent again is red, with an R; ACKs are a green line, windows a yellow one;
// SACK blocks are purple.
type xplot struct {
	strings.Builder
	colour string
}

// begin writes what stands first.
func (x *xplot) begin(kind, title, y string) {
	fmt.Fprintf(x, "timeval %s\ntitle\n%s\nxlabel\ntime\nylabel\n%s\n", kind, title, y)
}

// in chooses the colour of what follows.
func (x *xplot) in(colour string) {
	if x.colour != colour {
		x.WriteString(colour + "\n")
		x.colour = colour
	}
}

// moment is a time as xplot reads it: seconds since 1970 with six digits behind the point.
func moment(ns int64) string {
	us := ns / 1000
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// mark writes a mark: an arrow, a tick, a dot.
func (x *xplot) mark(what string, at int64, v uint64) {
	fmt.Fprintf(x, "%s %s %d\n", what, moment(at), v)
}

func (x *xplot) line(at1 int64, v1 uint64, at2 int64, v2 uint64) {
	fmt.Fprintf(x, "line %s %d %s %d\n", moment(at1), v1, moment(at2), v2)
}

// step goes on a line from one place to a later one, level and then upright; a tick where nothing rose.
func (x *xplot) step(tick string, at1 int64, v1 uint64, at2 int64, v2 uint64) {
	x.line(at1, v1, at2, v1)
	if v1 == v2 {
		x.mark(tick, at2, v2)
	} else {
		x.line(at2, v1, at2, v2)
	}
}

// text writes a word above a place.
func (x *xplot) text(at int64, v uint64, word string) {
	fmt.Fprintf(x, "atext %s %d\n%s\n", moment(at), v, word)
}

// xplotColours are those of the classes of segments.
var xplotColours = map[string]string{"": "white", "again": "red", "late": "pink", "probe": "blue", "flag": "orange"}

// xplot writes the time-sequence graph of the data of an end, which title names.
func (q *Sequence) xplot(x *xplot, e record.End, title string) {
	s := &q.sides[e]
	x.begin("double", title+" (time sequence graph)", "sequence number")
	var ack, window *acked
	for i := range s.acks {
		a := &s.acks[i]
		x.in("green")
		if ack != nil {
			x.step("dtick", ack.at, ack.ack, a.at, a.ack)
		}
		ack = a
		if !a.window {
			continue
		}
		x.in("yellow")
		if window != nil {
			x.step("utick", window.at, window.end, a.at, a.end)
		}
		window = a
	}
	for _, b := range s.blocks {
		x.in("purple")
		x.line(b.at, b.from, b.at, b.to)
		x.text(b.at, b.to, "S")
	}
	for i := range s.segments {
		m := &s.segments[i]
		x.in(xplotColours[m.class])
		x.mark("darrow", m.at, m.from)
		x.mark("uarrow", m.until, m.to)
		x.line(m.at, m.from, m.until, m.to)
		if m.letter != "" {
			x.text(m.at, m.to, m.letter)
		}
	}
	x.WriteString("go\n")
}

// xplot writes the round trips of the data of an end, which title names, in milliseconds.
func (q *RoundTrips) xplot(x *xplot, e record.End, title string) {
	x.begin("double", title+" (rtt samples)", "rtt (ms)")
	x.in("red")
	var last *trip
	for i := range q.sides[e].samples {
		t := &q.sides[e].samples[i]
		fmt.Fprintf(x, "dot %s %.6f\n", moment(t.at), float64(t.took)/1e6)
		if last != nil {
			fmt.Fprintf(x, "line %s %.6f %s %.6f\n", moment(t.at), float64(t.took)/1e6, moment(last.at), float64(last.took)/1e6)
		}
		last = t
	}
	x.WriteString("go\n")
}
