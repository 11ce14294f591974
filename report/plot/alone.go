package plot

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

// Asked is a plot that somebody asks for alone.
type Asked struct {
	Name string       // of the plot
	Pick *report.Pick // the connection; nil where none was named
	kind *kind
}

// kind is a plot that can be asked for alone.
type kind struct {
	name  string
	one   bool   // it is of one connection
	all   bool   // it is of all connections: where it is of one too, while none is named
	xpl   bool   // it can be written for xplot
	empty string // why there is nothing to draw
	draw  func(x *Alone, h *report.Headline, s *report.Summary) []*Drawing
}

// kinds are all there are.
func kinds() []kind {
	return []kind{
		{name: "ladder", one: true, draw: (*Alone).ladderOf},
		{name: "sequence", one: true, xpl: true, empty: "neither end sent data", draw: (*Alone).sequenceOf},
		{name: "rtt", one: true, xpl: true, empty: "no segment that was sent once got an ACK", draw: (*Alone).tripsOf},
		{name: "states", one: true, all: true, empty: "no end changed its state", draw: (*Alone).statesOf},
		{name: "handshakes", all: true, empty: fmt.Sprintf("fewer than %d handshakes have a felt time", fewHandshakes), draw: func(_ *Alone, _ *report.Headline, s *report.Summary) []*Drawing {
			return []*Drawing{FeltTimes(s), Listeners(s)}
		}},
		{name: "timewait", all: true, empty: "no TIME-WAIT", draw: func(x *Alone, h *report.Headline, s *report.Summary) []*Drawing {
			return []*Drawing{TimeWaits(s, h, x.o.Clock)}
		}},
		{name: "timeline", all: true, empty: fmt.Sprintf("no failure, retransmission or round trip, or less than %d s", fewMoments), draw: func(x *Alone, h *report.Headline, s *report.Summary) []*Drawing {
			return []*Drawing{Failures(s, h, x.o.Clock), Trips(s, h, x.o.Clock)}
		}},
		{name: "keepalive", all: true, empty: "no connection was idle or probed", draw: func(x *Alone, h *report.Headline, s *report.Summary) []*Drawing {
			return []*Drawing{Quiet(s, sentence.Phrases{Clock: x.o.Clock, MSL: h.MSL})}
		}},
		{name: "transfers", all: true, empty: "of no transfer the pace is known", draw: func(_ *Alone, _ *report.Headline, s *report.Summary) []*Drawing {
			return []*Drawing{Transfers(s)}
		}},
	}
}

// Names are the plots that can be asked for.
func Names() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Parse reads NAME or NAME:CONNECTION, a connection as report.ParsePick reads it.
func Parse(text string) (*Asked, error) {
	name, of, named := strings.Cut(text, ":")
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return nil, fmt.Errorf("%s: unknown plot; known: %s", name, strings.Join(Names(), ", "))
	}
	a := &Asked{Name: name, kind: &all[i]}
	if !named {
		return a, nil
	}
	if !a.kind.one {
		return nil, fmt.Errorf("%s: of all connections, not of one; --where chooses some", text)
	}
	p, err := report.ParsePick(of)
	if err == nil && p.All {
		err = errors.New("one connection, not several")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a.Pick = p
	return a, nil
}

// OfOne reports whether a single connection is drawn.
func (a *Asked) OfOne() bool { return a.kind.one && (a.Pick != nil || !a.kind.all) }

// Finds reports whether the connection is to be found first: nobody named it.
func (a *Asked) Finds() bool { return a.OfOne() && a.Pick == nil }

// ForXplot reports whether it can be written for xplot.
func (a *Asked) ForXplot() bool { return a.kind.xpl }

// Options choose how an Alone draws.
type Options struct {
	say.Clock
	MSL   int64 // ns
	Xplot bool  // in the form of xplot, not SVG

	Rows, Around int // of a ladder, see ladder.Options; 0 means 400 and 40
}

// Bounds of a connection that is drawn alone.
const (
	aloneRows   = 400     // rows of a ladder
	aloneAround = 40      // packets before and after what is noteworthy
	aloneMarks  = 1000    // of a graph, see Sequence
	xplotMarks  = 1 << 17 // the same for xplot
	aloneConns  = 8       // connections between the same two ends that are told apart
)

// Alone is the Output of one plot at the end of a run.
type Alone struct {
	record.Base
	w      io.Writer
	asked  *Asked
	o      Options
	choice Choice
	graphs map[uint64]*Graphs
	ladder *ladder.Ladder
	err    error
}

// NewAlone returns an Alone that writes to w.
func NewAlone(w io.Writer, asked *Asked, o Options) *Alone {
	x := &Alone{w: w, asked: asked, o: o, choice: Choice{Most: 1}, graphs: map[uint64]*Graphs{}}
	marks := aloneMarks
	if o.Xplot {
		marks = xplotMarks
	}
	x.ladder = ladder.New(io.Discard, ladder.Options{Width: 160, Clock: o.Clock, MSL: o.MSL, Around: cmp.Or(o.Around, aloneAround), Conns: aloneConns, Rows: cmp.Or(o.Rows, aloneRows),
		Told: func(s *record.Step, t *sentence.Told) {
			g := x.graphs[s.Conn]
			if g == nil {
				g = &Graphs{Sequence: Sequence{Marks: marks}, Trips: RoundTrips{Marks: marks}}
				x.graphs[s.Conn] = g
			}
			g.Take(s, t)
		}}, x.marks)
	return x
}

