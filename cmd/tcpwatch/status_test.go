package main

import (
	"testing"
	"time"
)

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
	got := livingLine(1234.4, living{open: 1, timeWait: 5}, 7, 61*time.Second)
	if want := "1,234 packets/s, 1 open, 5 in TIME-WAIT, 7 dropped, 1m1s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
