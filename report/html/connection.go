package html

import (
	"bytes"
	"io"
	"slices"

	"tcpwatch/internal/say"
	"tcpwatch/report/ladder"
	"tcpwatch/report/plot"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// Connection is the Output that draws one connection: its states, what it sent, its packets.
// It is not safe for concurrent use.
type Connection struct {
	record.Base
	c    cited
	o    say.Clock
	over bool // its last record came
}

// NewConnection returns a Connection that draws the connection of a number.
func NewConnection(id uint64, clock say.Clock) *Connection {
	x := &Connection{c: cited{Choice: plot.Choice{IDs: []uint64{id}}}, o: clock}
	x.c.begin(clock)
	return x
}

// Needs is its packets and its record; see record.Output.
func (x *Connection) Needs() record.Needs { return x.c.ladder.Needs() }

// Step takes a packet of it; see record.Output.
func (x *Connection) Step(s *record.Step) error {
	if s.Conn != x.c.IDs[0] {
		return nil
	}
	return x.c.ladder.Step(s)
}

// Conn takes its record. When that is its last one, io.EOF ends the run: there is nothing more to
// draw. See record.Output.
func (x *Connection) Conn(r *record.Record) error {
	if r.ID != x.c.IDs[0] {
		return nil
	}
	x.c.ladder.Conn(r)
	if x.over = !r.Interim; x.over {
		return io.EOF
	}
	return nil
}

// Over reports whether its last record came: it is drawn whole.
func (x *Connection) Over() bool { return x.over }

// Cite tells of the findings that name it.
func (x *Connection) Cite(found []diagnose.Finding) { x.c.ladder.Findings(found) }

// Figure is the drawing as data; nil while no packet of it was seen, or no record.
func (x *Connection) Figure() *ladder.Figure {
	all := x.c.ladder.Figures()
	if len(all) == 0 || all[0].Record == nil {
		return nil
	}
	return &all[0]
}

// Connection is the page of a connection, with what is to be told before the drawings. Where
// no packet of it was seen its states are drawn of the record.
func (l *Live) Connection(x *Connection, r *record.Record, title, note string) ([]byte, error) {
	v := view{Style: l.style, Headline: title}
	x.c.draw(&v, x.o)
	if len(v.Conns) == 0 && len(r.Transitions) > 0 {
		v.Conns = []conn{{Blocks: drawn([]*plot.Drawing{plot.OwnLanes(idOfConn(r.ID), r, x.o)})}}
	}
	if note != "" {
		v.Labels = []block{{Kind: "note", Class: "faint", Text: plain(note)}}
	}
	var b bytes.Buffer
	err := l.t.ExecuteTemplate(&b, "connection", &v)
	return slices.Clip(b.Bytes()), err
}
