package watch

import (
	"fmt"
	"slices"
	"testing"

	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
)

// What a Trail tells of findings from View to View, a second each.
func TestTrail(t *testing.T) {
	found := func(id string, n uint64, s diagnose.Severity, causes ...string) diagnose.Finding {
		return diagnose.Finding{ID: id, Count: n, Severity: s, Causes: causes}
	}
	a, b := found("a", 3, diagnose.Warning, "one"), found("b", 1, diagnose.Notice)
	none := []diagnose.Finding{}
	for _, x := range []struct {
		name  string
		views [][]diagnose.Finding
		want  []string // second, change and finding
	}{
		{"it appears once", [][]diagnose.Finding{{a}, {a}, {a}}, []string{"0 open a"}},
		{"more of the same is not told", [][]diagnose.Finding{{a}, {found("a", 5, diagnose.Warning, "one")}}, []string{"0 open a"}},
		{"twice as many are", [][]diagnose.Finding{{a}, {found("a", 5, diagnose.Warning, "one")}, {found("a", 6, diagnose.Warning, "one")}}, []string{"0 open a", "2 open a"}},
		{"worse", [][]diagnose.Finding{{a}, {found("a", 3, diagnose.Critical, "one")}}, []string{"0 open a", "1 open a"}},
		{"another cause", [][]diagnose.Finding{{a}, {found("a", 3, diagnose.Warning, "two")}}, []string{"0 open a", "1 open a"}},
		{"it is resolved after five seconds", [][]diagnose.Finding{{a, b}, {b}, {b}, {b}, {b}, {b}, {b}}, []string{"0 open a", "0 open b", "6 resolved a"}},
		{"judgement wavers", [][]diagnose.Finding{{a}, none, none, {a}, none, none, none, none, none}, []string{"0 open a"}},
		{"it comes back", [][]diagnose.Finding{{a}, none, none, none, none, none, none, {a}}, []string{"0 open a", "6 resolved a", "7 open a"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var trail Trail
			var got []string
			for i, list := range x.views {
				for _, told := range trail.Take(&report.View{At: 1e18 + int64(i)*1e9, Findings: list}) {
					got = append(got, fmt.Sprintf("%d %s %s", i, told.Change, told.ID))
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}

// What a View forgets because it is no longer recent does not move the beginning of what stands.
func TestTrailKeepsTheBeginning(t *testing.T) {
	var trail Trail
	for i, since := range []int64{10, 8, 0, 30, 50} {
		var list []diagnose.Finding
		if since > 0 {
			list = []diagnose.Finding{{ID: "a", Count: 1, Since: since}}
		}
		trail.Take(&report.View{At: 1e18 + int64(i)*1e9, Findings: list})
	}
	if open := trail.Open(); len(open) != 1 || open[0].Since != 8 {
		t.Errorf("%+v", open[0])
	}
}

// What was not looked at yet is not resolved, and of what is resolved only so much is kept.
func TestTrailKeeps(t *testing.T) {
	var trail Trail
	list := make([]diagnose.Finding, trailKept+5)
	for i := range list {
		list[i].ID = fmt.Sprint(i)
	}
	trail.Take(&report.View{At: 1e18, Findings: list})
	for i := range 20 {
		trail.Take(&report.View{At: 1e18 + int64(i)*1e9, Partial: true})
	}
	if n := len(trail.Open()); n != len(list) {
		t.Errorf("%d stand of %d", n, len(list))
	}
	for i := range 10 {
		trail.Take(&report.View{At: 1e18 + int64(20+i)*1e9})
	}
	if len(trail.Open()) != 0 || len(trail.Resolved()) != trailKept || len(trail.byID) != trailKept {
		t.Errorf("%d stand, %d are resolved, %d known", len(trail.Open()), len(trail.Resolved()), len(trail.byID))
	}
}

// A finding that goes on under another subject, with one of its connections, is over under the first,
// and neither stands twice: not when it goes, nor when it comes again.
func TestTrailTakenOver(t *testing.T) {
	one := diagnose.Finding{ID: "d:a", Detector: "d", Count: 2, Conns: []uint64{3, 4}}
	wide := diagnose.Finding{ID: "d:all", Detector: "d", Count: 9, Conns: []uint64{1, 4}}
	else_ := diagnose.Finding{ID: "e:a", Detector: "e", Count: 1, Conns: []uint64{4}}
	var trail Trail
	take := func(at int64, list ...diagnose.Finding) (got []string) {
		for _, told := range trail.Take(&report.View{At: 1e18 + at*1e9, Findings: list}) {
			got = append(got, fmt.Sprint(told.Change == TakenOver, " ", told.Change, " ", told.ID))
		}
		return got
	}
	take(0, one, else_)
	if got := take(1, wide, else_); !slices.Equal(got, []string{"false open d:all", "true resolved d:a"}) || len(trail.Open()) != 2 || len(trail.Resolved()) != 0 {
		t.Errorf("%q, %d stand, %d are resolved", got, len(trail.Open()), len(trail.Resolved()))
	}
	take(2)
	if got := take(8); len(got) != 2 || len(trail.Resolved()) != 2 {
		t.Errorf("%q, %d are resolved", got, len(trail.Resolved()))
	}
	if got := take(9, one); !slices.Equal(got, []string{"false open d:a"}) || len(trail.Resolved()) != 1 || trail.Resolved()[0].ID != "e:a" {
		t.Errorf("%q, %d are resolved", got, len(trail.Resolved()))
	}
}
