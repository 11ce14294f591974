package diagnose

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// everything is the records of all bundled captures, as if they were one
// input: ids are made unique, and addresses stay as they are.
func everything(t testing.TB) (all []*record.Record, c *Context) {
	t.Helper()
	c = &Context{MSL: record.DefaultMSL}
	for i, name := range captures(t) {
		more, with := recordsOf(t, name)
		for _, r := range more {
			r.ID += uint64(i) << 20
		}
		all = append(all, more...)
		c.Conns += with.Conns
		c.End = max(c.End, with.End)
	}
	return all, c
}

// Whatever the order and however records are divided, the whole comes out (so a report is equal for any -j), also
// of parts that were written down and read back.
func TestMergeOfAnySplit(t *testing.T) {
	all, c := everything(t)
	o := NewOptions()
	whole := NewSet(Detectors(), o)
	for _, r := range all {
		whole.Add(r)
	}
	want := whole.Findings(c)
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 4 {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		parts := make([]*Set, 1+rng.IntN(9))
		for i := range parts {
			parts[i] = NewSet(Detectors(), o)
		}
		for _, r := range all {
			parts[rng.IntN(len(parts))].Add(r)
		}
		for len(parts) > 1 {
			i := rng.IntN(len(parts) - 1)
			if round%2 == 1 {
				parts[i+1] = readBack(t, parts[i+1])
			}
			fold.Merge(parts[i], parts[i+1])
			parts = slices.Delete(parts, i+1, i+2)
		}
		equal(t, fmt.Sprintf("round %d", round), parts[0].Findings(c), want)
	}
	other := NewSet(Detectors(), o)
	fold.Merge(other, whole)
	equal(t, "merged into an empty one", other.Findings(c), want)
	for _, r := range all {
		other.Add(r)
	}
	equal(t, "after what it was merged into took in more", whole.Findings(c), want)
}

// readBack is a Set of all detectors, written down and read back.
func readBack(t testing.TB, s *Set) *Set {
	t.Helper()
	back := NewSet(Detectors(), NewOptions())
	if err := fold.Read(back, 1, fold.Append(nil, 1, s)); err != nil {
		t.Fatal(err)
	}
	return back
}

func equal(t *testing.T, what string, got, want []Finding) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%s: finding %d is\n%+v\nwant\n%+v", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d findings, want %d", what, len(got), len(want))
	}
}

// Ids are unique, and every text is there.
func TestFindingsAreWhole(t *testing.T) {
	all, c := everything(t)
	s := NewSet(Detectors(), NewOptions())
	for _, r := range all {
		s.Add(r)
	}
	seen := map[string]bool{}
	for _, f := range s.Findings(c) {
		if seen[f.ID] {
			t.Errorf("%s: twice", f.ID)
		}
		seen[f.ID] = true
		if f.Title == "" || f.Explanation == "" || f.Count == 0 || len(f.Title) > 200 {
			t.Errorf("%s lacks something: %+v", f.ID, f)
		}
		if f.Severity >= Warning && (len(f.Causes) == 0 || len(f.Advice) == 0) {
			t.Errorf("%s: no causes or no advice", f.ID)
		}
		if len(f.Conns) > maxExamples || !slices.IsSortedFunc(f.cites, compareExamples) || !slices.IsSorted(f.Packets) {
			t.Errorf("%s: examples %v", f.ID, f.Conns)
		}
	}
}

// A connection without trouble costs no allocation.
func TestCleanRecordsDoNotAllocate(t *testing.T) {
	all, _ := recordsOf(t, bundled+"/close-by-client.pcap")
	for _, d := range Detectors() {
		f := d.New(NewOptions())
		f.Add(all[0])
		if n := testing.AllocsPerRun(100, func() { f.Add(all[0]) }); n > 0 {
			t.Errorf("%s: %v allocations", d.Name, n)
		}
	}
}

