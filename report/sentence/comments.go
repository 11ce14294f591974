package sentence

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Comments says of the packets of marked connections what a Ladder says, a line
// a packet. It holds a little of each connection until its record comes. It is
// not safe for concurrent use.
type Comments struct {
	words   Phrases
	tellers map[uint64]*Teller
}

// NewComments returns a Comments that has seen nothing.
func NewComments(p Phrases) *Comments { return &Comments{p, make(map[uint64]*Teller)} }

// Step takes one packet, or one time-driven edge, of a marked connection, and
// tells what there is to say of the packet; "" for nothing. Nothing in it can
// steer a terminal.
func (c *Comments) Step(s *record.Step) string {
	f := c.tellers[s.Conn]
	if f == nil {
		f = new(NewTeller(c.words))
		c.tellers[s.Conn] = f
	}
	r := f.Take(s)
	var parts []string
	if r.Label != "" {
		parts = append(parts, r.Label)
	}
	parts = append(parts, r.Words...)
	if edges := edges(s); edges != "" {
		parts = append(parts, edges)
	}
	if !r.Arrow || len(parts) == 0 {
		return ""
	}
	return say.Escape(fmt.Sprintf("tcpwatch %s, packet %d: %s", ID(s.Conn), r.Packet, strings.Join(parts, "; ")))
}

// edges names the states that change, each with its basis.
func edges(s *record.Step) (text string) {
	for e := range s.Before {
		from, to := s.Before[e], s.After[e]
		if from == to {
			continue
		}
		change := Who(record.End(e)) + " "
		if from != record.Unknown {
			change += from.String() + Arrow
		}
		text = comma(text, fmt.Sprintf("%s%s (%s)", change, State(to), s.AfterBasis[e]))
	}
	return text
}

// Conn takes the record of a connection, which ends it.
func (c *Comments) Conn(r *record.Record) {
	if !r.Interim {
		delete(c.tellers, r.ID)
	}
}
