package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

// To a loopback address no packet crosses a path: no finding names one, or another host.
func TestLoopbackHasNoPath(t *testing.T) {
	synACKAgain := func(r *record.Record) {
		r.Open.SYNACKs, r.Open.NSYNACKsAgain, r.Open.SYNACKAfter, r.Open.SYNACKAgainAt = 2, 1, second, r.ID+3
	}
	for detector, change := range map[string]func(r *record.Record){"no-answer": failed(record.OpenNoAnswer, 3), "syn-lost": late(2), "syn-ack-lost": synACKAgain} {
		for _, addr := range []string{"127.0.0.1:80", "127.8.0.1:80", "[::1]:80"} {
			found := findingsOf(t, detector, nil, clean(1, change, func(r *record.Record) { r.Resp = point(addr) })...)
			if len(found) != 1 {
				t.Errorf("%s %s: %v", detector, addr, titles(found))
				continue
			}
			f := &found[0]
			text := strings.Join(append(f.Causes, f.Advice...), "\n")
			for _, wrong := range []string{"host is off", "on the path", "between the capture point", "another way", "too", "On the client"} {
				if strings.Contains(text, wrong) {
					t.Errorf("%s %s says %q in:\n%s", detector, addr, wrong, text)
				}
			}
			if f.Confidence != Possible {
				t.Errorf("%s %s: %s", detector, addr, f.Confidence)
			}
		}
		if found := findingsOf(t, detector, nil, clean(1, change)...); len(found) != 1 || strings.Contains(found[0].Explanation, "loopback") {
			t.Errorf("%s: another address is told as loopback: %v", detector, titles(found))
		}
	}
}

// A RST that acknowledges no SYN came back: that is not silence.
func TestRSTThatIsNoAnswer(t *testing.T) {
	all := clean(1, failed(record.OpenNoAnswer, 1), func(r *record.Record) {
		r.Close.Ignored = record.IgnoredRST{By: record.Resp, Packet: r.ID + 1}
	})
	found := findingsOf(t, "no-answer", nil, all...)
	if len(found) != 1 || !strings.Contains(found[0].Title, "by a RST that does not acknowledge the SYN") || found[0].Confidence != Possible {
		t.Fatalf("%v", titles(found))
	}
	if strings.Contains(strings.Join(found[0].Causes, " "), "queue") {
		t.Errorf("causes of silence: %q", found[0].Causes)
	}
}

// A refusal points to the SYN that was refused, and says that a later one was taken.
func TestRefusedThenTaken(t *testing.T) {
	all := clean(1, late(2), func(r *record.Record) {
		r.Open.RefusedFirst, r.FirstPacket, r.Open.SYNAgainAt = true, 289, 297
	})
	found := findingsOf(t, "refused", nil, all...)
	if len(found) != 1 || len(found[0].Packets) == 0 || found[0].Packets[0] != 289 {
		t.Fatalf("%v, packets %+v", titles(found), found)
	}
	if !strings.Contains(found[0].Explanation, "opened after all") {
		t.Errorf("%q", found[0].Explanation)
	}
}
