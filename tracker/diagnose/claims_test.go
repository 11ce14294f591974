package diagnose

import "testing"

// Titles say what was seen, and of whose connections.
func TestTitles(t *testing.T) {
	var x resets
	x.by = [2]uint64{3, 1}
	for _, c := range []struct{ got, want string }{
		{noneAnswered(60, 60, "here"), "answered none of the 60 connections from here"},
		{noneAnswered(2, 2, "here"), "answered neither of the 2 connections from here"},
		{noneAnswered(1, 1, "here"), "did not answer the only connection to it from here"},
		{noneAnswered(3, 10, "here"), "did not answer 3 of 10 connections, these from here"},
		{ofThose(1, 1, "connection"), "the only connection to it"},
		{ofThose(1, 2, "accepted connection"), "1 of 2 accepted connections"},
		{x.sent(Subject{}, "a RST"), "1 by the server, 3 by the client"},
		{Subject{Kind: SubjectPair}.ofThose(1, 1), "the only connection"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
