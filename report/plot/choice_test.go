package plot

import (
	"slices"
	"testing"

	"tcpwatch/tracker/diagnose"
)

// Of each kind of findings some connections are drawn, however many findings of one there are.
func TestChoice(t *testing.T) {
	var found []diagnose.Finding
	add := func(detector string, s diagnose.Severity, conns ...uint64) {
		found = append(found, diagnose.Finding{Detector: detector, Severity: s, Conns: conns})
	}
	for i := range uint64(20) {
		add("a", diagnose.Warning, 100+2*i, 101+2*i, 300)
	}
	found[0].Title = "the first"
	add("b", diagnose.Notice, 1, 100, 3)
	add("c", diagnose.Info, 4)
	add("d", diagnose.Notice, 1)
	add("e", diagnose.Notice)
	f := &Choice{Most: 12}
	if err := f.Findings(found); err != nil {
		t.Fatal(err)
	}
	if want := []uint64{100, 1, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120}; !slices.Equal(f.IDs, want) {
		t.Errorf("%v, want %v", f.IDs, want)
	}
	if f.Why != "the first" {
		t.Errorf("chosen by %q", f.Why)
	}
	few := &Choice{Most: 12}
	few.Findings(found[20:])
	if want := []uint64{1, 100}; !slices.Equal(few.IDs, want) {
		t.Errorf("%v, want %v", few.IDs, want)
	}
}
