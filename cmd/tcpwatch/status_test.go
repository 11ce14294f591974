package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/tracker/record"
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
	got := livingLine(1234.4, &record.Tick{Open: 1, TimeWait: 5, Drops: 7}, 61*time.Second)
	if want := "1,234 packets/s, 1 open, 5 in TIME-WAIT, 7 dropped, 1m1s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The line about progress is drawn while the files are opened and read (the race
// detector tells when it asks for what changes meanwhile).
func TestProgressWhileFilesAreRead(t *testing.T) {
	pcap := pcaptest.ShortConnections(t, 2000)
	args := []string{"-j", "2"}
	for _, name := range []string{"a", "b", "c"} {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, pcap, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-r", name)
	}
	s := sessionOf(t, io.Discard, args...)
	var line bytes.Buffer
	s.status.w, s.status.began, s.status.drawn = &line, time.Now().Add(-time.Hour), time.Time{}
	outputs, err := s.outputs(nil)
	if err != nil {
		t.Fatal(err)
	}
	if status := s.run(t.Context(), nil, outputs, nil); status != exitDone || !strings.Contains(line.String(), " MB (") {
		t.Errorf("status %d, %q", status, line.String())
	}
}
