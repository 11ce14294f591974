package html

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report/ladder"
	"tcpwatch/report/plot"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/record"
)

const (
	maxCited   = 12  // connections that are drawn
	ladderRows = 150 // of each
	around     = 6   // packets before and after what is noteworthy
	openCited  = 3   // connections that are shown at once
)

// cited are the connections that findings name as examples, with what is drawn of them.
type cited struct {
	plot.Choice
	ladder *ladder.Ladder
	graphs map[uint64]*plot.Graphs
	rows   map[string]bool // by ID: those of the table of connections
}

// tabled takes note of the rows of the table of connections.
func (c *cited) tabled(all []section) {
	c.rows = map[string]bool{}
	for i := range all {
		for _, b := range all[i].Blocks {
			if b.Table == nil {
				continue
			}
			for j := range b.Table.Rows {
				c.rows[b.Table.Rows[j].ID] = true
			}
		}
	}
}

// title is that of the section.
func (c *cited) title() string {
	if c.Examples {
		return "Connections as examples"
	}
	return "Connections that the findings cite"
}

// begin makes ready for their packets.
func (c *cited) begin(clock say.Clock) {
	c.graphs = map[uint64]*plot.Graphs{}
	for _, id := range c.IDs {
		c.graphs[id] = new(plot.Graphs)
	}
	o := ladder.Options{Width: 160, Clock: clock, Around: around, Conns: maxCited, Rows: ladderRows,
		Told: func(s *record.Step, t *sentence.Told) { c.graphs[s.Conn].Take(s, t) }}
	c.ladder = ladder.New(io.Discard, o, func(id uint64, _, _ capture.Endpoint) bool { return slices.Contains(c.IDs, id) })
}

// conn is a connection that is drawn.
type conn struct {
	ID     string // of its part of the page
	Title  string
	Open   bool // it is shown at once
	Blocks []block
}

// draw puts them into the view.
func (c *cited) draw(v *view, clock say.Clock) {
	if c.ladder == nil {
		return
	}
	v.ConnsTitle = c.title()
	v.ConnsText = fmt.Sprintf("Of each finding the connections that show it first, %d in all at most.", maxCited)
	if c.Examples {
		v.ConnsText = "No finding cites a connection: these went through the states in different ways."
	}
	figures := c.ladder.Figures()
	slices.SortStableFunc(figures, func(a, b ladder.Figure) int { return slices.Index(c.IDs, a.ID) - slices.Index(c.IDs, b.ID) })
	for i := range figures {
		f := &figures[i]
		x := conn{ID: idOfConn(f.ID), Title: f.Title + ": " + f.Orig.String() + sentence.Arrow + f.Resp.String(), Open: i < openCited}
		for _, l := range f.Lines {
			addItem(&x.Blocks, "labels", block{Name: l.Subject, Text: plain(l.Words)})
		}
		all := []*plot.Drawing{plot.OwnLanes(x.ID, f.Record, clock)}
		all = append(all, c.graphs[f.ID].Drawings(x.ID, clock)...)
		x.Blocks = append(x.Blocks, drawn(append(all, plot.Ladder(x.ID, f)...))...)
		v.Conns = append(v.Conns, x)
	}
}

func idOfConn(id uint64) string { return "connection-" + strconv.FormatUint(id, 10) }

// named finds the connections that a text names.
var named = regexp.MustCompile(`#[0-9]+\b`)

// rowOf is the row of a connection in their table as links have it.
func rowOf(id uint64) string { return "row-" + strconv.FormatUint(id, 10) }

// idIn is the connection of a name as named finds it.
func idIn(name string) (uint64, error) {
	return strconv.ParseUint(strings.TrimPrefix(name, "#"), 10, 64)
}

// refs cuts a text into pieces, of which those that name a connection that is drawn lead there,
// and others to their rows in the table of connections.
func (c *cited) refs(text string) []run {
	return c.lead(text, func(id uint64) string {
		if row := rowOf(id); c.rows[row] {
			return row
		}
		return ""
	})
}

// refsInRow does so in the head of a row of that table: a row does not lead to itself.
func (c *cited) refsInRow(text string) []run {
	return c.lead(text, func(uint64) string { return "" })
}

// lead cuts a text into pieces, of which those that name a connection lead to where it is drawn,
// or to the place that elsewhere tells; "" for none.
func (c *cited) lead(text string, elsewhere func(id uint64) string) (runs []run) {
	from := 0
	for _, at := range named.FindAllStringIndex(text, -1) {
		id, err := idIn(text[at[0]:at[1]])
		if err != nil {
			continue
		}
		place := idOfConn(id)
		if !slices.Contains(c.IDs, id) {
			if place = elsewhere(id); place == "" {
				continue
			}
		}
		runs = append(runs, run{Text: text[from:at[0]]}, run{Text: text[at[0]:at[1]], Ref: "#" + place})
		from = at[1]
	}
	return append(runs, run{Text: text[from:]})
}
