package tui

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/sentence"
	"tcpwatch/report/watch"
	"tcpwatch/tracker/record"
)

// connection is the one that is followed.
type connection struct {
	id       uint64
	record   *record.Record // as it was seen last; nil before any
	over     bool           // it is not tracked any more
	first    uint64         // the first packet that came since it was chosen; 0 for none
	drawn    *drawn         // those packets
	top      int            // the first line shown of what scrolls
	scrolled bool           // away from the newest packet
}

// drawn is a drawing that grows.
type drawn struct {
	ladder *ladder.Ladder
	stale  bool // packets came after lines was made
	width  int
	lines  []line
}

// drawnAround is how many packets are drawn of the first, of the newest, and around what is
// worth a look; those between are counted.
const drawnAround = 200

// follow begins to follow a connection.
func (c *connection) follow(r *record.Record, o ladder.Options) {
	if c.id != r.ID {
		own := *r
		o.Start, o.Around = r.Start, drawnAround
		*c = connection{id: r.ID, record: &own, drawn: &drawn{ladder: ladder.New(io.Discard, o, nil)}}
	}
}

// see takes what a View has of it.
func (c *connection) see(v *report.View) {
	switch {
	case c.id == 0 || v.Wanted.Follow != c.id:
	case v.Followed != nil && v.Followed.ID == c.id:
		c.record, c.over = v.Followed, false
	default:
		c.over = true
	}
}

// take takes packets of it.
func (c *connection) take(steps []*record.Step) {
	for _, s := range steps {
		if s.Conn != c.id {
			continue
		}
		if c.first == 0 && s.Segment != nil {
			c.first = s.Segment.Packet
		}
		c.drawn.ladder.Step(s)
		c.drawn.stale = true
	}
}

// at is the first line shown of n, of which some have room: while nobody has scrolled the newest
// packets, or without any the begin.
func (c *connection) at(n, room int) int {
	last := max(n-max(room, 1), 0)
	if !c.scrolled && c.first != 0 {
		return last
	}
	return min(c.top, last)
}

// connection draws it in h lines.
func (m *model) connection(h int) []line {
	if m.conn.record == nil {
		return []line{text(quiet, "No connection was chosen: 3 lists them, Enter chooses.")}
	}
	above, below := m.connectionParts(h)
	return append(above, below[m.conn.at(len(below), h-len(above)):]...)
}

// scrollConnection scrolls what is below by some lines.
func (m *model) scrollConnection(by, h int) {
	c := &m.conn
	if c.record == nil {
		return
	}
	above, below := m.connectionParts(h)
	last := max(len(below)-max(h-len(above), 1), 0)
	c.top = max(min(c.at(len(below), h-len(above))+by, last), 0)
	c.scrolled = c.top < last
}

// connectionParts are what stays: where both ends are and since when, and what is wrong with it;
// and what scrolls: its packets, and its numbers while none came since it was chosen.
func (m *model) connectionParts(h int) (above, below []line) {
	c := &m.conn
	r := c.record
	head := text(strong, fmt.Sprintf("%s  %s%s%s", sentence.ID(r.ID), r.Orig, sentence.Arrow, r.Resp))
	if r.Start != 0 && r.Capture.Untimed == 0 {
		head = head.more(quiet, "  from "+m.phrases.TimeOfDay(r.Start))
	}
	if about := sentence.About(r.Names); about != "" && m.private == nil {
		head = head.more(plain, "  "+about)
	}
	above = append(above, head)
	if c.over {
		above = append(above, text(quiet, "  It is over, and not tracked any more: this is how it was seen last."))
	}
	for e := range r.States {
		above = append(above, m.endLines(r, record.End(e))...)
	}
	above = append(above, m.waits(r)...)
	if givenUp(r) {
		above = append(above, m.labelled("given up", "no answer came, and it was not asked again: nothing closed it")...)
	}
	cited := m.citing(r.ID)
	for i, f := range cited {
		if i == 1+h/30 {
			var names []string
			for _, f := range cited[i:] {
				names = append(names, f.Detector)
			}
			above = append(above, m.labelled("also", strings.Join(names, ", "))...)
			break
		}
		above = append(above, m.labelled("finding", severity(f)+" "+f.Title+" ("+f.Detector+")")...)
	}
	above = append(above, nil)
	below = m.past(r, cited)
	if c.first != 0 {
		if len(below) > 0 {
			below = append(below, nil)
		}
		return above, append(below, m.drawing()...)
	}
	if !c.over && !m.view.Ended {
		below = append(below, text(quiet, "Packets from now on are drawn here."))
	}
	if len(below) > 0 {
		below = append(below, nil)
	}
	for _, x := range [][2]string{{"opened", m.phrases.OpenSummary(r)}, {"client", m.phrases.EndSummary(r, record.Orig)}, {"server", m.phrases.EndSummary(r, record.Resp)},
		{"answers", m.phrases.ExchangeSummary(r)}, {"keepalive", m.phrases.KeepaliveSummary(r)}, {"closed", m.phrases.CloseSummary(r)}, {"TIME-WAIT", m.phrases.TimeWaitSummary(r)}} {
		below = append(below, m.labelled(x[0], x[1])...)
	}
	return above, below
}

