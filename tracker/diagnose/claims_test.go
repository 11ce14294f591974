package diagnose

import (
	"regexp"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Titles say what was seen, and of whose connections.
func TestTitles(t *testing.T) {
	var x resets
	x.by = [2]uint64{3, 1}
	for _, c := range []struct{ got, want string }{
		{noneAnswered(60, whole{seen: 60}, "here"), "answered none of the 60 connections from here"},
		{noneAnswered(2, whole{seen: 2}, "here"), "answered neither of the 2 connections from here"},
		{noneAnswered(1, whole{seen: 1}, "here"), "did not answer the only connection to it from here"},
		{noneAnswered(3, whole{seen: 10}, "here"), "did not answer 3 of 10 connections, these from here"},
		{ofThose(1, 1, "connection"), "the only connection to it"},
		{whole{seen: 2}.toIt(1), "1 of 2 connections"},
		{whole{opened: 1}.toIt(1), "1 connection"},
		{whole{opened: 2}.of(2), "2 connections"},
		{x.sent(Subject{}, "a RST"), "1 by the server, 3 by the client"},
		{Subject{Kind: SubjectPair}.ofThose(1, whole{seen: 1}), "the only connection"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Where more connections to a server were seen, opened or not, one way or both, no finding
// tells of the only one, of both or of all of them.
func TestOthersCount(t *testing.T) {
	all := regexp.MustCompile(`(?i)\b(the only|both|all [0-9,]+|none of the [0-9,]+|neither of the 2) (connection|handshake)|\b\d+ of [1-3] connections`)
	for _, c := range detectorCases() {
		records, listeners := c.raise, map[capture.Endpoint]bool{}
		for _, r := range c.raise {
			if listeners[r.Resp] {
				continue
			}
			listeners[r.Resp] = true
			id := uint64(1_000_000 + 10*len(listeners))
			records = append(records, made(id, to(r.Resp), failed(record.OpenNoAnswer, 1), func(r *record.Record) { r.Unfinished, r.Silent = true, 0 }),
				made(id+1, to(r.Resp), failed(record.OpenNoAnswer, 1), func(r *record.Record) { r.Capture.OneWay = true }),
				made(id+2, to(r.Resp), failed(record.OpenNoAnswer, 1), func(r *record.Record) { r.Capture.OneWay = true }))
		}
		for _, f := range findingsOf(t, "", nil, records...) {
			if f.Group == GroupCapture {
				continue
			}
			if claim := all.FindString(f.Title + " " + f.Explanation); claim != "" {
				t.Errorf("%s claims %q and 3 more were seen: %s\n%s", f.Detector, claim, f.Title, f.Explanation)
			}
		}
	}
}
