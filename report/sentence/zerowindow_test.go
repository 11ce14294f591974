package sentence

import (
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

func TestZeroWindowWords(t *testing.T) {
	for n, want := range []string{"",
		" (from packet 10 on, still closed when the input ended)",
		" (from packet 10 on for 1 s, opened again by packet 15; from packet 20 on, 1 probe, still closed when the input ended)",
	} {
		if got := (Phrases{}).episodes(recordtest.ZeroWindows(n).Ends[record.Resp].ZeroWindowList); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	want := " (the longest: from packet 30 on for 3 s, 2 probes, opened again by packet 35;" +
		" from packet 40 on for 4 s, 3 probes, opened again by packet 45; from packet 50 on, 4 probes, still closed when the input ended)"
	if got := (Phrases{}).episodes(recordtest.ZeroWindows(5).Ends[record.Resp].ZeroWindowList); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
