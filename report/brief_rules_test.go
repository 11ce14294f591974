package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch/internal/say"
)

// The first screen names no section of an RFC, whatever the finding; what stands beside
// one in the same parentheses stays.
func TestFirstScreenNamesNoSections(t *testing.T) {
	for text, want := range map[string]string{
		"Call close() or shutdown().":                                         "Call close() or shutdown().",
		"It waits (RFC 9293 section 3.6).":                                    "It waits.",
		"It waits (RFC 9293 sections 3.6 and 3.10.7.4, case 2) again.":        "It waits again.",
		"By D-SACK (40, RFC 2883), or ACKs (RFC 3522).":                       "By D-SACK (40), or ACKs.",
		"No answer (RFC 9293 section 3.8.1: the client tries on), yet (so).":  "No answer (the client tries on), yet (so).",
		"A queue (fq_codel or CAKE, RFC 8290) that waits (tcp(7)) 5 s (2, 3)": "A queue (fq_codel or CAKE) that waits (tcp(7)) 5 s (2, 3)",
	} {
		if got := say.WithoutRules(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if got := signs("What separates them: all 5 did. (Fisher's exact test, corrected for 9 signs: p below 0.01.) It waits."); got != "What separates them: all 5 did. It waits." {
		t.Errorf("signs are %q", got)
	}
	all, err := os.ReadFile(filepath.Join("..", "tracker", "diagnose", "testdata", "texts.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(all), "\n") {
		if got := say.WithoutRules(line); strings.Contains(got, "RFC ") && !strings.HasPrefix(line, "#") {
			t.Errorf("texts.txt:%d: the first screen would say %q", i+1, got)
		}
	}
}

// A time of another day than the headline's is told with its day, wherever the input ends.
func TestTimesOfOtherDays(t *testing.T) {
	const day = int64(24 * time.Hour)
	start := time.Date(2008, 6, 16, 5, 49, 44, 0, time.UTC).UnixNano()
	for _, x := range []struct {
		end, since, until int64
		want              string
	}{
		{0, 0, 0, ", at 05:49:44"},
		{day, 0, 2 * oneSecond, ", from 05:49:44 to 05:49:46"},
		{6 * day, 6 * day, 6 * day, ", at 2008-06-22 05:49:44 UTC"},
		{9 * day, 6 * day, 6 * day, ", at 2008-06-22 05:49:44 UTC"},
		{day, 0, day, ", from 2008-06-16 05:49:44 UTC to 2008-06-17 05:49:44 UTC"},
	} {
		p := newPage(TableOptions{}, NewSummary(SummaryOptions{}), &Headline{Start: start, End: start + x.end})
		if got := p.between(start+x.since, start+x.until); got != x.want {
			t.Errorf("%+v: %q", x, got)
		}
	}
}
