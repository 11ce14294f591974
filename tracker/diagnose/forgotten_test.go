package diagnose

import (
	"strings"
	"testing"

	"tcpwatch/internal/fold"
	"tcpwatch/tracker/record"
)

// evicted makes it a connection that a full table dropped.
func evicted(r *record.Record) {
	r.Close.Kind, r.Close.First, r.TimeWait = record.CloseEvicted, record.NoEnd, record.TimeWaitRecord{Holder: record.NoEnd}
}

// elsewhere makes it one between other hosts.
func elsewhere(r *record.Record) { r.Orig, r.Resp = numbered(77, 5000), numbered(78, 80) }

// What a full table dropped can have touched is no more than possible; nothing
// is proven beside it; and nothing is told of what it dropped alone.
func TestWhatAFullTableForgot(t *testing.T) {
	refusals := same(5, failed(record.OpenRefused, 1))
	for _, tt := range []struct {
		name    string
		records []*record.Record
		want    Confidence // of refused connections
	}{
		{"nothing was dropped", nil, Proven},
		{"of other hosts", same(1, evicted, elsewhere), Likely},
		{"of the server", same(1, evicted, func(r *record.Record) { r.Orig = numbered(99, 1) }), Possible},
		{"of the client only", same(1, evicted, func(r *record.Record) { r.Resp = numbered(99, 1) }), Likely},
		{"one that may go on", same(1, func(r *record.Record) { r.Capture.Midstream, r.Capture.Forgotten = true, true }), Possible},
		{"begun before the capture", same(1, func(r *record.Record) { r.Capture.Midstream = true }), Proven},
	} {
		s, other := NewSet(Detectors(), NewOptions()), NewSet(Detectors(), NewOptions())
		for _, r := range refusals {
			s.Add(r)
		}
		for _, r := range tt.records {
			other.Add(r)
		}
		fold.Merge(s, other)
		found := s.Findings(&Context{Conns: 10, MSL: record.DefaultMSL})
		seen := false
		for _, f := range found {
			if f.Confidence == Proven && s.Forgot() > 0 {
				t.Errorf("%s: %s is proven", tt.name, f.ID)
			}
			if f.Detector != "refused" {
				continue
			}
			seen = true
			if f.Confidence != tt.want || strings.Contains(f.Explanation, "table was full") != (tt.want == Possible) {
				t.Errorf("%s: %s is %s: %s", tt.name, f.ID, f.Confidence, f.Explanation)
			}
		}
		if !seen {
			t.Errorf("%s: %v", tt.name, found)
		}
	}
}

// What goes on after a full table dropped connections is not what the capture missed.
func TestWhatGoesOnWasNotMissedByTheCapture(t *testing.T) {
	change := func(forgotten bool) func(r *record.Record) {
		return func(r *record.Record) {
			r.Open.Kind, r.Capture.Midstream, r.Capture.MissingBytes, r.Capture.Forgotten = record.OpenMidstream, true, 500, forgotten
			r.Ends[record.Orig].MissingBytes = 500
		}
	}
	for _, forgotten := range []bool{false, true} {
		s := NewSet(Detectors(), NewOptions())
		for _, r := range same(5, change(forgotten)) {
			s.Add(r)
		}
		told := 0
		for _, f := range s.Findings(&Context{Conns: 5, MSL: record.DefaultMSL}) {
			if f.Detector == "capture-midstream" || f.Detector == "capture-drops" {
				told++
			}
		}
		if want := map[bool]int{false: 2}[forgotten]; told != want {
			t.Errorf("forgotten %v: %d findings about the capture, want %d", forgotten, told, want)
		}
	}
}
