package mergetest

import (
	"fmt"
	"strings"
	"testing"

	"tcpwatch/internal/fold"
)

type sums struct {
	n      uint64
	least  int64
	parts  [2]struct{ a, b uint32 }
	by     map[string]*uint64
	cached int
}

// failures records what a check says.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failures) Helper() {}

// What a merge forgets is named, and what it takes in is not.
func TestCheckNamesWhatIsForgotten(t *testing.T) {
	for _, c := range []struct {
		leave string
		want  string
	}{
		{"", ""},
		{"n", ".n is forgotten"},
		{"least", ".least is forgotten"},
		{"parts", ".parts[1].b is forgotten"},
		{"by", ".by[key] is forgotten"},
		{"order", "the order of two matters"},
		{"when something is there", "into one that holds something"},
	} {
		merge := func(into, from *sums) {
			if c.leave == "when something is there" && into.n > 0 {
				return
			}
			if c.leave != "least" && (into.least == 0 || from.least < into.least) || c.leave == "order" {
				into.least = from.least
			}
			if c.leave != "n" {
				into.n += from.n
			}
			for i := range into.parts {
				into.parts[i].a = max(into.parts[i].a, from.parts[i].a)
				if c.leave != "parts" || i == 0 {
					into.parts[i].b += from.parts[i].b
				}
			}
			into.cached = 0 // worked out anew when somebody asks
			for k, v := range from.by {
				if into.by[k] == nil {
					into.by[k] = new(uint64)
				}
				if c.leave != "by" {
					*into.by[k] += *v
				}
			}
		}
		f := &failures{TB: t}
		Check(f, func() *sums { return &sums{by: map[string]*uint64{}} }, merge, Options{Skip: []string{"sums.cached"}})
		if got := strings.Join(f.said, "\n"); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%q left out: said %q, want %q", c.leave, got, c.want)
		}
	}
}

// forgetful is a fold that lists what it is told to.
type forgetful struct {
	n, m  uint64
	spans fold.Histogram
	held  fold.Series
	when  fold.Range[int64]
	leave string
}

func (x *forgetful) Fields(w *fold.Walk) {
	fold.Sum(w, &x.n)
	if x.leave != "m" {
		fold.Max(w, &x.m)
	}
	if x.leave != "spans" {
		x.spans.Fields(w)
	}
	if x.leave != "held" {
		x.held.Fields(w)
	}
	if x.leave != "when" {
		x.when.Fields(w)
	}
}

// A field that a fold does not list is named, and missed in what was written down.
func TestCheckFold(t *testing.T) {
	for leave, want := range map[string]string{"": "", "m": ".m is forgotten", "spans": ".spans.n is forgotten", "held": ".held is forgotten", "when": ".when.Least is forgotten"} {
		f := &failures{TB: t}
		CheckFold(f, func() *forgetful { return &forgetful{leave: leave} }, Options{Skip: []string{"forgetful.leave"}})
		got := strings.Join(f.said, "\n")
		if !strings.Contains(got, want) || (got == "") != (want == "") || strings.Contains(got, "what was written comes back") != (want != "") {
			t.Errorf("%q left out: said %q, want %q", leave, got, want)
		}
	}
}
