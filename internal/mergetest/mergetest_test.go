package mergetest

import (
	"fmt"
	"strings"
	"testing"
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
