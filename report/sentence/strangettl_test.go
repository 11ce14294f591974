package sentence

import (
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// A RST that came the way of the SYN, while its end's data comes another way, is told as sent by what
// opened the connection: it has no other TTL than all of that end's packets.
func TestResetByTheOpenersBox(t *testing.T) {
	for _, x := range []struct {
		name      string
		syn, data uint8
		has       string
		lacks     string
	}{
		{"as the SYN", 251, 52, "TTL 251 as its SYN, but that end's data has 52", "other packets"},
		{"as nothing else", 52, 52, "but that end's other packets have 52", "as its SYN"},
	} {
		f := NewTeller(Phrases{})
		f.Take(&record.Step{Segment: &capture.Segment{Flags: capture.SYN, TTL: x.syn}, From: record.Orig})
		f.Take(&record.Step{Segment: &capture.Segment{Flags: capture.ACK, TTL: x.data, Len: 9}, From: record.Orig})
		m := &record.Moment{Kind: record.MomentReset, End: record.Orig, Reset: record.ResetMiddlebox}
		got := f.resetWords(m, &record.Step{Segment: &capture.Segment{Flags: capture.RST, TTL: 251}, From: record.Orig})
		if !strings.Contains(got, x.has) || strings.Contains(got, x.lacks) {
			t.Errorf("%s: %q", x.name, got)
		}
		r := &record.Record{}
		r.Close.ResetBy, r.Close.ResetTTL = record.Orig, record.Some(uint8(251))
		r.Ends[record.Orig].TTL = record.Some(x.syn)
		want := "that host's other packets have 52"
		if x.syn != x.data {
			r.Ends[record.Orig].DataTTL, want = record.Some(x.data), "as the SYN; that host's data has 52"
		}
		if got := StrangeTTL(r); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", x.name, got, want)
		}
	}
}
