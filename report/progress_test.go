package report

import (
	"slices"
	"testing"
	"time"

	"tcpwatch/tracker/record"
)

// foot keeps what is drawn on it.
type foot struct {
	lines []string
	busy  bool
}

func (f *foot) Shows() bool { return true }
func (f *foot) Leave()      { f.lines = append(f.lines, "left") }
func (f *foot) Draw(text string) bool {
	if !f.busy {
		f.lines = append(f.lines, text)
	}
	return !f.busy
}

// The line is drawn now and then: of files after a second, of a capture when its user waits;
// what a busy terminal did not take is drawn at the next tick.
func TestProgress(t *testing.T) {
	at := time.Unix(0, 0)
	var f foot
	files := NewProgress(&f, ProgressOptions{Now: func() time.Time { return at }})
	tick := func(p *Progress, after time.Duration, packets uint64, show bool) {
		at = at.Add(after)
		p.Tick(&record.Tick{Packets: packets, Show: show})
	}
	tick(files, 900*time.Millisecond, 900, false)
	tick(files, 100*time.Millisecond, 1000, false)
	tick(files, 100*time.Millisecond, 1100, false)
	f.busy = true
	tick(files, 150*time.Millisecond, 1250, false)
	f.busy = false
	tick(files, 0, 1250, false)
	files.Report(nil, nil)
	live := NewProgress(&f, ProgressOptions{Live: true, Now: func() time.Time { return at }})
	tick(live, 2*time.Second, 10, false)
	tick(live, 0, 10, true)
	tick(live, 2*time.Second, 16, true)
	if want := []string{"1,000 packets, 0.0 MB, 1,000 packets/s", "1,250 packets, 0.0 MB, 1,000 packets/s", "left",
		"5 packets/s, 0 open, 0 in TIME-WAIT, 0 dropped, 2s", "3 packets/s, 0 open, 0 in TIME-WAIT, 0 dropped, 4s"}; !slices.Equal(f.lines, want) {
		t.Errorf("%q\nwant %q", f.lines, want)
	}
}

func TestProgressLine(t *testing.T) {
	tests := []struct {
		packets      uint64
		offset, size int64
		want         string
	}{
		{1234567, 50_000_000, 200_000_000, "1,234,567 packets, 50.0 MB of 200.0 MB (25%), 617,283 packets/s, 6s left"},
		{999, 1_000_000, 0, "999 packets, 1.0 MB, 499 packets/s"},
		{1000, 0, 10, "1,000 packets, 0.0 MB of 0.0 MB (0%), 500 packets/s"},
	}
	for _, x := range tests {
		if got := progressLine(x.packets, x.offset, x.size, 2e9); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}

func TestLivingLine(t *testing.T) {
	got := livingLine(1234.4, &record.Tick{Open: 1, TimeWait: 5, Drops: 7}, 61*time.Second)
	if want := "1,234 packets/s, 1 open, 5 in TIME-WAIT, 7 dropped, 1m1s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
