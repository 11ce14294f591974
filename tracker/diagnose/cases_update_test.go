package diagnose

import (
	"testing"

	"tcpwatch/tracker/record"
)

// updateSituations are of senders that go on probing an open window.
func updateSituations() []situation {
	probing := func(n uint32, ns int64, echoed bool) func(r *record.Record) {
		return func(r *record.Record) {
			r.Ends[record.Orig].ZeroWindows, r.Ends[record.Orig].ZeroWindow = 1, second
			sent(func(x *record.EndRecord, _ *record.PathRecord) {
				x.WindowProbes, x.OpenProbes, x.OpenProbing, x.OpenEchoed = 2, n, ns, echoed
			})(r)
		}
	}
	plain := sent(func(x *record.EndRecord, _ *record.PathRecord) { x.Timestamps = record.Some(false) })
	return []situation{
		{"window-not-taken", "for minutes, the update had come in", clean(1, probing(13, 811*second, true)), "critical proven"},
		{"window-not-taken", "for minutes, without timestamps", clean(1, probing(13, 811*second, false), plain), "critical likely"},
		{"window-not-taken", "for minutes, the updates do not come in", clean(1, probing(13, 811*second, false)), "critical likely"},
		{"window-not-taken", "for seconds", clean(1, probing(3, 5*second, true)), "warning proven"},
		{"window-not-taken", "the answer to a probe told it", clean(1, probing(1, second, false)), ""},
		{"window-not-taken", "a window that was closed", clean(1, probing(0, 0, false)), ""},
		{"zero-window", "the sender goes on probing an open window", clean(1, probing(13, 811*second, true)), ""},
	}
}

// The receiver is not to blame for a sender that does not take its window update.
func TestOneFindingOfAnUpdate(t *testing.T) {
	for _, x := range updateSituations() {
		found := findingsOf(t, "zero-window,window-not-taken", nil, x.records...)
		if len(found) != 1 {
			t.Errorf("%s: %d findings: %v", x.name, len(found), titles(found))
		}
	}
}
