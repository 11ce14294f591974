package tui

import (
	"bytes"
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// connection is the one that is followed.
type connection struct {
	id     uint64
	record *record.Record // as it was seen last; nil before any
	over   bool           // it is not held any more
	steps  []*record.Step // the newest packets, since it was chosen
	passed int            // packets before those
	up     int            // lines by which the drawing is scrolled up from its end
	drawn  *drawn
}

// drawn is the drawing of packets, kept until there are others.
type drawn struct {
	width, from, to int
	lines           []line
}

// keptSteps bounds the packets that are kept of it.
const keptSteps = 2000

// follow begins to follow a connection.
func (c *connection) follow(r *record.Record) {
	if c.id != r.ID {
		own := *r
		*c = connection{id: r.ID, record: &own, drawn: &drawn{}}
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
		if s.Conn == c.id {
			c.steps = append(c.steps, s)
		}
	}
	if n := len(c.steps) - keptSteps; n > 0 {
		c.steps, c.passed = append([]*record.Step(nil), c.steps[n:]...), c.passed+n
	}
}

// connection draws it in h lines: where both ends are and since when, then its packets; before the
// first of those, its numbers.
func (m *model) connection(h int) []line {
	c := &m.conn
	r := c.record
	if r == nil {
		return []line{text(quiet, "No connection was chosen: 3 lists them, Enter chooses.")}
	}
	lines := []line{text(strong, fmt.Sprintf("%s  %s%s%s", sentence.ID(r.ID), r.Orig, sentence.Arrow, r.Resp))}
	if about := sentence.About(r.Names); about != "" && m.private == nil {
		lines = append(lines, text(plain, "  "+about))
	}
	if c.over {
		lines = append(lines, text(quiet, "  It is over, and not held any more: this is how it was seen last."))
	}
	lines = append(lines, nil)
	for e := range r.States {
		lines = append(lines, m.endLines(r, record.End(e))...)
	}
	lines = append(lines, m.waits(r)...)
	if len(c.steps) > 0 {
		return append(append(lines, nil), m.ladder(max(h-len(lines)-1, 1))...)
	}
	lines = append(lines, nil)
	for _, x := range [][2]string{{"opened", m.phrases.OpenSummary(r)}, {"client", m.phrases.EndSummary(r, record.Orig)}, {"server", m.phrases.EndSummary(r, record.Resp)},
		{"answers", m.phrases.ExchangeSummary(r)}, {"keepalive", m.phrases.KeepaliveSummary(r)}, {"closed", m.phrases.CloseSummary(r)}, {"TIME-WAIT", m.phrases.TimeWaitSummary(r)}} {
		lines = append(lines, m.labelled(x[0], x[1])...)
	}
	if !c.over && !m.view.Ended {
		lines = append(lines, nil, text(quiet, "  Packets from now on are drawn here."))
	}
	return lines
}

// ladder is the end of the drawing of the packets since the connection was chosen, h lines of it.
func (m *model) ladder(h int) []line {
	c := &m.conn
	to := c.passed + len(c.steps)
	if d := c.drawn; d.width != m.width || d.from != c.passed || d.to != to {
		var b bytes.Buffer
		l := ladder.New(&b, ladder.Options{Width: m.width, ASCII: m.theme.ascii, MSL: m.o.MSL, Clock: m.o.Tables.Clock}, nil)
		for _, s := range c.steps {
			l.Step(s)
		}
		l.Finish()
		*c.drawn = drawn{m.width, c.passed, to, m.printed(b.String())}
	}
	all := c.drawn.lines
	end := len(all) - max(min(c.up, len(all)-h), 0)
	return all[max(end-h, 0):end]
}

// labelled is a text behind its name, in as many lines as it takes; nothing for no text.
func (m *model) labelled(name, words string) (lines []line) {
	if words == "" {
		return nil
	}
	const column = 13
	for _, w := range say.WrapHard(words, max(m.width-column, 20)) {
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
		if t := r.Ends[e].TimeIn[s]; t.OK && t.V > 0 {
			times = append(times, s.String()+" "+m.phrases.Span(t.V))
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
