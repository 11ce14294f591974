package diagnose

import (
	"strings"
	"testing"
)

// Causes are a list of what fits; one is first only where a sign says so, and that sign is told.
func TestCausesHaveNoFirst(t *testing.T) {
	for _, x := range []struct {
		name                string
		confidence          Confidence
		make                func(f *Finding)
		word, short, causes string
	}{
		{name: "none", make: func(*Finding) {}},
		{name: "the only one of a likely finding", confidence: Likely, make: func(f *Finding) { f.causes = []Cause{onPath("a queue")} },
			word: "Likely cause", short: "Likely cause: a queue", causes: "a queue"},
		{name: "several", confidence: Likely, make: func(f *Finding) { f.causes = []Cause{onPath("a queue"), onHost("a full buffer")} },
			word: "Possible causes, in no order", short: "2 possible causes: on the path or on a host", causes: "a queue; a full buffer"},
		{name: "several of one place", make: func(f *Finding) { f.causes = []Cause{onPath("a queue"), onPath("a loop"), onPath("a cut")} },
			word: "Possible causes, in no order", short: "3 possible causes: on the path", causes: "a queue; a loop; a cut"},
		{name: "a sign puts one first", make: func(f *Finding) {
			f.causes = []Cause{onPath("a queue")}
			f.lead(app("a limit"), "all were as old")
		}, word: "Possible causes; the first fits best, because all were as old", short: "Possible cause, the best of 2: a limit", causes: "a limit; a queue"},
		{name: "the sign left one", confidence: Proven, make: func(f *Finding) { f.lead(app("a limit"), "all were as old") },
			word: "Cause", short: "Cause: a limit", causes: "a limit"},
		{name: "what it put first was taken out", make: func(f *Finding) {
			f.causes = []Cause{onPath("a queue"), onHost("a full buffer")}
			f.lead(app("a limit"), "all were as old")
			f.causes = f.causes[1:]
		}, word: "Possible causes, in no order", short: "2 possible causes: on the path or on a host", causes: "a queue; a full buffer"},
	} {
		f := Finding{Confidence: x.confidence}
		x.make(&f)
		f.write()
		if len(f.Causes) > 0 && f.CauseWord() != x.word || f.CauseInShort() != x.short || strings.Join(f.Causes, "; ") != x.causes {
			t.Errorf("%s: %q, %q, %q", x.name, f.CauseWord(), f.CauseInShort(), f.Causes)
		}
	}
}