// drawing is that of the packets since the connection was chosen.
func (m *model) drawing() []line {
	d := m.conn.drawn
	if d.stale || d.width != m.width {
		var b strings.Builder
		d.ladder.Draw(&b, m.width)
		d.stale, d.width, d.lines = false, m.width, m.printed(b.String())
	}
	return d.lines
}

// citing are the findings that have a connection among their examples.
func (m *model) citing(id uint64) (all []*watch.Trailed) {
	for _, list := range [][]watch.Trailed{m.open, m.resolved} {
		for i := range list {
			if slices.Contains(list[i].Conns, id) {
				all = append(all, &list[i])
			}
		}
	}
	return all
}

// labelled is a text behind its name, in as many lines as it takes; nothing for no text.
func (m *model) labelled(name, words string) (lines []line) {
	if words == "" {
		return nil
	}
	const column = 13
	for _, w := range say.WrapHard(m.alias(words), max(m.width-column, 20)) {
		lines = append(lines, text(quiet, fmt.Sprintf("  %-*s", column-2, name)).more(plain, w))
		name = ""
	}
	return lines
}

// endLines tell the state of an end, and for how long it was in each.
func (m *model) endLines(r *record.Record, e record.End) []line {
	l := text(quiet, fmt.Sprintf("  %-11s", sentence.Who(e))).more(strong, sentence.State(r.States[e]))
	if sentence.Supposed(r, e) {
		l = l.more(quiet, " (expected)")
	}
	var times []string
	for s := record.Closed; s < record.NStates; s++ {
		t := r.Ends[e].TimeIn[s].V
		if s == r.States[e] && (r.Interim || r.Unfinished) { // it is known up to the last packet
			t += r.Silent
		}
		if t > 0 {
			times = append(times, s.String()+" "+m.phrases.Span(t))
		}
	}
	return append([]line{l}, m.labelled("  time in", strings.Join(times, ", "))...)
}

// waits tell what time will do: 2MSL and the next keepalive probe, counting down.
func (m *model) waits(r *record.Record) (lines []line) {
	now := m.at()
	if m.conn.over || m.view.Ended {
		return nil
	}
	if tw := &r.TimeWait; tw.Holder != record.NoEnd && tw.Until > now {
		lines = append(lines, text(quiet, "  2MSL       ").more(plain, fmt.Sprintf("%s holds TIME-WAIT for %s more", sentence.The(tw.Holder), m.ago(tw.Until-now))))
	}
	for e := range r.Keepalive {
		k := &r.Keepalive[e]
		if k.Probes == 0 {
			continue
		}
		every := k.Interval
		if k.Unanswered == 0 && k.Idle.OK {
			every = k.Idle
		}
		words := say.Plural(uint64(k.Probes), "keepalive probe") + " of " + sentence.The(record.End(e))
		if every.OK && k.Last+every.V > now {
			words += ", the next in " + m.ago(k.Last+every.V-now)
		}
		lines = append(lines, text(quiet, "  probes     ").more(plain, words))
	}
	if silent := now - r.End; silent > 1e9 {
		lines = append(lines, text(quiet, "  silent     ").more(plain, "no packet for "+m.ago(silent)))
	}
	return lines
}
