package diagnose

import (
	"net/netip"
	"strings"
	"testing"

	"tcpwatch/capture"
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

// That holds for every detector, whatever raises it.
func TestLoopbackHasNoPathForAnyFinding(t *testing.T) {
	moved := capture.AddrFrom(netip.MustParseAddr("127.0.0.1"))
	told := 0
	for _, c := range detectorCases() {
		var all []*record.Record
		for _, r := range c.raise {
			x := *r
			x.Orig.Addr, x.Resp.Addr = moved, moved
			all = append(all, &x)
		}
		for _, f := range findingsOf(t, "", nil, all...) {
			if f.Group == GroupCapture || !f.Subject.loopback() {
				continue
			}
			told++
			text := strings.Join(append(append(f.Causes, f.Advice...), f.Title), "\n")
			for _, wrong := range []string{"on the path", "router", "mirror port", "asymmetric", "satellite", "Capture at", "left the network", "cable", "translate"} {
				if strings.Contains(text, wrong) {
					t.Errorf("%s says %q in:\n%s", f.Detector, wrong, text)
				}
			}
			if len(f.Causes) == 0 && f.Severity > Info {
				t.Errorf("%s has no cause left: %s", f.Detector, f.Title)
			}
		}
	}
	if told < 40 {
		t.Errorf("only %d findings", told)
	}
	cut := same(3, func(r *record.Record) { r.Orig.Addr, r.Resp.Addr, r.Capture.MissingBytes = moved, moved, 500 })
	for _, x := range []struct {
		name    string
		records []*record.Record
		mirror  bool
	}{{"all within the host", cut, false}, {"one leaves it", append(clean(1), cut...), true}} {
		found := findingsOf(t, "capture-drops", nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %v", x.name, titles(found))
			continue
		}
		text := strings.Join(append(found[0].Causes, found[0].Advice...), "\n")
		if strings.Contains(text, "mirror port") != x.mirror || strings.Contains(text, "ethtool") != x.mirror || found[0].Confidence != Proven {
			t.Errorf("%s: %v\n%s", x.name, found[0].Confidence, text)
		}
	}
	oneWay := same(3, func(r *record.Record) {
		r.Orig.Addr, r.Resp.Addr = moved, moved
		r.Capture.OneWay, r.Capture.OneWayShown = true, true
	})
	if found := findingsOf(t, "capture-one-way", nil, oneWay...); len(found) != 1 || strings.Contains(strings.Join(found[0].Causes, " "), "path") {
		t.Errorf("one way: %+v", found)
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

// Of a RST within one host by an end that never sent a byte, nothing shows that it ever knew the
// connection: a program that makes packets itself fits before a restart.
func TestRSTWithinOneHost(t *testing.T) {
	for _, x := range []struct {
		name  string
		bytes uint64
		first string
	}{{"its sender had sent nothing", 0, "made these packets itself"}, {"its sender had talked", 500, "restarted"}} {
		found := findingsOf(t, "reset-forgotten", nil, clean(1, reset(record.Resp, record.ResetUnknown), func(r *record.Record) {
			r.Orig.Addr, r.Close.ResetQuiet = r.Resp.Addr, 300*second
			r.Ends[record.Resp].SeenBytes, r.Ends[record.Resp].Bytes = x.bytes, record.Some(x.bytes)
		})...)
		if len(found) != 1 || !strings.Contains(found[0].Causes[0], x.first) {
			t.Errorf("%s: %+v", x.name, found)
		}
	}
}
