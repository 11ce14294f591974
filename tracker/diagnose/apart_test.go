package diagnose

import (
	"regexp"
	"strings"
	"testing"
)

// separating are the words of an advice that tells causes apart: it asks, compares, or says what shows which.
var separating = regexp.MustCompile(`\?|[Ww]hether|[Cc]ompare|\b[Ii]f\b|\bshows?\b|\btells?\b|\bcounts?\b|\bwhich\b|\bnames\b|\blists?\b`)

// Where several causes fit, an advice says what would tell them apart.
func TestCausesCanBeToldApart(t *testing.T) {
	told := make(map[string]bool)
	for _, x := range situations() {
		for _, f := range x.findings(t) {
			key := f.Detector + strings.Join(f.Causes, "")
			if len(f.Causes) < 2 || told[key] {
				continue
			}
			told[key] = true
			if !separating.MatchString(strings.Join(f.Advice, "\n")) {
				t.Errorf("%s, %s: nothing tells these apart:\n%s\nadvice:\n%s", f.Detector, x.name, strings.Join(f.Causes, "\n"), strings.Join(f.Advice, "\n"))
			}
		}
	}
}
