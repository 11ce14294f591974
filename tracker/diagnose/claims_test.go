package diagnose

import "testing"

// Titles say what was seen, and of whose connections.
func TestTitles(t *testing.T) {
	var x resets
	x.by = [2]uint64{3, 1}
	for _, c := range []struct{ got, want string }{
		{noneAnswered(60, 60), "answered none of the 60 connections"},
		{noneAnswered(2, 2), "answered neither of the 2 connections"},
		{noneAnswered(1, 1), "did not answer the only connection to it"},
		{noneAnswered(3, 10), "did not answer 3 of 10 connections"},
		{ofThose(1, 1, "connection"), "the only connection to it"},
		{ofThose(1, 2, "accepted connection"), "1 of 2 accepted connections"},
		{x.sent(Subject{}, "a RST"), "1 by the listener, 3 by the opener"},
		{Subject{Kind: SubjectPair}.ofThose(1, 1), "the only connection"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
