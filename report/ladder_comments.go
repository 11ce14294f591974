package report

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
	opt     LadderOptions
	tellers map[uint64]*teller
}

// NewComments returns a Comments that has seen nothing. Of the options, it
// heeds those about words and times.
func NewComments(o LadderOptions) *Comments {
	return &Comments{NewLadder(o).opt, make(map[uint64]*teller)}
}

// Step takes one packet, or one time-driven edge, of a marked connection, and
// tells what there is to say of the packet; "" for nothing. Nothing in it can
// steer a terminal.
func (c *Comments) Step(s *record.Step) string {
	f := c.tellers[s.Conn]
	if f == nil {
		f = new(newTeller(c.opt))
		c.tellers[s.Conn] = f
	}
	r := f.rung(s)
	var parts []string
	if r.label != "" {
		parts = append(parts, r.label)
	}
	parts = append(parts, r.words...)
	if edges := edges(s); edges != "" {
		parts = append(parts, edges)
	}
	if !r.arrow || len(parts) == 0 {
		return ""
	}
	return say.Escape(fmt.Sprintf("tcpwatch %s, packet %d: %s", name(s.Conn), r.packet, strings.Join(parts, "; ")))
}

// edges names the states that change, with the proof.
func edges(s *record.Step) (text string) {
	for e := range s.Before {
		from, to := s.Before[e], s.After[e]
		if from == to {
			continue
		}
		change := client(record.End(e)) + " "
		if from != record.Unknown {
			change += from.String() + arrow
		}
		text = comma(text, fmt.Sprintf("%s%s (%s)", change, stateOr(to), s.AfterProof[e]))
	}
	return text
}

// Conn takes the record of a connection, which ends it.
func (c *Comments) Conn(r *record.Record) {
	if !r.Interim {
		delete(c.tellers, r.ID)
	}
}
