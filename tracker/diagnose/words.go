package diagnose

import (
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
)

// outOf is "all 12", "both", "3 of 12" or "the only" of what noun names.
func outOf(n, all uint64, noun string) string {
	switch {
	case n >= all && n == 1:
		return "the only " + noun
	case n >= all && n == 2:
		return "both " + noun + "s"
	case n >= all:
		return "all " + say.Plural(n, noun)
	}
	return say.Thousands(n) + " of " + say.Plural(all, noun)
}

// ofThose is outOf for those of a listener that the text has named already: "the
// only connection" of a capture of two is the only one to it.
func ofThose(n, all uint64, noun string) string {
	if n >= all && n == 1 {
		return "the only " + noun + " to it"
	}
	return outOf(n, all, noun)
}

// onSome begins a sentence about n of all connections of a finding: with nothing where that is all.
func onSome(n, all uint64, text string) string {
	if n < all {
		text = "on " + say.Thousands(n) + " " + text
	}
	return " " + sentence(text)
}

// span is a duration in the text of a finding.
func span(ns int64) string { return say.Duration(ns, true) }

// lasting is " for 3 s", and where there are several how long the longest of them took.
func lasting(n uint64, ns int64) string {
	if n == 1 {
		return " for " + span(ns)
	}
	return ", the longest for " + span(ns)
}

// latest is a span, and where there are several what the longest of them is.
func latest(n uint64, ns int64) string {
	if n == 1 {
		return span(ns)
	}
	return "at most " + span(ns)
}

// sentence is text with a capital first letter, where it begins with a word.
func sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' && !strings.Contains(strings.SplitN(text, " ", 2)[0], ":") {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// about is how many different values there are, with "about" where that is an estimate.
func about(d *fold.Distinct, noun string) string {
	if d.Exact() {
		return say.Plural(d.Count(), noun)
	}
	return "about " + say.Plural(d.Count(), noun)
}
