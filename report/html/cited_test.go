package html

import (
	"slices"
	"testing"

	"tcpwatch/tracker/diagnose"
)

// Of each kind of findings some connections are drawn, however many findings of one there are.
func TestCited(t *testing.T) {
	var found []diagnose.Finding
	add := func(detector string, s diagnose.Severity, conns ...uint64) {
		found = append(found, diagnose.Finding{Detector: detector, Severity: s, Conns: conns})
	}
	for i := range uint64(20) {
		add("a", diagnose.Warning, 100+2*i, 101+2*i, 300)
	}
	add("b", diagnose.Notice, 1, 100, 3)
	add("c", diagnose.Info, 4)
	add("d", diagnose.Notice, 1)
	add("e", diagnose.Notice)
	f := &first{to: &cited{}}
	if err := f.Findings(found); err != nil {
		t.Fatal(err)
	}
	if want := []uint64{100, 1, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120}; !slices.Equal(f.to.ids, want) {
		t.Errorf("%v, want %v", f.to.ids, want)
	}
	few := &first{to: &cited{}}
	few.Findings(found[20:])
	if want := []uint64{1, 100}; !slices.Equal(few.to.ids, want) {
		t.Errorf("%v, want %v", few.to.ids, want)
	}
}

// Only a connection that is drawn is a link.
func TestRefs(t *testing.T) {
	c := &cited{ids: []uint64{3, 17}}
	want := []run{{Text: "Look at "}, {Text: "#3", Ref: "#connection-3"}, {Text: ", #4, "}, {Text: "#17", Ref: "#connection-17"}, {Text: " and #170"}}
	if got := c.refs("Look at #3, #4, #17 and #170"); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
