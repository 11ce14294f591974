package html

import (
	"slices"
	"testing"

	"tcpwatch/report/plot"
)

// Only a connection that is drawn is a link.
func TestRefs(t *testing.T) {
	c := &cited{Choice: plot.Choice{IDs: []uint64{3, 17}}}
	want := []run{{Text: "Look at "}, {Text: "#3", Ref: "#connection-3"}, {Text: ", #4, "}, {Text: "#17", Ref: "#connection-17"}, {Text: " and #170"}}
	if got := c.refs("Look at #3, #4, #17 and #170"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
