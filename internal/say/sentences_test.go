package say

import (
	"slices"
	"testing"
)

func TestSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   nil,
		"One alone (RFC 9293 section 3.8.4)": {"One alone (RFC 9293 section 3.8.4)"},
		"It took 1.5 s (RFC 793 section 3.8). 12 went on.": {"It took 1.5 s (RFC 793 section 3.8).", "12 went on."},
		"A. B was at 10.0.0.1. It hung":                    {"A.", "B was at 10.0.0.1.", "It hung"},
		"Windows, e.g. of 0, stay in one sentence.":        {"Windows, e.g. of 0, stay in one sentence."},
	} {
		if got := Sentences(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
