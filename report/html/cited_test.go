package html

import (
	"slices"
	"testing"

	"tcpwatch/internal/table"
	"tcpwatch/report/plot"
)

// A connection that is drawn is a link there, another one to its row where there is one.
func TestRefs(t *testing.T) {
	c := &cited{Choice: plot.Choice{IDs: []uint64{3, 17}}}
	want := []run{{Text: "Look at "}, {Text: "#3", Ref: "#connection-3"}, {Text: ", #4, "}, {Text: "#17", Ref: "#connection-17"}, {Text: " and #170"}}
	if got := c.refs("Look at #3, #4, #17 and #170"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	g := newGrid("Connections", &table.Table{Columns: []table.Column{{Title: "connection", Left: true}}, Rows: []table.Row{{Cells: []string{"  #3 a"}}, {Cells: []string{"#170 b"}}}})
	c.tabled([]section{{Blocks: []block{{Kind: "note"}, {Kind: "table", Table: g}}}})
	want[4].Text = " and "
	want = append(want, run{Text: "#170", Ref: "#row-170"}, run{})
	if got := c.refs("Look at #3, #4, #17 and #170"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := c.refsInRow("#170 b"); !slices.Equal(got, []run{{Text: "#170 b"}}) {
		t.Errorf("a row leads to itself: %v", got)
	}
	if g := newGrid("Transfers", &table.Table{Columns: []table.Column{{Title: "from"}}, Rows: []table.Row{{Cells: []string{"#3"}}}}); g.Rows[0].ID != "" {
		t.Errorf("a row of another table is %s", g.Rows[0].ID)
	}
}