// First is the Output of a run over the same files before, in which the connection is found.
func (x *Alone) First() record.Output {
	if !x.asked.Finds() {
		return &record.Base{}
	}
	return &x.choice
}

// marks reports whether a connection is the one.
func (x *Alone) marks(id uint64, orig, resp capture.Endpoint) bool {
	if x.asked.Pick != nil {
		return x.asked.Pick.Marks(id, orig, resp)
	}
	return slices.Contains(x.choice.IDs, id)
}

// Needs is the packets of the connection; see record.Output.
func (x *Alone) Needs() record.Needs {
	if !x.asked.OfOne() {
		return record.Needs{}
	}
	return x.ladder.Needs()
}

// Step takes a packet of it; see record.Output.
func (x *Alone) Step(s *record.Step) error { return x.ladder.Step(s) }

// Conn takes its record; see record.Output.
func (x *Alone) Conn(r *record.Record) error { return x.ladder.Conn(r) }

// Report writes the plot; see report.Reporter.
func (x *Alone) Report(h *report.Headline, s *report.Summary) error {
	sheet := Sheet{Title: sheetTitles[x.asked.Name]}
	if x.asked.OfOne() {
		figures := x.ladder.Figures()
		if len(figures) == 0 {
			x.err = x.notThere(h)
			return nil
		}
		sheet.Title += ": " + named(&figures[0])
		sheet.Desc = x.why(len(figures) - 1)
		if x.o.Xplot {
			return x.xplot(&figures[0])
		}
	}
	for _, d := range x.asked.kind.draw(x, h, s) {
		if d != nil {
			sheet.Drawings = append(sheet.Drawings, d)
		}
	}
	if len(sheet.Drawings) == 0 {
		x.err = x.nothing()
		return nil
	}
	return sheet.Write(x.w)
}

// sheetTitles say what plots show.
var sheetTitles = map[string]string{"ladder": "Packet by packet", "sequence": "Sequence numbers over time", "rtt": "Round trips", "states": "States of both ends",
	"handshakes": "Felt time of handshakes", "timewait": "TIME-WAIT over time", "timeline": "Failures, retransmissions and round trips over time",
	"keepalive": "Idle times and keepalive probes", "transfers": "What set the pace of transfers"}

// named names a connection.
func named(f *ladder.Figure) string {
	return sentence.ID(f.ID) + " " + f.Orig.String() + sentence.Arrow + f.Resp.String()
}

// why says why this connection is drawn, and what of the same ends is not.
func (x *Alone) why(others int) string {
	switch {
	case x.asked.Pick != nil && others > 0:
		return fmt.Sprintf("The first of those between these ends; %s more.", say.Thousands(uint64(others)))
	case x.asked.Pick != nil:
		return ""
	case x.choice.Examples:
		return "No finding cites a connection: this is the first, those with trouble before others."
	}
	return "The most troubled: " + x.choice.Why
}

// notThere is the error that there is no such connection.
func (x *Alone) notThere(h *report.Headline) error {
	if x.asked.Pick == nil {
		return fmt.Errorf("--plot %s: there is no connection to draw in %s", x.asked.Name, say.Plural(h.Packets, "packet"))
	}
	return fmt.Errorf("--plot %s: %w", x.asked.Name, x.asked.Pick.NotFound(h.Packets, false))
}

// nothing is the error that the plot would be empty.
func (x *Alone) nothing() error {
	return fmt.Errorf("--plot %s: nothing to draw: %s", x.asked.Name, x.asked.kind.empty)
}

// Failed is why there is no plot, once the run is over; nil where there is one.
func (x *Alone) Failed() error { return x.err }

// figure is the connection.
func (x *Alone) figure() *ladder.Figure { return &x.ladder.Figures()[0] }

func (x *Alone) ladderOf(*report.Headline, *report.Summary) []*Drawing {
	return ladderOf("plot", x.figure(), math.Inf(1))
}

func (x *Alone) sequenceOf(*report.Headline, *report.Summary) []*Drawing {
	return x.graphs[x.figure().ID].Sequence.Drawings("plot", x.o.Clock)
}

func (x *Alone) tripsOf(*report.Headline, *report.Summary) []*Drawing {
	return x.graphs[x.figure().ID].Trips.Drawings("plot", x.o.Clock)
}

func (x *Alone) statesOf(_ *report.Headline, s *report.Summary) []*Drawing {
	if x.asked.Pick == nil {
		return []*Drawing{Lanes(s)}
	}
	return []*Drawing{OwnLanes("plot", x.figure().Record, x.o.Clock)}
}

// xplot writes a graph for xplot, of the end that sent the more data.
func (x *Alone) xplot(f *ladder.Figure) error {
	g, q := x.graphs[f.ID], &xplot{}
	e := record.Orig
	write := g.Sequence.xplot
	some := func(e record.End) bool { return g.Sequence.sides[e].data }
	if x.asked.Name == "rtt" {
		write, some = g.Trips.xplot, func(e record.End) bool { return len(g.Trips.sides[e].samples) > 0 }
	}
	if !some(e) || some(record.Resp) && cmp.Less(g.Sequence.sides[e].last, g.Sequence.sides[record.Resp].last) {
		e = record.Resp
	}
	if !some(e) {
		x.err = x.nothing()
		return nil
	}
	ends := [2]capture.Endpoint{f.Orig, f.Resp}
	write(q, e, ends[e].String()+"_==>_"+ends[e.Peer()].String())
	_, err := io.WriteString(x.w, q.String())
	return err
}
