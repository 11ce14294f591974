package pair

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// columns draws a connection in three columns: the place at the client, the way between with what died
// on it, the place at the server.
type columns struct {
	*lines
	r     *Result
	first int64 // time of the first row
	way   int   // columns of the middle
	marks marks
}

// marks are what arrows are made of.
type marks struct{ line, right, left, lost, rail string }

func marksOf(ascii bool) marks {
	if ascii {
		return marks{"-", ">", "<", "x", "|"}
	}
	return marks{"─", "►", "◄", "✗", "│"}
}

// Widths of the columns, and of the middle at least and at most.
const (
	numberWidth = 7
	timeWidth   = 12
	leastWay    = 24
	mostWay     = 56
)

// writeDrawing draws the connection of Options.Why.
func (r *Result) writeDrawing(l *lines) {
	w := r.Drawing
	width := l.o.Width
	if width <= 0 {
		width = unlimited
	}
	c := &columns{lines: l, r: r, marks: marksOf(l.o.ASCII)}
	c.way = min(max(width-2*(numberWidth+timeWidth+3), leastWay), mostWay)
	l.par(2, "", fmt.Sprintf("#%d at %s: %s -> %s", w.A.ID, say.Escape(r.A.Name()), w.A.Orig, w.A.Resp))
	if w.B != nil {
		l.par(2, "", fmt.Sprintf("#%d at %s: %s -> %s, the same connection by %s", w.B.ID, say.Escape(r.B.Name()), w.B.Orig, w.B.Resp, w.Rung))
	} else {
		l.par(2, "", fmt.Sprintf("%s saw nothing of it.", say.Escape(r.B.Name())))
	}
	if w.Apart && len(w.Rows) > 0 {
		l.par(0, "", fmt.Sprintf("The segments at the two places are not compared: below stand those of %s.", say.Escape(r.A.Name())))
	}
	if len(w.Rows) == 0 {
		l.par(0, "", "Its segments are not known: records hold none.")
		return
	}
	l.par(2, "", fmt.Sprintf("Times are seconds by the clock of %s; numbers are those of packets in each place's captures.", say.Escape(r.A.Name())))
	l.WriteByte('\n')
	c.first = w.Rows[0].at()
	a, b := say.Escape(r.A.Name()), say.Escape(r.B.Name())
	fmt.Fprintf(l, "%*s %*s  %s%*s\n", numberWidth, "packet", timeWidth, "time", a, max(c.way+2-say.Width(a), say.Width(b)+1), b)
	for i := range w.Rows {
		c.row(&w.Rows[i])
	}
}

// row draws a segment.
func (c *columns) row(r *Row) {
	if r.Skipped > 0 {
		text := fmt.Sprintf("... %s that arrived ...", say.Plural(uint64(r.Skipped), "segment"))
		before := max(c.way-say.Width(text), 0) / 2
		fmt.Fprintf(c, "%*s %s%*s%s\n", numberWidth+timeWidth+1, "", c.marks.rail, -c.way, strings.Repeat(" ", before)+text, c.marks.rail)
		return
	}
	left, right := c.place(r.Sent, r.SentNo), c.place(r.Got, r.GotNo)
	if r.Dir == Back {
		left, right = right, left
	}
	line := fmt.Sprintf("%*s %s%s%s %s", numberWidth+timeWidth+1, left, c.marks.rail, c.arrow(r), c.marks.rail, right)
	c.WriteString(strings.TrimRight(line, " ") + "\n")
}

// place is the packet and the time of a segment at a place.
func (c *columns) place(at record.Opt[int64], number uint64) string {
	if !at.OK {
		return ""
	}
	return fmt.Sprintf("%*d %*.6f", numberWidth, number, timeWidth, seconds(at.V-c.first))
}

// arrow is the segment on its way.
func (c *columns) arrow(r *Row) string {
	label := " " + r.label() + " "
	m := c.marks
	n := c.way - say.Width(label)
	if r.Sent.OK && r.Got.OK { // all the way
		before, after := max(n/2-1, 0), max(n-n/2, 1)
		if r.Dir == Forth {
			return strings.Repeat(m.line, before+1) + label + strings.Repeat(m.line, after-1) + m.right
		}
		return m.left + strings.Repeat(m.line, before) + label + strings.Repeat(m.line, after)
	}
	// Half the way: from the sender to the middle, or from the middle to the receiver.
	half, rest := strings.Repeat(m.line, max(n/2-1, 1)), strings.Repeat(m.line, max(n/2-2, 0))
	switch {
	case r.Sent.OK && r.Dir == Forth:
		return c.fill(half + label + m.lost)
	case r.Sent.OK:
		return c.push(m.lost + label + half)
	case r.Dir == Back:
		return c.fill(m.left + rest + label + m.lost)
	}
	return c.push(m.lost + label + rest + m.right)
}

// fill adds blanks behind; push before.
func (c *columns) fill(s string) string { return s + strings.Repeat(" ", max(c.way-say.Width(s), 0)) }
func (c *columns) push(s string) string { return strings.Repeat(" ", max(c.way-say.Width(s), 0)) + s }

// label is what the segment is, and what became of it where it did not simply arrive.
func (r *Row) label() string {
	text := r.Class.String()
	switch {
	case r.Class == ClassData:
		text = fmt.Sprintf("%d..%d", r.Seq, r.Seq+r.Len)
	case r.Class == ClassFIN && r.Len > 0:
		text = fmt.Sprintf("%d..%d FIN", r.Seq, r.Seq+r.Len)
	}
	if r.Again {
		text += " again"
	}
	switch {
	case r.Made:
		return text + ", made between"
	case r.Doubled:
		return text + ", doubled"
	case r.Overtaken:
		return text + ", overtaken"
	case r.Lost > 0:
		return text + fmt.Sprintf(", %d bytes of it lost", r.Lost)
	case r.Fate == Lost:
		return text + " lost"
	case r.Fate == Missed:
		return text + " (not captured there)"
	case r.Fate == Unwatched:
		return text + " (no capture there)"
	}
	return text
}
