package diagnose

import (
	"testing"

	"tcpwatch/tracker/record"
)

// The times of zero-window are those of the closed window, not of the whole connection.
func TestWhenAWindowWasClosed(t *testing.T) {
	zero := func(until int64) []*record.Record {
		return same(1, func(r *record.Record) {
			x := &r.Ends[record.Orig]
			r.End = r.Start + 90*second
			x.ZeroWindows, x.ZeroWindow = 1, 5*second
			x.ZeroWindowList = []record.ZeroWindowEpisode{{Start: r.Start + 10*second, End: until}}
		})
	}
	start := zero(0)[0].Start
	for until, want := range map[int64]int64{start + 15*second: start + 15*second, 0: start + 90*second} {
		found := findingsOf(t, "zero-window", nil, zero(until)...)
		if len(found) != 1 || found[0].Since != start+10*second || found[0].Until != want {
			t.Errorf("%v: %+v", titles(found), found)
		}
	}
}
