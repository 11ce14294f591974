package ladder

import (
	"bufio"
	"io"
	"slices"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Options choose how a Ladder draws. The zero value is usable.
type Options struct {
	Width     int   // columns; 0 means 80, less than 60 is taken as 60
	Color     bool  // ANSI colours
	ASCII     bool  // no character outside ASCII
	MSL       int64 // nanoseconds; 0 means 30 s
	say.Clock       // of the times of day
	Around    int   // packets kept before and after each noteworthy moment; 0 means 20
	Conns     int   // most connections drawn; 0 means 8
	Start     int64 // from when times are counted, ns since 1970; 0 means from the first packet drawn of each connection
	Rows      int   // most rows of one, before only the close may add some; 0 means 1,000
	// Told is handed each step that is drawn with what is told of it; nil for nobody. It is to
	// keep nothing of the step.
	Told func(s *record.Step, t *sentence.Told)
}

// phrases are the words of a drawing.
func (o Options) phrases() sentence.Phrases {
	return sentence.Phrases{ASCII: o.ASCII, Clock: o.Clock, MSL: o.MSL}
}

// Ladder is the Output that draws connections packet by packet, as textbooks do: time
// runs down, one end stands at each side, arrows are segments, the outer columns tell the
// state of each end, and where something happens a sentence says what.
//
// It keeps the opening, the closing and the packets around each noteworthy
// moment; of the rest it keeps counts. What it holds is bounded, however long
// the connection. It is not safe for concurrent use.
type Ladder struct {
	record.Base
	w       io.Writer
	marks   func(id uint64, orig, resp capture.Endpoint) bool
	opt     Options
	figures []*figure
	byID    map[uint64]*figure
	left    map[uint64]struct{} // connections past opt.Conns; bounded by maxLeft
}

// maxLeft is up to how many are told apart.
const maxLeft = 1 << 16

// New returns a Ladder that draws to w, when the run has ended, the connections that
// marks chooses.
func New(w io.Writer, o Options, marks func(id uint64, orig, resp capture.Endpoint) bool) *Ladder {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Around <= 0 {
		o.Around = 20
	}
	if o.Conns <= 0 {
		o.Conns = 8
	}
	if o.Rows <= 0 {
		o.Rows = maxRungs
	}
	return &Ladder{w: w, marks: marks, opt: o, byID: make(map[uint64]*figure), left: make(map[uint64]struct{})}
}

// Len is the number of connections that are drawn.
func (l *Ladder) Len() int { return len(l.figures) }

// Needs is steps, and records for what is said below the drawing; see record.Output.
func (l *Ladder) Needs() record.Needs { return record.Needs{Conns: true, Steps: l.marks} }

// Step takes one packet, or one time-driven edge, of a marked connection. It
// keeps nothing that s borrows.
func (l *Ladder) Step(s *record.Step) error {
	f := l.byID[s.Conn]
	if f == nil {
		if len(l.figures) >= l.opt.Conns {
			if len(l.left) < maxLeft {
				l.left[s.Conn] = struct{}{}
			}
			return nil
		}
		f = newFigure(s, l.opt)
		l.byID[s.Conn] = f
		l.figures = append(l.figures, f)
	}
	f.step(s)
	return nil
}

// Conn takes the record of a connection, from which the closing summary is
// made. Records of connections that had no Step are ignored.
func (l *Ladder) Conn(r *record.Record) error {
	if f := l.byID[r.ID]; f != nil {
		c := *r
		c.Transitions = slices.Clone(r.Transitions)
		for e := range c.Ends {
			c.Ends[e].OwnZeroWindows()
		}
		f.record = &c
	}
	return nil
}

// Findings takes findings: those that name a connection as an example are told
// with it. What is about the capture as a whole the drawing tells for itself.
func (l *Ladder) Findings(found []diagnose.Finding) error {
	for i := range found {
		if found[i].Subject.Kind == diagnose.SubjectCapture {
			continue
		}
		for _, id := range found[i].Conns {
			if f := l.byID[id]; f != nil {
				f.cited = append(f.cited, found[i])
			}
		}
	}
	return nil
}

// Finish draws every connection that had a Step, in order of their first one.
func (l *Ladder) Finish() error { return l.Draw(l.w, l.opt.Width) }

// Draw draws to w, in so many columns, what it would draw at the end if nothing more came.
func (l *Ladder) Draw(w io.Writer, width int) error {
	b, o := bufio.NewWriter(w), l.opt
	o.Width = width
	for i, f := range l.figures {
		if i > 0 {
			b.WriteString("\n\n")
		}
		d := newDrawing(f, o)
		d.draw(b)
		d.summary(b)
	}
	if n := len(l.left); n > 0 {
		more := "more connection"
		if n == maxLeft {
			more = "or more connection"
		}
		b.WriteString("\n" + say.Plural(uint64(n), more) + " not drawn\n")
	}
	return b.Flush()
}
