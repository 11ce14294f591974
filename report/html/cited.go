package html

import (
	"io"
	"regexp"
	"slices"
	"strconv"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/report"
	"tcpwatch/report/ladder"
	"tcpwatch/report/plot"
	"tcpwatch/report/sentence"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

const (
	maxCited   = 12  // connections that are drawn
	perFinding = 2   // of a finding
	ladderRows = 150 // of each
	around     = 6   // packets before and after what is noteworthy
	openCited  = 3   // connections that are shown at once
)

// cited are the connections that findings name as examples, with what is drawn of them.
type cited struct {
	ids       []uint64 // in the order in which findings name them
	examples  bool     // no finding names any: these are others
	ladder    *ladder.Ladder
	sequences map[uint64]*plot.Sequence
}

// first is the Output that finds out which they are.
type first struct {
	record.Base
	to *cited
}

// Findings chooses in turn from each kind of findings of some weight: first a connection of each
// of these findings, then another of each; see diagnose.Judged.
func (f *first) Findings(found []diagnose.Finding) error {
	var kinds []string
	choice := map[string][]uint64{}
	for nth := range perFinding {
		for i := range found {
			x := &found[i]
			if x.Severity < diagnose.Notice || nth >= len(x.Conns) {
				continue
			}
			if len(choice[x.Detector]) == 0 {
				kinds = append(kinds, x.Detector)
			}
			choice[x.Detector] = append(choice[x.Detector], x.Conns[nth])
		}
	}
	for round, more := 0, true; more; round++ {
		more = false
		for _, kind := range kinds {
			if round >= len(choice[kind]) || len(f.to.ids) == maxCited {
				continue
			}
			more = true
			if id := choice[kind][round]; !slices.Contains(f.to.ids, id) {
				f.to.ids = append(f.to.ids, id)
			}
		}
	}
	return nil
}

// Report chooses where no finding cites a connection: an example of each of the first ways
// through the states; see report.Reporter.
func (f *first) Report(_ *report.Headline, s *report.Summary) error {
	if len(f.to.ids) == 0 {
		f.to.examples = true
		lanes, _ := s.Lanes(openCited)
		for i := range lanes {
			f.to.ids = append(f.to.ids, lanes[i].ID)
		}
	}
	return nil
}

// title is that of the section.
func (c *cited) title() string {
	if c.examples {
		return "Connections as examples"
	}
	return "Connections that the findings cite"
}

// begin makes ready for their packets.
func (c *cited) begin(clock say.Clock) {
	c.sequences = map[uint64]*plot.Sequence{}
	for _, id := range c.ids {
		c.sequences[id] = new(plot.Sequence)
	}
	o := ladder.Options{Width: 160, Clock: clock, Around: around, Conns: maxCited, Rows: ladderRows,
		Told: func(s *record.Step, t *sentence.Told) { c.sequences[s.Conn].Take(s, t) }}
	c.ladder = ladder.New(io.Discard, o, func(id uint64, _, _ capture.Endpoint) bool { return slices.Contains(c.ids, id) })
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
	figures := c.ladder.Figures()
	slices.SortStableFunc(figures, func(a, b ladder.Figure) int { return slices.Index(c.ids, a.ID) - slices.Index(c.ids, b.ID) })
	for i := range figures {
		f := &figures[i]
		x := conn{ID: idOfConn(f.ID), Title: f.Title + ": " + f.Orig.String() + sentence.Arrow + f.Resp.String(), Open: i < openCited}
		for _, l := range f.Lines {
			addItem(&x.Blocks, "labels", block{Name: l.Subject, Text: plain(l.Words)})
		}
		all := []*plot.Drawing{plot.OwnLanes(x.ID, f.Record, clock)}
		all = append(all, c.sequences[f.ID].Drawings(x.ID, clock)...)
		x.Blocks = append(x.Blocks, drawn(append(all, plot.Ladder(x.ID, f)...))...)
		v.Conns = append(v.Conns, x)
	}
}

func idOfConn(id uint64) string { return "connection-" + strconv.FormatUint(id, 10) }

// named finds the connections that a text names.
var named = regexp.MustCompile(`#[0-9]+\b`)

// refs cuts a text into pieces, of which those that name a connection that is drawn lead there.
func (c *cited) refs(text string) (runs []run) {
	from := 0
	for _, at := range named.FindAllStringIndex(text, -1) {
		id, err := strconv.ParseUint(text[at[0]+1:at[1]], 10, 64)
		if err != nil || !slices.Contains(c.ids, id) {
			continue
		}
		runs = append(runs, run{Text: text[from:at[0]]}, run{Text: text[at[0]:at[1]], Ref: "#" + idOfConn(id)})
		from = at[1]
	}
	return append(runs, run{Text: text[from:]})
}