// Names of detectors and thresholds are unique, and each explains itself.
func TestDetectorsAreExplained(t *testing.T) {
	seen, limits := map[string]bool{}, map[string]bool{}
	for _, d := range Detectors() {
		if seen[d.Name] {
			t.Errorf("Two detectors are called %s", d.Name)
		}
		if len(d.Name) > 20 {
			t.Errorf("The name %s has %d letters; 20 are the most", d.Name, len(d.Name))
		}
		if len(d.Doc) < 200 {
			t.Errorf("The Doc of %s has %d letters; a rule, its sources and what it can be mistaken for take 200", d.Name, len(d.Doc))
		}
		seen[d.Name] = true
		for _, l := range d.Thresholds() {
			if limits[l.Name] {
				t.Errorf("%s lists the threshold %s, which another detector, or itself, lists as well", d.Name, l.Name)
			}
			if l.Doc == "" {
				t.Errorf("%s does not say what its threshold %s is for", d.Name, l.Name)
			}
			limits[l.Name] = true
		}
		text, err := Explain(d.Name)
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(text, "RFC") {
			t.Errorf("%s names no RFC as its source", d.Name)
		}
		list, _ := Explain("list")
		for l := range strings.Lines(text + list) {
			if len(l) > explainWidth+1 {
				t.Errorf("%s: %d columns: %s", d.Name, len(l)-1, l)
			}
		}
	}
}

// A leak explains, and is as bad as, that its clients' new connections meet the old ones.
func TestLeakExplainsStale(t *testing.T) {
	leak := append(clean(20, halfClosed(600*second)), made(90, late(2), from(numbered(7, 40001)), func(r *record.Record) {
		r.Open.OldConn, r.Open.OldState, r.Open.OldReset = 10, record.CloseWait, true
	}))
	for _, c := range []struct {
		name    string
		old     uint64
		want    []string
		explain bool
	}{
		{"the older one is in the leak", leak[0].ID, []string{"close-wait"}, true},
		{"it is not", 5, []string{"close-wait", "stale-connection"}, false},
	} {
		leak[20].Open.OldConn = c.old
		var got []string
		found := findingsOf(t, "close-wait,stale-connection", nil, leak...)
		for _, f := range found {
			got = append(got, f.Detector)
		}
		if !slices.Equal(got, c.want) || strings.Contains(found[0].Explanation, "It also explains") != c.explain {
			t.Errorf("%s: %q, %s", c.name, got, found[0].Explanation)
		}
	}
}

// That a server still holds connections that their client gave up is owing to its data being dropped, where
// all of them are such.
func TestDroppedDataExplainsStale(t *testing.T) {
	dropped := append(clean(3, unheardSince(2*second), silentFrom), clean(4, after(3*second))...)
	again := made(90, late(2), from(numbered(7, 40001)), func(r *record.Record) {
		r.Open.OldConn, r.Open.OldState, r.Open.OldReset = 10, record.Established, true
	})
	for _, c := range []struct {
		name   string
		old    uint64
		unseen bool
		want   []string
	}{
		{"the older one got no data through", dropped[1].ID, false, []string{"fell-silent"}},
		{"it did", dropped[4].ID, false, []string{"stale-connection", "fell-silent"}},
		{"it was not captured", 0, true, []string{"stale-connection", "fell-silent"}},
	} {
		again.Open.OldConn, again.Open.OldUnseen = c.old, c.unseen
		var got []string
		for _, f := range findingsOf(t, "fell-silent,stale-connection", nil, append(slices.Clone(dropped), again)...) {
			got = append(got, f.Detector)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// A finding is as bad as what it explains, and then comes before what is less so.
func TestAsBadAsExplained(t *testing.T) {
	got := oneCause([]Finding{
		{Title: "sign", Severity: Warning, Count: 1, Conns: []uint64{9}, owing: []uint64{3}},
		{Title: "another", Severity: Notice, Count: 5, Conns: []uint64{4}},
		{Title: "root", Severity: Notice, Count: 2, Conns: []uint64{1, 2}, explains: []uint64{1, 2, 3}},
	})
	if len(got) != 2 || got[0].Title != "root" || got[0].Severity != Warning || got[1].Title != "another" {
		t.Errorf("%+v", got)
	}
}

// A finding that explains others names them and they are left out, where all their
// connections are its own; what is told of the capture stands.
func TestOneCause(t *testing.T) {
	all := []Finding{
		{Title: "root", Severity: Warning, Count: 2, Conns: []uint64{1, 2}, explains: []uint64{1, 2, 3}},
		{Title: "its sign", Severity: Notice, Count: 1, Conns: []uint64{3}},
		{Title: "another's", Severity: Notice, Count: 2, Conns: []uint64{3, 4}},
		{Title: "the capture", Severity: Notice, Group: GroupCapture, Count: 1, Conns: []uint64{1}},
		{Title: "more than are shown", Severity: Notice, Count: 9, Conns: []uint64{1, 2, 3}},
	}
	got := oneCause(all)
	got[0].tellsAlso()
	if len(got) != 4 || got[0].Explanation != " It also explains: its sign." || got[1].Title != "another's" {
		t.Errorf("%+v", got)
	}
}
